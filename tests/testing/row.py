"""A row of the table of layers, and formulas that several rows need."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import minigrad as mg
from minigrad.nn import Layer

__all__ = ["Row", "row", "seeded", "sigmoid", "softmax", "softplus"]


class Row(NamedTuple):
    layer: str
    variant: str
    make: Callable[[], Layer]
    input: Any
    oracle: Any
    options: dict[str, Any]

    @property
    def id(self):
        return f"{self.layer} {self.variant}".strip()


def row(layer, make, input, oracle=None, variant="", **options):
    """A row whose layer does the same in training and in use, if nothing else is said."""
    if not options.setdefault("differs", False) and oracle is not None:
        options.setdefault("training_oracle", oracle)
    return Row(layer, variant, make, input, oracle, options)


def seeded(make):
    """The layer with weights of one stream, whatever was drawn before."""

    def made():
        mg.manual_seed(3)
        return make()

    return made


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x, beta=1.0):
    return np.log1p(np.exp(beta * x)) / beta


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
