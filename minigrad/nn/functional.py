"""Layers without parameters, as functions.

Builds on: `minigrad.tape`, `minigrad.ops`. Read next: `minigrad.nn.linear`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.ops import logsumexp, take_along_axis
from minigrad.tape import Result, Value, op
from minigrad.tensor import as_value, raw

__all__ = ["cross_entropy", "log_softmax", "relu"]


@op
def relu(x: Value) -> Result:
    """Rectified linear unit, elementwise.

    y = max(x, 0)

    Gradient: 1 where x > 0, else 0, at 0 too.

    >>> relu([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """
    y = namespace(x).maximum(x, 0)
    return y, (lambda g: namespace(g).where(raw(y) > 0, g, 0),)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """Logarithms of probabilities in proportion to e^x, without overflow.

    y = x - ln sum_i e^(x_i)

    >>> log_softmax([0.0, 0.0])
    array([-0.6931, -0.6931], dtype=float32)
    """
    x = as_value(x)
    return x - logsumexp(x, axis, keepdims=True)


def cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean negative log-likelihood of integer labels under logits.

    y = -1/N sum_n log softmax(logits_n)[labels_n]

    Shapes: logits (N, classes), labels (N,), integers from 0 to classes - 1.

    Raises
    ------
    DTypeError
        If the labels are no integers.
    ShapeError
        If the shapes do not fit, or a label names no class.

    >>> cross_entropy(np.zeros((2, 4), np.float32), np.array([0, 3]))
    np.float32(1.3862944)
    """
    labels = raw(labels)
    if not hasattr(labels, "dtype"):
        labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise DTypeError(f"cross_entropy: labels must be integers, got {labels.dtype}; cast with .astype('int64')")
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ShapeError(
            f"cross_entropy: logits must be (N, classes), labels (N,), got {logits.shape} and {labels.shape}; reshape"
        )
    classes = logits.shape[1]
    if isinstance(labels, np.ndarray) and labels.size and not 0 <= labels.min() <= labels.max() < classes:
        raise ShapeError(
            f"cross_entropy: labels must lie in 0 to {classes - 1}, got {labels.min()} to {labels.max()}; "
            "check the number of classes"
        )
    return -take_along_axis(log_softmax(logits), labels[:, None], 1).mean()
