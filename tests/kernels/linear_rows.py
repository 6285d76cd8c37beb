"""Inputs for the kernels and the fused ops of affine maps."""

from minigrad.ops.fused.activation import ACTIVATIONS
from minigrad.ops.fused.linear import linear, linear__activated
from tests.kernels.matrices import SHAPES, matrices


def one(rng):
    for x in matrices(rng, [*SHAPES, (10_000, 3)]):
        yield (x,)


def cases(rng):
    for lead in ((4,), (2, 3), (), (0,), (5000,)):
        for bias in (True, False):
            x, w, b = (rng.normal(size=shape).astype("float32") for shape in ((*lead, 3), (2, 3), (2,)))
            yield (x, w, b if bias else None), {}


def activated(rng):
    for inputs, _ in cases(rng):
        for activation in ACTIVATIONS:
            yield inputs, {"activation": activation}


ROWS = {"linear.column_sums": one}
FUSED = {"linear": (linear, cases), "linear__activated": (linear__activated, activated)}
