"""Dropout, and the rule of its random bits.

A mask takes one 32-bit number per element of x from a stream: element i of the call, in C order, gets the number at
(seed, counter + i), and the stream's counter moves on by the size of x. The number depends on nothing else, so all
devices draw the same mask, and a run that goes on from the saved (seed, counter) drops what the unbroken run drops.

Builds on: `minigrad.backend.random`, `minigrad.ops.fused.dropout`. Read next: `minigrad.nn.dropout`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import SHARE
from minigrad.backend import namespace
from minigrad.backend.random import Generator, default_generator
from minigrad.errors import DTypeError
from minigrad.nn.argument import ArgumentError
from minigrad.ops import multiply
from minigrad.ops.fused.dropout import dropout__drawn, factors
from minigrad.tape import composite
from minigrad.tensor import as_value, raw

__all__ = ["check_probability", "dropout", "kept"]


@composite
def dropout(x: Any, p: float = 0.5, training: bool = True, rng: Generator | None = None) -> Any:
    """Set each element to 0 with probability p, in training; the others grow, so that the expectation stays.

    y = x m / (1 - p), with m = 1 where a 32-bit random number is at least p 2^32, else 0

    The numbers come from `rng`, by default the process's own stream, which `manual_seed` starts; ``p=0`` and use take
    none. With ``p=1`` all is 0.

    Raises
    ------
    ValueError
        If p lies outside [0, 1].

    >>> from minigrad import manual_seed
    >>> seed = manual_seed(1)
    >>> dropout([1.0] * 6, 0.5)
    array([2., 2., 2., 2., 2., 0.], dtype=float32)

    Reference: Srivastava et al., Dropout, 2014, section 4 (here inverted: scaled in training).
    """
    x, p = as_value(x), check_probability("dropout", p)
    values = raw(x)
    if values.dtype.kind != "f":
        raise DTypeError(f"dropout: needs floating numbers, got {values.dtype}; cast to float32 first")
    if not training or p == 0:
        return x
    if p == 1:
        return multiply(x, namespace(values).zeros(values.shape, dtype=values.dtype))
    return dropout__drawn(x, p, *(rng or default_generator()).take(values.size))


def kept(shape: tuple[int, ...], p: float, xp: Any, dtype: Any, rng: Generator | None = None) -> Any:
    """What dropout multiplies with: 1 / (1 - p) where an element stays, 0 where it is dropped; an array of xp."""
    if p == 1:
        return xp.zeros(shape, dtype=dtype)
    bits = (rng or default_generator()).bits(shape, xp)
    return factors(bits, p, dtype)


def check_probability(name: str, p: float) -> float:
    """p as a Python float, refused outside [0, 1]."""
    if p not in SHARE:
        raise ArgumentError(f"{name}: p is the probability of dropping, in [0, 1], got {p!r}; 0.5 is usual")
    return float(p)
