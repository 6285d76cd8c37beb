"""What is to be checked: a function, its inputs, its oracle, and what it promises.

Inputs are drawn so that finite differences tell the truth: all elements differ from one another and keep away from the
multiples of 1/2, where functions like abs, round and clip have their kinks.

Builds on: nothing. Read next: `minigrad.testing.probe`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Case", "Point", "Shape", "draw", "patterns"]

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
Domain = tuple[float, float]

MARGIN = 0.02  # how far drawn numbers keep from the multiples of 1/2; far more than finite differences step


@dataclass(frozen=True)
class Point:
    """A special point of an op, with the value and the gradients it shall have there.

    Parameters
    ----------
    inputs
        Numbers or nested lists, one per input.
    value, gradients
        What is expected, exact but for rounding; the gradients are those of the value's sum. None is not checked.
    warns
        Whether the library may warn there, about a division by zero for instance.
    second
        Whether the second derivative is a number there.

    >>> Point("zero", [0.0], 0.0, [1.0]).name
    'zero'
    """

    name: str
    inputs: Sequence[Any]
    value: Any = None
    gradients: Sequence[Any] | None = None
    warns: bool = False
    second: bool = True


@dataclass(frozen=True)
class Case:
    """One op as `check_op` sees it."""

    name: str
    fn: Callable[..., Any]
    inputs: tuple[Array, ...]
    domains: tuple[Domain, ...]
    oracle: Callable[..., Any] | None = None
    static: Mapping[str, Any] = field(default_factory=dict)
    differentiable: bool = True
    broadcasts: bool = False
    integers: str | None = "either"
    half: bool = True
    synchronises: bool = False
    shapes: tuple[tuple[Shape, ...], ...] = ()
    points: tuple[Point, ...] = ()

    def __call__(self, *xs: Any) -> Any:
        return self.fn(*xs, **self.static)

    def expected(self, *xs: Array) -> Array | None:
        """What the oracle says of host arrays, in float64 or in whatever the oracle answers integers with."""
        return None if self.oracle is None else np.asarray(self.oracle(*xs, **self.static))

    def draw(self, shapes: Sequence[Shape], seed: int = 1) -> tuple[Array, ...]:
        """Other inputs, of these shapes."""
        return draw(shapes, self.domains, seed)


def draw(shapes: Sequence[Shape], domains: Sequence[Domain], seed: int = 0) -> tuple[Array, ...]:
    """float64 arrays with elements in (low, high), none equal to another of the same domain.

    >>> [x] = draw([(2, 3)], [(0.0, 1.0)])
    >>> x.shape, bool((x > 0).all() and (x < 1).all())
    ((2, 3), True)
    """
    rng = np.random.default_rng(seed)
    drawn: dict[int, Array] = {}
    for domain in dict.fromkeys(domains):
        places = [i for i, d in enumerate(domains) if d == domain]
        sizes = [math.prod(shapes[i]) for i in places]
        chosen = rng.permutation(_pool(*domain, sum(sizes), rng))
        for i, part in zip(places, np.split(chosen, list(itertools.accumulate(sizes))[:-1]), strict=True):
            drawn[i] = part.reshape(shapes[i])
    return tuple(drawn[i] for i in range(len(domains)))


def _pool(low: float, high: float, n: int, rng: np.random.Generator) -> Array:
    """`n` numbers of the interval, well apart and away from the multiples of 1/2."""
    count = 3 * n + 8
    grid = low + (high - low) * (np.arange(count) + rng.uniform(0.3, 0.7)) / count
    apart = grid[np.abs(grid - np.rint(2 * grid) / 2) > MARGIN]
    grid = apart if len(apart) >= n else grid
    return rng.choice(grid, n, replace=False)


def patterns(shapes: Sequence[Shape]) -> Iterator[tuple[Shape, ...]]:
    """Every way in which two of the inputs may broadcast, the others whole.

    Each of the two takes every form that broadcasts to the common shape: axes missing on the left, axes of size 1, one
    number.

    >>> len(list(patterns([(2, 3), (2, 3)])))
    36
    """
    full = np.broadcast_shapes(*shapes)
    forms = list(dict.fromkeys(_forms(full)))
    seen = set()
    for i, j in itertools.combinations(range(len(shapes)), 2):
        for a, b in itertools.product(forms, forms):
            chosen = [full] * len(shapes)
            chosen[i], chosen[j] = a, b
            if tuple(chosen) not in seen:
                seen.add(tuple(chosen))
                yield tuple(chosen)


def _forms(full: Shape) -> Iterator[Shape]:
    yield full
    for missing in range(1, len(full) + 1):
        yield full[missing:]
    for axes in itertools.product([False, True], repeat=len(full)):
        yield tuple(1 if stretched else n for stretched, n in zip(axes, full, strict=True))
