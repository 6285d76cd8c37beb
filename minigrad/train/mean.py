"""`Mean`: how the losses of several batches make the loss of all their samples.

The mean over all samples is no mean of means. Batches differ in size, and where labels are ignored or weighted, batches
of one size count differently too: a loss that knows this is taken apart into its sum over a batch and what its mean
divides by, so that accumulated batches give exactly the gradient of one large batch.

Builds on: `minigrad.tensor`. Read next: `minigrad.train.fit`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import DTypeError, ShapeError
from minigrad.tensor import Tensor, raw

__all__ = ["Mean", "read"]


class Mean:
    """A loss over several batches.

    loss of all = sum over batches of (count of the batch / count of all) (loss of the batch)

    The count is the number of samples; a loss with a function `count(target, ...)`, as `cross_entropy` has one, says
    itself what its mean divides by. A loss whose reduction is 'sum' is added up and divided by nothing. What does more
    than such a function, a layer with a forward of its own for one, is called as it is and counts samples.

    >>> from minigrad.nn import functional as F
    >>> mean = Mean("example", F.cross_entropy)
    >>> int(mean.count(np.array([1, -100, 0]), 3))
    2
    """

    def __init__(self, name: str, loss: Callable[..., Any]) -> None:
        if not callable(loss):
            raise DTypeError(f"{name}: the loss is a function of (outputs, target), got {loss!r:.60}; pass one")
        self.name, self.loss = name, loss
        call = loss.bound() if hasattr(loss, "bound") else loss
        function, options = _unbound(call)
        self.sums = options.get("reduction", getattr(loss, "reduction", "mean")) == "sum"
        self._count = None if self.sums or _does_more(loss) else getattr(function, "count", None)
        self._each = functools.partial(call, reduction="none")
        self._options = options

    def __call__(self, outputs: Any, target: Any) -> Tensor:
        """The loss of one batch alone."""
        return self._checked(self.loss(outputs, target))

    def count(self, target: Any, samples: int) -> Any:
        """What a batch counts; where the target lies, or a number."""
        return samples if self._count is None else self._count(raw(target), **self._options)

    def part(self, outputs: Any, target: Any, count: Any, of_all: Any = None) -> Tensor:
        """What a batch adds to the loss of all; without `of_all` its own loss, 0 where none of its labels is kept."""
        if self._count is None:
            loss = self(outputs, target)
            return loss if self.sums or of_all is None else loss * (count / of_all)
        losses, xp = self._each(outputs, target), namespace(count)
        divisor = xp.where(count == 0, 1, count) if of_all is None else of_all
        return self._checked((losses / divisor.astype(losses.dtype)).sum())

    def total(self, losses: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]) -> float:
        """The figure of all, of the losses of parts and their counts, on the host."""
        if self.sums:
            return float(losses.sum())
        return float(losses @ counts / counts.sum()) if counts.any() else float("nan")

    def _checked(self, loss: Any) -> Tensor:
        """The loss itself, refused unless it is one floating number."""
        if isinstance(loss, Tensor) and loss.shape == () and loss.dtype.kind == "f":
            return loss
        kind = type(loss).__name__
        got = f"{kind} of {loss.dtype} and shape {loss.shape}" if hasattr(loss, "shape") else kind
        raise (ShapeError if getattr(loss, "shape", ()) != () else DTypeError)(
            f"{self.name}: the loss must be one number, a Tensor of shape (), got {got}; take its mean"
        )


def read(*columns: list[Any]) -> list[np.ndarray[Any, Any]]:
    """Columns of single numbers as host arrays; what lies on a device comes with one wait for all of it.

    >>> read([np.float32(1.5), np.float32(2.5)], [2, 3])
    [array([1.5, 2.5]), array([2., 3.])]
    """
    away = [value for column in columns for value in column if hasattr(value, "dtype")]
    found = iter(())
    if away:
        xp = namespace(away[0])
        found = iter(xp.to_host(xp.stack([xp.asarray(value, dtype=np.float64) for value in away])).tolist())
    return [np.array([next(found) if hasattr(v, "dtype") else v for v in column], np.float64) for column in columns]


def _does_more(loss: Any) -> bool:
    """Whether a loss is more than the function inside it, whose `count` does not speak for it then.

    That is a layer with a forward of its own or with hooks, or a wrapper, to which `functools.wraps` hands `count` on.
    """
    if not hasattr(loss, "bound"):
        return hasattr(getattr(_unbound(loss)[0], "__wrapped__", None), "count")
    own: Any = type(loss)
    kind = next(base for base in own.__mro__ if "bound" in vars(base))
    plain = own.forward is kind.forward and own.__call__ is kind.__call__ and "forward" not in vars(loss)
    return not plain or bool(loss._pre_hooks or loss._forward_hooks)


def _unbound(call: Any) -> tuple[Any, dict[str, Any]]:
    """The function inside `functools.partial`, and the keywords that were bound."""
    options: dict[str, Any] = {}
    while isinstance(call, functools.partial):
        options, call = {**call.keywords, **options}, call.func
    return call, options
