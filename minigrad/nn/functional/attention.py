"""Attention: every query takes a mean of the values, weighted by how well their keys fit it.

Masks and positional biases are one thing: numbers that are added to the scores. The causal order is a number too: how
many of the keys come before the first query.

Builds on: `minigrad.nn.functional.mask`, `minigrad.ops.fused.attention`, `minigrad.nn.functional.dropout`.
Read next: `minigrad.nn.attention`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.argument import number
from minigrad.backend import namespace
from minigrad.errors import ArgumentError, ShapeError
from minigrad.nn.functional.dropout import check_probability, kept
from minigrad.nn.functional.mask import added, check_fits
from minigrad.nn.functional.standardize import floating
from minigrad.ops import broadcast_to, expand_dims, reshape
from minigrad.ops.fused import attention as fused
from minigrad.promote import wide
from minigrad.tape import composite
from minigrad.tensor import raw

__all__ = ["attention", "scaled_dot_product_attention", "self_attention"]


@composite
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """Attention: for every query a mean of the values, weighted by softmax of the scaled products with their keys.

    y = softmax(scale query key^T + mask) value, with scale 1 / sqrt(E) by default

    A boolean mask is True where a key takes part, a floating one is added to the scores. With `is_causal` query i sees
    the keys 0 to i. A query that may see nothing gets 0. Dropout acts on the weights whenever `dropout_p` is above 0;
    there is no mode of use here. With `enable_gqa` the heads of key and value are fewer, and each serves as many
    neighbouring heads of the query.

    Shapes: query (..., H, L, E), key (..., H, S, E), value (..., H, S, Ev), mask (L, S) or broadcasting to
    (..., H, L, S), y (..., H, L, Ev); axes before the last two broadcast.

    Raises
    ------
    ShapeError
        If the shapes do not fit, or the heads of the query are no multiple of those of the key.
    ValueError
        If a mask and `is_causal` come together.

    >>> scaled_dot_product_attention([[0.0, 0.0]], [[1.0, 2.0], [3.0, 4.0]], [[1.0], [3.0]])
    array([[2.]], dtype=float32)

    Reference: Vaswani et al., Attention Is All You Need, 2017, equation 1; Ainslie et al., GQA, 2023, section 2.2.
    """
    name = "scaled_dot_product_attention"
    if attn_mask is not None and is_causal:
        raise ArgumentError(f"{name}: takes attn_mask or is_causal, got both; put the causal order into the mask")
    return attention(query, key, value, attn_mask, dropout_p, 0 if is_causal else None, scale, enable_gqa)[0]


def attention(
    query: Any,
    key: Any,
    value: Any,
    mask: Any = None,
    dropout_p: float = 0.0,
    offset: int | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    need_weights: bool = False,
) -> tuple[Any, Any]:
    """What `scaled_dot_product_attention` says, and the weights (..., H, L, S) after dropout, or None.

    In causal order `offset` keys come before the first query; a mask may stand beside it.
    """
    name = "scaled_dot_product_attention"
    q, k, v = (floating(name, x) for x in (query, key, value))
    p = check_probability(name, dropout_p)
    half = q.dtype == k.dtype == v.dtype == "float16"
    q, k, v, scores = grouped(wide(q), wide(k), wide(v), enable_gqa)
    bias = by_group(bias_of(mask, q, scores), q, scores)
    factor = 1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else number(name, "scale", scale)
    dropped = None
    if p:
        lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2])
        dropped = kept((*lead, *scores[-2:]), p, namespace(raw(q)), q.dtype)
    weights = None
    if need_weights:
        weights = fused.softened(q, k, bias, factor, offset)
        weights = weights if dropped is None else weights * dropped
        y = weights @ v
        weights = weights if weights.ndim == len(scores) else reshape(weights, scores)
    else:
        y = fused.scaled_dot_product_attention(q, k, v, bias, factor, offset, dropped)
    y = y if y.ndim == len(scores) else reshape(y, (*scores[:-1], v.shape[-1]))
    if half:
        y, weights = y.astype("float16"), None if weights is None else weights.astype("float16")
    return y, weights


def self_attention(x: Any, heads: int, mask: Any = None, dropout_p: float = 0.0, offset: int | None = None) -> Any:
    """`attention` of tokens to each other, of queries, keys and values side by side: (..., L, 3 E) to (..., L, E)."""
    x, half = wide(x), x.dtype == "float16"
    scores = (*x.shape[:-2], heads, x.shape[-2], x.shape[-2])
    bias = bias_of(mask, x, scores)
    dropped = kept(scores, dropout_p, namespace(raw(x)), x.dtype) if dropout_p else None
    scale = 1 / math.sqrt(max(x.shape[-1] // (3 * heads), 1))
    y = fused.self_attention(x, bias, heads, scale, offset, dropped)
    return y.astype("float16") if half else y


# -- shapes and masks --------------------------------------------------------------------------------------------------


def grouped(q: Any, k: Any, v: Any, enable_gqa: bool) -> tuple[Any, Any, Any, tuple[int, ...]]:
    """The three with an axis for the query heads that share a key, where they do, and the shape of the scores."""
    name, shapes = "scaled_dot_product_attention", f"{q.shape}, {k.shape} and {v.shape}"
    if min(q.ndim, k.ndim, v.ndim) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise ShapeError(
            f"{name}: query must be (..., L, E), key (..., S, E), value (..., S, Ev), got {shapes}; check the axes"
        )
    heads = [x.shape[-3:-2] for x in (q, k, v)]
    if not enable_gqa or heads[0] == heads[1] == heads[2]:
        try:
            lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
        except ValueError:
            raise ShapeError(
                f"{name}: the axes before the last two must broadcast, got {shapes}; enable_gqa=True shares the heads "
                "of key and value"
            ) from None
        if lead != np.broadcast_shapes(q.shape[:-2], k.shape[:-2]):  # the value has axes that the scores lack
            q = broadcast_to(q, (*lead, *q.shape[-2:]))
        return q, k, v, (*lead, q.shape[-2], k.shape[-2])
    if not all(heads) or heads[1] != heads[2] or not heads[1][0] or heads[0][0] % heads[1][0]:
        raise ShapeError(
            f"{name}: the heads of key and value must be equal and divide those of the query, got {shapes}; "
            "heads are axis -3"
        )
    n, few = heads[0][0], heads[1][0]
    q = reshape(q, (*q.shape[:-3], few, n // few, *q.shape[-2:]))
    k, v = expand_dims(k, -3), expand_dims(v, -3)  # (..., few, 1, S, E)
    lead = np.broadcast_shapes(q.shape[:-4], k.shape[:-4], v.shape[:-4])
    return q, k, v, (*lead, n, q.shape[-2], k.shape[-2])


def bias_of(mask: Any, q: Any, scores: tuple[int, ...]) -> Any:
    """What is added to the scores: None, or numbers of the dtype of q in a shape that broadcasts to `scores`."""
    if mask is None:
        return None
    mask = added("scaled_dot_product_attention", "attn_mask", mask, q)
    check_fits("scaled_dot_product_attention", mask, scores)
    return mask


def by_group(bias: Any, q: Any, scores: tuple[int, ...]) -> Any:
    """The bias with the axes of the grouped queries: its heads, if it has some, become (few, n / few)."""
    if bias is None or bias.ndim < 3 or q.ndim == len(scores):
        return bias
    heads = (1, 1) if bias.shape[-3] == 1 else q.shape[-4:-2]
    return reshape(bias, (*bias.shape[:-3], *heads, *bias.shape[-2:]))
