"""Losses of logits or log-probabilities against class labels.

Builds on: `minigrad.nn.functional.labels`, `minigrad.ops.fused.softmax`. Read next:
`minigrad.nn.functional.binary`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, ParamSpec

from minigrad.argument import SHARE, number
from minigrad.backend import backend, namespace
from minigrad.errors import ShapeError
from minigrad.nn.functional.labels import Labels, class_labels, is_probabilities, per_class
from minigrad.nn.functional.reduction import check_reduction, reduced
from minigrad.ops import multiply, take_along_axis, where
from minigrad.ops.fused.softmax import log_softmax
from minigrad.tape import composite
from minigrad.tensor import as_value, raw

__all__ = ["cross_entropy", "nll_loss"]

P = ParamSpec("P")


def _count(target: Any, weight: Any = None, ignore_index: int = -100, **others: Any) -> Any:
    """What the mean over these targets divides by: the weights of the labels that are kept, or N for probabilities.

    Of the targets alone, so that it is known before the first of several batches goes through the model. A label that
    names no class is the loss's own affair.
    """
    target = raw(as_value(target))
    xp = namespace(target)
    if target.dtype.kind == "f":
        return xp.asarray(target.size // target.shape[min(target.ndim - 1, 1)] if target.size else 0)
    kept = target != ignore_index
    if weight is None:
        return kept.sum()
    weight = raw(as_value(weight))
    return xp.where(kept, weight[xp.clip(target, 0, len(weight) - 1)], 0).sum()


def counted(loss: Callable[P, Any]) -> Callable[P, Any]:
    """Let a loss say by what its mean divides: several batches are then weighed as one."""
    loss.count = _count  # type: ignore[attr-defined]
    return loss


@counted
@composite
def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Negative log-likelihood of labels, or of probabilities, under logits.

    y = mean_n w_t(n) (-log softmax(input_n)[t(n)]), or mean_n sum_c -w_c q_nc log softmax(input_n)_c for q = target

    Label smoothing e puts q = 1 - e + e/C on the label's class and e/C on the others. The mean over labels is weighted,
    sum w l / sum w, over the labels that are kept; over probabilities it divides by N.

    Shapes: input (N, C, ...) or (C,); labels (N, ...) or (), integers from 0 to C - 1, or `ignore_index`;
    probabilities as input; weight (C,); y (), or the labels' shape with reduction 'none'.

    Raises
    ------
    DTypeError
        If labels are no integers.
    ShapeError
        If shapes do not fit, or a label names no class; on a device such a label makes the loss NaN instead.

    >>> import numpy as np
    >>> cross_entropy(np.zeros((2, 4), np.float32), np.array([0, 3]))
    array(1.3863, dtype=float32)

    Reference: Szegedy et al., Rethinking the Inception Architecture, 2016, section 7 (label smoothing).
    """
    logits, smoothing = as_value(input), number("cross_entropy", "label_smoothing", label_smoothing, SHARE)
    check_reduction("cross_entropy", reduction)
    if is_probabilities(logits, target):
        return _soft(logits, target, weight, reduction, smoothing)
    labels = class_labels("cross_entropy", logits, target, ignore_index)
    log_p = log_softmax(logits, min(logits.ndim - 1, 1))
    return _likelihood("cross_entropy", log_p, labels, weight, reduction, smoothing)


@counted
@composite
def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """Negative log-likelihood of integer labels under log-probabilities.

    y = sum_n w_t(n) (-input_n[t(n)]) / sum_n w_t(n)

    Shapes: input (N, C, ...) or (C,); target (N, ...) or (), integers from 0 to C - 1, or `ignore_index`; weight (C,);
    y (), or the target's shape with reduction 'none'.

    Raises
    ------
    DTypeError
        If the labels are no integers.
    ShapeError
        If shapes do not fit, or a label names no class; on a device such a label makes the loss NaN instead.

    >>> import numpy as np
    >>> nll_loss(np.log(np.array([[0.25, 0.75]], np.float32)), np.array([0]))
    array(1.3863, dtype=float32)
    """
    log_p = as_value(input)
    check_reduction("nll_loss", reduction)
    labels = class_labels("nll_loss", log_p, target, ignore_index)
    return _likelihood("nll_loss", log_p, labels, weight, reduction, 0.0)


def _likelihood(name: str, log_p: Any, labels: Labels, weight: Any, reduction: str, smoothing: float) -> Any:
    """The loss of checked labels."""
    axis, xp = min(log_p.ndim - 1, 1), namespace(labels.safe)
    w = None if weight is None else per_class(name, weight, log_p)
    picked = take_along_axis(log_p, xp.expand_dims(labels.safe, axis), axis)
    scale = None if w is None else w[labels.safe]  # of each label
    loss = -picked.reshape(labels.safe.shape)
    loss = loss if scale is None else multiply(loss, scale)
    if smoothing:
        every = log_p if w is None else multiply(log_p, w.reshape(-1, *[1] * (log_p.ndim - 1 - axis)))
        loss = loss * (1 - smoothing) - every.sum(axis=axis) * (smoothing / log_p.shape[axis])
    if labels.wrong is not None:
        loss = where(labels.wrong, float("nan"), loss)
    if labels.kept is not None:
        loss = where(labels.kept, loss, 0)
    if reduction != "mean" or not loss.size:
        return reduced(name, loss, reduction)
    if scale is None and labels.kept is None:
        return loss.mean()
    scale = xp.ones_like(labels.safe, dtype=log_p.dtype) if scale is None else scale
    if xp is backend("numpy") and labels.kept is not None and not labels.kept.any():
        warnings.warn(f"{name}: every label is ignored, so that the mean is NaN", RuntimeWarning, stacklevel=4)
    total = (scale if labels.kept is None else xp.where(labels.kept, scale, 0)).sum()
    return loss.sum() / xp.where(total == 0, float("nan"), total).astype(log_p.dtype)  # nothing kept: NaN


def _soft(logits: Any, target: Any, weight: Any, reduction: str, smoothing: float) -> Any:
    """The loss of probabilities."""
    axis = min(logits.ndim - 1, 1)
    classes = logits.shape[axis]
    if logits.ndim < 1 or not classes:
        raise ShapeError(f"cross_entropy: logits must be (N, classes, ...), got {logits.shape}; add the class axis")
    target = target * (1 - smoothing) + smoothing / classes if smoothing else target
    terms = multiply(log_softmax(logits, axis), target)
    if weight is not None:
        w = per_class("cross_entropy", weight, logits)
        terms = multiply(terms, w.reshape(-1, *[1] * (logits.ndim - 1 - axis)))
    loss = -terms.sum(axis=axis)
    if reduction != "mean" or not loss.size:
        return reduced("cross_entropy", loss, reduction)
    return loss.sum() / (raw(logits).size // classes)
