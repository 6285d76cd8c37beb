"""A package by somebody else that extends minigrad: ops, of which one fused, a layer, an optimizer, and a back end.

It imports minigrad's public names alone, and nothing in minigrad knows of it.
"""

from .backend import CountedArray, Counting, counts, install
from .fused import softmin
from .layers import RunningScale
from .ops import huber, lerp, softsign
from .optimizers import Signum

__all__ = [
    "CountedArray", "Counting", "RunningScale", "Signum", "counts", "huber", "install", "lerp", "softmin", "softsign",
]  # fmt: skip
