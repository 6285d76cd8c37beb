"""Dropout at a place of a stream of random bits: mask and scaling in one, and one byte kept for each element.

Builds on: `minigrad.kernels.dropout`. Read next: `minigrad.nn.functional.dropout`.
"""

from __future__ import annotations

from minigrad.backend import Array, namespace
from minigrad.kernels import dropout as kernels
from minigrad.tape import Result, Value, op
from minigrad.tensor import raw

__all__ = ["dropout__drawn", "factors"]


def factors(bits: Array, p: float, dtype: object) -> Array:
    """What dropout multiplies with: 1 / (1 - p) where a 32-bit number is at least p 2^32, else 0."""
    return (bits >= least(p)).astype(dtype) * (1 / (1 - p))


def least(p: float) -> int:
    """The least of the numbers whose element stays.

    >>> least(0.5)
    2147483648
    """
    return min(round(p * 2**32), 2**32 - 1)


@op
def dropout__drawn_plain(x: Value, /, p: float, key: int, start: int) -> Result:
    values = raw(x)
    m = factors(namespace(values).random_bits(key, values.shape, start), p, values.dtype)
    return x * m, (lambda g: g * m,)


@op(plain=dropout__drawn_plain)
def dropout__drawn(x: Value, /, p: float, key: int, start: int) -> Result:
    """Dropout with the random numbers at (key, start), (key, start + 1), ..., one for each element in C order."""
    y, m = kernels.dropout(x.reshape(-1), least(p), 1 / (1 - p), key, start)

    def vjp(g: Value) -> Value:
        return kernels.dropout_backward(g.reshape(-1), m, 1 / (1 - p))[0].reshape(g.shape)

    return y.reshape(x.shape), (vjp,)
