"""Matrices of shapes at which loops go wrong: one row, one column, none, more than a block, an odd width."""

import numpy as np

SHAPES = [(1, 1), (3, 5), (1, 70), (70, 1), (300, 129), (2, 40_000), (0, 4)]


def matrices(rng, shapes=SHAPES):
    """float32 normal numbers of each shape."""
    for shape in shapes:
        yield rng.normal(size=shape).astype(np.float32) * 2
