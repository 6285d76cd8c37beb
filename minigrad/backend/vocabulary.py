"""What a backend is: one object whose attributes are the words that op bodies use.

`SHARED` lists the words that NumPy and CuPy spell alike, `LINALG` those of their ``linalg`` modules; a `Backend` copies
them from its library, so that ``namespace(x).tanh`` is one attribute look-up. The methods below are the few words that
the libraries lack, spell differently, or do better by themselves; a subclass overrides what its library can do better.
That list is the only place where backends may differ: no call site asks on which device it runs.

Builds on: `minigrad.backend.bits`, `minigrad.backend.erf`, `minigrad.backend.windows`.
Read next: `minigrad.backend.numpy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.backend.bits import random_bits
from minigrad.backend.erf import erf
from minigrad.backend.windows import overlap_add, sliding_windows
from minigrad.errors import DeviceError

__all__ = ["LINALG", "SHARED", "Array", "Backend", "is_basic"]

# An array of any library, or a Tensor where an op's body runs one level down. Python's type system has no name for
# 'whatever my argument was', so the honest type is Any.
Array = Any
Sizes = tuple[int, ...]

SHARED: tuple[str, ...] = tuple(
    """
    abs acos acosh add all any arange argmax argmin argsort array asarray asin asinh atan atan2 atanh bool_
    broadcast_to ceil clip concatenate copysign copyto cos cosh cumprod cumsum diagonal divide einsum empty empty_like
    equal exp expand_dims expm1 eye flip float16 float32 float64 floor floor_divide full full_like greater
    greater_equal int32 int64 isfinite isinf isnan less less_equal linspace log log10 log1p log2 logaddexp logical_and
    logical_not logical_or logical_xor matmul max maximum mean min minimum moveaxis multiply negative not_equal ones
    ones_like pad power prod remainder repeat reshape rint roll round sign sin sinh sort sqrt square squeeze stack
    subtract sum swapaxes take take_along_axis tan tanh tensordot tile transpose tril triu uint32 uint64 uint8 where
    zeros zeros_like
    """.split()
)

# What LAPACK does, in float32 and float64 alone. The host raises `numpy.linalg.LinAlgError` for a matrix that has no
# result; a device cannot without being waited for, and gives infinities or NaN.
LINALG: tuple[str, ...] = ("cholesky", "det", "inv", "slogdet", "solve", "svd")


class Backend:
    """One array library under minigrad's vocabulary.

    A subclass names itself, hands its library to `__init__`, and says how arrays come from and go to the host. The
    other methods have general definitions in shared words, to be overridden where a library does better.

    >>> from minigrad.backend import backend
    >>> backend("numpy").tanh(0.0)
    np.float64(0.0)
    """

    name: str = "?"
    array_types: tuple[type, ...] = ()

    def __init__(self, library: Any) -> None:
        for words, home in ((SHARED, library), (LINALG, getattr(library, "linalg", None))):
            for word in words:
                if not hasattr(type(self), word):  # else a form of its own, written in its backend
                    setattr(self, word, getattr(home, word))

    if TYPE_CHECKING:  # the shared words are set in __init__, so a type checker has to be told of them

        def __getattr__(self, word: str) -> Any: ...

    def from_host(self, array: np.ndarray[Any, Any]) -> Array:
        """Copy a NumPy array to this device."""
        raise NotImplementedError(f"{type(self).__name__}.from_host")

    def to_host(self, array: Array) -> np.ndarray[Any, Any]:
        """Copy an array of this library to the host, waiting for it: the one word that synchronises."""
        raise NotImplementedError(f"{type(self).__name__}.to_host")

    def describe(self) -> dict[str, str]:
        """Versions and devices, for ``python -m minigrad``."""
        return {}

    def readonly(self, array: Array) -> Array:
        """A view that refuses writes where the library can do that, else the array itself."""
        return array

    def shares_memory(self, a: Array, b: Array) -> bool:
        """Whether two arrays have an element in common; where that is hard to say, yes."""
        raise NotImplementedError(f"{type(self).__name__}.shares_memory")

    def to_dlpack(self, array: Array, **options: Any) -> Any:
        """The array's memory for another library: what its `__dlpack__` makes of the options that are not None."""
        self.dlpack_device(array)
        return array.__dlpack__(**{name: option for name, option in options.items() if option is not None})

    def dlpack_device(self, array: Array) -> tuple[int, int]:
        """Where the array's memory lies, in DLPack's numbers."""
        if not hasattr(array, "__dlpack_device__"):
            raise DeviceError(
                f"__dlpack__: another library cannot read this memory, got an array of {self.name}; "
                'move it first, with .to("numpy")'
            )
        return array.__dlpack_device__()  # type: ignore[no-any-return]

    def from_dlpack(self, x: Any, copy: bool | None = None) -> Array:
        """An array of this library on the memory of another's array."""
        raise NotImplementedError(f"{type(self).__name__}.from_dlpack")

    def rsqrt(self, x: Array) -> Array:
        """1 / sqrt(x)"""
        return 1 / self.sqrt(x)

    def erf(self, x: Array) -> Array:
        """The error function, elementwise: to 1e-15 in float64, 3e-7 in float32."""
        return erf(self, x)

    def random_bits(self, key: int, shape: Sequence[int], offset: int = 0) -> Array:
        """uint32 numbers that depend on `key` and the counters from `offset` on alone; equal on every device."""
        return random_bits(self, key, shape, offset)

    def scatter(self, values: Array, index: Any, shape: Sequence[int]) -> Array:
        """Zeros of `shape` with `values` added at ``[index]``: what indexing undoes. Repeated places add up."""
        out = self.zeros(shape, dtype=values.dtype)
        if is_basic(index):
            out[index] = values
        else:
            self.add.at(out, index, values)
        return out

    def sliding_windows(self, x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Array:
        """All windows over the last axes, y[..., o, t] = x[..., o stride + t dilation]; a view where that is cheap."""
        return sliding_windows(self, x, kernel, stride, dilation)

    def overlap_add(self, windows: Array, size: Sizes, stride: Sizes, dilation: Sizes) -> Array:
        """What `sliding_windows` takes, added up where it was taken: an array whose last axes are `size`."""
        return overlap_add(self, windows, size, stride, dilation)


def is_basic(index: Any) -> bool:
    """Whether an index is made of integers, slices, None and Ellipsis alone, so that it names no place twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, (int, slice)) for part in parts)
