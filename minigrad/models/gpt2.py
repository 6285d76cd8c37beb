"""`GPT2`: the model of Radford et al., with the names and layouts of its published weights.

Builds on: `minigrad.models.language_model`, `minigrad.models.config`. Read next: `minigrad.models.llama`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from minigrad.errors import ArgumentError
from minigrad.models.config import Source, activation, one_name, read_config, settings
from minigrad.models.language_model import LanguageModel, attend, heads, joined
from minigrad.nn.cache import KVCache
from minigrad.nn.container import LayerList
from minigrad.nn.dropout import Dropout
from minigrad.nn.embedding import Embedding
from minigrad.nn.functional.attention import self_attention
from minigrad.nn.functional.dropout import check_probability
from minigrad.nn.functional.linear import linear
from minigrad.nn.init import normal, zeros
from minigrad.nn.layer import Layer, Parameter
from minigrad.nn.layer_norm import LayerNorm
from minigrad.nn.linear import Linear
from minigrad.ops import split

__all__ = ["GPT2", "GPT2Config"]


@dataclass(frozen=True)
class GPT2Config:
    """The settings of `GPT2`, by the names of its config.json: ``asdict(config)`` is what one has.

    >>> GPT2Config(n_layer=2).n_embd
    768
    """

    vocab_size: int = 50257
    n_positions: int = 1024
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    n_inner: int | None = None
    activation_function: str = "gelu_new"
    resid_pdrop: float = 0.1
    embd_pdrop: float = 0.1
    attn_pdrop: float = 0.1
    layer_norm_epsilon: float = 1e-5
    initializer_range: float = 0.02
    tie_word_embeddings: bool = True
    model_type: str = "gpt2"


FIXED = {  # what some configs vary, and this model does not
    "model_type": GPT2Config.model_type, "scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
}  # fmt: skip
OTHER_NAMES = {  # that transformers takes for these settings too
    "hidden_size": "n_embd", "max_position_embeddings": "n_positions", "num_attention_heads": "n_head",
    "num_hidden_layers": "n_layer",
}  # fmt: skip


class GPT2(LanguageModel):
    """A stack of blocks that normalise first, with learned positions and one table of vectors at both ends.

    y = LayerNorm(block_n(... block_1(wte[tokens] + wpe[positions]))) wte^T

    `config` is the path of a config.json, or its entries as a dict; entries that the model has no use for are left out,
    of which published files have many, unless they are nearly the name of a setting. ``model.config`` holds the
    settings. States have the names and layouts of Hugging Face's GPT2LMHeadModel, whose files load and which reads what
    is saved. Weights start as N(0, initializer_range^2), those whose results are added to what flows by 1/sqrt(2
    n_layer) of that, biases as 0.

    ``loss(tokens)`` is what training makes small, ``generate(tokens, count)`` writes on, as far as n_positions reach.
    The texts of a call are of one length: padding is not masked, and no token ends a text. `from_pretrained` makes the
    model with the weights of a folder, `save_pretrained` writes one; `minigrad.models` shows both.

    Shapes: tokens (N, L) of integers below vocab_size, y (N, L, vocab_size); `caches` come from ``caches()``.

    Raises
    ------
    ShapeError
        If tokens are not (N, L), none, or more than n_positions.
    IndexError
        If a token has no row; on a device its y is NaN instead.
    ValueError
        If the config is that of another model, or asks for what this one lacks.

    >>> model = GPT2({"vocab_size": 65, "n_positions": 16, "n_embd": 8, "n_layer": 2, "n_head": 2})
    >>> model([[1, 2, 3]]).shape, model.loss([[1, 2, 3]]).shape, model.generate([[1, 2, 3]], 4).shape
    ((1, 3, 65), (), (1, 7))

    Reference: Radford et al., Language Models are Unsupervised Multitask Learners, 2019, section 2.3.
    """

    architecture, longest = "GPT2LMHeadModel", "n_positions"

    def __init__(self, config: Source) -> None:
        entries = one_name("GPT2", read_config("GPT2", config), OTHER_NAMES)
        self.config = c = settings("GPT2", GPT2Config, entries, FIXED, OTHER_NAMES)
        if c.n_embd % c.n_head:
            raise ArgumentError(f"GPT2: n_head must divide n_embd, got {c.n_head} and {c.n_embd}; correct the config")
        self.transformer = _Transformer(c)
        self.lm_head = Linear(c.n_embd, c.vocab_size, bias=False, init=partial(normal, std=c.initializer_range))
        if c.tie_word_embeddings:
            self.lm_head.weight = self.transformer.wte.weight

    @property
    def body(self) -> Any:
        """All but the head."""
        return self.transformer

    @property
    def blocks(self) -> Any:
        """The blocks, one after the other."""
        return self.transformer.h

    def rename(self, name: str) -> str | None:
        """The model's name for a name in published files, whose masks are no weights, and some of which lack a head."""
        if name.endswith((".attn.bias", ".attn.masked_bias")):
            return None
        return name if name.startswith(("transformer.", "lm_head.")) else f"transformer.{name}"


class _Transformer(Layer):
    """All but the head: tokens (N, L) to features (N, L, n_embd)."""

    def __init__(self, c: GPT2Config) -> None:
        init = partial(normal, std=c.initializer_range)
        self.wte = Embedding(c.vocab_size, c.n_embd, init=init)
        self.wpe = Embedding(c.n_positions, c.n_embd, init=init)
        self.drop = Dropout(c.embd_pdrop)
        self.h = LayerList(_Block(c) for _ in range(c.n_layer))
        self.ln_f = LayerNorm(c.n_embd, c.layer_norm_epsilon)

    def forward(self, tokens: Any, caches: Sequence[KVCache | None]) -> Any:
        x = self.wte(tokens)  # (N, L, n_embd)
        before = 0 if caches[0] is None else caches[0].length
        x = self.drop(x + self.wpe.weight[before : before + x.shape[-2]])
        for block, cache in zip(self.h, caches, strict=True):
            x = block(x, cache)
        return self.ln_f(x)


class _Block(Layer):
    """h = x + attn(ln_1(x)), y = h + mlp(ln_2(h))."""

    def __init__(self, c: GPT2Config) -> None:
        self.ln_1 = LayerNorm(c.n_embd, c.layer_norm_epsilon)
        self.attn = _Attention(c)
        self.ln_2 = LayerNorm(c.n_embd, c.layer_norm_epsilon)
        self.mlp = _MLP(c)

    def forward(self, x: Any, cache: KVCache | None) -> Any:
        x = x + self.attn(self.ln_1(x), cache)
        return x + self.mlp(self.ln_2(x))


class _Attention(Layer):
    """Attention in heads, whose queries, keys and values come from one projection."""

    def __init__(self, c: GPT2Config) -> None:
        self.n_head, self.dropout = c.n_head, check_probability("GPT2", c.attn_pdrop)
        self.c_attn = _Projection(c.n_embd, 3 * c.n_embd, c.initializer_range)
        self.c_proj = _Projection(c.n_embd, c.n_embd, c.initializer_range / math.sqrt(2 * c.n_layer))
        self.resid_dropout = Dropout(c.resid_pdrop)

    def forward(self, x: Any, cache: KVCache | None) -> Any:
        x, p = self.c_attn(x), self.dropout if self.training else 0.0  # (N, L, 3 n_embd)
        if cache is None:
            y = self_attention(x, self.n_head, None, p, offset=0)
        else:
            q, k, v = (heads(part, self.n_head) for part in split(x, 3, axis=-1))
            y = joined(attend(q, k, v, cache, p))
        return self.resid_dropout(self.c_proj(y))


class _MLP(Layer):
    """dropout(c_proj(f(c_fc(x))))."""

    def __init__(self, c: GPT2Config) -> None:
        inner = 4 * c.n_embd if c.n_inner is None else c.n_inner
        self.f = activation("GPT2", "activation_function", c.activation_function)
        self.c_fc = _Projection(c.n_embd, inner, c.initializer_range)
        self.c_proj = _Projection(inner, c.n_embd, c.initializer_range / math.sqrt(2 * c.n_layer))
        self.dropout = Dropout(c.resid_pdrop)

    def forward(self, x: Any) -> Any:
        return self.dropout(self.c_proj(self.f(self.c_fc(x))))


class _Projection(Layer):
    """y = x W + b: as `Linear`, but the published weight lies as (in, out), for a convolution of width 1."""

    def __init__(self, inside: int, outside: int, std: float) -> None:
        self.weight = Parameter(normal((inside, outside), std=std))
        self.bias = Parameter(zeros((outside,)))

    def forward(self, x: Any) -> Any:
        return linear(x, self.weight.T, self.bias)
