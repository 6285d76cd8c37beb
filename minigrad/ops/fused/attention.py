"""Attention: means of the values, weighted by softmax of scaled products of queries and keys.

The causal order is a number, `offset`: query i sees the keys 0 to i + offset, and with None all of them. Other masks
are numbers `b` that are added to the scores. Only the weights are kept for backward, not the scores or what lies
between.

The fused forms hold the scores key by key, (..., S, L); see `minigrad.kernels.attention`. Products of matrices read the
heads where they lie and write results where they will be needed: neither taking heads apart nor putting them side by
side again copies anything.

Builds on: `minigrad.ops.fused.softmax`, `minigrad.kernels.attention`. Read next: `minigrad.nn.functional.attention`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.backend import Array, namespace
from minigrad.graph import joint
from minigrad.kernels import attention as kernels
from minigrad.kernels.numpy.scratch import scratch
from minigrad.ops.fused.softmax import largest
from minigrad.tape import Result, Value, op
from minigrad.tensor import raw

__all__ = ["additive", "causal", "scaled_dot_product_attention", "self_attention", "softened"]

# -- the plain forms ---------------------------------------------------------------------------------------------------


@op
def scaled_dot_product_attention__plain(
    q: Value, k: Value, v: Value, b: Value, /, scale: float, offset: int | None = None, dropped: Any = None
) -> Result:
    p = softened(q, k, b, scale, offset)  # (..., L, S)
    seen = p if dropped is None else p * dropped
    y = seen @ v  # (..., L, E)

    def scaled_dot_product_attention(g: Value) -> tuple[Value, ...]:
        s = g @ v.swapaxes(-1, -2)
        if dropped is not None:
            s *= dropped
        s -= (g * y).sum(axis=-1, keepdims=True)  # sum_j p_j s_j, by way of y, which has fewer elements
        s *= p
        return s @ k * scale, s.swapaxes(-1, -2) @ q * scale, s

    to_q, to_k, to_b = joint(3, scaled_dot_product_attention)
    return y, (to_q, to_k, lambda g: seen.swapaxes(-1, -2) @ g, to_b)


def softened(q: Value, k: Value, b: Value, scale: float, offset: int | None) -> Value:
    """softmax(scale q k^T + b) over the keys, in the memory of the scores; 0 where nothing may be seen, as in PyTorch.

    In-place operators act on arrays that this function has just made, and spare as many new ones.
    """
    s = q * scale @ k.swapaxes(-1, -2)
    if b is not None:
        s += b
    queries, keys = s.shape[-2:]
    if offset is not None and offset < keys - 1:
        s += additive(causal(namespace(raw(s)), queries, keys, offset), s.dtype)
    if not keys:
        return s
    s -= largest(s, -1)
    s = namespace(s).exp(s)
    total = s.sum(axis=-1, keepdims=True)
    s /= total + (raw(total) == 0)
    return s


def causal(xp: Any, queries: int, keys: int, offset: int = 0) -> Array:
    """True where a key is not later than the query, the first of which stands at `offset` among the keys.

    >>> causal(np, 2, 3)
    array([[ True, False, False],
           [ True,  True, False]])
    """
    return xp.tril(xp.ones((queries, keys), dtype=bool), offset)


def additive(mask: Array, dtype: Any) -> Array:
    """0 where a boolean mask holds, minus infinity elsewhere.

    >>> additive(np.array([True, False]), np.float32)
    array([  0., -inf], dtype=float32)
    """
    xp = namespace(mask)
    return xp.where(mask, xp.zeros((), dtype=dtype), xp.full((), -math.inf, dtype=dtype))


def self_attention__plain(
    x: Value, b: Value, /, heads: int, scale: float, offset: int | None = None, dropped: Any = None
) -> Value:
    q, k, v = in_heads(x, heads)
    y = scaled_dot_product_attention__plain(q, k, v, b, scale, offset, dropped)  # (..., H, L, E / H)
    return y.swapaxes(-2, -3).reshape((*x.shape[:-1], x.shape[-1] // 3))


def in_heads(x: Value, heads: int) -> list[Value]:
    """The three parts of (..., L, 3 E), each (..., H, L, E / H)."""
    x = x.reshape((*x.shape[:-1], 3, heads, x.shape[-1] // (3 * heads)))
    return [x[..., i, :, :].swapaxes(-2, -3) for i in range(3)]


# -- the fused forms ---------------------------------------------------------------------------------------------------


@op(plain=scaled_dot_product_attention__plain)
def scaled_dot_product_attention(
    q: Value, k: Value, v: Value, b: Value, /, scale: float, offset: int | None = None, dropped: Any = None
) -> Result:
    """Attention of queries (..., L, E) to keys (..., S, E) and values (..., S, Ev).

    y = (p d) v, with p = softmax(scale q k^T + b) and d what dropout multiplies with

    The result and the gradients lie in memory as q, k and v do.
    """
    p, dropped = weights(q, k, b, scale, offset), turned(dropped)
    y = np.empty_like(q, shape=(*p.shape[:-2], q.shape[-2], v.shape[-1]))
    np.matmul(kept(p, dropped).swapaxes(-1, -2), v, out=y)

    def scaled_dot_product_attention(g: Array) -> tuple[Array, Array]:
        s = scores_backward(g, v, p, scale, offset, dropped, scratch(1, p.shape, p.dtype))
        return product(s.swapaxes(-1, -2), k, q), product(s, q, k)

    def to_b(g: Array) -> Array:
        return scores_backward(g, v, p, 1.0, offset, dropped, np.empty_like(p)).swapaxes(-1, -2)

    return y, (*joint(2, scaled_dot_product_attention), lambda g: product(kept(p, dropped), g, v), to_b)


@op(plain=self_attention__plain)
def self_attention(
    x: Value, b: Value, /, heads: int, scale: float, offset: int | None = None, dropped: Any = None
) -> Result:
    """Attention of tokens to each other, from one array x (..., L, 3 E) of queries, keys and values in heads.

    y = [head_1, ..., head_H] (..., L, E), with head_i = attention(q_i, k_i, v_i)
    """
    q, k, v = in_heads(x, heads)
    p, dropped = weights(q, k, b, scale, offset), turned(dropped)
    y = np.empty((*x.shape[:-1], heads, v.shape[-1]), x.dtype)
    np.matmul(kept(p, dropped).swapaxes(-1, -2), v, out=y.swapaxes(-2, -3))
    apart = y.shape

    def to_x(g: Array) -> Array:
        g, dx = g.reshape(apart).swapaxes(-2, -3), np.empty(x.shape, x.dtype)
        dq, dk, dv = in_heads(dx, heads)
        np.matmul(kept(p, dropped), g, out=dv)
        s = scores_backward(g, v, p, scale, offset, dropped, scratch(1, p.shape, p.dtype))
        np.matmul(s.swapaxes(-1, -2), k, out=dq)
        np.matmul(s, q, out=dk)
        return dx

    def to_b(g: Array) -> Array:
        g = g.reshape(apart).swapaxes(-2, -3)
        return scores_backward(g, v, p, 1.0, offset, dropped, np.empty_like(p)).swapaxes(-1, -2)

    return y.reshape((*x.shape[:-1], x.shape[-1] // 3)), (to_x, to_b)


def weights(q: Array, k: Array, b: Array | None, scale: float, offset: int | None) -> Array:
    """The weights before dropout, key by key: (..., S, L)."""
    lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2])
    s = np.empty((*lead, k.shape[-2], q.shape[-2]), q.dtype)
    np.matmul(k, q.swapaxes(-1, -2), out=s)
    if b is not None:
        s *= scale
        s += turned(b)
    kernels.weights(matrices(s), 1.0 if b is not None else scale, last_seen(s, offset))
    return s


def scores_backward(
    g: Array, v: Array, p: Array, scale: float, offset: int | None, dropped: Array | None, s: Array
) -> Array:
    """The gradient of scale q k^T without the scale, or times it, key by key, in the memory of s."""
    np.matmul(v, g.swapaxes(-1, -2), out=s)
    if dropped is not None:
        s *= dropped
    kernels.weights_backward(matrices(s), matrices(p), scale, last_seen(p, offset))
    return s


def kept(p: Array, dropped: Array | None) -> Array:
    """The weights after dropout, for now."""
    return p if dropped is None else np.multiply(p, dropped, out=scratch(1, p.shape, p.dtype))


def turned(x: Any) -> Any:
    """What belongs to scores (..., L, S), key by key."""
    return None if x is None else np.ascontiguousarray(x.swapaxes(-1, -2))


def matrices(s: Array) -> Array:
    return s.reshape(math.prod(s.shape[:-2]), *s.shape[-2:])


def last_seen(s: Array, offset: int | None) -> int:
    """The offset as a number: that of all keys for None."""
    return int(s.shape[-2]) if offset is None else offset


def product(a: Array, b: Array, like: Array) -> Array:
    """a b, in memory as `like` lies where it has that shape; else the engine will sum it to that shape."""
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    return np.matmul(a, b, out=np.empty_like(like) if shape == like.shape else None)
