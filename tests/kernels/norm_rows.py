"""Inputs for the kernels and the fused ops of the normalisers."""

import numpy as np

from minigrad.ops.fused.channel_norm import batch_norm, batch_norm__running, group_norm
from minigrad.ops.fused.norm import layer_norm, rms_norm
from tests.kernels.matrices import matrices

CHANNELS = [((1, 8), 4, 1), ((300, 12), 3, 1), ((6, 40), 3, 0), ((1200, 31), 4, 0), ((3, 40_000), 3, 0), ((0, 4), 4, 1)]


def normal(rng, *shape):
    return rng.normal(size=shape).astype(np.float32)


def one(rng):
    for x in matrices(rng):
        yield x, normal(rng, x.shape[1]), normal(rng, x.shape[1]), 1e-5
    x = normal(rng, 3, 4) + 1
    x[0, 1] = np.nan
    yield x, normal(rng, 4), normal(rng, 4), 1e-5


def backward(rng):
    for (x, weight, _, _), g in zip(one(rng), matrices(rng), strict=False):
        yield g, x, weight, x.sum(axis=1) / x.shape[1], normal(rng, x.shape[0]) ** 2


def without(*places):
    def dropping(inputs):
        return lambda rng: (tuple(v for i, v in enumerate(row) if i not in places) for row in inputs(rng))

    return dropping


def channels(rng):
    for shape, c, last in CHANNELS:
        x = normal(rng, *shape) + 1
        yield normal(rng, *shape), x, *(normal(rng, c) for _ in range(4)), last


def of_moments(rng):
    for shape, c, last in CHANNELS[:-1]:  # no values have no mean
        yield normal(rng, *shape) * 2 + 1, c, last
    x = normal(rng, 4, 6)
    x[0, 1] = np.nan
    yield x, 2, 0
    yield np.full((4, 6), 1e10, np.float32), 2, 1  # no variance below 0


ROWS = {
    "norm.layer_norm": one,
    "norm.layer_norm_backward": backward,
    "norm.rms_norm": without(2)(one),
    "norm.rms_norm_backward": without(3)(backward),
    "channel_norm.moments": of_moments,
    "channel_norm.affine": without(0, 5)(channels),
    "channel_norm.products": without(3, 4, 5)(channels),
    "channel_norm.affine_backward": channels,
}


def trailing(learned):
    def cases(rng):
        for shape, axes, given in (((3, 4), 1, 2), ((2, 3, 2), 2, 1), ((4,), 1, 0), ((0, 4), 1, 2), ((9, 130), 1, 2)):
            parts = [normal(rng, *shape[-axes:]) for _ in range(learned)]
            yield (
                (normal(rng, *shape) + 1, *(p if i < given else None for i, p in enumerate(parts))),
                {
                    "eps": 1e-5,
                    "trailing": axes,
                },
            )

    return cases


def lying(rng):
    """x (N, C, ...) as it lies in memory after the channels stood elsewhere."""
    yield normal(rng, 4, 3)
    for shape, place in (((8, 5, 6, 3), -1), ((3, 2, 5, 6), 0), ((2, 3, 5, 6), 1), ((3, 7), 0)):
        yield np.moveaxis(normal(rng, *shape), place, 1)
    yield normal(rng, 3, 2, 8)[::-1, :, ::2]


def of_batch(rng):
    for given, x in enumerate(lying(rng)):
        parts = [normal(rng, x.shape[1]) if given % 3 > i else None for i in range(2)]
        yield (x + 1, *parts), {"eps": 1e-5}


def in_use(rng):
    for inputs, static in of_batch(rng):
        c = inputs[0].shape[1]
        yield (*inputs, normal(rng, c), normal(rng, c) ** 2 + 1), static
    yield (normal(rng, 0, 3, 2), None, None, normal(rng, 3), normal(rng, 3) ** 2 + 1), {"eps": 1e-5}


def of_groups(rng):
    for shape, groups in (((2, 4, 3), 2), ((2, 3, 4, 5), 3), ((3, 4), 1), ((0, 4, 3), 2)):
        parts = [normal(rng, shape[1]) for _ in range(2)]
        yield (normal(rng, *shape) + 1, *parts), {"groups": groups, "eps": 1e-5}
    yield (np.moveaxis(normal(rng, 2, 3, 3, 4), -1, 1), None, None), {"groups": 2, "eps": 1e-5}


FUSED = {
    "layer_norm": (layer_norm, trailing(2)),
    "rms_norm": (rms_norm, trailing(1)),
    "batch_norm": (batch_norm, of_batch),
    "batch_norm__running": (batch_norm__running, in_use),
    "group_norm": (group_norm, of_groups),
}
