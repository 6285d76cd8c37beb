"""`Metric`: a figure that is exact over a whole data set, however it is cut into batches.

A metric is two functions: the sums that a batch contributes, computed where the outputs lie, and the formula that makes
the figure of the totals. Neither the outputs of other batches nor a mean of means is needed.

Builds on: `minigrad.backend`. Read next: `minigrad.train.metrics`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.tensor import as_array, raw

__all__ = ["Metric", "Totals", "metric"]


class Metric:
    """A figure of outputs and targets, made of sums: ``value(*sums)``.

    >>> share = Metric(lambda outputs, targets: ((outputs == targets).sum(), outputs.size), lambda hits, n: hits / n)
    >>> float(share(np.array([1, 2]), np.array([1, 3])))
    0.5
    """

    def __init__(self, sums: Callable[..., tuple[Any, ...]], value: Callable[..., Any]) -> None:
        self.sums, self.value = sums, value
        functools.update_wrapper(self, sums)

    def __call__(self, outputs: Any, targets: Any, **options: Any) -> Any:
        totals = Totals({"it": functools.partial(self, **options) if options else self})
        totals.add(as_array(outputs), as_array(targets))
        return totals.values()["it"]


def metric(value: Callable[..., Any]) -> Callable[[Callable[..., tuple[Any, ...]]], Metric]:
    """Make a `Metric` of the function that gives its sums; `value` is the formula of the totals.

    >>> @metric(lambda total, n: total / n)
    ... def absolute_error(outputs, targets):
    ...     return abs(outputs - targets).sum(), targets.size
    >>> float(absolute_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    return lambda sums: Metric(sums, value)


class Totals:
    """The metrics of a data set while its batches go by; plain functions count as means over samples.

    >>> totals = Totals({"share": lambda outputs, targets: (outputs == targets).mean()})
    >>> totals.add(np.array([1]), np.array([1]))
    >>> totals.add(np.array([1, 1]), np.array([0, 0]))
    >>> round(totals.values()["share"], 4)
    0.3333
    """

    def __init__(self, metrics: Mapping[str, Callable[..., Any]] | None) -> None:
        taken = sorted({"epoch", "loss", "lr", "norm", "samples", "step"} & set(metrics or ()))
        if taken:
            raise ShapeError(f"metrics: these names stand for what fit itself records, got {taken}; choose others")
        self.metrics = {name: _as_metric(given) for name, given in (metrics or {}).items()}
        self.totals: dict[str, tuple[Any, ...]] = {}

    def add(self, outputs: Any, targets: Any) -> None:
        """Take in a batch; nothing waits for the device."""
        for name, (sums, _) in self.metrics.items():
            new = sums(raw(outputs), raw(targets))
            old = self.totals.get(name)
            self.totals[name] = new if old is None else tuple(a + b for a, b in zip(old, new, strict=True))

    def values(self) -> dict[str, Any]:
        """The figures: numbers as Python's, matrices as NumPy arrays."""
        found = {}
        for name, totals in self.totals.items():
            value = self.metrics[name][1](*(np.asarray(namespace(total).to_host(total)) for total in totals))
            found[name] = float(value) if np.ndim(value) == 0 else value
        return found


def _as_metric(given: Any) -> tuple[Callable[..., tuple[Any, ...]], Callable[..., Any]]:
    """Sums and formula of a Metric, of one with options (`functools.partial`), or of a plain function."""
    if isinstance(given, Metric):
        return given.sums, given.value
    if isinstance(given, functools.partial) and isinstance(given.func, Metric):
        return functools.partial(given.func.sums, *given.args, **given.keywords), given.func.value
    if not callable(given):
        raise DTypeError(f"metrics: must be functions by name, got {given!r:.60}; pass {{'accuracy': accuracy}}")

    def sums(outputs: Any, targets: Any) -> tuple[Any, ...]:
        return given(outputs, targets) * len(targets), len(targets)

    return sums, lambda total, n: total / n
