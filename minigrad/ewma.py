"""The exponentially weighted moving average that Momentum, RMSProp, Adam, BatchNorm and weight averaging share.

Builds on: nothing. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["EWMA"]


class EWMA:
    """An exponentially weighted moving average that starts from zero.

    v = beta v + (1 - beta) x from v = 0; corrected: v / (1 - beta^t) after t updates

    It remembers about 1 / (1 - beta) values; the correction makes up for the start from zero.

    >>> import numpy as np
    >>> average = EWMA(0.9)
    >>> average.update(np.array([1.0])).value.round(3)
    array([0.1])
    >>> average.corrected.round(3)
    array([1.])

    Reference: Kingma and Ba, Adam, 2015, section 3 (the correction).
    """

    def __init__(self, beta: float) -> None:
        if not 0 <= beta < 1:
            raise ValueError(f"EWMA: beta must lie in [0, 1), got {beta}; 0.9 remembers about ten values")
        self.beta = float(beta)  # a NumPy scalar would widen the average
        self.value: Any = 0.0
        self.t = 0

    def update(self, x: Any) -> EWMA:
        """Take in the next value."""
        self.value = self.beta * self.value + (1 - self.beta) * x
        self.t += 1
        return self

    @property
    def corrected(self) -> Any:
        """The average without the pull of its start from zero."""
        if self.t == 0:
            raise ValueError("EWMA.corrected: there is no average of nothing, got 0 updates; call update first")
        return self.value / (1 - self.beta**self.t)

    def __repr__(self) -> str:
        return f"EWMA({self.beta}, t={self.t})"
