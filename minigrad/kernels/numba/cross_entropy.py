"""Cross-entropy compiled: each row in three loops.

Builds on: `minigrad.kernels.numba.softmax`. Read next: `minigrad.ops.fused.cross_entropy`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numba.jit import I1, X, compiled
from minigrad.kernels.numba.math import exp
from minigrad.kernels.numba.softmax import largest
from minigrad.kernels.numba.sums import total

__all__ = ["cross_entropy"]

ZERO = np.float32(0)


@compiled(X[2], I1, X[1], X[1], X[2])
def cross_entropy(x: Any, labels: Any, scale: Any, y: Any, slopes: Any) -> None:
    for i in range(x.shape[0]):
        a, d, s, label = x[i], slopes[i], scale[i if scale.shape[0] > 1 else 0], labels[i]
        if s == ZERO:
            y[i] = ZERO
            d[:] = ZERO
            continue
        if not 0 <= label < a.shape[0]:  # looked at before, but another thread may write labels; a loop stays inside
            y[i] = np.nan
            d[:] = np.nan
            continue
        top = largest(a)
        for j in range(a.shape[0]):
            d[j] = exp(a[j] - top)
        whole = np.float32(total(d))
        y[i] = s * (np.log(whole) - (a[label] - top))
        share = s / whole
        for j in range(a.shape[0]):
            d[j] *= share
        d[label] -= s
