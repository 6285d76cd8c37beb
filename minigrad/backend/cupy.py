"""The CuPy backend: NVIDIA's GPUs, by the same words.

CuPy is imported in `load`, which runs when somebody asks for the backend and never before: starting CUDA in a process
that forks later breaks its children. That CuPy can be imported does not mean that it can compute, so `load` multiplies
two small matrices before it believes it.

Builds on: `minigrad.backend.vocabulary`, `minigrad.backend.bits`. Read next: `minigrad.backend.strict`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.backend.bits import key_words
from minigrad.backend.vocabulary import Array, Backend, Sizes
from minigrad.backend.windows import window_view
from minigrad.errors import DeviceError

__all__ = ["CuPy"]

# `minigrad.backend.bits` for one counter, in one kernel; the two are compared in the tests.
BITS = """
    unsigned int x = ((unsigned int)i + low) ^ first;
    x ^= x >> 17; x *= 0xED5AD4BBu;
    x ^= x >> 11; x += second; x *= 0xAC4C1B51u;
    x ^= x >> 15; x *= 0x31848BABu;
    x ^= x >> 14;
    y = x;
"""

ADVICE = (
    "a GPU needs NVIDIA's driver and CuPy 14, in the checkout by pip install -e '.[cuda12]' or, for CUDA 13, "
    "'.[cuda13]' (one of the two, never both); without a GPU use \"numpy\""
)


class CuPy(Backend):
    """Arrays on the current CUDA device."""

    name = "cupy"

    def __init__(self, cupy: Any, cupyx: Any) -> None:
        super().__init__(cupy)
        self.array_types = (cupy.ndarray,)
        self._cupy, self._cupyx = cupy, cupyx
        self._bits = cupy.ElementwiseKernel("uint32 first, uint32 second, uint32 low", "uint32 y", BITS, "bits")

    def from_host(self, array: np.ndarray[Any, Any]) -> Array:
        return self._cupy.asarray(array)

    def to_host(self, array: Array) -> np.ndarray[Any, Any]:
        host: np.ndarray[Any, Any] = array.get()
        return host

    def describe(self) -> dict[str, str]:
        runtime = self._cupy.cuda.runtime
        device = runtime.getDeviceProperties(runtime.getDevice())
        return {
            "version": self._cupy.__version__,
            "CUDA": f"runtime {_dotted(runtime.runtimeGetVersion())}, driver {_dotted(runtime.driverGetVersion())}",
            "device": f"{device['name'].decode()}, {device['totalGlobalMem'] / 2**30:.0f} GiB",
            "devices": str(runtime.getDeviceCount()),
        }

    def from_dlpack(self, x: Any, copy: bool | None = None) -> Array:
        return self._cupy.from_dlpack(x, copy=copy)

    def shares_memory(self, a: Array, b: Array) -> bool:
        return bool(self._cupy.may_share_memory(a, b))

    def rsqrt(self, x: Array) -> Array:
        return self._cupyx.rsqrt(x)

    def erf(self, x: Array) -> Array:
        y = self._cupyx.scipy.special.erf(x)  # has a form for float32 and one for float64
        return y.astype(x.dtype) if getattr(x, "dtype", None) == np.float16 else y

    # CuPy's own forms want operands with elements, leave what was in memory where a stack holds a singular matrix, and
    # half a factor where a matrix is not positive definite. Nothing here waits for the device.

    def solve(self, a: Array, b: Array) -> Array:
        return self._cupy.linalg.solve(a, b) if b.size else self._cupy.empty_like(b)

    def inv(self, a: Array) -> Array:
        return self.solve(a, self._cupy.broadcast_to(self._cupy.eye(a.shape[-1], dtype=a.dtype), a.shape))

    def cholesky(self, a: Array) -> Array:
        if not a.size:
            return self._cupy.empty_like(a)
        y = self._cupy.linalg.cholesky(a)
        good = (self._cupy.diagonal(y, 0, -2, -1) > 0).all(axis=-1)[..., None, None]
        return self._cupy.where(good, y, float("nan")).astype(a.dtype, copy=False)

    def random_bits(self, key: int, shape: Sequence[int], offset: int = 0) -> Array:
        out = self._cupy.empty(math.prod(shape), dtype=np.uint32)
        start = 0
        while start < out.size:  # once, but for streams that pass a multiple of 2**32
            high, low = divmod(offset + start, 1 << 32)
            stop = min(out.size, start + (1 << 32) - low)
            self._bits(*map(np.uint32, (*key_words(key, high), low)), out[start:stop])
            start = stop
        return out.reshape(tuple(shape))

    def sliding_windows(self, x: Array, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Array:
        return window_view(self._cupy.lib.stride_tricks.as_strided, x, kernel, stride, dilation)


def _dotted(version: int) -> str:
    return f"{version // 1000}.{version % 1000 // 10}"


def load() -> CuPy:
    """The one instance of this backend.

    Raises
    ------
    DeviceError
        If CuPy is missing, finds no device, or cannot compute on it.
    """
    try:
        import cupy
        import cupyx
        import cupyx.scipy.special
    except Exception as error:  # a half-installed CuPy raises more than ImportError
        raise DeviceError(f"cupy: it cannot be imported, got {_said(error)}; {ADVICE}") from error
    if not cupy.is_available():
        raise DeviceError(f"cupy: no GPU to be found, got {_count(cupy)}; {ADVICE}")
    try:
        small = cupy.ones((2, 2), dtype=np.float32)
        if float((small @ small).sum()) != 8:
            raise ArithmeticError("a wrong product of two matrices")
    except Exception as error:
        raise DeviceError(f"cupy: the GPU cannot be computed with, got {_said(error)}; {ADVICE}") from error
    return CuPy(cupy, cupyx)


def _count(cupy: Any) -> str:
    try:
        return f"{cupy.cuda.runtime.getDeviceCount()} devices"
    except Exception as error:
        return _said(error)


def _said(error: Exception) -> str:
    text = str(error).strip().split("\n", 1)[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
