"""Cross-entropy in NumPy: the slopes are softmax, written over in place.

Builds on: `minigrad.kernels.numpy.softmax`. Read next: `minigrad.ops.fused.cross_entropy`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numpy.scratch import blocks
from minigrad.kernels.numpy.softmax import shifted, total

__all__ = ["cross_entropy"]

Array = np.ndarray[Any, Any]


def cross_entropy(x: Array, labels: Array, scale: Array, y: Array, slopes: Array) -> None:
    for rows in blocks(*x.shape):
        share = scale if scale.size == 1 else scale[rows]
        _block(x[rows], labels[rows], share, y[rows], slopes[rows])


def _block(x: Array, labels: Array, scale: Array, y: Array, slopes: Array) -> None:
    n, c = x.shape
    places = np.arange(0, n * c, c)
    places += labels
    e = shifted(x, slopes)
    at_label = e.ravel().take(places)
    np.exp(e, out=e)
    of_row = total(e)[:, 0]
    np.log(of_row, out=y)
    y -= at_label
    if scale.size > 1 and not scale.all():  # infinite logits of a label that is left out stay out too
        left = scale == 0
        e[left], of_row[left], y[left] = 0, 1, 0
    y *= scale
    e *= np.divide(scale, of_row, out=of_row)[:, None]
    e.ravel()[places] -= scale
