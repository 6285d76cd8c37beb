"""Batch renormalisation: batch normalisation that knows in training what use will be like.

Builds on: `minigrad.nn.functional.running`. Read next: `minigrad.nn.functional.layer_norm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.argument import is_number
from minigrad.backend import Array, namespace
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.nn.functional.running import Statistics, checked, constants, enough, track
from minigrad.nn.functional.standardize import averaged_axes, learned
from minigrad.ops.fused.channel_norm import batch_norm__running
from minigrad.ops.standardize import scaled, standardize
from minigrad.promote import wide
from minigrad.tape import composite
from minigrad.tensor import as_value, raw

__all__ = ["batch_renorm", "check_bound"]


@composite
def batch_renorm(
    x: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
    rmax: Any = 3.0,
    dmax: Any = 5.0,
    towards: Any = None,
) -> Any:
    """Batch renormalisation: in training too, the batch is normalised nearly as it will be in use.

    y = ((x - mean) / sigma * r + d) * weight + bias, with r = clip(sigma / sigma_run, 1 / rmax, rmax) and
    d = clip((mean - mean_run) / sigma_run, -dmax, dmax), sigma = sqrt(var + eps)

    As long as neither is clipped, y is what use gives: (x - mean_run) / sigma_run. With rmax 1 and dmax 0 it is batch
    normalisation. The running statistics are those before this batch, or the pair `towards` in their place; they are
    batch_norm's (the paper averages sigma itself), so that in use both are the same.

    Gradient: through mean and sigma; r and d are constants.

    Shapes: x (N, C, ...), weight, bias and running statistics (C,), y as x.

    Raises
    ------
    ShapeError
        If in training there is one value per channel.
    ValueError
        If rmax is below 1 or dmax below 0.

    >>> import numpy as np
    >>> batch_renorm([[1.0], [3.0]], np.array([1.0]), np.array([1.0]), training=True).round(3).tolist()
    [[0.0], [2.0]]

    Reference: Ioffe, Batch Renormalization, 2017, algorithm 1.
    """
    x, eps = checked("batch_renorm", x, eps, running_mean, running_var)
    weight, bias = learned("batch_renorm", "batch", x, weight, bias)
    if not training:
        return batch_norm__running(x, weight, bias, *constants("batch_renorm", running_mean, running_var), eps)
    towards = towards or (running_mean, running_var)
    if any(part is None for part in towards):
        raise ShapeError("batch_renorm: it needs running statistics to correct towards, got None; pass arrays (C,)")
    enough("batch_renorm", "batch", x)
    seen: list[Any] = []
    y = standardize(wide(x), averaged_axes("batch", x.ndim), eps, seen=seen)
    batch = Statistics(*seen)
    mean_run, var_run = (raw(as_value(part)) for part in towards)
    xp, along = namespace(batch.var), batch.var.shape
    sigma, sigma_run = xp.sqrt(batch.var + eps), xp.sqrt(var_run.reshape(along) + eps)
    r_max = check_bound("batch_renorm", "rmax", rmax, 1, batch.var)
    d_max = check_bound("batch_renorm", "dmax", dmax, 0, batch.var)
    r = xp.minimum(xp.maximum(sigma / sigma_run, 1 / r_max), r_max)
    d = xp.minimum(xp.maximum((batch.mean - mean_run.reshape(along)) / sigma_run, -d_max), d_max)
    track("batch_renorm", running_mean, running_var, batch, momentum)
    return scaled(y * r + d, weight, bias, (-1, *[1] * (x.ndim - 2)), x.dtype)


def check_bound(name: str, what: str, bound: Any, least: float, like: Array | None = None) -> Any:
    """The bound of a correction, refused where it allows for none; an array of the device is taken as it is."""
    bound = bound.item() if isinstance(bound, np.generic) else bound
    if hasattr(bound, "ndim") and like is not None:
        return raw(bound).astype(like.dtype)
    if not is_number(bound) or not bound >= least:
        raise ArgumentError(f"{name}: {what} must be a number from {least} on, got {bound!r}; {least} corrects nothing")
    return float(bound)
