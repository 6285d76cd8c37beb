"""Labels: what they must be, and what becomes of one that names no class.

On the host a wrong label is an error at once. On a device looking would mean waiting for it, so a wrong label makes its
loss NaN there, and with it whatever is computed from that loss.

Builds on: `minigrad.backend`. Read next: `minigrad.nn.functional.classification`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.argument import whole
from minigrad.backend import Array, backend, namespace
from minigrad.errors import ArgumentError, DeviceError, DTypeError, ShapeError
from minigrad.tensor import Tensor, raw

__all__ = ["Labels", "check_ignored", "check_weights", "class_labels", "is_probabilities", "per_class"]

INT64 = np.dtype(np.int64)


class Labels(NamedTuple):
    """Labels that may be used as an index, and masks: None where a mask would change nothing."""

    safe: Array  # 0 where ignored or wrong
    kept: Array | None  # False where ignored
    wrong: Array | None  # True where a label names no class


def is_probabilities(logits: Any, target: Any) -> bool:
    """Whether targets are probabilities: floating, and of the logits' shape."""
    target = raw(target)
    return getattr(getattr(target, "dtype", None), "kind", "") == "f" and target.shape == logits.shape


def class_labels(name: str, logits: Any, labels: Any, ignore_index: int) -> Labels:
    """Checked labels for logits (N, C, ...) or (C,): of shape (N, ...) or (), integers from 0 to C - 1."""
    labels, ignore_index = _integers(name, logits, labels), check_ignored(name, ignore_index)
    xp, classes = namespace(labels), logits.shape[min(logits.ndim - 1, 1)]
    on_host = xp is backend("numpy")
    if on_host and labels.size and not 0 <= ignore_index < classes and labels.view(np.uint64).max() < classes:
        return Labels(labels, None, None)  # the ordinary case, at the price of one look: negative ones are large there
    kept = labels != ignore_index
    inside = (labels >= 0) & (labels < classes)
    if not on_host:
        return Labels(xp.where(kept & inside, labels, 0), kept, kept & ~inside)
    if not (inside | ~kept).all():
        shown = labels[kept]
        raise ShapeError(
            f"{name}: labels must lie in 0 to {classes - 1}, got {shown.min()} to {shown.max()}; "
            f"check the number of classes; only ignore_index ({ignore_index}) may stand outside"
        )
    if kept.all():
        return Labels(labels, None if labels.size else kept, None)
    return Labels(xp.where(kept, labels, 0), kept, None)


def check_ignored(name: str, ignore_index: Any) -> int:
    """The label to leave out, any whole number."""
    return whole(name, "ignore_index", ignore_index, -math.inf)


def _integers(name: str, logits: Any, labels: Any) -> Array:
    """The labels as a plain int64 array of the right shape, on the device of the logits."""
    labels, home = raw(labels), namespace(raw(logits))
    if not hasattr(labels, "dtype") or isinstance(labels, np.generic):
        labels = home.from_host(np.asarray(labels))
    if labels.dtype.kind not in "iu":
        raise DTypeError(
            f"{name}: labels must be integers, got {labels.dtype} of shape {labels.shape}; cast with .astype('int64')"
            + (f", or pass probabilities of shape {logits.shape}" if name == "cross_entropy" else "")
        )
    if namespace(labels) is not home:
        raise DeviceError(
            f"{name}: labels and logits must lie on one device, got {namespace(labels).name} and {home.name}; "
            f"move the labels with Tensor(labels).to({home.name!r})"
        )
    wanted = (logits.shape[0], *logits.shape[2:]) if logits.ndim > 1 else ()
    if logits.ndim < 1 or labels.shape != wanted:
        last = logits.ndim == 3 and labels.shape == logits.shape[:-1]
        raise ShapeError(
            f"{name}: logits must be (N, classes, ...), labels (N, ...), got {logits.shape} and {labels.shape}; "
            + ("if the classes come last, logits.swapaxes(1, -1)" if last else "reshape")
        )
    if labels.dtype != INT64:
        if labels.dtype == np.uint64:  # the largest would become negative, and one of these may be the ignored one
            labels = home.minimum(labels, np.iinfo(np.int64).max)
        labels = labels.astype(INT64)
    return labels


def per_class(name: str, weight: Any, logits: Any) -> Any:
    """Class weights in the logits' dtype, refused unless there is one for each class."""
    if not hasattr(weight, "dtype"):
        weight = Tensor(weight).to(namespace(raw(logits)).name)
    weight, classes = raw(weight), logits.shape[min(logits.ndim - 1, 1)]
    if weight.shape != (classes,):
        raise ShapeError(
            f"{name}: needs one weight for each class, ({classes},), got {weight.shape}; check the classes"
        )
    check_weights(name, weight)
    return weight.astype(logits.dtype)


def check_weights(name: str, weight: Any) -> None:
    """Refuse class weights that are negative or NaN; on a device nothing waits to look."""
    if isinstance(weight, np.ndarray) and not (weight >= 0).all():
        raise ArgumentError(f"{name}: weight must not be negative or NaN, got {weight!s:.60}; 1 is usual")
