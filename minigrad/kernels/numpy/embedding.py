"""Embedding in NumPy.

Builds on: `minigrad.backend.numpy`. Read next: `minigrad.kernels.numba.embedding`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend.numpy import add_rows

__all__ = ["embedding", "embedding_backward"]

Array = np.ndarray[Any, Any]


def embedding(weight: Array, tokens: Array, y: Array) -> None:
    np.take(weight, tokens, axis=0, out=y, mode="clip")  # nothing is to clip, and without it `out` is filled by a copy


def embedding_backward(g: Array, tokens: Array, padding: int, vocabulary: int, dw: Array) -> None:
    if padding >= 0:
        learning = tokens != padding
        g, tokens = g[learning], tokens[learning]
    add_rows(dw, tokens, g)
