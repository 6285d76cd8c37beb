"""The exponentially weighted moving average that Momentum, RMSProp, Adam, BatchNorm and weight averaging share.

Builds on: `minigrad.backend`, `minigrad.kernels`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.kernels import served, update

__all__ = ["EWMA", "flush"]

SELDOM = 16  # updates from one look at what has decayed to the next


class EWMA:
    """An exponentially weighted moving average that starts from zero.

    v = beta v + (1 - beta) x from v = 0; corrected: v / (1 - beta^t) after t updates

    It remembers about 1 / (1 - beta) values; the correction makes up for the start from zero. Given an array as its
    `value`, it updates that memory in place, as optimizers want.

    >>> average = EWMA(0.9)
    >>> average.update(np.array([1.0])).value
    array([0.1])
    >>> average.corrected
    array([1.])

    Reference: Kingma and Ba, Adam, 2015, section 3 (the correction).
    """

    def __init__(self, beta: float, value: Any = 0.0, t: int = 0) -> None:
        try:
            good = 0 <= beta < 1
        except TypeError:  # no number at all
            good = False
        if not good:
            raise ValueError(f"EWMA: beta must lie in [0, 1), got {beta!r}; 0.9 remembers about ten values")
        self.beta = float(beta)  # a NumPy scalar would widen the average
        self.value = value
        self.t = t

    def update(self, x: Any, flush_now: bool = False) -> EWMA:
        """Take in the next value; `flush_now` where this is the only update that this object sees."""
        least = self.count(flush_now)
        if _flat(self.value, x):
            update.average(self.value, x, self.beta, least)
            return self
        if isinstance(self.value, float):
            self.value = self.beta * self.value + (1 - self.beta) * x
        else:
            self.value *= self.beta
            self.value += (1 - self.beta) * x
        if least:
            self.value = flush(self.value)  # NumPy's scalars are not written in place
        return self

    def count(self, flush_now: bool = False) -> float:
        """Count an update. It gives the size below which the average is to become 0 now, mostly 0 itself (`flush`)."""
        self.t += 1
        if self.t % SELDOM and not flush_now:
            return 0.0
        return tiny(self.value.dtype) if hasattr(self.value, "dtype") and self.value.dtype.kind == "f" else 0.0

    @property
    def corrected(self) -> Any:
        """The average without the pull of its start from zero."""
        if self.t == 0:
            raise ValueError("EWMA.corrected: there is no average of nothing, got 0 updates; call update first")
        return self.value / (1 - self.beta**self.t)

    def __repr__(self) -> str:
        return f"EWMA({self.beta}, t={self.t})"


def flush(value: Any) -> Any:
    """The value with zeros for what has decayed below the smallest normal number; arrays are written in place.

    A processor computes with such denormal numbers up to a hundred times more slowly, and an average of gradients that
    have stopped decays into them.
    """
    if hasattr(value, "dtype") and value.dtype.kind == "f":
        value *= namespace(value).abs(value) >= tiny(value.dtype)
    return value


def tiny(dtype: Any) -> float:
    """The smallest normal number."""
    return float(np.finfo(dtype).tiny)


def _flat(value: Any, x: Any) -> bool:
    """Whether a kernel serves: a stretch of flat storage on the host, and as many values of its dtype."""
    return type(value) is type(x) is np.ndarray and value.ndim == 1 and value.shape == x.shape and served((value, x))
