"""Every stream of randomness, by one rule: a number is a function of (seed, counter), and nothing else.

A `Generator` is two integers. Asking it for n numbers moves its counter on; `fork` derives an independent stream from
its seed and any names, so that a stream can be keyed by what it is for (seed, layer path, step) and not by the order in
which things happen to run. Bits and uniform numbers are computed on the device and agree bit for bit between devices;
normal numbers, integers and permutations are computed on the host, where logarithm and sort are the same for all, and
moved. Nothing uses Python's `hash`, the clock, or NumPy's global state; an unseeded process starts from seed 0.

Builds on: `minigrad.backend.bits`. Read next: `minigrad.ops.creation`.
"""

from __future__ import annotations

import math
import operator
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad.argument import AT_LEAST_0, number, sizes, whole
from minigrad.backend import Array, Backend, backend, default_backend
from minigrad.backend.bits import random_bits
from minigrad.errors import ArgumentError

__all__ = ["Generator", "default_generator", "manual_seed", "random_bits", "replayed"]

_lock = threading.Lock()  # one for all generators, so that they pickle; it is held for one addition


class Generator:
    """A stream of random numbers that is restartable, forkable, and the same on every device.

    >>> from minigrad.backend.random import Generator
    >>> g = Generator(0)
    >>> state = g.state
    >>> first = g.uniform((2,))
    >>> g.set_state(state)
    >>> bool((g.uniform((2,)) == first).all())
    True
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = _word("Generator", "seed", seed)
        self._counter = 0

    def __repr__(self) -> str:
        return f"Generator(seed={self._seed}, counter={self._counter})"

    @property
    def state(self) -> tuple[int, int]:
        """(seed, counter): all there is to save."""
        return self._seed, self._counter

    def set_state(self, state: Sequence[int]) -> None:
        """Go on from a saved `state`."""
        if len(state) != 2:
            raise ValueError(f"Generator.set_state: a state is (seed, counter), got {state!r}; pass a .state")
        self._seed = _word("Generator.set_state", "seed", state[0])
        self._counter = _word("Generator.set_state", "counter", state[1])

    def fork(self, *names: str | int) -> Generator:
        """An independent stream for these names; the same one however far this stream has been read.

        >>> Generator(1).fork("encoder.dropout", 3).state == Generator(1).fork("encoder.dropout", 3).state
        True
        """
        import hashlib  # the one user of a module that takes milliseconds to load

        digest = hashlib.blake2b(self._seed.to_bytes(8, "little"), digest_size=8)
        for name in names:
            if not isinstance(name, str):
                name = operator.index(name)
            text = f"{type(name).__name__}:{name}".encode()
            digest.update(len(text).to_bytes(8, "little") + text)  # with its length, ("a", "bc") is not ("ab", "c")
        return Generator(int.from_bytes(digest.digest(), "little"))

    def bits(self, shape: int | Sequence[int], xp: Backend | None = None) -> Array:
        """uint32 numbers, every bit of them fair."""
        shape = sizes("Generator", "a size", shape)
        key, start = self.take(math.prod(shape))
        return (xp or default_backend()).random_bits(key, shape, start)

    def uniform(
        self,
        shape: int | Sequence[int],
        low: float = 0.0,
        high: float = 1.0,
        dtype: Any = np.float32,
        xp: Backend | None = None,
    ) -> Array:
        """Numbers in [low, high), evenly spread; never `high`, whatever the rounding."""
        xp, shape = xp or default_backend(), sizes("Generator", "a size", shape)
        kind = _floating("Generator.uniform", dtype)
        low, high = number("Generator.uniform", "low", low), number("Generator.uniform", "high", high)
        if not low <= high:
            raise ValueError(f"Generator.uniform: low must not be above high, got {low} and {high}; swap them")
        if kind == np.float64:
            pair = self.bits((*shape, 2), xp)  # 27 + 26 = 53 bits, a double's worth
            unit = ((pair[..., 0] >> 5).astype(kind) * 67108864.0 + (pair[..., 1] >> 6).astype(kind)) * 2.0**-53
            below = math.nextafter(high, -math.inf) if low < high else high
        else:
            unit = (self.bits(shape, xp) >> 8).astype(xp.float32) * 2.0**-24  # 24 bits: exact, on every device
            narrow = np.dtype(kind).type
            top = narrow(high)
            below = float(np.nextafter(top, narrow(-np.inf)) if narrow(low) < top else top)
        out = xp.minimum((unit * (high - low) + low).astype(kind), below)
        return xp.asarray(out)

    def normal(
        self,
        shape: int | Sequence[int],
        mean: float = 0.0,
        std: float = 1.0,
        dtype: Any = np.float32,
        xp: Backend | None = None,
    ) -> Array:
        """Numbers of the normal distribution, in pairs after Box and Muller; in float64 on the host, then rounded."""
        xp, shape = xp or default_backend(), sizes("Generator", "a size", shape)
        kind = _floating("Generator.normal", dtype)
        mean, std = number("Generator.normal", "mean", mean), number("Generator.normal", "std", std, AT_LEAST_0)
        size = math.prod(shape)
        bits = self.bits((2, (size + 1) // 2), _host)
        radius = np.sqrt(-2.0 * np.log((bits[0] + 1.0) * 2.0**-32))  # (0, 1], so the logarithm is finite
        angle = bits[1] * (2.0 * math.pi * 2.0**-32)
        both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:size]
        return xp.from_host((both * std + mean).astype(kind).reshape(shape))

    def integers(self, low: int, high: int, shape: int | Sequence[int] = ()) -> np.ndarray[Any, Any]:
        """int64 numbers in [low, high), on the host; uneven by less than (high - low) / 2**64."""
        low, high = operator.index(low), operator.index(high)
        if not -(2**63) <= low < high < 2**63:
            raise ValueError(f"Generator.integers: low must be below high and both fit int64, got {low} and {high}")
        shape = sizes("Generator", "a size", shape)
        offset = self._wide(math.prod(shape)) % np.uint64(high - low)
        return (offset + np.uint64(low % 2**64)).astype(np.int64).reshape(shape)  # modulo 2**64, right for low < 0 too

    def permutation(self, n: int) -> np.ndarray[Any, Any]:
        """The numbers 0 to n - 1 in random order, on the host."""
        if operator.index(n) < 0:
            raise ValueError(f"Generator.permutation: n must not be negative, got {n}")
        return np.argsort(self._wide(n), kind="stable")

    def _wide(self, n: int) -> np.ndarray[Any, Any]:
        """uint64 numbers, on the host."""
        pair = self.bits((2, n), _host).astype(np.uint64)
        return np.asarray(pair[0] << np.uint64(32) | pair[1])

    def take(self, n: int) -> tuple[int, int]:
        """The state at which the next n numbers of 32 bits are drawn; who asks draws them, the stream is beyond them.

        >>> g = Generator(7)
        >>> g.take(3), g.take(2), g.state
        ((7, 0), (7, 3), (7, 5))
        """
        with _lock:
            start = self._counter
            self._counter = start + n
        return self._seed, start


def manual_seed(seed: int) -> Generator:
    """Start the process's own stream anew; initialisers, shuffles and dropout draw from it where none is given.

    >>> manual_seed(7)
    Generator(seed=7, counter=0)
    """
    _default.set_state((_word("manual_seed", "seed", seed), 0))
    return _default


def default_generator() -> Generator:
    """The process's own stream; inside `replayed`, in its thread, a copy of it as it was."""
    return getattr(_replay, "generator", None) or _default


@contextmanager
def replayed(state: Sequence[int]) -> Iterator[None]:
    """Inside the block, in this thread alone, the default stream draws again from a state that was saved."""
    before = getattr(_replay, "generator", None)
    _replay.generator = Generator()
    _replay.generator.set_state(state)
    try:
        yield
    finally:
        _replay.generator = before


def _word(name: str, what: str, value: int) -> int:
    word = whole(name, what, value)
    if word >= 2**64:
        raise ArgumentError(f"{name}: {what} must be below 2**64, got {word}; pass a smaller one")
    return word


def _floating(name: str, dtype: Any) -> np.dtype[Any]:
    kind: np.dtype[Any] = np.dtype(dtype)
    if kind not in (np.float16, np.float32, np.float64):
        raise TypeError(f"{name}: dtype must be float16, float32 or float64, got {kind}; cast the result")
    return kind


_host = backend("numpy")
_default = Generator(0)
_replay = threading.local()
