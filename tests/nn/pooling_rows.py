"""Pooling, resampling and patches by direct loops over the places of the result, and the rows of their functions."""

import itertools
import math

import numpy as np

from minigrad.nn import functional as F
from tests.ops.row import Row

__all__ = ["POOLING", "adaptive", "folded", "pooled", "resampled", "shuffled", "unfolded", "unshuffled"]


def per_axis(sizes, n):
    return tuple(sizes) if isinstance(sizes, (tuple, list)) else (sizes,) * n


def windows(size, kernel, stride, padding, dilation, ceil_mode):
    """For each window along an axis: the places inside x, and how many are not beyond the padding."""
    rest = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (math.ceil if ceil_mode else math.floor)(rest / stride) + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    found = []
    for o in range(count):
        places = [o * stride + t * dilation - padding for t in range(kernel)]
        found.append(([p for p in places if 0 <= p < size], sum(p < size + padding for p in places)))
    return found


def pooled(kind, x, n, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, count_include_pad=True,
           divisor_override=None):  # fmt: skip
    stride = kernel_size if stride is None else stride
    options = [per_axis(sizes, n) for sizes in (kernel_size, stride, padding, dilation)]
    axes = [windows(m, *each, ceil_mode) for m, each in zip(x.shape[-n:], zip(*options, strict=True), strict=True)]
    y = np.zeros((*x.shape[:-n], *map(len, axes)))
    for o in np.ndindex(*map(len, axes)):
        here = [axis[i] for axis, i in zip(axes, o, strict=True)]
        values = x[(..., *np.ix_(*(inside for inside, _ in here)))]
        values = values.reshape(*x.shape[:-n], math.prod(values.shape[-n:]))
        whole = math.prod(counted for _, counted in here) if count_include_pad else values.shape[-1]
        y[(..., *o)] = values.max(axis=-1) if kind == "max" else values.sum(axis=-1) / (divisor_override or whole)
    return y


def adaptive(kind, x, n, output_size):
    wanted = [m if o is None else o for m, o in zip(x.shape[-n:], per_axis(output_size, n), strict=True)]
    y = np.zeros((*x.shape[:-n], *wanted))
    for o in np.ndindex(*wanted):
        region = tuple(
            slice(math.floor(i * m / k), math.ceil((i + 1) * m / k))
            for i, m, k in zip(o, x.shape[-n:], wanted, strict=True)
        )
        values = x[(..., *region)].reshape(*x.shape[:-n], -1)
        y[(..., *o)] = values.max(axis=-1) if kind == "max" else values.mean(axis=-1)
    return y


def sources(n, m, ratio, mode, align_corners):
    """For each place of an axis that grows from n to m: the places it comes from, with their weights."""
    found = []
    for i in range(m):
        if mode == "nearest":
            found.append([(min(math.floor(i * ratio), n - 1), 1.0)])
            continue
        where = i * (n - 1) / (m - 1) if align_corners and m > 1 else 0 if align_corners else (i + 0.5) * ratio - 0.5
        where = max(where, 0.0)
        low = min(math.floor(where), n - 1)
        found.append([(low, 1 - (where - low)), (min(low + 1, n - 1), where - low)])
    return found


def resampled(x, size=None, scale_factor=None, mode="nearest", align_corners=None):
    n = x.ndim - 2
    if size is not None:
        axes = [(m, k / m) for k, m in zip(x.shape[2:], per_axis(size, n), strict=True)]
    else:
        axes = [(int(k * f), 1 / f) for k, f in zip(x.shape[2:], per_axis(scale_factor, n), strict=True)]
    tables = [sources(k, m, ratio, mode, align_corners) for k, (m, ratio) in zip(x.shape[2:], axes, strict=True)]
    y = np.zeros((*x.shape[:2], *map(len, tables)))
    for o in np.ndindex(*y.shape[2:]):
        for parts in itertools.product(*(table[i] for table, i in zip(tables, o, strict=True))):
            y[(..., *o)] += x[(..., *(p for p, _ in parts))] * math.prod(w for _, w in parts)
    return y


def patches(shape, kernel_size, dilation, padding, stride):
    """(row of the columns, patch, place in the padded image) for each element of each patch of one channel."""
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = (per_axis(v, 2) for v in (kernel_size, dilation, padding, stride))
    rows = range(0, shape[0] + 2 * ph - dh * (kh - 1), sh)
    columns = range(0, shape[1] + 2 * pw - dw * (kw - 1), sw)
    for patch, (a, b) in enumerate(itertools.product(rows, columns)):
        for row, (i, j) in enumerate(itertools.product(range(kh), range(kw))):
            yield row, patch, (a + i * dh - ph, b + j * dw - pw)


def unfolded(x, kernel_size, dilation=1, padding=0, stride=1):
    found = list(patches(x.shape[-2:], kernel_size, dilation, padding, stride))
    rows, count = found[-1][0] + 1, found[-1][1] + 1
    y = np.zeros((*x.shape[:-2], rows, count))
    for row, patch, (h, w) in found:
        if 0 <= h < x.shape[-2] and 0 <= w < x.shape[-1]:
            y[..., row, patch] = x[..., h, w]
    return y.reshape(*x.shape[:-3], -1, count)


def folded(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    height, width = per_axis(output_size, 2)
    x = x.reshape(*x.shape[:-2], -1, math.prod(per_axis(kernel_size, 2)), x.shape[-1])
    y = np.zeros((*x.shape[:-2], height, width))
    for row, patch, (h, w) in patches((height, width), kernel_size, dilation, padding, stride):
        if 0 <= h < height and 0 <= w < width:
            y[..., h, w] += x[..., row, patch]
    return y


def shuffled(x, r):
    *lead, c, h, w = x.shape
    y = np.zeros((*lead, c // r**2, h * r, w * r))
    for k, a, b in np.ndindex(c // r**2, h * r, w * r):
        y[..., k, a, b] = x[..., k * r**2 + a % r * r + b % r, a // r, b // r]
    return y


def unshuffled(x, r):
    *lead, c, h, w = x.shape
    y = np.zeros((*lead, c * r**2, h // r, w // r))
    for k, a, b in np.ndindex(c, h, w):
        y[..., k * r**2 + a % r * r + b % r, a // r, b // r] = x[..., k, a, b]
    return y


def row(op, variant, shape, oracle, **static):
    f = getattr(F, op)
    mine = list(static.values()) if "r" in static else []  # the factor has another name in each function
    words = {} if mine else static
    return Row(op, [shape], lambda x: oracle(x, **static), variant, lambda x: f(x, *mine, **words),
               integers=None, broadcasts=False)  # fmt: skip


def pool(kind, n, variant, shape, **static):
    return row(f"{kind}_pool{n}d", variant, shape, lambda x, **s: pooled(kind, x, n, **s), **static)


def regions(kind, n, variant, shape, output_size):
    oracle = lambda x, output_size: adaptive(kind, x, n, output_size)  # noqa: E731 (one line says it)
    return row(f"adaptive_{kind}_pool{n}d", variant, shape, oracle, output_size=output_size)


WINDOWS = [
    *(pool(kind, 1, "", (2, 2, 6), kernel_size=2) for kind in ("max", "avg")),
    *(pool(kind, 1, "one example, padding", (2, 5), kernel_size=3, stride=1, padding=1) for kind in ("max", "avg")),
    pool("max", 1, "dilation", (1, 2, 7), kernel_size=2, stride=2, dilation=3),
    *(pool(kind, 2, "", (2, 2, 4, 4), kernel_size=2) for kind in ("max", "avg")),
    *(pool(kind, 2, "overlapping", (1, 2, 5, 4), kernel_size=3, stride=1) for kind in ("max", "avg")),
    *(pool(kind, 2, "padding", (1, 2, 5, 4), kernel_size=(3, 2), stride=2, padding=1) for kind in ("max", "avg")),
    *(pool(kind, 2, "ceil_mode", (1, 1, 5, 6), kernel_size=(2, 3), stride=(2, 2), padding=(0, 1), ceil_mode=True)
      for kind in ("max", "avg")),
    *(pool(kind, 1, "ceil_mode, one of padding left out", (1, 2, 3), kernel_size=2, stride=4, padding=1, ceil_mode=True)
      for kind in ("max", "avg")),
    *(pool(kind, 2, "apart", (1, 2, 5, 5), kernel_size=1, stride=2) for kind in ("max", "avg")),
    *(pool(kind, 2, "all of it", (2, 2, 3, 2), kernel_size=(3, 2)) for kind in ("max", "avg")),
    *(pool(kind, 2, "one example", (2, 4, 5), kernel_size=2) for kind in ("max", "avg")),
    *(pool(kind, 2, "empty batch", (0, 2, 4, 4), kernel_size=2) for kind in ("max", "avg")),
    pool("max", 2, "dilation", (1, 1, 5, 6), kernel_size=2, stride=1, padding=1, dilation=2),
    pool("avg", 2, "padding not counted", (1, 1, 4, 5), kernel_size=3, stride=2, padding=1, count_include_pad=False),
    pool("avg", 2, "ceil_mode, padding not counted", (1, 1, 4, 5), kernel_size=3, stride=2, padding=1,
         ceil_mode=True, count_include_pad=False),
    pool("avg", 2, "divisor", (1, 1, 4, 4), kernel_size=2, divisor_override=3),
    pool("max", 3, "", (1, 2, 3, 4, 4), kernel_size=2, stride=(1, 2, 2), padding=(1, 0, 0)),
]  # fmt: skip
ADAPTIVE = [
    *(regions(kind, 1, "", (2, 2, 6), 3) for kind in ("max", "avg")),
    *(regions(kind, 1, "uneven", (2, 7), 3) for kind in ("max", "avg")),
    *(regions(kind, 1, "more than there are", (1, 2, 2), 5) for kind in ("max", "avg")),
    *(regions(kind, 2, "", (2, 2, 4, 5), (2, 3)) for kind in ("max", "avg")),
    *(regions(kind, 2, "all of it", (2, 2, 3, 2), 1) for kind in ("max", "avg")),
    *(regions(kind, 2, "an axis as it is", (2, 3, 4), (None, 2)) for kind in ("max", "avg")),
]
IMAGES = [
    row("interpolate", "nearest", (1, 2, 2, 3), resampled, scale_factor=2),
    row("interpolate", "nearest, smaller", (2, 1, 7), resampled, size=4),
    row("interpolate", "nearest, factor", (1, 1, 3, 4), resampled, scale_factor=(1.5, 2.3)),
    row("interpolate", "linear", (2, 1, 4), resampled, size=7, mode="linear"),
    row("interpolate", "linear, one place", (1, 2, 1), resampled, size=3, mode="linear", align_corners=True),
    row("interpolate", "bilinear", (1, 2, 3, 2), resampled, scale_factor=2, mode="bilinear"),
    row("interpolate", "bilinear, smaller", (1, 1, 5, 4), resampled, size=(3, 2), mode="bilinear", align_corners=False),
    row("interpolate", "bilinear, corners", (1, 2, 3, 3), resampled, size=(4, 5), mode="bilinear", align_corners=True),
    row("interpolate", "bilinear, factor", (1, 1, 3, 3), resampled, scale_factor=1.7, mode="bilinear"),
    row("interpolate", "bilinear, one axis", (1, 1, 3, 2), resampled, size=(3, 4), mode="bilinear"),
    row("interpolate", "trilinear", (1, 1, 2, 3, 2), resampled, size=(3, 2, 4), mode="trilinear"),
    row("unfold", "", (2, 2, 3, 4), unfolded, kernel_size=2),
    row("unfold", "everything", (1, 2, 4, 5), unfolded, kernel_size=(2, 3), dilation=(2, 1), padding=(1, 0), stride=2),
    row("unfold", "one example", (2, 3, 3), unfolded, kernel_size=(3, 1), padding=(0, 1)),
    row("fold", "", (2, 8, 6), folded, output_size=(3, 4), kernel_size=2),
    row("fold", "everything", (1, 12, 4), folded, output_size=(4, 5), kernel_size=(2, 3), dilation=(2, 1),
        padding=(1, 0), stride=2),
    row("fold", "one example", (6, 5), folded, output_size=(3, 3), kernel_size=(3, 1), padding=(0, 1)),
    row("pixel_shuffle", "", (2, 8, 2, 3), shuffled, r=2),
    row("pixel_shuffle", "one example", (9, 1, 2), shuffled, r=3),
    row("pixel_unshuffle", "", (2, 2, 4, 6), unshuffled, r=2),
]  # fmt: skip
POOLING = [*WINDOWS, *ADAPTIVE, *IMAGES]
