"""Cross-entropy of labels under logits, gradient and all in one pass.

Weights of classes, labels to leave out, and what a mean divides by are one thing: a number that scales each label's
loss. They depend on the labels alone, so nothing flows through them.

Builds on: `minigrad.ops.fused.softmax`, `minigrad.kernels.cross_entropy`. Read next:
`minigrad.nn.functional.classification`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.kernels import cross_entropy as kernels
from minigrad.ops.arithmetic import multiply
from minigrad.ops.fused.rows import along
from minigrad.ops.fused.softmax import log_softmax
from minigrad.ops.index import take_along_axis
from minigrad.ops.piecewise import where
from minigrad.tape import Result, Value, composite, op

__all__ = ["cross_entropy"]


@composite
def cross_entropy__plain(x: Value, /, labels: Any, scale: Any, axis: int, summed: bool) -> Value:
    xp = namespace(labels)
    losses = -take_along_axis(log_softmax(x, axis), xp.expand_dims(labels, axis), axis).reshape(labels.shape)
    losses = losses if isinstance(scale, float) else where(scale == 0, 0, losses)
    losses = multiply(losses, scale)
    return losses.sum() if summed else losses


@op(plain=cross_entropy__plain)
def cross_entropy(x: Value, /, labels: Any, scale: Any, axis: int, summed: bool) -> Result:
    """y_i = -scale_i log softmax(x_i)[labels_i], or their sum; 0 where the scale is 0

    Shapes: x (N, C, ...) with the classes along `axis`, labels (N, ...), scale a number or (N, ...).
    Gradient: scale_i (softmax(x_i) - 1 at the label), which the forward makes on the way.
    """
    rows, back = along(x, axis)
    each = np.asarray(scale, x.dtype)
    losses, slopes = kernels.cross_entropy(rows, labels.reshape(-1), each.reshape(-1))
    if summed:
        return np.add.reduce(losses), (lambda g: back(slopes * g),)
    return losses.reshape(labels.shape), (lambda g: back(slopes * g.reshape(-1, 1)),)
