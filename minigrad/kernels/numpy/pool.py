"""Pooling in NumPy: a pass for each tap, over all windows of as many images as the cache holds.

What a tap sees lies scattered in x. The maximum looks at it twice, and so brings it together first.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.ops.fused.pool`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.kernels.numpy.scratch import BITS, blocks, scratch

__all__ = ["max_pool", "max_pool_backward", "sum_pool", "sum_pool_backward"]

Array = np.ndarray[Any, Any]

ROOM = 1 << 17  # elements of x at a time
SEEN, LEFT, DIFFERS, CHOSEN = range(4)  # places in scratch memory


def max_pool(x: Array, taps: Array, frame: Array, y: Array, tap: Array) -> None:
    parts = slices(taps, frame)
    for images in blocks(len(x), max(math.prod(x.shape[1:]), len(parts) * math.prod(y.shape[1:])), ROOM):
        some, top = x[images], y[images]
        seen = scratch(SEEN, (len(parts), *top.shape), x.dtype)
        for of_tap, (windows, places) in zip(seen, parts, strict=True):
            inside = of_tap[windows]
            if inside.shape != of_tap.shape:
                of_tap.fill(-np.inf)
            inside[...] = some[places]
        np.maximum.reduce(seen, axis=0, out=top)
        first_largest(seen, top, tap[images], parts)


def first_largest(seen: Array, top: Array, tap: Array, parts: Any) -> None:
    """Counts the taps before the first that is the largest, or NaN; one outside x is none of them."""
    nan = math.isnan(top.min(initial=0))
    left, differs = scratch(LEFT, top.shape, np.dtype(bool)), scratch(DIFFERS, top.shape, np.dtype(bool))
    left.fill(True)
    tap.fill(0)
    for of_tap, (windows, _) in zip(seen[:-1], parts[:-1], strict=True):
        left[windows] &= np.not_equal(of_tap[windows], top[windows], out=differs[windows])
        if nan:
            left[windows] &= of_tap[windows] == of_tap[windows]
        tap += left.view(np.uint8)


def max_pool_backward(g: Array, tap: Array, taps: Array, frame: Array, dx: Array) -> None:
    """The bits of g times 0 or 1, so that infinities and NaN go where they are chosen alone."""
    bits, parts, alone = BITS[g.dtype], slices(taps, frame), apart(taps, frame)
    for images in blocks(len(dx), math.prod(dx.shape[1:]), ROOM):
        sent, won, to = g[images].view(bits), tap[images], dx[images]
        chosen = scratch(CHOSEN, sent.shape, bits)
        to.fill(0)
        for t, (windows, places) in enumerate(parts):
            np.multiply(sent, won == t, out=chosen)
            if alone:
                to[places] = chosen.view(g.dtype)[windows]
            else:
                to[places] += chosen.view(g.dtype)[windows]


def sum_pool(x: Array, taps: Array, frame: Array, y: Array) -> None:
    for images in blocks(len(x), math.prod(x.shape[1:]), ROOM):
        some, total = x[images], y[images]
        total.fill(0)
        for windows, places in slices(taps, frame):
            total[windows] += some[places]


def sum_pool_backward(g: Array, taps: Array, frame: Array, dx: Array) -> None:
    for images in blocks(len(dx), math.prod(dx.shape[1:]), ROOM):
        sent, to = g[images], dx[images]
        to.fill(0)
        for windows, places in slices(taps, frame):
            to[places] += sent[windows]


def slices(taps: Array, frame: Array) -> list[tuple[Any, Any]]:
    """For each tap the windows in which it lies inside x, and where it lies there."""
    return _slices(taps.tobytes(), frame[0].tobytes())


@lru_cache(maxsize=256)
def _slices(taps: bytes, stride: bytes) -> list[tuple[Any, Any]]:
    found, strides = [], np.frombuffer(stride, int).tolist()
    for axes in np.frombuffer(taps, int).reshape(-1, 3, 3).tolist():
        windows = [slice(first, end) for first, end, _ in axes]
        places = [
            slice(start + first * s, start + (end - 1) * s + 1, s) if end > first else slice(0)
            for (first, end, start), s in zip(axes, strides, strict=True)
        ]
        found.append(((slice(None), *windows), (slice(None), *places)))
    return found


def apart(taps: Array, frame: Array) -> bool:
    """Whether no two windows have an element in common: none is longer than the stride."""
    return _apart(taps.tobytes(), frame[0].tobytes())


@lru_cache(maxsize=256)
def _apart(taps: bytes, stride: bytes) -> bool:
    starts = np.frombuffer(taps, int).reshape(-1, 3, 3)[:, :, 2]
    return bool((starts.max(axis=0) - starts.min(axis=0) < np.frombuffer(stride, int)).all())
