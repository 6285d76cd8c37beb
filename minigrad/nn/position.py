"""What tells attention where in a sequence a token stands. Learned positions are an `Embedding` of 0, 1, 2, ...

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.position`. Read next: `minigrad.nn.cache`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.argument import ABOVE_0, number, whole
from minigrad.backend import namespace
from minigrad.errors import ArgumentError, ShapeError
from minigrad.nn.functional.position import rotary, rotary_tables, rows, sinusoidal_table
from minigrad.nn.functional.standardize import floating
from minigrad.nn.layer import Layer
from minigrad.ops import add
from minigrad.tensor import raw

__all__ = ["ALiBi", "RotaryEmbedding", "SinusoidalPositionalEncoding"]


class SinusoidalPositionalEncoding(Layer):
    """Add to each token sines and cosines of its position, of wavelengths from 2 pi to base 2 pi.

    y = x + PE, with PE[p, 2i] = sin(p / base^(2i/E)) and PE[p, 2i + 1] = cos(p / base^(2i/E))

    Positions count from `offset`, 0 by default.

    Shapes: x (..., L, embed_dim), y as x.

    Raises
    ------
    ShapeError
        If x has other features, or the positions go beyond `max_length`.
    ValueError
        If embed_dim is odd.

    >>> SinusoidalPositionalEncoding(2)([[0.0, 0.0], [0.0, 0.0]])
    array([[0.    , 1.    ],
           [0.8415, 0.5403]], dtype=float32)

    Reference: Vaswani et al., Attention Is All You Need, 2017, section 3.5.
    """

    def __init__(self, embed_dim: int, max_length: int = 5000, base: float = 10000.0) -> None:
        self.embed_dim, self.max_length, self.base = _table_sizes(self, "embed_dim", embed_dim, max_length, base)

    def forward(self, x: Any, offset: int = 0) -> Any:
        x, place = _placed(self, x, self.embed_dim, self.max_length, offset)
        table = sinusoidal_table(self.embed_dim, self.max_length, self.base, str(x.dtype), namespace(raw(x)).name)
        return add(x, table[place])


class RotaryEmbedding(Layer):
    """Turn queries and keys by angles in proportion to their position, so that their products know the distance.

    y = [a cos t - b sin t, b cos t + a sin t], with x = [a, b] and t = p / base^(2i/E) for feature i of position p

    The two halves of a head are what is turned ('rotate-half', as Llama's weights in Hugging Face's layout want it);
    positions count from `offset`, which is 0 but for keys that follow those of a `KVCache`.

    Shapes: x (..., L, dim), y as x.

    Raises
    ------
    ShapeError
        If x has other features, or the positions go beyond `max_length`.
    ValueError
        If dim, the size of a head, is odd.

    >>> RotaryEmbedding(2)([[1.0, 0.0], [1.0, 0.0]])
    array([[1.    , 0.    ],
           [0.5403, 0.8415]], dtype=float32)

    Reference: Su et al., RoFormer: Enhanced Transformer with Rotary Position Embedding, 2021, equation 34.
    """

    def __init__(self, dim: int, max_length: int = 2048, base: float = 10000.0) -> None:
        self.dim, self.max_length, self.base = _table_sizes(self, "dim", dim, max_length, base)

    def forward(self, x: Any, offset: int = 0) -> Any:
        x, place = _placed(self, x, self.dim, self.max_length, offset)
        cos, sin = rotary_tables(self.dim, self.max_length, self.base, str(x.dtype), namespace(raw(x)).name)
        return rotary(x, cos[place], sin[place])


class ALiBi(Layer):
    """Attention with linear biases: the farther a key, the lower its score; each head by a slope of its own.

    y[h, i, j] = -2^(-8 h / num_heads) abs(i + S - L - j), h = 1, 2, ..., num_heads

    What comes out is added to the scores: it is the `attn_mask` of attention. The queries are the last L of the S
    positions, so that it is right behind a `KVCache` too.

    Shapes: query (..., L, E), of which the shape alone counts; y (num_heads, L, S), with `length` for S, by default L.

    >>> ALiBi(2)([[0.0], [0.0]]).tolist()
    [[[-0.0, -0.0625], [-0.0625, -0.0]], [[-0.0, -0.00390625], [-0.00390625, -0.0]]]

    Reference: Press et al., Train Short, Test Long, 2022, section 3.
    """

    def __init__(self, num_heads: int) -> None:
        self.num_heads = whole("ALiBi", "num_heads", num_heads, 1)

    def forward(self, query: Any, length: int | None = None) -> Any:
        query = floating("ALiBi", query)
        if query.ndim < 2:
            raise ShapeError(f"ALiBi: query must be (..., L, E), got {query.shape}; add axes")
        xp, queries = namespace(raw(query)), query.shape[-2]
        keys = queries if length is None else whole("ALiBi", "length", length, queries)
        distance = xp.abs(xp.arange(keys - queries, keys).reshape(-1, 1) - xp.arange(keys))  # (L, S)
        slopes = np.array([2.0 ** (-8 * h / self.num_heads) for h in range(1, self.num_heads + 1)])
        return distance.astype(query.dtype) * xp.from_host(-slopes.reshape(-1, 1, 1).astype(query.dtype))


def _table_sizes(layer: Any, what: str, features: Any, max_length: Any, base: Any) -> tuple[int, int, float]:
    name = type(layer).__name__
    features, length = whole(name, what, features), whole(name, "max_length", max_length)
    if features % 2:
        raise ArgumentError(
            f"{name}: {what} must be even, since sines and cosines come in pairs, got {features}; add 1"
        )
    return features, length, number(name, "base", base, ABOVE_0)


def _placed(layer: Any, x: Any, features: int, length: int, offset: Any) -> tuple[Any, slice]:
    """x as a value, and the rows of the table that belong to it."""
    name = type(layer).__name__
    x = floating(name, x)
    if x.ndim < 2 or x.shape[-1] != features:
        raise ShapeError(f"{name}: x must be (..., L, {features}), got {x.shape}; positions are axis -2")
    return x, rows(name, whole(name, "offset", offset), x.shape[-2], length)
