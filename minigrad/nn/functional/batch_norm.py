"""Batch and instance normalisation: by the statistics of the batch in training, by the running ones in use.

Builds on: `minigrad.nn.functional.running`. Read next: `minigrad.nn.functional.batch_renorm`.
"""

from __future__ import annotations

from typing import Any

from minigrad.nn.functional.running import Statistics, checked, constants, enough, track
from minigrad.nn.functional.standardize import learned
from minigrad.ops.collective import Communicator
from minigrad.ops.fused import channel_norm
from minigrad.tape import composite

__all__ = ["batch_norm", "instance_norm", "sync_batch_norm"]


@composite
def batch_norm(
    x: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Batch normalisation: mean 0 and variance 1 for each channel over the batch, then a learned scale and shift.

    y = (x - mean) / sqrt(var + eps) * weight + bias; running = (1 - momentum) running + momentum batch

    In training, mean and variance are the batch's, the variance biased, and the running ones are updated, the variance
    unbiased (n / (n - 1)); else they are the running ones, and constants.

    Shapes: x (N, C, ...), everything else (C,), y as x.

    Raises
    ------
    ShapeError
        If in training there is one value per channel, whose variance would be 0.

    >>> batch_norm([[1.0], [3.0]], None, None, training=True)
    array([[-1.],
           [ 1.]], dtype=float32)

    Reference: Ioffe and Szegedy, Batch Normalization, 2015, algorithm 1.
    """
    return by_channel("batch_norm", "batch", x, running_mean, running_var, weight, bias, training, momentum, eps)


def sync_batch_norm(
    x: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    momentum: Any,
    eps: float,
    communicator: Communicator,
) -> Any:
    """`batch_norm` in training, with the statistics of what all workers hold together."""
    return by_channel(
        "SyncBatchNorm", "batch", x, running_mean, running_var, weight, bias, True, momentum, eps, communicator
    )


@composite
def instance_norm(
    x: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Instance normalisation: mean 0 and variance 1 for each channel of each example, then a scale and a shift.

    y = (x - mean) / sqrt(var + eps) * weight + bias; running = (1 - momentum) running + momentum mean over examples

    Without `use_input_stats` mean and variance are the running ones, and constants.

    Shapes: x (N, C, ...), everything else (C,), y as x.

    Raises
    ------
    ShapeError
        If each channel of an example has one value, whose variance would be 0.

    >>> instance_norm([[[1.0, 3.0]], [[5.0, 5.5]]]).round(3).tolist()
    [[[-1.0, 1.0]], [[-1.0, 1.0]]]

    Reference: Ulyanov et al., Instance Normalization, 2016, equation 3.
    """
    return by_channel(
        "instance_norm", "instance", x, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def by_channel(
    name: str,
    kind: str,
    x: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any,
    bias: Any,
    own: bool,
    momentum: Any,
    eps: float,
    communicator: Communicator | None = None,
) -> Any:
    """All three: x by its own statistics, which go into the running ones, or by those; then scale and shift."""
    x, eps = checked(name, x, eps, running_mean, running_var)
    weight, bias = learned(name, kind, x, weight, bias)
    if not own:
        mean, var = constants(name, running_mean, running_var)
        return channel_norm.batch_norm__running(x, weight, bias, mean, var, eps)
    enough(name, kind, x, 1 if communicator is None else communicator.size)
    seen: list[Any] = []
    if kind == "instance":
        y = channel_norm.group_norm(x, weight, bias, x.shape[1], eps, seen)
    elif communicator is None:
        y = channel_norm.batch_norm(x, weight, bias, eps, seen)
    else:
        y = channel_norm.batch_norm__plain(x, weight, bias, eps, seen, communicator)
    track(name, running_mean, running_var, Statistics(*seen[:3]), momentum)
    return y
