"""`LanguageModel`: what all models share that say, for each token of a text, which one is likely to be next.

Builds on: `minigrad.nn`. Read next: `minigrad.models.gpt2`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import move, namespace
from minigrad.errors import ArgumentError, DTypeError, NonFiniteError, PlaceError, ShapeError
from minigrad.modes import no_grad
from minigrad.nn import functional as F
from minigrad.nn.cache import KVCache
from minigrad.nn.functional.attention import attention
from minigrad.nn.layer import Layer
from minigrad.nn.linear import Linear
from minigrad.nn.use import in_use
from minigrad.ops import concatenate, reshape, swapaxes
from minigrad.tensor import as_array, raw

__all__ = ["LanguageModel", "attend", "heads", "joined"]


class LanguageModel(Layer):
    """Tokens (N, L) in, logits (N, L, V) of the token after each of them out; a subclass has what lies between."""

    architecture: str  # the name that config.json gives it, for transformers
    longest: str  # the entry of its config that says how many positions there are
    config: Any  # its settings
    body: Any  # all but the head: a Layer of tokens and caches, to features (N, L, E)
    blocks: Any  # its LayerList
    lm_head: Linear

    def forward(self, tokens: Any, caches: Sequence[KVCache] | None = None) -> Any:
        tokens, each = self._tokens(tokens), self.each_cache(caches)
        self._check_places(0 if each[0] is None else each[0].length, tokens.shape[1])
        return self.lm_head(self.body(tokens, each))

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
        listed = isinstance(caches, (list, tuple)) and all(isinstance(cache, KVCache) for cache in caches)
        if not listed or not len(set(caches)) == len(caches) == len(self.blocks):  # blocks differ in their keys
            raise ArgumentError(
                f"{type(self).__name__}: needs a list of {len(self.blocks)} caches, one for each block, got "
                f"{caches!r:.60}; take caches()"
            )
        if len({cache.length for cache in caches}) > 1:  # a call that was interrupted
            raise ArgumentError(
                f"{type(self).__name__}: caches must have seen the same tokens, got {caches!r:.200}; begin anew with "
                "caches()"
            )
        return caches

    def loss(self, tokens: Any) -> Any:
        """The mean of -log p of each token but the first, given those before it; call ``backward()`` on it.

        Each token counts alike, and all texts are of one length.
        """
        tokens = self._tokens(tokens)
        if tokens.shape[1] < 2:
            raise ShapeError(f"{type(self).__name__}: a loss needs two tokens or more, got {tokens.shape[1]}; add some")
        return F.cross_entropy(swapaxes(self(tokens)[:, :-1], 1, 2), tokens[:, 1:])

    def generate(self, tokens: Any, count: int, choose: Callable[[Any], Any] | None = None) -> Any:
        """The tokens (N, L) and `count` new ones behind them, (N, L + count), as an array of int64.

        ``choose(logits)`` gives tokens (N,) for the logits (N, V) of the next ones, by default the likeliest. The model
        is in evaluation mode meanwhile. There are always `count` new tokens: none ends a text.

        Raises
        ------
        ShapeError
            If the text would need more positions than there are.
        IndexError
            If a token has no row.
        NonFiniteError
            If a logit is NaN.
        """
        name, home = type(self).__name__, self.lm_head.weight.backend
        choose = likeliest if choose is None else choose
        if not callable(choose):
            raise DTypeError(f"{name}: choose is a function of logits, got {choose!r:.60}; pass one, or None")
        text = new = move(self._tokens(tokens), home)
        self._check_places(0, text.shape[1] + max(0, whole(name, "count", count) - 1))  # the last one stays out
        caches, lost = self.caches(), (text != text).any()
        with in_use(name, self), no_grad():
            for _ in range(count):
                logits = raw(self(new, caches))[:, -1]  # (N, V)
                lost = lost | namespace(logits).isnan(logits).any()
                new = move(self._integers("tokens of choose", choose(logits)), home)
                if new.shape != (len(text),):
                    raise ShapeError(
                        f"{name}: choose gives one token for each text, ({len(text)},), got {new.shape}; reduce over V"
                    )
                new = new[:, None]
                text = concatenate([text, new], 1)
        self._check_text(text, lost)
        return text

    def _check_text(self, text: Any, lost: Any) -> None:
        """Refuse a text that no model has written: once, at its end, so that nobody waits for a device before that."""
        name, vocabulary, xp = type(self).__name__, self.lm_head.weight.shape[0], namespace(text)
        if xp.to_host(((text < 0) | (text >= vocabulary)).any()):
            tokens = xp.to_host(text)
            raise PlaceError(
                f"{name}: tokens must lie in 0 to {vocabulary - 1}, got {tokens.min()} to {tokens.max()}; check the "
                "tokenizer, and choose"
            )
        if xp.to_host(lost):
            raise NonFiniteError(f"{name}: logits must be numbers to choose a token by, got NaN; check the weights")

    def _check_places(self, before: int, count: int) -> None:
        """Refuse `count` tokens behind those `before` where there are no more positions."""
        if before + count > (most := getattr(self.config, self.longest)):
            raise ShapeError(
                f"{type(self).__name__}: positions must lie below {self.longest} {most}, got {before} to "
                f"{before + count - 1}; shorten the text, or take a model with more"
            )

    def _tokens(self, tokens: Any) -> Any:
        """Tokens (N, L) as an array of integers."""
        tokens = self._integers("tokens", tokens)
        if tokens.ndim != 2 or not tokens.shape[1]:
            raise ShapeError(
                f"{type(self).__name__}: tokens must be (texts, 1 or more), got {tokens.shape}; add axes or some"
            )
        return tokens

    def _integers(self, what: str, given: Any) -> Any:
        """An array of int64, which holds every token; numbers of lists go where the model is."""
        name, listed = type(self).__name__, not hasattr(given, "dtype")
        try:
            array = np.asarray(given) if listed else as_array(given)
        except ValueError as error:
            raise ShapeError(f"{name}: {what} must be as many for each text, got {given!r:.60}; cut some") from error
        except (TypeError, RuntimeError) as error:  # a tensor of PyTorch that is on a device, or on a graph
            got = f"{type(given).__name__} ({error!s:.80})"
            raise DTypeError(f"{name}: {what} must be an array, got {got}; pass tensor.cpu().numpy()") from error
        if array.dtype.kind not in "iu" and array.size:
            raise DTypeError(f"{name}: {what} must be whole numbers, got {array.dtype}; pass a tokenizer's, as int64")
        return (move(array, self.lm_head.weight.backend) if listed else array).astype(np.int64, copy=False)


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
    return attention(q, k, v, None, dropout_p, before, enable_gqa=True)[0]
