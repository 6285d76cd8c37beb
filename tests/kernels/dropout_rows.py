"""Inputs for the kernels and the fused op of dropout."""

import numpy as np

from minigrad.ops.fused.dropout import dropout__drawn
from tests.kernels.matrices import matrices

P = 0.3
LEAST, SCALE = round(P * 2**32), 1 / (1 - P)
PLACES = [(5, 0), (2**64 - 1, 17), (3, 2**32 - 40), (0, 2**33 + 1)]  # near a multiple of 2^32 the key changes


def drawn(rng):
    for x in matrices(rng):
        for place in PLACES:
            yield x.ravel(), LEAST, SCALE, *place
    yield np.array([np.nan, np.inf, -1, 1] * 5, np.float32), LEAST, SCALE, 5, 0


def masked(rng):
    for g in matrices(rng):
        yield g.ravel(), rng.random(g.size) < P, SCALE


def cases(rng):
    for shape, place in (((), PLACES[0]), ((3, 5), PLACES[1]), ((40, 1000), PLACES[2]), ((0, 3), PLACES[3])):
        yield (rng.normal(size=shape).astype(np.float32),), {"p": P, "key": place[0], "start": place[1]}


ROWS = {"dropout.dropout": drawn, "dropout.dropout_backward": masked}
FUSED = {"dropout__drawn": (dropout__drawn, cases)}
