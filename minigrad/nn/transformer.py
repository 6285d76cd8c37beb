"""`TransformerBlock`: attention, then a small network for each token, both with a way around them.

Builds on: `minigrad.nn.attention`, `minigrad.recompute`. Read next: `minigrad.nn.transformer_stack`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.argument import whole
from minigrad.errors import ArgumentError
from minigrad.nn.attention import MultiHeadAttention
from minigrad.nn.cache import KVCache
from minigrad.nn.container import Identity
from minigrad.nn.functional.dropout import dropout as dropped
from minigrad.nn.functional.rectifier import relu
from minigrad.nn.functional.smooth import gelu, silu
from minigrad.nn.layer import Layer
from minigrad.nn.layer_norm import LayerNorm, RMSNorm
from minigrad.nn.linear import Linear
from minigrad.ops import reshape
from minigrad.recompute import checkpoint as recomputed

__all__ = ["TransformerBlock", "make_norm"]

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"gelu": gelu, "relu": relu, "silu": silu, "swiglu": silu}


class TransformerBlock(Layer):
    """One block of a transformer: attention of the tokens to each other, then a network for each of them alone.

    h = x + attention(norm1(x)) and y = h + linear2(f(linear1(norm2(h)))), or, without `norm_first`,
    h = norm1(x + attention(x)) and y = norm2(h + linear2(f(linear1(h)))), as in 2017

    `activation` is 'gelu', 'relu', 'silu', 'swiglu', a function or a layer; 'swiglu' is
    linear2(silu(linear1(x)) linear3(x)). `norm` is 'layer', 'rms', None for none, or what makes a layer of embed_dim.
    `dim_feedforward` is 4 embed_dim by default, with 'swiglu' two thirds of that, rounded up. `positions` and
    `num_kv_heads` are those of `MultiHeadAttention`. With `cross_attention` the tokens attend to a `memory` in between.
    With `checkpoint` training keeps nothing of the inside and computes it again in backward. Dropout acts on the
    weights of attention, on f, and on what each part adds.

    Shapes: x (N, L, embed_dim), memory (N, S, embed_dim), y as x; masks as in `MultiHeadAttention`, True where a key
    must not be seen.
    Parameters: by the names of PyTorch's TransformerEncoderLayer, and of its TransformerDecoderLayer with
    `cross_attention`, whose states load.

    Raises
    ------
    ShapeError
        If inputs or masks do not fit.
    ValueError
        If an argument means nothing, or `memory` and `cross_attention` do not come together.

    >>> from minigrad import ones
    >>> TransformerBlock(8, 2, norm="rms", activation="swiglu")(ones((5, 3, 8)), is_causal=True).shape
    (5, 3, 8)

    Reference: Vaswani et al., Attention Is All You Need, 2017, section 3.1; Xiong et al., On Layer Normalization in the
    Transformer Architecture, 2020, table 1 (norm first); Shazeer, GLU Variants Improve Transformer, 2020, equation 6.
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dim_feedforward: int | None = None,
        dropout: float = 0.0,
        activation: Any = "gelu",
        norm: Any = "layer",
        norm_first: bool = True,
        bias: bool = True,
        num_kv_heads: int | None = None,
        positions: Any = None,
        cross_attention: bool = False,
        checkpoint: bool = False,
    ) -> None:
        self.embed_dim, self.num_heads, self.dim_feedforward = embed_dim, num_heads, dim_feedforward
        self.dropout, self.activation, self.bias = dropout, activation, bias
        self.norm, self.norm_first, self.num_kv_heads = norm, norm_first, num_kv_heads
        self.cross_attention, self.checkpoint = bool(cross_attention), checkpoint
        self.self_attn = MultiHeadAttention(
            embed_dim, num_heads, dropout, bias, num_kv_heads=num_kv_heads, positions=positions
        )
        self.multihead_attn = None
        if cross_attention:
            self.multihead_attn = MultiHeadAttention(embed_dim, num_heads, dropout, bias, num_kv_heads=num_kv_heads)
        gated, hidden = activation == "swiglu", self._hidden()
        self.linear1 = Linear(embed_dim, hidden, bias)
        self.linear2 = Linear(hidden, embed_dim, bias)
        self.linear3 = Linear(embed_dim, hidden, bias) if gated else None
        self.norm1 = make_norm("TransformerBlock", norm, embed_dim, bias)
        self.norm2 = make_norm("TransformerBlock", norm, embed_dim, bias)
        self.norm3 = make_norm("TransformerBlock", norm, embed_dim, bias) if cross_attention else None

    def _hidden(self) -> int:
        """The width of the network, by default by what its activation is."""
        if not callable(self.activation) and self.activation not in list(ACTIVATIONS):
            raise ArgumentError(
                f"TransformerBlock: activation is one of {', '.join(ACTIVATIONS)}, a function or a layer, got "
                f"{self.activation!r:.60}; pass one"
            )
        if self.dim_feedforward is not None:
            return whole("TransformerBlock", "dim_feedforward", self.dim_feedforward)
        return -(-8 * self.embed_dim // 3) if self.activation == "swiglu" else 4 * self.embed_dim

    @property
    def positions(self) -> Any:
        """What tells attention where a token stands."""
        return self.self_attn.positions

    def forward(
        self,
        x: Any,
        memory: Any = None,
        attn_mask: Any = None,
        key_padding_mask: Any = None,
        is_causal: bool = False,
        memory_mask: Any = None,
        memory_key_padding_mask: Any = None,
        cache: KVCache | None = None,
    ) -> Any:
        if (memory is None) is self.cross_attention:
            raise ArgumentError(
                "TransformerBlock: cross_attention and a memory go together, got "
                f"{'no' if memory is None else 'a'} memory with cross_attention={self.cross_attention}; change one"
            )
        inputs = x, memory, attn_mask, key_padding_mask, is_causal, memory_mask, memory_key_padding_mask, cache
        if self.checkpoint and self.training and cache is None:
            return recomputed(self._computed, *inputs)
        return self._computed(*inputs)

    def _computed(
        self, x: Any, memory: Any, mask: Any, padding: Any, is_causal: bool, memory_mask: Any, memory_padding: Any,
        cache: Any,
    ) -> Any:  # fmt: skip
        def among_tokens(x: Any) -> Any:
            return self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal, cache=cache)[0]

        def to_memory(x: Any) -> Any:
            return self.multihead_attn(x, memory, memory, memory_padding, False, memory_mask)[0]  # type: ignore[misc]

        x = self._around(among_tokens, self.norm1, x)
        if memory is None:
            return self._around(self._network, self.norm2, x)
        # A place of its own in the graph: its gradient is complete before it joins those of other blocks, so that
        # recomputing adds in the same order.
        memory = reshape(memory, memory.shape)
        x = self._around(to_memory, self.norm2, x)
        return self._around(self._network, self.norm3, x)

    def _around(self, part: Callable[[Any], Any], norm: Any, x: Any) -> Any:
        """A part with a way around it, and its norm inside or behind."""
        if self.norm_first:
            return x + self._dropped(part(norm(x)))
        return norm(x + self._dropped(part(x)))

    def _network(self, x: Any) -> Any:
        activation = self.activation if callable(self.activation) else ACTIVATIONS[self.activation]
        y = activation(self.linear1(x))  # (N, L, dim_feedforward)
        if self.linear3 is not None:
            y = y * self.linear3(x)
        return self.linear2(self._dropped(y))

    def _dropped(self, x: Any) -> Any:
        return dropped(x, self.dropout, self.training) if self.dropout else x


def make_norm(name: str, norm: Any, features: int, bias: bool) -> Any:
    """The normaliser that `norm` asks for."""
    if norm is None:
        return Identity()
    if norm == "layer":
        return LayerNorm(features, bias=bias)
    if norm == "rms":
        return RMSNorm(features)
    if not callable(norm):
        raise ArgumentError(
            f"{name}: norm is 'layer', 'rms', None or makes a layer of a size, got {norm!r:.60}; pass one"
        )
    return norm(features)
