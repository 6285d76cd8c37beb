"""`TransformerEncoder` and `TransformerDecoder`: blocks one after the other.

Builds on: `minigrad.nn.transformer`, `minigrad.nn.cache`. Read next: `examples/char_gpt.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import signature
from typing import Any

from minigrad.argument import whole
from minigrad.errors import ArgumentError, DTypeError
from minigrad.nn.cache import KVCache
from minigrad.nn.container import LayerList
from minigrad.nn.layer import Layer
from minigrad.nn.transformer import TransformerBlock, make_norm

__all__ = ["TransformerDecoder", "TransformerEncoder"]

OPTIONS = [
    name for name in signature(TransformerBlock).parameters if name not in ("embed_dim", "num_heads", "cross_attention")
]


class _Stack(Layer):
    """What both share: the blocks, and a norm behind them where the blocks have theirs first."""

    cross_attention = False

    def __init__(self, num_layers: int, embed_dim: int, num_heads: int | None = None, **options: Any) -> None:
        name = type(self).__name__
        if isinstance(num_layers, Layer):  # as PyTorch's are made, with two arguments: so `num_heads` is asked for here
            raise DTypeError(
                f"{name}: is made of sizes, not of a layer, got {type(num_layers).__name__}; pass num_layers, "
                "embed_dim, num_heads, and the options of TransformerBlock"
            )
        count, num_heads = whole(name, "num_layers", num_layers), whole(name, "num_heads", num_heads, 1)
        if "cross_attention" in options:
            raise ArgumentError(f"{name}: cross_attention is the decoder's, got it as an option; leave it out")
        if strange := [option for option in options if option not in OPTIONS]:
            raise ArgumentError(f"{name}: there is no such option, got {strange[0]!r}; {', '.join(OPTIONS)} are")
        self.blocks = LayerList(
            TransformerBlock(embed_dim, num_heads, **options, cross_attention=self.cross_attention)
            for _ in range(count)
        )
        norm = options.get("norm", "layer") if options.get("norm_first", True) else None
        self.norm = make_norm(name, norm, embed_dim, options.get("bias", True))

    def contents(self) -> list[tuple[str, Any]]:
        """The blocks under PyTorch's name: `layers` is a method here."""
        return [("layers" if name == "blocks" else name, part) for name, part in super().contents()]

    def caches(self, max_length: int | None = None) -> list[KVCache]:
        """A new cache for each block, to be handed to all calls that go on with one text."""
        return [KVCache(max_length) for _ in self.blocks]

    def _through(self, x: Any, caches: Sequence[KVCache] | None, *args: Any) -> Any:
        each = [None] * len(self.blocks) if caches is None else caches
        fits = isinstance(each, (list, tuple)) and len(each) == len(self.blocks)
        own = [id(cache) for cache in each if cache is not None] if fits else []
        if not fits or len(set(own)) < len(own):  # in one cache for two blocks they would see each other's keys
            raise ArgumentError(
                f"{type(self).__name__}: needs a list of {len(self.blocks)} caches, one for each block, got "
                f"{each!r:.60}; take caches()"
            )
        for block, cache in zip(self.blocks, each, strict=True):
            x = block(x, *args, cache=cache)
        return self.norm(x)


class TransformerEncoder(_Stack):
    """Transformer blocks one after the other; with ``is_causal=True`` what language models are made of.

    y = norm(block_n(... block_1(x)))

    Made of the options of `TransformerBlock`, so that each block starts with weights of its own; PyTorch copies one.
    The norm at the end is of the blocks' kind where they have theirs first, else there is none. One `positions` serves
    all blocks. The arguments of a call are PyTorch's; `caches` come from ``caches()``.

    Shapes: src (N, L, embed_dim), y as src; masks as in `MultiHeadAttention`.

    Raises
    ------
    ShapeError
        If inputs or masks do not fit.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> model = TransformerEncoder(2, 8, 4, dropout=0.1)
    >>> model(ones((5, 3, 8)), is_causal=True).shape
    (5, 3, 8)

    Reference: Vaswani et al., Attention Is All You Need, 2017, section 3.1.
    """

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
        caches: Sequence[KVCache] | None = None,
    ) -> Any:
        return self._through(src, caches, None, mask, src_key_padding_mask, is_causal)


class TransformerDecoder(_Stack):
    """Transformer blocks that attend to a memory, the encoder's output, as well.

    y = norm(block_n(... block_1(x, memory), memory))

    Made of the options of `TransformerBlock`, as `TransformerEncoder` is. The arguments of a call are PyTorch's;
    `caches`, of the tokens and not of the memory, come from ``caches()``.

    Shapes: tgt (N, L, embed_dim), memory (N, S, embed_dim), y as tgt; masks as in `MultiHeadAttention`.

    Raises
    ------
    ShapeError
        If inputs or masks do not fit.
    ValueError
        If an argument means nothing.

    >>> from minigrad import ones
    >>> TransformerDecoder(2, 8, 4)(ones((5, 3, 8)), ones((5, 7, 8)), tgt_is_causal=True).shape
    (5, 3, 8)

    Reference: Vaswani et al., Attention Is All You Need, 2017, section 3.1.
    """

    cross_attention = True

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        caches: Sequence[KVCache] | None = None,
    ) -> Any:
        return self._through(
            tgt, caches, memory, tgt_mask, tgt_key_padding_mask, tgt_is_causal, memory_mask, memory_key_padding_mask
        )
