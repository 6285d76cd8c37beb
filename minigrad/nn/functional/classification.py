"""Losses of logits or log-probabilities against class labels.

Builds on: `minigrad.nn.functional.labels`, `minigrad.ops.fused.cross_entropy`. Read next:
`minigrad.nn.functional.binary`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec

from minigrad.argument import SHARE, number
from minigrad.backend import backend, namespace
from minigrad.errors import ShapeError
from minigrad.nn.functional.labels import Labels, class_labels, is_probabilities, per_class
from minigrad.nn.functional.reduction import check_reduction, reduced
from minigrad.ops import multiply, take_along_axis, where
from minigrad.ops.fused import cross_entropy as fused
from minigrad.ops.fused.softmax import log_softmax
from minigrad.promote import HALF, wide
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
    half, logits, axis = logits.dtype == HALF, wide(logits), min(logits.ndim - 1, 1)
    if smoothing or not labels.safe.size:
        y = _likelihood("cross_entropy", log_softmax(logits, axis), labels, weight, reduction, smoothing)
    else:
        own = _own("cross_entropy", logits, labels, weight)
        share, nothing = _share("cross_entropy", logits, labels, own, reduction)
        scale = share if own is None else own * share
        y = fused.cross_entropy(logits, labels.safe, scale, axis, reduction != "none")
        y = y if nothing is None else y + nothing
    return y.astype("float16") if half else y


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


def _own(name: str, logits: Any, labels: Labels, weight: Any) -> Any:
    """The class weight of each label, None where there are none."""
    return None if weight is None else per_class(name, weight, logits)[labels.safe]


def _share(name: str, logits: Any, labels: Labels, own: Any, reduction: str) -> tuple[Any, Any]:
    """What each label's loss counts for: 1, over the sum of weights for a mean; 0 where it is left out, NaN where it
    names no class. One number where it is the same for all. And what is added to a mean: NaN if it is of nothing."""
    if own is None and labels.kept is None:
        return (1 / labels.safe.size if reduction == "mean" else 1.0), None
    xp, nothing = namespace(labels.safe), None
    share = xp.ones_like(labels.safe, dtype=logits.dtype)
    share = share if labels.kept is None else xp.where(labels.kept, share, 0)
    if reduction == "mean":
        if xp is backend("numpy") and labels.kept is not None and not labels.kept.any():
            warnings.warn(f"{name}: every label is ignored, so that the mean is NaN", RuntimeWarning, stacklevel=5)
        total = (share if own is None else own * share).sum()
        share = share / xp.where(total == 0, xp.ones_like(total), total)
        nothing = xp.where(total == 0, math.nan, xp.zeros_like(total))
    return (share if labels.wrong is None else xp.where(labels.wrong, math.nan, share)), nothing


def _likelihood(name: str, log_p: Any, labels: Labels, weight: Any, reduction: str, smoothing: float) -> Any:
    """The loss of checked labels under log-probabilities."""
    axis, xp = min(log_p.ndim - 1, 1), namespace(labels.safe)
    loss = -take_along_axis(log_p, xp.expand_dims(labels.safe, axis), axis).reshape(labels.safe.shape)
    own = _own(name, log_p, labels, weight)
    loss = loss if own is None else multiply(loss, own)
    if smoothing:
        every = log_p
        if weight is not None:
            every = multiply(log_p, per_class(name, weight, log_p).reshape(-1, *[1] * (log_p.ndim - 1 - axis)))
        loss = loss * (1 - smoothing) - every.sum(axis=axis) * (smoothing / log_p.shape[axis])
    if not labels.safe.size:
        return reduced(name, loss, reduction)
    share, nothing = _share(name, log_p, labels, own, reduction)
    if labels.kept is not None:
        loss = where(labels.kept, loss, 0)
    loss = multiply(loss, share)
    loss = loss if reduction == "none" else loss.sum()
    return loss if nothing is None else loss + nothing


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
