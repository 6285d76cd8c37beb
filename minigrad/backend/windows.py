"""Sliding windows over the last axes, and their adjoint, overlap-add: where they lie, and both in shared words.

A window of `kernel` elements, `dilation` apart, stands at every `stride`-th place, so its tap t is
x[o stride + t dilation]. For one tap all windows o together are one slice of x: what loops here loops over taps, which
are few, and never over windows.

Builds on: nothing. Read next: `minigrad.ops.windows`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

__all__ = ["Steps", "overlap_add", "places", "sliding_windows", "taps", "window_view"]

Sizes = tuple[int, ...]


class Steps(NamedTuple):
    """How a kernel moves over x, one number for each axis; `width` is the padding before and after.

    >>> Steps((3,), (2,), (1,), ((1, 0),)).out((8,))
    (4,)
    """

    kernel: Sizes
    stride: Sizes
    dilation: Sizes
    width: tuple[Sizes, ...]

    def padded(self, size: Sizes) -> Sizes:
        """The size with its padding."""
        return tuple(before + m + after for m, (before, after) in zip(size, self.width, strict=True))

    def out(self, size: Sizes) -> Sizes:
        """How many windows there are along each axis."""
        return _out(self, size)


@lru_cache(maxsize=256)
def _out(steps: Steps, size: Sizes) -> Sizes:
    return places(steps.padded(size), steps.kernel, steps.stride, steps.dilation)


def places(size: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Sizes:
    """How many windows there are along each axis: floor((n - dilation (k - 1) - 1) / stride) + 1, at least none.

    >>> places((7,), (3,), (2,), (1,))
    (3,)
    """
    return tuple(
        max(0, (n - d * (k - 1) - 1) // s + 1) for n, k, s, d in zip(size, kernel, stride, dilation, strict=True)
    )


def taps(kernel: Sizes, windows: Sizes, stride: Sizes, dilation: Sizes) -> Iterator[tuple[Any, Any]]:
    """For each tap of the kernel, in order: its index in windows, and the slice of x that it takes from all of them.

    >>> list(taps((2,), (3,), (2,), (1,)))
    [((Ellipsis, 0), (Ellipsis, slice(0, 5, 2))), ((Ellipsis, 1), (Ellipsis, slice(1, 6, 2)))]
    """
    for tap in itertools.product(*map(range, kernel)):
        starts = [t * d for t, d in zip(tap, dilation, strict=True)]
        ends = [a + (n - 1) * s + 1 if n else a for a, n, s in zip(starts, windows, stride, strict=True)]
        yield (..., *tap), (..., *map(slice, starts, ends, stride))


def window_view(as_strided: Any, x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """The windows without a copy: y[..., o, t] = x[..., o stride + t dilation], by strides alone."""
    lead = x.ndim - len(kernel)
    step = x.strides[lead:]
    return as_strided(
        x,
        (*x.shape[:lead], *places(x.shape[lead:], kernel, stride, dilation), *kernel),
        (
            *x.strides[:lead],
            *(n * s for n, s in zip(step, stride, strict=True)),
            *(n * d for n, d in zip(step, dilation, strict=True)),
        ),
    )


def sliding_windows(xp: Any, x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """The windows as a copy, in words that every library has."""
    lead = x.ndim - len(kernel)
    windows = places(x.shape[lead:], kernel, stride, dilation)
    y = xp.empty((*x.shape[:lead], *windows, *kernel), dtype=x.dtype)
    for tap, place in taps(kernel, windows, stride, dilation):
        y[tap] = x[place]
    return y


def overlap_add(xp: Any, y: Any, size: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """Windows added up where they came from: x[..., o stride + t dilation] += y[..., o, t]."""
    n = len(size)
    lead = y.ndim - 2 * n
    windows, kernel = y.shape[lead : lead + n], y.shape[lead + n :]
    x = xp.zeros((*y.shape[:lead], *size), dtype=y.dtype)
    for tap, place in taps(kernel, windows, stride, dilation):
        x[place] += y[tap]
    return x
