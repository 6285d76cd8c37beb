"""The floor: the matrix products of a workload and nothing else, by NumPy into arrays that are there.

No library that multiplies with this BLAS can be faster; what a peer takes beyond it goes into all the rest.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Product", "attention", "convolution", "linear", "products"]


class Product(NamedTuple):
    """out = a @ b; a transposed operand is a view of an array that lies as it is used elsewhere."""

    a: np.ndarray
    b: np.ndarray
    out: np.ndarray


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def product(a: np.ndarray, b: np.ndarray) -> Product:
    return Product(a, b, np.empty((*a.shape[:-1], b.shape[-1]), np.float32))


def linear(n: int, i: int, o: int, to_x: bool = True) -> Iterator[Product]:
    """y = x W^T, dW = g^T x and, but for the first layer, dx = g W."""
    x, weight, g = drawn(n, i), drawn(o, i), drawn(n, o)
    yield product(x, weight.T)
    yield product(g.T, x)
    if to_x:
        yield product(g, weight)


def attention(heads: int, length: int, size: int) -> Iterator[Product]:
    """q k^T and p v of every head, and two products back for each."""
    q, k, v, g = (drawn(heads, length, size) for _ in range(4))
    p = drawn(heads, length, length)
    yield product(q, k.swapaxes(1, 2).copy())  # BLAS is faster with k^T in one piece
    yield product(p, v)
    yield product(g, v.swapaxes(1, 2).copy())  # dp
    yield product(p.swapaxes(1, 2), g)  # dv
    yield product(p, k)  # dq
    yield product(p.swapaxes(1, 2), q)  # dk


def convolution(places: int, i: int, o: int, kernel: int, to_x: bool = True) -> Iterator[Product]:
    """Windows times kernels, dW, and dx as a convolution with flipped kernels; making the windows is no product."""
    yield from linear(places, i * kernel**2, o, to_x=False)
    if to_x:
        yield product(drawn(places, o * kernel**2), drawn(i, o * kernel**2).T)


def products(parts: Iterable[Product]) -> Any:
    """The step that takes them all."""
    kept = list(parts)

    def step() -> list[Any]:
        for a, b, out in kept:
            np.matmul(a, b, out=out)
        return []

    return step
