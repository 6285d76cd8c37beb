"""Random bits as a function of (key, counter): the same on every device, in any order, with nothing to carry along.

The number at a counter is a 32-bit hash of it: three rounds of shift, xor and multiply (the constants of Wellons's
triple32, which flip every output bit with a chance of a half), with one half of the key mixed in before the first round
and the other half inside. A dozen cheap passes, so dropout masks cost little and agree bit for bit between devices.

Builds on: nothing. Read next: `minigrad.backend.random`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["key_words", "random_bits", "stretches"]

_BLOCK = 1 << 14  # counters at a time, so that the passes stay in the processor's cache


def random_bits(xp: Any, key: int, shape: Sequence[int], offset: int = 0) -> Any:
    """A uint32 array whose element i, counted in C order, depends on `key` and ``offset + i`` alone.

    Two calls with one key and overlapping counters agree where they overlap; that is what makes a stream restartable.

    >>> import numpy as np
    >>> whole, tail = random_bits(np, 7, (10,)), random_bits(np, 7, (4,), offset=6)
    >>> bool((whole[6:] == tail).all())
    True
    """
    size = math.prod(shape)
    out = xp.empty(size, dtype=xp.uint32)
    counters = xp.arange(min(size, _BLOCK), dtype=xp.uint32)
    for here, low, words in stretches(key, size, offset, _BLOCK):
        out[here] = _hash(counters[: here.stop - here.start] + low, *words)
    return out.reshape(tuple(shape))


def stretches(key: int, size: int, offset: int, longest: int) -> Iterator[tuple[slice, int, tuple[int, int]]]:
    """Parts of `size` counters from `offset` on, each with the lower half of its first counter and its key words.

    The upper half of a counter belongs to the key, so no part goes beyond a multiple of 2^32.

    >>> [(here, low) for here, low, _ in stretches(7, 5, (1 << 32) - 2, 10)]
    [(slice(0, 2, None), 4294967294), (slice(2, 5, None), 0)]
    """
    start = 0
    while start < size:
        high, low = divmod(offset + start, 1 << 32)
        stop = min(size, start + longest, start + (1 << 32) - low)
        yield slice(start, stop), low, key_words(key, high)
        start = stop


def _hash(x: Any, first: int, second: int) -> Any:
    """`x` is overwritten. Products wrap around: that is the arithmetic of unsigned arrays, and no warning is due."""
    x ^= first
    x ^= x >> 17
    x *= 0xED5AD4BB
    x ^= x >> 11
    x += second  # without this, two keys would give one permutation of the same numbers
    x *= 0xAC4C1B51
    x ^= x >> 15
    x *= 0x31848BAB
    x ^= x >> 14
    return x


def key_words(key: int, high: int = 0) -> tuple[int, int]:
    """Two 32-bit words from a key and the upper half of the counter; neighbouring keys have nothing in common."""
    word = _finalise(_finalise(key) + 0x9E3779B97F4A7C15 * (high + 1))
    return word & 0xFFFFFFFF, word >> 32


def _finalise(x: int) -> int:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    mask = 0xFFFFFFFFFFFFFFFF
    x = (x + 0x9E3779B97F4A7C15) & mask
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & mask
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & mask
    return x ^ (x >> 31)
