"""`Embedding`: a vector for each token, learned.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.embedding`. Read next: `minigrad.nn.position`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.nn.argument import check_sizes
from minigrad.nn.functional.embedding import check_padding, embedding
from minigrad.nn.init import normal
from minigrad.nn.layer import Layer, Parameter
from minigrad.nn.linear import initial
from minigrad.tensor import raw

__all__ = ["Embedding"]


class Embedding(Layer):
    """A learned vector for each token; learned positions are the vectors of 0, 1, 2, ...

    y[...] = weight[x[...]]

    The weight starts as N(0, 1), or as ``init(shape)`` says. The row of `padding_idx` starts as 0 and stays: it
    receives no gradient.

    Shapes: x (...) of integers from 0 to num_embeddings - 1, weight (num_embeddings, embedding_dim),
    y (..., embedding_dim).

    Raises
    ------
    DTypeError
        If the tokens are no integers.
    IndexError
        If a token has no row; on a device its y is NaN instead.

    >>> Embedding(65, 8)([[1, 5, 5], [0, 64, 2]]).shape
    (2, 3, 8)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        init: Callable[..., Any] | None = None,
    ) -> None:
        num_embeddings, embedding_dim = check_sizes(self, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        self.num_embeddings, self.embedding_dim, self.init = num_embeddings, embedding_dim, init
        self.padding_idx = check_padding("Embedding", padding_idx, num_embeddings)
        self.weight = initial(self, (num_embeddings, embedding_dim), normal)
        if self.padding_idx is not None:
            self.weight = Parameter(without_row(raw(self.weight), self.padding_idx))

    def forward(self, x: Any) -> Any:
        return embedding(x, self.weight, self.padding_idx)


def without_row(weight: Array, row: int) -> Array:
    """A copy of the weight with zeros in one row."""
    xp = namespace(weight)
    return xp.where(xp.expand_dims(xp.arange(weight.shape[0]) == row, 1), 0, weight)
