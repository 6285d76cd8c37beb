"""`MultiHeadAttention`: several attentions side by side, each on a projection of its own.

Builds on: `minigrad.nn.functional.attention`, `minigrad.nn.position`, `minigrad.nn.cache`.
Read next: `minigrad.nn.transformer`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

from minigrad.argument import whole
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.nn.argument import check_sizes
from minigrad.nn.cache import KVCache
from minigrad.nn.functional.attention import attention, self_attention
from minigrad.nn.functional.dropout import check_probability
from minigrad.nn.functional.linear import linear
from minigrad.nn.functional.mask import added, check_fits
from minigrad.nn.functional.standardize import floating
from minigrad.nn.init import xavier_uniform, zeros
from minigrad.nn.layer import Layer, Parameter
from minigrad.nn.linear import Linear, initial
from minigrad.nn.position import ALiBi, RotaryEmbedding
from minigrad.ops import add, reshape, split, swapaxes
from minigrad.promote import wide

__all__ = ["MultiHeadAttention"]


class MultiHeadAttention(Layer):
    """Attention in several heads: projections of query, key and value, attention in each head, one more projection.

    y = [head_1, ..., head_H] W_o^T + b_o, with head_i = attention(query W_qi^T, key W_ki^T, value W_vi^T)

    Called as PyTorch's: it returns a pair, the second part the weights, their mean over the heads by default, or None
    with ``need_weights=False``, which is faster. As in PyTorch, a boolean `attn_mask` or `key_padding_mask` here is
    True where a key must not be seen, the opposite of `scaled_dot_product_attention`; floating ones are added to the
    scores. The batch comes first. `key` and `value` are the query where they are left out. Beyond PyTorch: `is_causal`
    makes the mask itself; `num_kv_heads` shares each key among several heads of the query; `positions` is a
    `RotaryEmbedding` of the size of a head, or an `ALiBi`; `cache` is a `KVCache`, whose tokens come before these.

    Shapes: query (..., L, embed_dim), key (..., S, kdim), value (..., S, vdim), y as query; attn_mask (L, S),
    (num_heads, L, S), (N num_heads, L, S) or (N, num_heads, L, S), S with the tokens of the cache; key_padding_mask
    (..., S); weights (..., L, S), or (..., num_heads, L, S) without ``average_attn_weights``.
    Parameters: in_proj_weight (3 embed_dim, embed_dim), or q_proj_weight, k_proj_weight and v_proj_weight where their
    shapes differ, as xavier_uniform or ``init(shape)``; in_proj_bias, as 0; out_proj as `Linear`, its bias 0.

    Raises
    ------
    ShapeError
        If inputs or masks do not fit.
    ValueError
        If the heads do not divide embed_dim, or those of the keys do not divide the heads.

    >>> from minigrad import ones
    >>> y, weights = MultiHeadAttention(8, 2)(ones((5, 3, 8)), is_causal=True)
    >>> y.shape, weights.shape
    ((5, 3, 8), (5, 3, 3))

    Reference: Vaswani et al., Attention Is All You Need, 2017, section 3.2.2.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        num_kv_heads: int | None = None,
        positions: Any = None,
        init: Callable[..., Any] | None = None,
    ) -> None:
        self.embed_dim, self.num_heads = check_sizes(self, embed_dim=embed_dim, num_heads=num_heads)
        self.kdim, self.vdim, self.num_kv_heads = kdim, vdim, num_kv_heads
        self.head_dim, few = self._heads(num_kv_heads)
        self.dropout, self.bias, self.init = check_probability("MultiHeadAttention", dropout), bias, init
        self.positions = self._checked(positions)
        rows = few * self.head_dim  # of the projections of keys and values
        given = check_sizes(self, kdim=embed_dim if kdim is None else kdim, vdim=embed_dim if vdim is None else vdim)
        shapes = [(embed_dim, embed_dim), (rows, given[0]), (rows, given[1])]
        self.in_proj_weight = self.q_proj_weight = self.k_proj_weight = self.v_proj_weight = None
        if len(set(shapes)) == 1:
            self.in_proj_weight = initial(self, (3 * embed_dim, embed_dim), xavier_uniform)
        else:
            self.q_proj_weight, self.k_proj_weight, self.v_proj_weight = (
                initial(self, shape, xavier_uniform) for shape in shapes
            )
        self.in_proj_bias = Parameter(zeros((embed_dim + 2 * rows,))) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, init)
        if bias:
            self.out_proj.bias = Parameter(zeros((embed_dim,)))

    def forward(
        self,
        query: Any,
        key: Any = None,
        value: Any = None,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
        cache: KVCache | None = None,
    ) -> tuple[Any, Any]:
        if not isinstance(cache, KVCache | None):
            raise DTypeError(f"MultiHeadAttention: cache is a KVCache or None, got {cache!r:.60}; make a KVCache()")
        key = query if key is None else key
        value = key if value is None else value
        before = 0 if cache is None else cache.length
        p, offset = self.dropout if self.training else 0.0, before if is_causal else None
        if query is key is value and not need_weights and cache is None and self._takes_one():
            return self.out_proj(self._among_tokens(query, attn_mask, key_padding_mask, p, offset)), None
        q, k, v = self._projected(query, key, value)
        if isinstance(self.positions, RotaryEmbedding):
            q, k = self.positions(q, before), self.positions(k, before)
        bias = self._bias(wide(q), (*q.shape[:-1], before + k.shape[-2]), attn_mask, key_padding_mask)
        if cache is not None:
            k, v = cache.append(k, v)
        y, weights = attention(q, k, v, bias, p, offset, enable_gqa=True, need_weights=need_weights)
        y = swapaxes(y, -2, -3)  # (..., L, H, E / H)
        y = self.out_proj(reshape(y, (*y.shape[:-2], self.embed_dim)))  # (..., L, E)
        return y, weights.mean(axis=-3) if need_weights and average_attn_weights else weights

    def _takes_one(self) -> bool:
        """Whether queries, keys and values of one input are one product, and attention takes them as they come."""
        return self.in_proj_weight is not None and not isinstance(self.positions, RotaryEmbedding)

    def _among_tokens(self, x: Any, attn_mask: Any, padding: Any, p: float, offset: int | None) -> Any:
        """Attention of tokens to each other (..., L, E) in one step, before the last projection."""
        x = self._input("query", x, self.embed_dim)
        scores = (*x.shape[:-2], self.num_heads, x.shape[-2], x.shape[-2])
        bias = self._bias(wide(x), scores, attn_mask, padding)
        x = linear(x, self.in_proj_weight, self.in_proj_bias)  # (..., L, 3 E)
        return self_attention(x, self.num_heads, bias, p, offset)

    def _projected(self, query: Any, key: Any, value: Any) -> list[Any]:
        """Queries, keys and values in heads: (..., heads, L, head_dim)."""
        weights: Any = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        if self.in_proj_weight is not None:
            weights = split(self.in_proj_weight, 3)
        rows = [w.shape[0] for w in weights]
        biases = [None] * 3 if self.in_proj_bias is None else split(self.in_proj_bias, [rows[0], rows[0] + rows[1]])
        heads = []
        counts = [self.num_heads] + [self.num_kv_heads or self.num_heads] * 2
        given = {"query": query, "key": key, "value": value}
        inputs = [self._input(what, x, w.shape[1]) for (what, x), w in zip(given.items(), weights, strict=True)]
        for x, w, b, count in zip(inputs, weights, biases, counts, strict=True):
            y = linear(x, w, b)
            heads.append(swapaxes(reshape(y, (*y.shape[:-1], count, self.head_dim)), -2, -3))
        return heads

    def _input(self, what: str, x: Any, features: int) -> Any:
        x = floating("MultiHeadAttention", x)
        if x.ndim < 2 or x.shape[-1] != features:
            raise ShapeError(
                f"MultiHeadAttention: {what} must be (batch, length, {features}), got {x.shape}; check the axes"
            )
        return x

    # -- what may be seen ----------------------------------------------------------------------------------------------

    def _bias(self, q: Any, scores: tuple[int, ...], attn_mask: Any, padding: Any) -> Any:
        """What is added to the scores (..., H, L, S) beside the causal order, None for nothing."""
        name, keys = "MultiHeadAttention", scores[-1]
        parts: list[Any] = []
        if attn_mask is not None:
            parts.append(self._of_attention(added(name, "attn_mask", attn_mask, q, seen=False), scores))
        if padding is not None:
            padding = added(name, "key_padding_mask", padding, q, seen=False)
            if padding.shape != (*scores[:-3], keys):
                raise ShapeError(
                    f"MultiHeadAttention: key_padding_mask must be (batch, keys), {(*scores[:-3], keys)}, got "
                    f"{padding.shape}; a cache's keys count too"
                )
            parts.append(reshape(padding, (*padding.shape[:-1], 1, 1, keys)))
        if isinstance(self.positions, ALiBi):
            parts.append(self.positions(q, keys))
        return reduce(add, parts) if parts else None

    def _of_attention(self, mask: Any, scores: tuple[int, ...]) -> Any:
        """attn_mask in a shape that broadcasts to the scores; PyTorch's (N num_heads, L, S) is (N, num_heads, L, S)."""
        if mask.ndim == 3 and mask.shape[0] == math.prod(scores[:-2]):
            mask = reshape(mask, (*scores[:-2], *mask.shape[1:]))
        check_fits("MultiHeadAttention", mask, scores)
        return mask

    # -- arguments -----------------------------------------------------------------------------------------------------

    def _heads(self, num_kv_heads: Any) -> tuple[int, int]:
        """The size of a head, and the heads of keys and values."""
        heads, few = self.num_heads, self.num_heads
        if heads < 1 or self.embed_dim % heads:
            raise ArgumentError(
                f"MultiHeadAttention: num_heads must divide embed_dim, got {heads} and {self.embed_dim}; "
                "each head takes an equal part"
            )
        if num_kv_heads is not None:
            few = whole("MultiHeadAttention", "num_kv_heads", num_kv_heads, 1)
        if heads % few:
            raise ArgumentError(
                f"MultiHeadAttention: num_kv_heads must divide num_heads, got {few} and {heads}; each key serves as "
                "many heads"
            )
        return self.embed_dim // heads, few

    def _checked(self, positions: Any) -> Any:
        fits = {RotaryEmbedding: ("dim", self.head_dim), ALiBi: ("num_heads", self.num_heads)}
        if positions is None:
            return None
        if type(positions) not in fits:
            raise DTypeError(
                f"MultiHeadAttention: positions is a RotaryEmbedding, an ALiBi or None, got {positions!r:.60}; others "
                "are added to x before"
            )
        what, wanted = fits[type(positions)]
        if getattr(positions, what) != wanted:
            raise ArgumentError(
                f"MultiHeadAttention: {what} of positions must be {wanted}, got {getattr(positions, what)}; "
                f"make {type(positions).__name__}({wanted})"
            )
        return positions
