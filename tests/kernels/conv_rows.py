"""Inputs for the kernels and the fused op of convolution."""

import numpy as np

from minigrad.backend.windows import Steps
from minigrad.ops.fused.conv import conv

# N, size, C, O, kernel, stride, dilation, width: one channel, many, odd frames, no frame, gaps, no images, lines
GEOMETRIES = [
    (3, (6, 7), 1, 4, (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1))),
    (2, (9,), 3, 2, (4,), (1,), (2,), ((2, 4),)),
    (2, (5, 6), 20, 3, (3, 1), (1, 1), (1, 1), ((0, 0), (0, 0))),
    (2, (9, 8), 2, 3, (3, 2), (2, 3), (1, 2), ((1, 1), (2, 0))),
    (1, (3, 4, 5), 2, 2, (2, 2, 3), (1, 1, 1), (1, 1, 1), ((0, 1), (0, 0), (1, 1))),
    (2, (4, 4), 2, 3, (1, 1), (1, 1), (1, 1), ((1, 0), (0, 2))),  # more frame than the kernel reaches
    (0, (4, 4), 2, 3, (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1))),
    (2, (150, 130), 2, 2, (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1))),  # lines of one image at a time
    (1, (150, 130), 2, 2, (3, 3), (2, 2), (1, 1), ((1, 1), (1, 1))),
]


def normal(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def each(rng):
    for batch, size, channels, out, *steps in GEOMETRIES:
        steps = Steps(*steps)
        depth = int(np.prod(steps.kernel)) * channels
        x, g = normal(rng, batch, *size, channels), normal(rng, batch, *steps.out(size), out)
        yield x, normal(rng, depth, out), normal(rng, depth + 1, out), g, size, steps


def forward(rng):
    for x, rows, with_bias, _, _, steps in each(rng):
        yield x, rows, False, steps
        yield np.moveaxis(np.moveaxis(x, -1, 1).copy(), 1, -1), with_bias, True, steps


def backward_rows(rng):
    for x, _, _, g, _, steps in each(rng):
        yield g, x, x.shape, True, steps
        yield np.moveaxis(np.moveaxis(g, -1, 1).copy(), 1, -1), x, x.shape, False, steps


def backward_x(rng):
    for _, rows, _, g, size, steps in each(rng):
        yield g, rows, size, steps


def cases(rng):
    for i, (batch, size, channels, out, *steps) in enumerate(GEOMETRIES):
        steps = Steps(*steps)
        bias = None if i % 2 else normal(rng, out)
        yield (normal(rng, batch, channels, *size), normal(rng, out, channels, *steps.kernel), bias), {"steps": steps}


ROWS = {"conv.conv": forward, "conv.conv_backward_rows": backward_rows, "conv.conv_backward_x": backward_x}
FUSED = {"conv": (conv, cases)}
