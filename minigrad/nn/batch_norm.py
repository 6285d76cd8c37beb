"""Batch normalisation as layers: which statistics count when, and how the running ones are kept.

Builds on: `minigrad.nn.channel_norm`, `minigrad.nn.functional.batch_norm`. Read next: `minigrad.nn.sync_batch_norm`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import number
from minigrad.backend import namespace
from minigrad.modes import recomputing
from minigrad.nn.argument import ArgumentError
from minigrad.nn.channel_norm import MOMENTUM, ChannelNorm
from minigrad.nn.functional.batch_norm import batch_norm
from minigrad.tensor import raw

__all__ = ["BatchNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "momentum_of"]


class BatchNorm(ChannelNorm):
    """What all forms of batch normalisation share; a subclass says how many axes it takes, or what else it computes.

    >>> BatchNorm(1)([[1.0], [3.0]]).numpy().round(3).tolist()
    [[-1.0], [1.0]]
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = MOMENTUM,
        affine: bool = True,
        track_running_stats: bool = True,
        decay: float | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum_of(self, momentum, decay), affine, track_running_stats, bias)

    def forward(self, x: Any) -> Any:
        x = self.checked(x)
        own = self.training or self.running_mean is None
        if not own or recomputing():  # in use; or a checkpoint's second run of a batch that was counted
            return self.formula(x, own, None if own else self.running_mean, None if own else self.running_var, 0.0)
        seen = self.num_batches_tracked
        counted = None if seen is None else namespace(raw(seen)).asarray(raw(seen) + 1)
        momentum = self.momentum
        if momentum is None and counted is not None:
            momentum = 1 / counted.astype(raw(self.running_mean).dtype)  # the mean of all batches; on the device
        y = self.formula(x, own, self.running_mean, self.running_var, momentum)
        if seen is not None:  # last: a batch that is refused is not counted
            seen.value = counted
        return y

    def formula(self, x: Any, own: bool, running_mean: Any, running_var: Any, momentum: Any) -> Any:
        """The batch normalised, by its own statistics, which go into the running ones if given, or by those."""
        return batch_norm(x, running_mean, running_var, self.weight, self.bias, own, momentum, self.eps)


def momentum_of(layer: Any, momentum: float | None, decay: float | None) -> float | None:
    """The momentum that the one or the other of two conventions means."""
    if decay is None:
        return momentum
    if momentum is not MOMENTUM:
        name = type(layer).__name__
        raise ArgumentError(f"{name}: momentum = 1 - decay, got {momentum} and {decay}; give one of the two")
    return 1 - number(type(layer).__name__, "decay", decay)


class BatchNorm1d(BatchNorm):
    """Batch normalisation of features or of sequences: each channel gets mean 0 and variance 1 over the batch.

    y = (x - mean) / sqrt(var + eps) * weight + bias; running = (1 - momentum) running + momentum batch

    In training, mean and biased variance of the batch; in use, the running ones, whose variance is the unbiased. With
    ``momentum=None`` the running ones are the mean of all batches; ``decay=0.9`` is another word for ``momentum=0.1``.
    Without `track_running_stats` the batch's are used always; without `affine` there is no weight and no bias, with
    ``bias=False`` no bias alone.

    Shapes: x (N, C) or (N, C, L), weight and bias (C,), y as x. State: weight, bias, running_mean, running_var,
    num_batches_tracked, as in PyTorch.

    Raises
    ------
    ShapeError
        If the channels do not fit, or in training there is one value per channel.
    ValueError
        If both momentum and decay are given, or eps is below 0.

    >>> layer = BatchNorm1d(1)
    >>> layer([[1.0], [3.0]]).numpy().round(3).tolist()
    [[-1.0], [1.0]]
    >>> round(layer.running_mean.item(), 4), layer.num_batches_tracked.item()
    (0.2, 1)

    Reference: Ioffe and Szegedy, Batch Normalization, 2015, algorithms 1 and 2.
    """

    dims, layout = (2, 3), "(N, C) or (N, C, L)"


class BatchNorm2d(BatchNorm):
    """Batch normalisation of images: each channel gets mean 0 and variance 1 over the examples and places of the batch.

    y = (x - mean) / sqrt(var + eps) * weight + bias; running = (1 - momentum) running + momentum batch

    In training, mean and biased variance of the batch; in use, the running ones, whose variance is the unbiased. With
    ``momentum=None`` the running ones are the mean of all batches; ``decay=0.9`` is another word for ``momentum=0.1``.
    Without `track_running_stats` the batch's are used always; without `affine` there is no weight and no bias, with
    ``bias=False`` no bias alone.

    Shapes: x (N, C, H, W), weight and bias (C,), y as x. State: weight, bias, running_mean, running_var,
    num_batches_tracked, as in PyTorch.

    Raises
    ------
    ShapeError
        If the axes or channels do not fit, or in training there is one value per channel.
    ValueError
        If both momentum and decay are given, or eps is below 0.

    >>> layer = BatchNorm2d(1)
    >>> layer([[[[1.0, 3.0], [1.0, 3.0]]]]).numpy().round(3).tolist()
    [[[[-1.0, 1.0], [-1.0, 1.0]]]]

    Reference: Ioffe and Szegedy, Batch Normalization, 2015, algorithms 1 and 2, section 3.2.
    """

    dims, layout = (4,), "(N, C, H, W)"


class BatchNorm3d(BatchNorm):
    """Batch normalisation of volumes or films: each channel gets mean 0 and variance 1 over examples and places.

    y = (x - mean) / sqrt(var + eps) * weight + bias; running = (1 - momentum) running + momentum batch

    In training, mean and biased variance of the batch; in use, the running ones, whose variance is the unbiased. With
    ``momentum=None`` the running ones are the mean of all batches; ``decay=0.9`` is another word for ``momentum=0.1``.
    Without `track_running_stats` the batch's are used always; without `affine` there is no weight and no bias, with
    ``bias=False`` no bias alone.

    Shapes: x (N, C, D, H, W), weight and bias (C,), y as x. State: weight, bias, running_mean, running_var,
    num_batches_tracked, as in PyTorch.

    Raises
    ------
    ShapeError
        If the axes or channels do not fit, or in training there is one value per channel.
    ValueError
        If both momentum and decay are given, or eps is below 0.

    >>> layer = BatchNorm3d(1)
    >>> layer([[[[[1.0, 3.0]], [[1.0, 3.0]]]]]).numpy().round(3).tolist()
    [[[[[-1.0, 1.0]], [[-1.0, 1.0]]]]]

    Reference: Ioffe and Szegedy, Batch Normalization, 2015, algorithms 1 and 2, section 3.2.
    """

    dims, layout = (5,), "(N, C, D, H, W)"
