"""`LanguageModel`: what all models share that say, for each token of a text, which one is likely to be next.

Builds on: `minigrad.nn`. Read next: `minigrad.models.gpt2`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import move, namespace
from minigrad.errors import ArgumentError, ShapeError
from minigrad.modes import no_grad
from minigrad.nn import functional as F
from minigrad.nn.cache import KVCache
from minigrad.nn.functional.mask import causal
from minigrad.nn.layer import Layer
from minigrad.nn.linear import Linear
from minigrad.ops import concatenate, reshape, swapaxes
from minigrad.tensor import as_array, raw

__all__ = ["LanguageModel", "attend", "heads", "joined"]


class LanguageModel(Layer):
    """Tokens (N, L) in, logits (N, L, V) of the token after each of them out; a subclass says how, in `forward`."""

    blocks: Any  # a LayerList
    lm_head: Linear

    def rename(self, name: str) -> str | None:
        """The model's name for a name in published files; None for what is no weight."""
        return name

    def caches(self) -> list[KVCache]:
        """A new cache for each block, to be handed to all calls that go on with the same texts."""
        return [KVCache() for _ in self.blocks]

    def each_cache(self, caches: Sequence[KVCache] | None) -> Sequence[KVCache | None]:
        """The cache of each block, or None for each."""
        if caches is None:
            return [None] * len(self.blocks)
        if not isinstance(caches, (list, tuple)) or len(caches) != len(self.blocks):
            raise ArgumentError(
                f"{type(self).__name__}: needs a list of {len(self.blocks)} caches, one for each block, got "
                f"{caches!r:.60}; take caches()"
            )
        return caches

    def loss(self, tokens: Any) -> Any:
        """The mean of -log p of each token but the first, given those before it."""
        logits = self(tokens)
        if logits.shape[-2] < 2:
            raise ShapeError(
                f"{type(self).__name__}: a loss needs two tokens or more, got {logits.shape[-2]}; add some"
            )
        return F.cross_entropy(swapaxes(logits[..., :-1, :], -1, -2), self._tokens(tokens)[..., 1:])

    def generate(self, tokens: Any, count: int, choose: Callable[[Any], Any] | None = None) -> Any:
        """The tokens (N, L) and `count` new ones behind them, (N, L + count), as an array.

        ``choose(logits)`` gives tokens (N,) for the logits (N, V) of the next ones, by default the likeliest.
        """
        choose = likeliest if choose is None else choose
        name, home = type(self).__name__, self.lm_head.weight.backend
        text = new = move(as_array(self._tokens(tokens)), home)
        if text.ndim != 2 or not text.shape[1]:
            raise ShapeError(
                f"{name}: tokens to go on from must be (texts, 1 or more), got {text.shape}; add axes or some"
            )
        training, caches = self.training, self.caches()
        self.eval()
        try:
            with no_grad():
                for _ in range(whole(name, "count", count)):
                    chosen = move(as_array(choose(raw(self(new, caches))[:, -1])), home)
                    new = chosen.reshape(-1, 1).astype(text.dtype)
                    text = concatenate([text, new], 1)
        finally:
            self.train(training)
        return text

    def _tokens(self, tokens: Any) -> Any:
        """Tokens as an array; those of lists go where the model is."""
        return raw(tokens) if hasattr(tokens, "dtype") else move(np.asarray(tokens), self.lm_head.weight.backend)


def likeliest(logits: Any) -> Any:
    """The token of the largest logit, for each text.

    >>> likeliest(np.array([[0.5, 2.0, 1.0]]))
    array([1])
    """
    return namespace(logits).argmax(logits, axis=-1)


def heads(x: Any, count: int) -> Any:
    """Features in heads: (..., L, E) becomes (..., count, L, E / count)."""
    return swapaxes(reshape(x, (*x.shape[:-1], count, x.shape[-1] // count)), -2, -3)


def joined(x: Any) -> Any:
    """The heads side by side again: (..., H, L, E) becomes (..., L, H E)."""
    x = swapaxes(x, -2, -3)
    return reshape(x, (*x.shape[:-2], x.shape[-2] * x.shape[-1]))


def attend(q: Any, k: Any, v: Any, cache: KVCache | None, dropout_p: float) -> Any:
    """Attention in heads (..., H, L, E) to the tokens so far: those of the cache, then these up to each query."""
    before = 0 if cache is None else cache.length
    if cache is not None:
        k, v = cache.append(k, v)
    queries, keys = q.shape[-2], k.shape[-2]
    seen = causal(namespace(raw(q)), queries, keys, before) if queries > 1 else None  # the last one sees everything
    return F.scaled_dot_product_attention(q, k, v, seen, dropout_p, enable_gqa=True)
