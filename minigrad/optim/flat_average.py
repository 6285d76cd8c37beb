"""`FlatAverage`: an average of parameters over time, side by side in one array like the parameters themselves.

Builds on: `minigrad.optim.joined`, `minigrad.ewma`. Read next: `minigrad.train.averaging`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.joined import values
from minigrad.promote import wide
from minigrad.tensor import Tensor

__all__ = ["FlatAverage"]


class FlatAverage:
    """The average of some parameters of one device, which begins with their values.

    Wherever parameters lie side by side, as behind an optimizer, they are taken in as one.

    >>> p = Tensor([1.0, 2.0])
    >>> average = FlatAverage([p], "float32")
    >>> p.data = [3.0, 4.0]
    >>> average.update(0.5, 1)
    >>> average.value
    array([2., 3.], dtype=float32)
    """

    def __init__(self, parameters: Sequence[Tensor], dtype: Any) -> None:
        self.parameters = list(parameters)
        xp = namespace(self.parameters[0].value)
        self.value = xp.empty(sum(p.size for p in self.parameters), dtype=dtype)
        for p, part in self.parts():
            part[...] = p.value

    def parts(self) -> Iterator[tuple[Tensor, Array]]:
        """Each parameter, and a view of its average."""
        at = 0
        for p in self.parameters:
            yield p, self.value[at : at + p.size].reshape(p.shape)
            at += p.size

    def update(self, beta: float, t: int) -> None:
        """Take in the values as they are now, the t-th time: v = beta v + (1 - beta) p"""
        at = 0
        for x in values(self.parameters):
            EWMA(beta, self.value[at : at + x.size], t - 1).update(wide(x).reshape(-1))
            at += x.size
