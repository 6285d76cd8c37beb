"""A case on one backend: arrays are put there and read back, and whatever is wrong is noted and not raised.

Builds on: `minigrad.testing.case`, `minigrad.testing.report`. Read next: `minigrad.testing.derivatives`.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.backend import backend, namespace
from minigrad.tensor import Tensor, raw
from minigrad.testing.case import Array, Case
from minigrad.testing.report import HINTS, Failure, shortened
from minigrad.testing.tolerance import close

__all__ = ["Probe"]


class Probe:
    """What every check works with."""

    hints: Mapping[str, str] = HINTS

    def __init__(self, case: Case, name: str, check: str) -> None:
        self.case, self.name, self.check = case, name, check
        self.xp = backend(name)
        self.failures: list[Failure] = []
        self.count = 0

    # -- arrays there and back

    def put(self, x: Any, dtype: Any = None) -> Any:
        """A fresh array on the backend."""
        return self.xp.array(self.xp.from_host(np.array(x, dtype=dtype)))

    def host(self, x: Any) -> Any:
        """The values of anything, as a fresh host array."""
        x = raw(x)
        return np.array(namespace(x).to_host(x))

    def leaf(self, x: Any, dtype: Any = None) -> Tensor:
        return Tensor(self.put(x, dtype), requires_grad=True)

    def weights(self, shape: tuple[int, ...], seed: int = 7) -> Array:
        """Random numbers to project on, none near 0."""
        rng = np.random.default_rng([seed, *shape])
        signs: Array = np.where(rng.random(shape) < 0.5, -1.0, 1.0)
        return rng.uniform(0.5, 1.5, shape) * signs

    # -- the function, in the forms the checks want

    def on_host(self, *xs: Array) -> Array:
        """The function from host arrays to host arrays, computed on plain arrays of the backend."""
        y: Array = self.host(self.case(*(self.put(x) for x in xs)))
        return y

    def projected(self, weights: Array) -> Callable[..., float]:
        """Host arrays -> sum of weights times the value: one number with the whole gradient in it."""
        return lambda *xs: float((self.on_host(*xs) * weights).sum())

    def objective(self, weights: Any) -> Callable[..., Any]:
        """The same for Tensors, or arrays, on the backend."""
        return lambda *xs: ops.sum(ops.multiply(self.case(*xs), weights))

    # -- noting what is wrong

    def fail(self, about: str, expected: Any, got: Any, hint: str = "") -> None:
        self.failures.append(
            Failure(self.check, self.name, about, str(expected), str(got), hint or self.hints.get(self.check, "the op"))
        )

    def expect(self, ok: Any, about: str, expected: Any, got: Any, hint: str = "") -> bool:
        """Count a comparison, and note it where it failed."""
        self.count += 1
        if not ok:
            self.fail(about, expected, got, hint)
        return bool(ok)

    def close(self, got: Any, expected: Any, tolerance: float, about: str, hint: str = "") -> bool:
        """Compare two arrays, wherever they lie."""
        got, expected = self.host(got), np.asarray(expected)
        return self.expect(close(got, expected, tolerance), about, shortened(expected), shortened(got), hint)

    def at_home(self, x: Any, about: str) -> bool:
        """Whether a value lies on this backend."""
        place = namespace(raw(x)).name
        hint = "functions must come from namespace(x), not from one library"
        return self.expect(place == self.name, f"where {about} lies", self.name, place, hint)

    @contextmanager
    def step(self, about: str, hint: str = "", warns: bool = False) -> Iterator[None]:
        """Whatever is raised inside, warnings too, is noted under `about`."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore" if warns else "error")
                yield
        except Exception as error:
            text = " / ".join(line.strip() for line in str(error).splitlines()[:4])
            self.fail(about, "no error", f"{type(error).__name__}: {text}", hint)

    def describe(self, xs: Sequence[Any], which: int | None = None) -> str:
        """Which inputs: shapes, dtypes and the first values."""
        arrays = [self.host(x) if hasattr(x, "dtype") else x for x in xs]
        chosen = range(len(arrays)) if which is None else [which]
        return "; ".join(f"input {k + 1} of {len(arrays)} {shortened(arrays[k], 4)}" for k in chosen)


def subsets(n: int) -> Iterator[tuple[int, ...]]:
    """Every choice of some of `n` inputs but all of them."""
    for size in range(1, n):
        yield from itertools.combinations(range(n), size)
