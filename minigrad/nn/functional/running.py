"""Statistics of a batch and running ones: the two ways to normalise, and how the one becomes the other.

In training a normaliser takes the statistics of the batch, and keeps an exponentially weighted average of them; in use
that average is a constant.

Builds on: `minigrad.nn.functional.standardize`, `minigrad.ewma`. Read next: `minigrad.nn.functional.batch_norm`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.argument import SHARE
from minigrad.backend import Array
from minigrad.errors import ShapeError
from minigrad.ewma import EWMA
from minigrad.nn.argument import ArgumentError, check_eps
from minigrad.nn.functional.standardize import averaged_axes, floating, of_shape
from minigrad.tensor import Tensor, as_value, raw

__all__ = ["Statistics", "check_momentum", "checked", "constants", "enough", "track"]


class Statistics(NamedTuple):
    """Mean and biased variance of a batch, (1 or N, C, 1, ...), and how many values each is of."""

    mean: Array
    var: Array
    n: Any


def checked(name: str, x: Any, eps: Any, running_mean: Any, running_var: Any) -> tuple[Any, float]:
    """x and eps, refused where channels or floating numbers are missing, or the running statistics do not fit."""
    x = floating(name, x)
    if x.ndim < 2:
        raise ShapeError(f"{name}: x must be (N, C, ...), got {x.shape}; add the batch axis")
    for what, running in (("running_mean", running_mean), ("running_var", running_var)):
        if running is not None:
            of_shape(name, what, running, x.shape[1:2])
    return x, check_eps(name, eps)


FEW = {
    "batch": "one value per channel has no variance to train with, got {}; train on larger batches (drop_last), or "
    "call model.eval() before using the model",
    "instance": "one value per channel of an example has no variance, got {}; normalise before the last axes are "
    "pooled away",
}


def enough(name: str, kind: str, x: Any, workers: int = 1) -> None:
    """Refuse a batch of so few values that it has no variance; workers may be short of some, but not of all."""
    n = math.prod(x.shape[a] for a in averaged_axes(kind, x.ndim))
    if workers > 1 and n < 1:
        raise ShapeError(f"{name}: every worker needs an example, got {x.shape}; give each a part of the batch")
    if workers == 1 and n < 2:
        raise ShapeError(f"{name}: {FEW[kind].format(x.shape)}")


def constants(name: str, mean: Any, var: Any) -> tuple[Array, Array]:
    """The running statistics as plain arrays, refused where there are none."""
    if mean is None or var is None:
        raise ShapeError(f"{name}: in use it needs running statistics, got None; pass training=True")
    return raw(as_value(mean)), raw(as_value(var))


def track(name: str, running_mean: Any, running_var: Any, batch: Statistics, momentum: Any) -> None:
    """Take the statistics of a batch into the running ones, the variance as the unbiased one: n / (n - 1)."""
    if (running_mean is None and running_var is None) or not batch.mean.size:  # no example, no statistics
        return
    check_momentum(name, momentum)
    _average(running_mean, batch.mean, momentum)
    _average(running_var, batch.var * (batch.n / (batch.n - 1)), momentum)


def check_momentum(name: str, momentum: Any) -> None:
    """Refuse what weighs no batch; an array of the device is taken as it is."""
    if hasattr(momentum, "ndim") and not isinstance(momentum, np.generic):
        return
    if momentum not in SHARE:
        raise ArgumentError(
            f"{name}: momentum is the weight of the newest batch, in [0, 1], got {momentum!r}; 0.1 is usual, which "
            "Keras calls 0.9"
        )


def _average(running: Any, batch: Array, momentum: Any) -> None:
    """running = (1 - momentum) running + momentum batch, in place; the momentum may be an array on the device."""
    if running is None:
        return
    old, batch = raw(running), batch.reshape(batch.shape[:2])
    batch = batch[0] if len(batch) == 1 else batch.mean(axis=0)  # of all examples
    if isinstance(momentum, (int, float)):
        if 1 - momentum == 1:
            return
        new = EWMA(1 - momentum, old.copy()).update(batch, flush_now=True).value
    else:
        new = (old + (batch - old) * momentum).astype(old.dtype)
    if isinstance(running, Tensor):
        running.value = new  # not written into: a graph may still hold the old statistics
    else:
        running[...] = new
