"""The metrics: accuracy, top_k, confusion, perplexity, r2.

Builds on: `minigrad.train.metric`. Read next: `minigrad.train.evaluate`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.train.metric import Sums, metric

__all__ = ["accuracy", "confusion", "perplexity", "r2", "top_k"]

IGNORED = -100  # the label that cross_entropy leaves out


def _classes(name: str, outputs: Any, targets: Any) -> tuple[Any, Any]:
    """Predicted classes and labels, checked: of logits (N, classes, ...) or classes (N, ...), and labels (N, ...)."""
    _labels(name, outputs, targets)
    return (outputs if outputs.dtype.kind in "iu" else namespace(outputs).argmax(outputs, axis=1)), targets


def _labels(name: str, outputs: Any, targets: Any, logits: bool = False) -> None:
    if targets.dtype.kind not in "iu":
        raise DTypeError(f"{name}: labels must be integers, got {targets.dtype}; cast with .astype('int64')")
    wanted = (outputs.shape[0], *outputs.shape[2:]) if outputs.ndim > 1 else None
    if not logits and outputs.dtype.kind in "iu":
        wanted = outputs.shape
    if targets.shape != wanted:
        raise ShapeError(
            f"{name}: outputs must be logits (N, classes, ...), labels (N, ...), got {outputs.shape} and "
            f"{targets.shape}; reshape"
        )
    if isinstance(targets, np.ndarray) and outputs.ndim > 1 and outputs.dtype.kind == "f":
        kept = targets[targets != IGNORED]  # on a device nothing waits to look
        if kept.size and not 0 <= kept.min() <= kept.max() < outputs.shape[1]:
            raise ShapeError(
                f"{name}: labels must lie in 0 to {outputs.shape[1] - 1}, got {kept.min()} to {kept.max()}; "
                "check the number of classes"
            )


@metric(lambda hits, n: hits / n)
def accuracy(outputs: Any, targets: Any) -> Sums:
    """The share of samples whose class is predicted.

    accuracy = count(argmax outputs = target) / N, labels -100 left out

    Shapes: outputs, logits (N, classes, ...) or predicted classes (N, ...); targets (N, ...).

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DTypeError
        If labels are no integers.

    >>> accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
    0.5
    """
    found, labels = _classes("accuracy", outputs, targets)
    return (found == labels).sum(), (labels != IGNORED).sum()


@metric(lambda hits, n: hits / n)
def top_k(outputs: Any, targets: Any, k: int = 5) -> Sums:
    """The share of samples whose class is among the k likeliest; ``functools.partial(top_k, k=3)`` for another k.

    top_k = count(fewer than k logits exceed the target's) / N, labels -100 left out

    Shapes: outputs, logits (N, classes, ...); targets (N, ...).

    Raises
    ------
    ShapeError
        If the shapes do not fit, or k is not from 1 to the number of classes.

    >>> logits, labels = np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]), np.array([2, 2])
    >>> top_k(logits, labels, k=2)
    0.5
    """
    _labels("top_k", outputs, targets, logits=True)
    k = whole("top_k", "k", k)
    if not 1 <= k <= outputs.shape[1]:
        raise ShapeError(f"top_k: k must lie in 1 to {outputs.shape[1]}, the classes, got {k}; take a smaller one")
    kept = targets != IGNORED
    better = namespace(outputs).logical_not(outputs <= _at_label(outputs, targets)).sum(axis=1)  # NaN is no hit
    return ((better < k) & kept).sum(), kept.sum()


@metric(lambda counts: counts)
def confusion(outputs: Any, targets: Any, classes: int | None = None) -> Sums:
    """How often class i was predicted as class j.

    counts[i, j] = count(target = i and argmax outputs = j), labels -100 left out

    Shapes: outputs, logits (N, classes, ...) or predicted classes (N, ...), which need `classes`; targets (N, ...);
    the figure (classes, classes).

    Raises
    ------
    ShapeError
        If the shapes do not fit, or `classes` is needed and not given.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), classes=2)
    array([[1, 1],
           [0, 1]])
    """
    found, labels = _classes("confusion", outputs, targets)
    xp = namespace(outputs)
    if classes is None:
        if outputs.dtype.kind in "iu":
            raise ShapeError("confusion: predicted classes do not say how many there are, got None; pass classes=")
        classes = outputs.shape[1]
    classes = whole("confusion", "classes", classes, 1)
    number = xp.arange(classes)
    # A product of matrices counts fast on every device; float32 is exact up to 2^24 samples of a kind in a batch.
    rows = (labels.reshape(-1, 1) == number).astype(xp.float32)  # (N, classes)
    columns = (found.reshape(-1, 1) == number).astype(xp.float32)
    return (xp.rint(xp.matmul(rows.T, columns)).astype(xp.int64),)


@metric(lambda surprise, n: np.exp(surprise / n))
def perplexity(outputs: Any, targets: Any) -> Sums:
    """Among how many equally likely classes the model hesitates, on average.

    perplexity = exp(mean cross-entropy), labels -100 left out

    Shapes: outputs, logits (N, classes, ...); targets (N, ...).

    Raises
    ------
    ShapeError
        If the shapes do not fit.

    >>> round(perplexity(np.zeros((3, 4)), np.array([0, 1, 2])), 4)
    4.0
    """
    _labels("perplexity", outputs, targets, logits=True)
    xp = namespace(outputs)
    kept = targets != IGNORED
    logits = outputs.astype(xp.float32) if outputs.dtype == np.float16 else outputs
    logits = logits - logits.max(axis=1, keepdims=True)
    total = xp.log(xp.exp(logits).sum(axis=1, keepdims=True))
    surprise = xp.squeeze(total - _at_label(logits, targets), axis=1)
    return xp.where(kept, surprise, 0).astype(xp.float64).sum(), kept.sum()


def _both(a: Sums, b: Sums) -> Sums:
    """n, origin, mean from there, spread and residual of two parts of the data as those of both.

    Sums of squares would do the same, and lose all digits where targets lie far from 0; a mean from 0 some of them.

    Reference: Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979,
    equation 2.1.
    """
    n, origin, mean, spread, residual = a
    m, there, other, more, rest = b
    away, part = (there - origin) + (other - mean), m / (n + m)
    return n + m, origin, mean + away * part, spread + more + away * away * (n * part), residual + rest


def _r2(n: Any, origin: Any, mean: Any, spread: Any, residual: Any) -> Any:
    flat = spread == 0
    return np.where(flat, np.where(residual == 0, 1.0, 0.0), 1 - residual / np.where(flat, 1, spread)).mean()


@metric(_r2, merge=_both)
def r2(outputs: Any, targets: Any) -> Sums:
    """The share of the targets' variance that the outputs explain; the mean over features where there are several.

    r2 = 1 - sum (target - output)^2 / sum (target - mean target)^2; 0 for targets without variance that are missed

    Shapes: outputs and targets the same, (N,) or (N, features).

    Raises
    ------
    ShapeError
        If the shapes differ, or there is no sample.

    >>> round(r2(np.array([1.0, 2.0, 2.0]), np.array([1.0, 2.0, 3.0])), 4)
    0.5
    """
    if outputs.shape != targets.shape:
        raise ShapeError(f"r2: outputs and targets must agree in shape, got {outputs.shape}, {targets.shape}; reshape")
    if outputs.shape[:1] in ((), (0,)):
        raise ShapeError(f"r2: needs at least one sample, got shape {outputs.shape}; pass (N,) or (N, features)")
    xp = namespace(outputs)
    wide, target = outputs.astype(xp.float64), targets.astype(xp.float64)
    origin = target[0]
    d = target - origin  # exactly 0 for constant targets, whatever their mean rounds to
    mean = d.mean(axis=0)
    return len(target), origin, mean, ((d - mean) ** 2).sum(axis=0), ((target - wide) ** 2).sum(axis=0)


def _at_label(outputs: Any, targets: Any) -> Any:
    """The logit of the target's class, (N, 1, ...); class 0 stands in where the label is to be ignored."""
    xp = namespace(outputs)
    labels = xp.where(targets == IGNORED, 0, targets)
    return xp.take_along_axis(outputs, xp.expand_dims(labels, 1), axis=1)
