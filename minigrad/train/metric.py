"""`Metric`: a figure that is exact over a whole data set, however it is cut into batches.

A metric is two functions: the sums that a batch contributes, computed where the outputs lie, and the formula that makes
the figure of the totals. Neither the outputs of other batches nor a mean of means is needed. Where plain sums would
cancel, a third function says how the results of two parts of the data merge into that of both.

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

__all__ = ["Metric", "Sums", "Totals", "metric"]


Sums = tuple[Any, ...]


def added(a: Sums, b: Sums) -> Sums:
    """The sums of two parts of the data as those of both.

    >>> added((1, 2.0), (3, 4.0))
    (4, 6.0)
    """
    return tuple(x + y for x, y in zip(a, b, strict=True))


class Metric:
    """A figure of outputs and targets, made of sums: ``value(*sums)``; `merge` takes two tuples of them to one.

    >>> share = Metric(lambda outputs, targets: ((outputs == targets).sum(), outputs.size), lambda hits, n: hits / n)
    >>> float(share(np.array([1, 2]), np.array([1, 3])))
    0.5
    """

    def __init__(
        self, sums: Callable[..., Sums], value: Callable[..., Any], merge: Callable[[Sums, Sums], Sums] = added
    ) -> None:
        self.sums, self.value, self.merge = sums, value, merge
        functools.update_wrapper(self, sums)

    def __call__(self, outputs: Any, targets: Any, **options: Any) -> Any:
        totals = Totals({"it": functools.partial(self, **options) if options else self})
        totals.add(as_array(outputs), as_array(targets))
        return totals.values()["it"]


def metric(
    value: Callable[..., Any], merge: Callable[[Sums, Sums], Sums] = added
) -> Callable[[Callable[..., Sums]], Metric]:
    """Make a `Metric` of the function that gives its sums; `value` is the formula of the totals.

    >>> @metric(lambda total, n: total / n)
    ... def absolute_error(outputs, targets):
    ...     return abs(outputs - targets).sum(), targets.size
    >>> float(absolute_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
    1.0
    """
    return lambda sums: Metric(sums, value, merge)


class Totals:
    """The metrics of a data set while its batches go by; plain functions count as means over samples.

    >>> totals = Totals({"share": lambda outputs, targets: (outputs == targets).mean()})
    >>> totals.add(np.array([1]), np.array([1]))
    >>> totals.add(np.array([1, 1]), np.array([0, 0]))
    >>> round(totals.values()["share"], 4)
    0.3333
    """

    def __init__(self, metrics: Mapping[str, Callable[..., Any]] | None) -> None:
        given = {} if metrics is None else metrics
        if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
            raise DTypeError(f"metrics: must be functions by name, got {given!r:.60}; pass {{'accuracy': accuracy}}")
        taken = sorted({"clipped", "epoch", "kind", "loss", "lr", "norm", "samples", "seconds", "step"} & set(given))
        if taken:
            raise ShapeError(f"metrics: these names stand for what fit itself records, got {taken}; choose others")
        self.metrics = {name: _as_metric(function) for name, function in given.items()}
        self.totals: dict[str, Sums] = {}

    def add(self, outputs: Any, targets: Any) -> None:
        """Take in a batch; nothing waits for the device."""
        for name, metric in self.metrics.items():
            new = tuple(_wide(part) for part in metric.sums(raw(outputs), raw(targets)))
            self.totals[name] = metric.merge(self.totals[name], new) if name in self.totals else new

    def values(self) -> dict[str, Any]:
        """The figures: numbers as Python's, matrices as NumPy arrays."""
        found = {}
        for name, totals in self.totals.items():
            value = self.metrics[name].value(*(np.asarray(namespace(total).to_host(total)) for total in totals))
            found[name] = float(value) if np.ndim(value) == 0 else value
        return found


def _as_metric(given: Any) -> Metric:
    """A Metric itself, one with options (`functools.partial`), or one made of a plain function."""
    if isinstance(given, Metric):
        return given
    if isinstance(given, functools.partial) and isinstance(given.func, Metric):
        inner = given.func
        return Metric(functools.partial(inner.sums, *given.args, **given.keywords), inner.value, inner.merge)
    if not callable(given):
        raise DTypeError(f"metrics: must be functions by name, got {given!r:.60}; pass {{'accuracy': accuracy}}")

    def sums(outputs: Any, targets: Any) -> Sums:
        found = raw(given(outputs, targets))
        if found is None or isinstance(found, (str, Mapping, list, tuple)):
            raise DTypeError(
                f"metrics: a metric gives a number or an array, got {found!r:.60} of {given!r:.60}; return one"
            )
        return _wide(found) * len(targets), len(targets)

    return Metric(sums, lambda total, n: total / n)


def _wide(part: Any) -> Any:
    """Floating sums in float64: a float16 ends at 65504, and a float32 that has grown large swallows small ones."""
    return part.astype(np.float64) if getattr(getattr(part, "dtype", None), "kind", "") == "f" else part
