"""Pooling in NumPy: a pass for each tap, over all windows of as many images as the cache holds.

What a tap sees lies scattered in x. The maximum looks at it twice, and so brings it together first, by the numbers of
its places: `take` moves all channels of a place at once, where slices go through them in a loop for each place.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.ops.fused.pool`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from minigrad.kernels.numpy.scratch import BITS, blocks, scratch

__all__ = ["max_pool", "max_pool_backward", "sum_pool", "sum_pool_backward"]

Array = np.ndarray[Any, Any]

ROOM = 1 << 17  # elements of x at a time
SEEN, WITHIN, LEFT, DIFFERS, WON, CHOSEN = range(6)  # places in scratch memory


def max_pool(x: Array, taps: Array, frame: Array, y: Array, tap: Array) -> None:
    where = meetings(taps, frame)
    for images in blocks(len(x), max(math.prod(x.shape[1:]), len(taps) * math.prod(y.shape[1:])), ROOM):
        some, top = x[images], rows(y[images])
        some = with_lowest(some) if where.outside else rows(some)
        seen = scratch(SEEN, (len(taps), *top.shape), x.dtype)
        for of_tap, places in zip(seen, where.places, strict=True):
            some.take(places, 1, of_tap, "clip")
        np.maximum.reduce(seen, axis=0, out=top)
        first_largest(seen, top, rows(tap[images]), where)


def with_lowest(x: Array) -> Array:
    """x as rows, and behind those of each image one that is lower than all."""
    n, *size, channels = x.shape
    places = math.prod(size)
    within = scratch(WITHIN, (n, places + 1, channels), x.dtype)
    within[:, :places].reshape(x.shape)[...] = x  # a view: the axes are only split
    within[:, places] = -np.inf
    return within


def first_largest(seen: Array, top: Array, tap: Array, where: Meetings) -> None:
    """Counts the taps before the first that is the largest, or NaN; one outside x is none of them."""
    special = not top.min(initial=0) > -np.inf  # else nothing is NaN, and what lies outside lower than the largest
    left, differs = scratch(LEFT, top.shape, np.dtype(bool)), scratch(DIFFERS, top.shape, np.dtype(bool))
    left.fill(True)
    tap.fill(0)
    for of_tap, places in zip(seen[:-1], where.places[:-1], strict=True):
        np.not_equal(of_tap, top, out=differs)
        if special:
            differs &= of_tap == of_tap
            differs |= (places == len(where.window))[:, None]
        np.logical_and(left, differs, out=left)
        tap += left.view(np.uint8)


def max_pool_backward(g: Array, tap: Array, taps: Array, frame: Array, dx: Array) -> None:
    """The bits of g times 0 or 1, so that infinities and NaN go where they are chosen alone."""
    bits, where = BITS[g.dtype], meetings(taps, frame)
    for images in blocks(len(dx), math.prod(dx.shape[1:]), ROOM):
        sent, won, to = g[images].view(bits), tap[images], dx[images]
        if where.apart:
            fetch(rows(sent), rows(won), where, rows(to).view(bits))
        else:
            spread(sent, won, slices(taps, frame), to)


def fetch(sent: Array, won: Array, where: Meetings, to: Array) -> None:
    """Each place takes what its one window sends, times whether its own tap has won there."""
    winner = scratch(WON, to.shape, won.dtype)
    won.take(where.window, 1, winner, "clip")
    sent.take(where.window, 1, to, "clip")
    own = np.repeat(where.tap, to.shape[-1]).reshape(to.shape[1:])
    to *= np.equal(winner, own, out=scratch(DIFFERS, to.shape, np.dtype(bool)))


def spread(sent: Array, won: Array, parts: Any, to: Array) -> None:
    """Each tap adds what the windows send in which it has won."""
    chosen = scratch(CHOSEN, sent.shape, sent.dtype)
    to.fill(0)
    for t, (windows, places) in enumerate(parts):
        np.multiply(sent, won == t, out=chosen)
        to[places] += chosen.view(to.dtype)[windows]


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


class Meetings(NamedTuple):
    """Which places of x the windows see, by their numbers."""

    places: Array  # (taps, windows): where a tap of a window lies; the number of all places where it lies outside
    outside: bool  # whether one does
    apart: bool  # whether no two windows have a place in common
    window: Array  # for each place a window that it lies in
    tap: Array  # and as which of its taps; one that there is not for a place that no window sees


def meetings(taps: Array, frame: Array) -> Meetings:
    return _meetings(taps.tobytes(), frame.tobytes())


@lru_cache(maxsize=32)
def _meetings(taps: bytes, frame: bytes) -> Meetings:
    stride, out, size = np.frombuffer(frame, int).reshape(3, 3)
    count, parts = math.prod(size.tolist()), _slices(taps, stride.tobytes())
    number, places = np.arange(count).reshape(1, *size), np.full((len(parts), 1, *out), count)
    for of_tap, (windows, inside) in zip(places, parts, strict=True):
        of_tap[windows] = number[inside]
    places = places.reshape(len(parts), math.prod(out.tolist()))
    window, tap = np.zeros(count + 1, int), np.full(count + 1, len(parts), np.uint8)
    for t, of_tap in enumerate(places):
        window[of_tap], tap[of_tap] = np.arange(len(of_tap)), t
    seen = np.bincount(places.ravel(), minlength=count + 1)
    return Meetings(places, bool(seen[count]), bool((seen[:count] <= 1).all()), window[:count], tap[:count])


def rows(x: Array) -> Array:
    """(N, D, H, W, C) as (N, places, C)."""
    return x.reshape(len(x), math.prod(x.shape[1:-1]), x.shape[-1])
