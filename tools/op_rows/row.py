"""One row of the table: what it holds, and how its inputs are drawn."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["EVERYWHERE", "INSIDE", "POSITIVE", "TIES", "Row", "call", "draw"]

Array = np.ndarray[Any, Any]


class Row(NamedTuple):
    """One call of one op, as minigrad and as PyTorch spell it.

    `inputs` are shapes, drawn from `domain` (one interval, or one for each), or lists of values. `order` is how often
    it is differentiated in the comparison. `note` says where PyTorch differs by convention, and what is done about it.
    `chain` is true where the result may be the first input again, so that a benchmark can put calls in a chain, and
    `bench` are the shapes that a benchmark takes in place of `inputs`. `constants` are indices and masks, handed to
    either library behind the inputs as arrays of its own, so that no call has to make them.
    """

    name: str
    mini: Callable[..., Any]
    torch: Callable[..., Any]
    inputs: Sequence[Any]
    order: int = 2
    domain: Any = (-2.0, 2.0)
    note: str = ""
    chain: bool = False
    bench: Sequence[Any] | None = None
    constants: Sequence[Any] = ()

    @property
    def op(self) -> str:
        """The op's name: the first word of the row's."""
        return self.name.split()[0]

    def arrays(self, dtype: Any = np.float64, shapes: Sequence[Any] | None = None) -> list[Array]:
        """The inputs, the same at every call."""
        chosen = self.inputs if shapes is None else shapes
        domains = self.domain if np.ndim(self.domain) == 2 else [self.domain] * len(chosen)
        return [
            draw(x, *domain, phase=i).astype(dtype) if isinstance(x, tuple) else np.array(x, dtype)
            for i, (x, domain) in enumerate(zip(chosen, domains, strict=True))
        ]


def draw(shape: tuple[int, ...], low: float, high: float, phase: int = 0) -> Array:
    """Numbers spread over (low, high) by the multiples of the golden ratio: none equal to another, none at an end."""
    places = np.arange(1, int(np.prod(shape)) + 1) * 0.6180339887498949 + 0.2763932022500210 * phase + 0.0917
    return (low + (high - low) * (places % 1.0)).reshape(shape)


def call(name: str, *args: Any, **keywords: Any) -> Callable[..., Any]:
    """A call of `module.name` on the inputs; the same words serve both libraries."""

    def apply(module: Any, *xs: Any) -> Any:
        for part in name.split("."):
            module = getattr(module, part)
        return module(*xs, *args, **keywords)

    return apply


EVERYWHERE, POSITIVE, INSIDE = (-2.0, 2.0), (0.2, 2.5), (-0.9, 0.9)
TIES = [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], [[1.0, 2.0, 4.0], [2.0, 5.0, 2.0]]
