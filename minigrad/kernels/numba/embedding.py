"""Embedding compiled: rows are added where they belong, one by one.

Builds on: `minigrad.kernels.numba.jit`. Read next: `minigrad.ops.fused.embedding`.
"""

from __future__ import annotations

from typing import Any

from minigrad.kernels.numba.jit import I1, I, X, compiled

__all__ = ["embedding_backward"]


@compiled(X[2], I1, I, I, X[2])
def embedding_backward(g: Any, tokens: Any, padding: Any, vocabulary: Any, dw: Any) -> None:
    for i in range(g.shape[0]):
        if tokens[i] != padding and 0 <= tokens[i] < vocabulary:  # a loop writes nowhere else, whatever it is given
            a, d = g[i], dw[tokens[i]]
            for j in range(a.shape[0]):
                d[j] += a[j]
