"""Convolutions by direct loops, one place of the result at a time, and the rows of the functions they are held to."""

import numpy as np

from minigrad.nn import functional as F
from tests.ops.row import Row

__all__ = ["CONVOLUTIONS", "convolve", "spread"]


def per_axis(sizes, n):
    return (sizes,) * n if isinstance(sizes, int) else tuple(sizes)


def same(kernel, dilation):
    """Widths that keep the size; what is left over comes behind."""
    return [((d * (k - 1)) // 2, d * (k - 1) - (d * (k - 1)) // 2) for k, d in zip(kernel, dilation, strict=True)]


def convolve(x, w, b=None, stride=1, padding=0, dilation=1, groups=1):
    """y[n, o, i] = b[o] + sum over c and t of w[o, c, t] x[n, c, i stride + t dilation - padding]."""
    n = w.ndim - 2
    if x.ndim == n + 1:
        return convolve(x[None], w, b, stride, padding, dilation, groups)[0]
    stride, dilation, kernel = per_axis(stride, n), per_axis(dilation, n), w.shape[2:]
    padding = 0 if padding == "valid" else padding
    width = same(kernel, dilation) if padding == "same" else [(p, p) for p in per_axis(padding, n)]
    x = np.pad(x, [(0, 0), (0, 0), *width])
    count = [(m - d * (k - 1) - 1) // s + 1 for m, k, s, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)]
    inside, outside = x.shape[1] // groups, len(w) // groups
    y = np.zeros((len(x), len(w), *count), np.result_type(x, w))
    for o in range(len(w)):
        first = o // outside * inside
        for i in np.ndindex(*count):
            for t in np.ndindex(*kernel):
                place = tuple(a * s + c * d for a, s, c, d in zip(i, stride, t, dilation, strict=True))
                y[(slice(None), o, *i)] += (
                    x[(slice(None), slice(first, first + inside), *place)] @ w[(o, slice(None), *t)]
                )
        y[:, o] += 0 if b is None else b[o]
    return y


def spread(x, w, b=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """y[n, o, i stride + t dilation - padding] += w[c, o, t] x[n, c, i]: the transposed convolution."""
    n = w.ndim - 2
    if x.ndim == n + 1:
        return spread(x[None], w, b, stride, padding, output_padding, groups, dilation)[0]
    stride, dilation, padding, more = (per_axis(sizes, n) for sizes in (stride, dilation, padding, output_padding))
    kernel, inside, outside = w.shape[2:], len(w) // groups, w.shape[1]
    size = [(m - 1) * s + d * (k - 1) + 1 + e
            for m, s, d, k, e in zip(x.shape[2:], stride, dilation, kernel, more, strict=True)]  # fmt: skip
    y = np.zeros((len(x), outside * groups, *size), np.result_type(x, w))
    for c in range(len(w)):
        own = slice(c // inside * outside, (c // inside + 1) * outside)
        for i in np.ndindex(*x.shape[2:]):
            for t in np.ndindex(*kernel):
                place = tuple(a * s + u * d for a, s, u, d in zip(i, stride, t, dilation, strict=True))
                y[(slice(None), own, *place)] += np.outer(x[(slice(None), c, *i)], w[(c, slice(None), *t)])
    y = y[(..., *(slice(p, m - p) for p, m in zip(padding, size, strict=True)))]
    return y if b is None else y + b.reshape(-1, *[1] * n)


def conv(n, variant, x, w, bias=True, name="conv", oracle=convolve, **static):
    """A row of conv1d, conv2d or conv3d; of conv_transpose1d or conv_transpose2d."""
    out = w[0] if oracle is convolve else w[1] * static.get("groups", 1)
    inputs = [x, w, (out,)] if bias else [x, w]
    f = getattr(F, f"{name}{n}d")
    return Row(f"{name}{n}d", inputs, lambda *xs: oracle(*xs, **static), variant,
        (lambda x, w, b: f(x, w, b, **static)) if bias else (lambda x, w: f(x, w, **static)),
        integers=None, broadcasts=False)  # fmt: skip


def transposed(*args, **static):
    return conv(*args, name="conv_transpose", oracle=spread, **static)


CONVOLUTIONS = [
    conv(1, "", (2, 2, 5), (3, 2, 3)),
    conv(1, "everything", (2, 4, 7), (4, 2, 2), stride=2, padding=1, dilation=2, groups=2),
    conv(1, "same, even kernel", (2, 1, 5), (2, 1, 4), False, padding="same"),
    conv(1, "one example", (2, 5), (3, 2, 2)),
    conv(2, "", (2, 2, 4, 3), (3, 2, 3, 2)),
    conv(2, "no bias", (2, 2, 3, 3), (2, 2, 2, 2), False),
    conv(2, "stride", (1, 2, 5, 4), (2, 2, 2, 2), stride=2),
    conv(2, "stride that leaves a rest", (1, 1, 6, 5), (2, 1, 3, 3), stride=(2, 3)),
    conv(2, "padding", (1, 2, 3, 3), (2, 2, 3, 3), padding=1),
    conv(2, "padding by axis", (1, 1, 3, 2), (2, 1, 2, 3), padding=(0, 2)),
    conv(2, "dilation", (1, 1, 5, 5), (2, 1, 2, 3), dilation=2),
    conv(2, "groups", (2, 4, 3, 3), (6, 2, 2, 2), groups=2),
    conv(2, "depthwise", (2, 3, 3, 3), (3, 1, 2, 2), padding=1, groups=3),
    conv(2, "depthwise, two each", (1, 2, 3, 3), (4, 1, 2, 2), groups=2),
    conv(2, "1x1", (2, 3, 2, 3), (2, 3, 1, 1)),
    conv(2, "1x1 stride", (1, 2, 3, 4), (2, 2, 1, 1), stride=2),
    conv(2, "kernel as large as x", (2, 2, 3, 2), (3, 2, 3, 2)),
    conv(2, "same", (1, 2, 4, 3), (2, 2, 3, 3), padding="same"),
    conv(2, "same, even kernel, dilation", (1, 1, 4, 4), (2, 1, 2, 4), padding="same", dilation=(3, 1)),
    conv(2, "valid", (1, 1, 4, 3), (2, 1, 3, 1), padding="valid"),
    conv(2, "one example", (2, 3, 4), (3, 2, 2, 2), padding=1),
    conv(2, "empty batch", (0, 2, 3, 3), (2, 2, 2, 2)),
    conv(3, "", (1, 2, 2, 3, 3), (2, 2, 2, 2, 2)),
    conv(3, "everything", (1, 2, 3, 3, 4), (2, 1, 2, 1, 2), stride=(1, 2, 2), padding=(1, 0, 1), dilation=(1, 1, 2),
         groups=2),
    transposed(1, "", (2, 2, 4), (2, 3, 3)),
    transposed(1, "everything", (2, 4, 3), (4, 2, 2), stride=3, padding=2, output_padding=1, dilation=2, groups=2),
    transposed(1, "one example", (2, 3), (2, 1, 2), False, stride=2),
    transposed(2, "", (2, 2, 3, 2), (2, 3, 2, 3)),
    transposed(2, "stride", (1, 2, 2, 3), (2, 2, 2, 2), False, stride=(2, 3)),
    transposed(2, "padding", (1, 2, 3, 2), (2, 2, 3, 3), stride=2, padding=1, output_padding=(1, 0)),
    transposed(2, "output_padding below dilation", (1, 1, 2, 2), (1, 2, 2, 2), dilation=3, output_padding=2),
    transposed(2, "depthwise", (1, 3, 2, 2), (3, 2, 2, 2), groups=3),
    transposed(2, "1x1", (2, 2, 2, 2), (2, 3, 1, 1)),
    transposed(2, "one example", (2, 2, 3), (2, 2, 2, 2), padding=1),
    transposed(2, "empty batch", (0, 2, 2, 2), (2, 2, 2, 2)),
]  # fmt: skip
