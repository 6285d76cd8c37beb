"""`KVCache`: keys and values of the tokens so far, so that a new token is computed alone.

Builds on: `minigrad.ops`. Read next: `minigrad.nn.attention`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import whole
from minigrad.errors import ShapeError
from minigrad.ops import concatenate
from minigrad.tensor import as_value

__all__ = ["KVCache"]


class KVCache:
    """The keys and values that one attention layer has seen; the next call of the layer appends its own.

    [k_1, ..., k_n] becomes [k_1, ..., k_n, k_(n + 1), ...], and so do the values

    It belongs to whoever generates, not to the layer: one for each attention layer and each text, handed to every
    call. Gradients flow through it, so generate under `no_grad`.

    Shapes: key (..., H, L, E), value (..., H, L, Ev); H are the heads that are kept, fewer than those of the query
    where those are grouped.

    Raises
    ------
    ShapeError
        If what is appended fits neither itself nor what is there, or there would be more than `max_length`.

    >>> from minigrad import ones
    >>> cache = KVCache()
    >>> key, value = cache.append(ones((2, 4, 3, 8)), ones((2, 4, 3, 8)))
    >>> key, value = cache.append(ones((2, 4, 1, 8)), ones((2, 4, 1, 8)))
    >>> cache.length, key.shape
    (4, (2, 4, 4, 8))
    """

    def __init__(self, max_length: int | None = None) -> None:
        self.max_length = None if max_length is None else whole("KVCache", "max_length", max_length)
        self.key: Any = None
        self.value: Any = None

    @property
    def length(self) -> int:
        """How many tokens there are: the position of the next one."""
        return 0 if self.key is None else int(self.key.shape[-2])

    def append(self, key: Any, value: Any) -> tuple[Any, Any]:
        """All keys and values, with these at the end."""
        key, value = as_value(key), as_value(value)
        if min(key.ndim, value.ndim) < 2 or key.shape[:-1] != value.shape[:-1]:
            raise ShapeError(f"KVCache: takes keys (..., L, E) and values (..., L, Ev), got {key.shape}, {value.shape}")
        after = self.length + key.shape[-2]
        if self.max_length is not None and after > self.max_length:
            raise ShapeError(
                f"KVCache: holds at most max_length {self.max_length} tokens, got {after}; clear() starts a new text"
            )
        if self.key is not None:
            for what, new, old in (("keys", key, self.key), ("values", value, self.value)):
                if (*new.shape[:-2], new.shape[-1]) != (*old.shape[:-2], old.shape[-1]):
                    raise ShapeError(
                        f"KVCache: {what} must fit those of {old.shape} that are there, got {new.shape}; a cache is "
                        "for one attention layer and one batch of texts"
                    )
            key, value = concatenate([self.key, key], -2), concatenate([self.value, value], -2)
        self.key, self.value = key, value
        return key, value

    def clear(self) -> None:
        """Forget everything."""
        self.key = self.value = None

    def __repr__(self) -> str:
        return f"KVCache(length={self.length})"
