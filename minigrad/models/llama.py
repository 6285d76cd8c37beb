"""`Llama`: the model of Touvron et al., with the names and layouts of its published weights.

Builds on: `minigrad.models.language_model`, `minigrad.models.config`. Read next: `minigrad.models.pretrained`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from minigrad.errors import ArgumentError
from minigrad.models.config import Source, activation, read_config, settings
from minigrad.models.language_model import LanguageModel, attend, heads, joined
from minigrad.nn.cache import KVCache
from minigrad.nn.container import LayerList
from minigrad.nn.embedding import Embedding
from minigrad.nn.functional.dropout import check_probability
from minigrad.nn.init import normal, zeros
from minigrad.nn.layer import Layer, Parameter
from minigrad.nn.layer_norm import RMSNorm
from minigrad.nn.linear import Linear
from minigrad.nn.position import RotaryEmbedding

__all__ = ["Llama", "LlamaConfig"]


@dataclass(frozen=True)
class LlamaConfig:
    """The settings of `Llama`, by the names of its config.json: ``asdict(config)`` is what one has.

    >>> LlamaConfig(num_hidden_layers=2).hidden_size
    4096
    """

    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    hidden_act: str = "silu"
    max_position_embeddings: int = 2048
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    rope_theta: float = 10000.0
    attention_bias: bool = False
    attention_dropout: float = 0.0
    mlp_bias: bool = False
    tie_word_embeddings: bool = False
    model_type: str = "llama"


FIXED = {"model_type": LlamaConfig.model_type}
ROPE_ENTRIES = ("rope_parameters", "rope_scaling", "partial_rotary_factor")
ROPE = ("rope_type", "type", "rope_theta", "partial_rotary_factor")  # what is looked at; other factors can be 1 alone


class Llama(LanguageModel):
    """A stack of blocks that normalise first, by root mean squares, with rotary positions and gated networks.

    y = RMSNorm(block_n(... block_1(embed_tokens[tokens]))) lm_head^T

    `config` is the path of a config.json, or its entries as a dict; entries that the model has no use for are left out,
    of which published files have many, unless they are nearly the name of a setting. ``model.config`` holds the
    settings. States have the names and layouts of Hugging Face's LlamaForCausalLM, whose files load and which reads
    what is saved. Keys and values are shared among heads where num_key_value_heads is below num_attention_heads.
    Weights start as N(0, initializer_range^2), biases as 0.

    ``loss(tokens)`` is what training makes small, ``generate(tokens, count)`` writes on, as far as
    max_position_embeddings reach. The texts of a call are of one length: padding is not masked, and no token ends a
    text. `from_pretrained` makes the model with the weights of a folder, `save_pretrained` writes one;
    `minigrad.models` shows both.

    Shapes: tokens (N, L) of integers below vocab_size, y (N, L, vocab_size); `caches` come from ``caches()``.

    Raises
    ------
    ShapeError
        If tokens are not (N, L), none, or more than max_position_embeddings.
    IndexError
        If a token has no row; on a device its y is NaN instead.
    ValueError
        If the config is that of another model, or asks for what this one lacks: scaled or partial rotary positions.

    >>> sizes = {"vocab_size": 65, "hidden_size": 8, "intermediate_size": 20, "num_hidden_layers": 2}
    >>> model = Llama(sizes | {"num_attention_heads": 4, "num_key_value_heads": 2})
    >>> model([[1, 2, 3]]).shape, model.loss([[1, 2, 3]]).shape, model.generate([[1, 2, 3]], 4).shape
    ((1, 3, 65), (), (1, 7))

    Reference: Touvron et al., LLaMA: Open and Efficient Foundation Language Models, 2023, section 2.2.
    """

    architecture, longest = "LlamaForCausalLM", "max_position_embeddings"

    def __init__(self, config: Source) -> None:
        entries = read_config("Llama", config)
        c = settings("Llama", LlamaConfig, entries | {"rope_theta": _theta(entries)}, FIXED, ROPE_ENTRIES)
        if c.hidden_size % c.num_attention_heads and c.head_dim is None:
            got = f"{c.num_attention_heads} and {c.hidden_size}"
            raise ArgumentError(f"Llama: num_attention_heads must divide hidden_size, got {got}; or give head_dim")
        self.config = c
        self.model = _Model(c)
        self.lm_head = _linear(c, c.hidden_size, c.vocab_size, False)
        if c.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    @property
    def body(self) -> Any:
        """All but the head."""
        return self.model

    @property
    def blocks(self) -> Any:
        """The blocks, one after the other."""
        return self.model.blocks

    def rename(self, name: str) -> str | None:
        """The model's name for a name in published files, whose tables of frequencies are no weights."""
        if name.endswith(".rotary_emb.inv_freq"):
            return None
        return name if name.startswith(("model.", "lm_head.")) else f"model.{name}"


class _Model(Layer):
    """All but the head: tokens (N, L) to features (N, L, hidden_size)."""

    def __init__(self, c: LlamaConfig) -> None:
        self.embed_tokens = Embedding(c.vocab_size, c.hidden_size, init=partial(normal, std=c.initializer_range))
        self.blocks = LayerList(_Block(c) for _ in range(c.num_hidden_layers))
        self.norm = RMSNorm(c.hidden_size, c.rms_norm_eps)

    def contents(self) -> list[tuple[str, Any]]:
        """The blocks under their published name: `layers` is a method here."""
        return [("layers" if name == "blocks" else name, part) for name, part in super().contents()]

    def forward(self, tokens: Any, caches: Sequence[KVCache | None]) -> Any:
        x = self.embed_tokens(tokens)  # (N, L, hidden_size)
        for block, cache in zip(self.blocks, caches, strict=True):
            x = block(x, cache)
        return self.norm(x)


class _Block(Layer):
    """h = x + self_attn(input_layernorm(x)), y = h + mlp(post_attention_layernorm(h))."""

    def __init__(self, c: LlamaConfig) -> None:
        self.self_attn, self.mlp = _Attention(c), _MLP(c)
        self.input_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(c.hidden_size, c.rms_norm_eps)

    def forward(self, x: Any, cache: KVCache | None) -> Any:
        x = x + self.self_attn(self.input_layernorm(x), cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class _Attention(Layer):
    """Attention in heads with rotary positions; each key and value serves several heads of the query."""

    def __init__(self, c: LlamaConfig) -> None:
        size = c.hidden_size // c.num_attention_heads if c.head_dim is None else c.head_dim
        self.count = c.num_attention_heads
        self.few = self.count if c.num_key_value_heads is None else c.num_key_value_heads
        if self.count % self.few:
            got = f"{self.few} and {self.count}"
            raise ArgumentError(f"Llama: num_key_value_heads must divide num_attention_heads, got {got}; correct it")
        self.dropout = check_probability("Llama", c.attention_dropout)
        self.q_proj = _linear(c, c.hidden_size, self.count * size, c.attention_bias)
        self.k_proj = _linear(c, c.hidden_size, self.few * size, c.attention_bias)
        self.v_proj = _linear(c, c.hidden_size, self.few * size, c.attention_bias)
        self.o_proj = _linear(c, self.count * size, c.hidden_size, c.attention_bias)
        self.positions = RotaryEmbedding(size, c.max_position_embeddings, c.rope_theta)

    def forward(self, x: Any, cache: KVCache | None) -> Any:
        before = 0 if cache is None else cache.length
        q = self.positions(heads(self.q_proj(x), self.count), before)
        k = self.positions(heads(self.k_proj(x), self.few), before)
        v = heads(self.v_proj(x), self.few)
        return self.o_proj(joined(attend(q, k, v, cache, self.dropout if self.training else 0.0)))


class _MLP(Layer):
    """down_proj(f(gate_proj(x)) up_proj(x))."""

    def __init__(self, c: LlamaConfig) -> None:
        self.f = activation("Llama", "hidden_act", c.hidden_act)
        self.gate_proj = _linear(c, c.hidden_size, c.intermediate_size, c.mlp_bias)
        self.up_proj = _linear(c, c.hidden_size, c.intermediate_size, c.mlp_bias)
        self.down_proj = _linear(c, c.intermediate_size, c.hidden_size, c.mlp_bias)

    def forward(self, x: Any) -> Any:
        return self.down_proj(self.f(self.gate_proj(x)) * self.up_proj(x))


def _linear(c: LlamaConfig, inside: int, outside: int, bias: bool) -> Linear:
    layer = Linear(inside, outside, bias, init=partial(normal, std=c.initializer_range))
    if bias:
        layer.bias = Parameter(zeros((outside,)))
    return layer


def _theta(entries: Mapping[str, Any]) -> Any:
    """The base of the rotary positions, which newer configs keep in `rope_parameters`; others than plain are refused.

    As in transformers, what stands in `rope_scaling` counts before that, and both before the config itself.
    """
    rope = entries.get("rope_scaling") or entries.get("rope_parameters") or {}
    scaled: Any = rope
    if isinstance(rope, Mapping):
        kind = rope.get("rope_type", rope.get("type", "default"))
        more = {what: value for what, value in rope.items() if what not in ROPE and value not in (None, 1)}
        scaled = more if kind == "default" else kind
    if scaled:
        raise ArgumentError(
            f"Llama: rotary positions can only be unscaled here, got {scaled!r:.60}; take another model"
        )
    found = {**entries, **rope}
    if (share := found.get("partial_rotary_factor", 1)) not in (None, 1):
        raise ArgumentError(f"Llama: rotary positions can only turn whole heads, got {share!r:.60}; take another model")
    return found.get("rope_theta", LlamaConfig.rope_theta)
