"""Inputs for the kernels and the fused op of embedding."""

import numpy as np

from minigrad.ops.fused.embedding import embedding__rows
from tests.kernels.matrices import matrices

VOCABULARY = 7


def forward(rng):
    for weight in matrices(rng):
        yield weight, rng.integers(0, len(weight), 20) if len(weight) else np.zeros(0, np.int64)


def backward(rng):
    for g in matrices(rng):
        for padding in (-1, 2):
            yield g, rng.integers(0, VOCABULARY, len(g)), padding, VOCABULARY
    yield np.array([[np.inf], [np.nan], [1]], np.float32), np.array([2, 0, 1]), 0, VOCABULARY


def cases(rng):
    for tokens, padding in ((rng.integers(0, 5, (3, 4)), -1), (np.array(3), -1), (np.array([1, 1, 2, 0]), 1)):
        yield (rng.normal(size=(5, 6)).astype(np.float32),), {"tokens": tokens, "padding": padding}
    yield (np.ones((5, 0), np.float32),), {"tokens": np.zeros((0, 2), np.int64), "padding": -1}


ROWS = {"embedding.embedding": forward, "embedding.embedding_backward": backward}
FUSED = {"embedding__rows": (embedding__rows, cases)}
