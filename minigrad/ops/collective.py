"""`all_reduce`, the op in which several processes or threads compute together: a sum over all of them.

It takes the `Communicator` that it is handed, and knows nothing of how one works; minigrad.parallel has some.

Builds on: `minigrad.tape`. Read next: `minigrad.nn.functional.standardize`.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from minigrad.tape import Result, Value, op
from minigrad.tensor import Tensor

__all__ = ["Communicator", "all_reduce"]


@runtime_checkable
class Communicator(Protocol):
    """What one of several workers knows of the others: its rank, how many they are, and how to add arrays up.

    Every worker has a communicator of its own, and all call `all_reduce` equally often, with arrays of equal shapes.

    >>> from minigrad.parallel import Single
    >>> isinstance(Single(), Communicator)
    True
    """

    @property
    def rank(self) -> int:
        """The number of this worker, from 0."""

    @property
    def size(self) -> int:
        """How many workers there are."""

    def all_reduce(self, array: Any) -> Any:
        """The sum of what all workers hand in, as a new array: the same for each."""


@op
def all_reduce(x: Value, /, communicator: Communicator) -> Result:
    """The sum over all workers, which each of them gets.

    y = sum_r x_r, with x_r the x of worker r

    Gradient: what is differentiated is the sum of the results of all workers. All depend on x_r alike, so its gradient
    is the sum over workers of their gradients of y.

    >>> from minigrad.parallel import Threads
    >>> Threads(3).run(lambda communicator: all_reduce([communicator.rank + 1.0], communicator).tolist())
    [[6.0], [6.0], [6.0]]
    """
    nested = isinstance(x, Tensor)  # of a lower level: there the sum is recorded as well
    y = all_reduce(x, communicator) if nested else communicator.all_reduce(x)
    return y, (lambda g: all_reduce(g, communicator),)
