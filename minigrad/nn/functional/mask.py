"""Masks of attention as numbers that are added to the scores: 0 where a key may be seen, minus infinity elsewhere.

Builds on: `minigrad.ops.fused.attention`. Read next: `minigrad.nn.functional.attention`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import DeviceError, DTypeError, ShapeError
from minigrad.ops.fused.attention import additive
from minigrad.tensor import raw

__all__ = ["added", "check_fits"]


def added(name: str, what: str, mask: Any, like: Any, seen: bool = True) -> Any:
    """A mask as numbers of the dtype of `like`, on its device; where it is boolean, `seen` may be seen.

    >>> added("example", "attn_mask", [True, False], np.ones(2, np.float32), seen=False)
    array([-inf,   0.], dtype=float32)
    """
    xp = namespace(raw(like))
    mask = mask if hasattr(mask, "dtype") and not isinstance(mask, np.generic) else xp.from_host(np.asarray(mask))
    if mask.dtype.kind not in "fb":
        raise DTypeError(f"{name}: {what} is boolean or floating, got {mask.dtype}; compare it, mask != 0, or cast it")
    if namespace(raw(mask)) is not xp:
        raise DeviceError(
            f"{name}: {what} and query must lie on one device, got {namespace(raw(mask)).name} and {xp.name}; "
            f"move the mask with Tensor(mask).to({xp.name!r})"
        )
    if mask.dtype.kind == "f":
        return mask.astype(like.dtype)
    return additive(raw(mask) if seen else ~raw(mask), like.dtype)


def check_fits(name: str, mask: Any, scores: tuple[int, ...]) -> None:
    """Refuse a mask that does not broadcast to the scores."""
    pairs = zip(mask.shape[::-1], scores[::-1], strict=False)
    if not 2 <= mask.ndim <= len(scores) or any(n not in (1, m) for n, m in pairs):
        raise ShapeError(
            f"{name}: attn_mask must broadcast to the scores {scores}, (..., heads, queries, keys), got {mask.shape}; "
            "add axes of size 1, and count the keys of a cache"
        )
