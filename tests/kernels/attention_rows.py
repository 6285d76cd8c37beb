"""Inputs for the kernels and the fused ops of attention."""

import numpy as np

from minigrad.ops.fused.attention import scaled_dot_product_attention, self_attention

INF = np.float32(np.inf)
SHAPES = [(1, 1, 1), (3, 5, 7), (2, 70, 9), (2, 9, 70), (1, 40, 300), (20, 64, 64), (2, 0, 3), (2, 3, 0), (0, 2, 2)]
ALL = 1000  # keys before the first query: every key is seen


def scores(rng):
    for shape in SHAPES:
        for offset in (0, 3, -2, ALL):
            yield rng.normal(size=shape).astype(np.float32) * 3, 0.3, offset
    strange = np.array([[INF, 0, 1], [-INF, -INF, -INF], [1e30, 1e38, -1e38], [np.nan, 0, 1]], np.float32)
    yield strange.T[None].copy(), 1.0, ALL
    yield strange[None, 1:2] + np.zeros((2, 4, 1), np.float32), 0.5, ALL  # no query sees anything


def gradients(rng):
    for s, scale, offset in scores(rng):
        e = np.exp(s) if np.abs(s).max(initial=0) < 50 else np.ones_like(s)
        hidden = np.arange(s.shape[1])[:, None] > np.arange(s.shape[2]) + offset
        e[:, hidden] = 0
        yield (
            rng.normal(size=s.shape).astype(np.float32),
            e / np.maximum(e.sum(axis=1, keepdims=True), 1),
            scale,
            offset,
        )


def heads(rng, *shape):
    """(..., H, L, E) as a view of (..., L, H, E), as layers have it."""
    return rng.normal(size=shape).astype(np.float32).swapaxes(-2, -3)


def dropped(rng, *shape):
    return (rng.random(shape) < 0.7).astype(np.float32) / np.float32(0.7)


def cases(rng):
    three = [heads(rng, 2, 6, 3, 4), heads(rng, 2, 5, 3, 4), heads(rng, 2, 5, 3, 2)]
    masks = [rng.normal(size=shape).astype(np.float32) for shape in [(6, 5), (2, 1, 1, 5), (3, 6, 1), (2, 3, 6, 5)]]
    masks[1][0, :, :, :] = -INF
    for b in (None, *masks):
        for offset in (None, 0, 2):
            yield [*three, b], {"scale": 0.5, "offset": offset}
        yield [*three, b], {"scale": 0.5, "offset": 1, "dropped": dropped(rng, 2, 3, 6, 5)}
    grouped = [heads(rng, 2, 6, 4, 4).reshape(2, 2, 2, 6, 4), heads(rng, 2, 5, 2, 4)[:, :, None], None]
    yield [*grouped[:2], heads(rng, 2, 5, 2, 3)[:, :, None], None], {"scale": 0.5, "offset": 0}
    for shapes in (
        [(1, 2), (1, 2), (1, 0)],
        [(0, 2), (3, 2), (3, 1)],
        [(3, 2), (0, 2), (0, 1)],
        [(2, 0), (3, 0), (3, 4)],
    ):
        yield [*(rng.normal(size=shape).astype(np.float32) for shape in shapes), None], {"scale": 1.0}
    shapes = [(1, 3, 2), (2, 1, 4, 2), (1, 4, 3)]
    yield [*(rng.normal(size=shape).astype(np.float32) for shape in shapes), None], {"scale": 0.5, "offset": 0}


def packed(rng):
    masks = [None, *(rng.normal(size=shape).astype(np.float32) for shape in [(6, 6), (2, 1, 1, 6), (3, 6, 6)])]
    for b in masks:
        x = rng.normal(size=(2, 6, 36)).astype(np.float32)
        for offset in (None, 0):
            yield (x, b), {"heads": 3 if b is not None and b.shape[0] == 3 else 2, "scale": 0.5, "offset": offset}
        yield (x, None), {"heads": 4, "scale": 0.5, "offset": 0, "dropped": dropped(rng, 2, 4, 6, 6)}
    for shape in ((5, 6), (0, 3, 6), (2, 0, 6)):
        yield (rng.normal(size=shape).astype(np.float32), None), {"heads": 1, "scale": 0.5, "offset": 0}


ROWS = {"attention.weights": scores, "attention.weights_backward": gradients}
FUSED = {
    "scaled_dot_product_attention": (scaled_dot_product_attention, cases),
    "self_attention": (self_attention, packed),
}
