"""Kernels of embedding: rows of a table by number, and the sums of what flows back to each row.

Builds on: `minigrad.kernels`. Read next: `minigrad.kernels.numpy.embedding`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels import kernel

__all__ = ["embedding", "embedding_backward"]

Array = np.ndarray[Any, Any]


@kernel
def embedding(weight: Array, tokens: Array) -> tuple[Array]:
    """y[i] = weight[tokens[i]]; the tokens (n,) are known to name rows of the weight (V, d)"""
    return (np.empty((len(tokens), weight.shape[1]), weight.dtype),)


@kernel
def embedding_backward(g: Array, tokens: Array, padding: int, vocabulary: int) -> tuple[Array]:
    """dw[t] = the sum of all g[i] with tokens[i] = t, and 0 for the token `padding`, which may be -1 for none"""
    return (np.zeros((vocabulary, g.shape[1]), g.dtype),)
