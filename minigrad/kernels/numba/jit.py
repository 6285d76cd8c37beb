"""How kernels are compiled: for one signature, sequentially, without the interpreter's lock, kept on disk.

Bits must not depend on where arrays lie. A loop that writes is compiled twice, wide, and one by one for arrays that may
overlap; which of them runs, addresses decide. So a kernel computes exactly what it says, without `fastmath`, and both
loops give the same. Sums over a row must be reordered to be wide: they say so by `added`, in loops that only read, of
which there is one (`sums`). Nothing may assume that there are no NaN or infinities: what comes in comes out.

Builds on: `minigrad.kernels.provider`. Read next: `minigrad.kernels.numba.softmax`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numba
from numba import boolean, float32, float64, int64, njit, void

from minigrad.kernels import provider

__all__ = ["F", "I", "I1", "M", "X", "compiled", "inlined"]


F, I = float64, int64  # noqa: E741 (numbers)
X = {1: float32[::1], 2: float32[:, ::1], 3: float32[:, :, ::1], 4: float32[:, :, :, ::1]}  # arrays by their axes
I1, M = int64[::1], boolean[::1]  # places, and masks


def compiled(*signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compile a kernel for these types of arguments, or take it from the cache."""
    make = njit(void(*signature), nogil=True, cache=True, error_model="numpy")

    def decorate(function: Callable[..., Any]) -> Any:
        config: Any = numba.config
        before, config.CACHE_DIR = config.CACHE_DIR, str(provider.folder())
        try:
            return make(function)
        except (pickle.UnpicklingError, EOFError):  # a file that was cut short, say by a disk that was full
            provider.drop(function)
            return make(function)
        finally:
            config.CACHE_DIR = before

    return decorate


def inlined(function: Callable[..., Any]) -> Any:
    """A function of numbers, or of arrays, that kernels call in their loops."""
    return njit(inline="always", error_model="numpy")(function)
