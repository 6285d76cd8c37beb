"""What a check found: every failure with its place, its input, what was expected, and where to look.

Builds on: `minigrad.errors`. Read next: `minigrad.testing.tolerance`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.errors import MinigradError

__all__ = ["HINTS", "SHOWN", "CheckError", "Failure", "Report", "shortened"]

SHOWN = 20  # failures that a message spells out; `CheckError.failures` holds all

# What to look at, for each check; a step that knows better says so itself.
HINTS: dict[str, str] = {
    "value": "the forward formula; functions must come from namespace(x)",
    "gradient": "the vjp of that input, its factor and its sign",
    "subsets": "a vjp that needs what another input's gradient made, or a constant input treated as a Tensor",
    "second": "a saved value that the vjp treats as a constant: keep the value itself, not raw(value)",
    "cotangent": "a vjp that takes functions from the forward's namespace: inside a vjp use namespace(g)",
    "broadcasting": "a vjp that reshapes by hand: return the gradient of the broadcast shape, the engine sums it",
    "dtypes": "a NumPy scalar or a float64 constant in the body: use Python numbers; or compiled kernels, for float32",
    "layouts": "code that reads memory order: strides, .view, .data; use reshape and transpose",
    "memory": "a write into an input: never use out=, +=, or x[...] = on what was handed in",
    "device": "what reads a value on the host: float(), bool(), .item(), a mask as an index, np.* on an array",
    "edges": "0-d and empty arrays: an axis that is not there, a division by a size of 0",
    "points": "the value or the convention at this very point: which side wins, what 0 times infinity means",
}


@dataclass(frozen=True)
class Failure:
    """One thing that is not as it should be.

    >>> print(Failure("gradient", "numpy", "input 1 of 1", "[2.]", "[1.]", "the vjp"))
    gradient on numpy: input 1 of 1
        expected [2.]
        got      [1.]
        look at  the vjp
    """

    check: str
    backend: str
    about: str
    expected: str
    got: str
    hint: str

    def __str__(self) -> str:
        return (
            f"{self.check} on {self.backend}: {self.about}\n    expected {self.expected}\n"
            f"    got      {self.got}\n    look at  {self.hint}"
        )


@dataclass(frozen=True)
class Report:
    """What was checked: the name, on which backends, how many comparisons each check made.

    >>> print(Report("tanh", ("numpy",), {"value": 3, "gradient": 9}))
    tanh: 12 comparisons on numpy (value 3, gradient 9)
    """

    name: str
    backends: tuple[str, ...]
    counts: dict[str, int]

    def __str__(self) -> str:
        parts = ", ".join(f"{check} {n}" for check, n in self.counts.items())
        return f"{self.name}: {sum(self.counts.values())} comparisons on {', '.join(self.backends)} ({parts})"


class CheckError(MinigradError, AssertionError):
    """What was checked does not keep its promises; the message lists the first 20 failures, `failures` holds all.

    >>> CheckError("tanh", [Failure("value", "numpy", "x", "1", "2", "it")]).failures[0].got
    '2'
    """

    def __init__(self, name: str, failures: list[Failure]) -> None:
        self.failures = tuple(failures)
        places = "\n".join(f"{i}. {failure}" for i, failure in enumerate(failures[:SHOWN], 1))
        more = f"\nand {len(failures) - SHOWN} more" if len(failures) > SHOWN else ""
        word = "check" if len(failures) == 1 else "checks"
        super().__init__(f"{name}: {len(failures)} {word} failed\n{places}{more}")


def shortened(x: Any, elements: int = 8) -> str:
    """An array in one line: its first elements, shape and dtype."""
    if not isinstance(x, np.ndarray):
        return f"{x!r:.80}"
    flat = ", ".join(f"{v:.6g}" if x.dtype.kind == "f" else str(v) for v in x.ravel()[:elements])
    dots = ", ..." if x.size > elements else ""
    return f"[{flat}{dots}] of shape {x.shape} {x.dtype}"
