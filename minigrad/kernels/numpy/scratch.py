"""Scratch memory, blocks of rows that fit into a processor's cache, and numbers as their bits.

What a kernel needs on the way is used again from call to call: new memory is zeroed by the system page by page, and
old memory lies in the cache. Each thread has its own, of a bounded size: what is larger is new each time.

Builds on: nothing. Read next: `minigrad.kernels.numpy.softmax`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["BITS", "LARGEST", "blocks", "ones", "scratch"]

BLOCK = 1 << 15  # elements: 128 KiB of float32, a few of which lie in the second cache of a core
LARGEST = 1 << 24  # elements that are kept in a place: the weights of attention over long texts may be many times that
BITS = {np.dtype(f"f{n}"): np.dtype(f"i{n}") for n in (4, 8)}  # whole numbers as long as floating ones

_thread = threading.local()


def scratch(place: int, shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
    """Memory for now, uninitialised. What stood in `place` before is lost, whoever had asked for it."""
    size, key = math.prod(shape), (place, dtype)
    if size > LARGEST:
        return np.empty(shape, dtype)
    pool = _thread.__dict__.setdefault("pool", {})
    memory = pool.get(key)
    if memory is None or memory.size < size:
        memory = pool[key] = np.empty(size, dtype)
    return memory[:size].reshape(shape)  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def ones(n: int, dtype: Any) -> np.ndarray[Any, Any]:
    """n ones that nobody may write: a product with them is the fastest sum over rows."""
    array = np.ones(n, dtype)
    array.flags.writeable = False
    return array


def blocks(rows: int, width: int, room: int = BLOCK) -> Iterator[slice]:
    """Slices of rows that together fit into the cache, or have no more than `room` elements.

    >>> list(blocks(5, 1 << 14))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    step = max(1, room // max(1, width))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))
