"""Rows of a table by number, and the sums of what flows back to them.

Builds on: `minigrad.ops.fused.rows`, `minigrad.kernels.embedding`. Read next: `minigrad.nn.functional.embedding`.
"""

from __future__ import annotations

from minigrad.backend import Array, namespace
from minigrad.kernels import embedding as kernels
from minigrad.ops.fused.rows import as_rows
from minigrad.tape import Result, Value, op

__all__ = ["embedding__rows"]


@op
def embedding__rows_plain(weight: Value, /, tokens: Array, padding: int) -> Result:
    shape = weight.shape

    def vjp(g: Value) -> Value:
        xp = namespace(g)
        if padding >= 0:
            g = xp.where(xp.expand_dims(tokens != padding, -1), g, 0)
        return xp.scatter(g, tokens, shape)

    return weight[tokens], (vjp,)


@op(plain=embedding__rows_plain)
def embedding__rows(weight: Value, /, tokens: Array, padding: int) -> Result:
    """Rows of a weight (V, D) by tokens from 0 to V - 1. The row `padding` receives no gradient; -1 is none."""
    flat, (vocabulary, width) = tokens.flatten(), weight.shape  # a copy: backward adds where it says, unchecked
    (y,) = kernels.embedding(weight, flat)

    def vjp(g: Value) -> Value:
        return kernels.embedding_backward(as_rows(g), flat, padding, vocabulary)[0]

    return y.reshape(*tokens.shape, width), (vjp,)
