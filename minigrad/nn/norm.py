"""Normalisers as layers: their learned scale and shift, and running statistics.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.normalisation`. Read next: `minigrad.nn.loss`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.argument import is_number, number, sizes
from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.modes import recomputing
from minigrad.nn.argument import ArgumentError, check_sizes
from minigrad.nn.functional.normalisation import batch_norm, layer_norm
from minigrad.nn.init import constant, ones, zeros
from minigrad.nn.layer import Buffer, Layer, Parameter
from minigrad.tensor import as_value

__all__ = ["BatchNorm1d", "LayerNorm"]

MOMENTUM = 0.1  # this very object stands for 'not given'


class _BatchNorm(Layer):
    """What batch normalisers of all numbers of axes share; a subclass says which numbers it takes."""

    dims: tuple[int, ...] = ()
    layout = ""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = MOMENTUM,
        affine: bool = True,
        track_running_stats: bool = True,
        decay: float | None = None,
    ) -> None:
        name = type(self).__name__
        (num_features,) = check_sizes(self, num_features=num_features)
        if decay is not None:
            if momentum is not MOMENTUM:
                raise ArgumentError(f"{name}: momentum = 1 - decay, got {momentum} and {decay}; give one of the two")
            momentum = 1 - number(name, "decay", decay)
        if momentum is not None and not (is_number(momentum) and 0 <= momentum <= 1):
            raise ArgumentError(
                f"{name}: momentum is the weight of the newest batch, in [0, 1], got {momentum}; 0.1 is usual, and "
                "decay=0.9 says the same as Keras does"
            )
        self.num_features, self.eps = num_features, number(name, "eps", eps, low=0)
        self.momentum = None if momentum is None else momentum if momentum is MOMENTUM else float(momentum)
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(ones((num_features,))) if affine else None
        self.bias = Parameter(zeros((num_features,))) if affine else None
        self.running_mean = Buffer(zeros((num_features,))) if track_running_stats else None
        self.running_var = Buffer(ones((num_features,))) if track_running_stats else None
        self.num_batches_tracked = Buffer(constant((), 0, dtype=np.int64)) if track_running_stats else None

    def forward(self, x: Any) -> Any:
        x = as_value(x)
        if x.ndim not in self.dims or x.shape[1] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}: x must be {self.layout} with C = {self.num_features}, got {x.shape}; "
                "the channels stand on axis 1"
            )
        statistics = self.training or self.running_mean is None
        again = statistics and recomputing()  # a checkpoint's second run of a batch that was counted
        if statistics and x.size == x.shape[1]:
            again = True  # one value per channel: refused below, and not counted
        momentum = self._count() if statistics and not again else self.momentum
        mean, var = (None, None) if again else (self.running_mean, self.running_var)
        return batch_norm(x, mean, var, self.weight, self.bias, statistics, momentum, self.eps)

    def _count(self) -> Any:
        """One batch more; the weight of this batch in the running statistics."""
        seen, running = self.num_batches_tracked, self.running_mean
        if seen is None or running is None:
            return self.momentum
        seen.value = namespace(seen.value).asarray(seen.value + 1)
        if self.momentum is not None:
            return self.momentum
        return 1 / seen.value.astype(running.dtype)  # the mean of all batches; stays on the device


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of features or of sequences: each channel gets mean 0 and variance 1 over the batch.

    y = (x - mean) / sqrt(var + eps) * weight + bias; running = (1 - momentum) running + momentum batch

    In training, mean and biased variance of the batch; in use, the running ones, whose variance is the unbiased. With
    ``momentum=None`` the running ones are the mean of all batches; ``decay=0.9`` is another word for ``momentum=0.1``.
    Without `track_running_stats` the batch's are used always; without `affine` there is no weight and no bias.

    Shapes: x (N, C) or (N, C, L), weight and bias (C,), y as x. State: weight, bias, running_mean, running_var,
    num_batches_tracked, as in PyTorch.

    Raises
    ------
    ShapeError
        If the channels do not fit, or in training there is one value per channel.
    ValueError
        If both momentum and decay are given.

    >>> layer = BatchNorm1d(1)
    >>> layer([[1.0], [3.0]]).numpy().round(3).tolist()
    [[-1.0], [1.0]]
    >>> round(layer.running_mean.item(), 4), layer.num_batches_tracked.item()
    (0.2, 1)

    Reference: Ioffe and Szegedy, Batch Normalization, 2015, algorithms 1 and 2.
    """

    dims, layout = (2, 3), "(N, C) or (N, C, L)"


class LayerNorm(Layer):
    """Layer normalisation: mean 0 and variance 1 over the last axes of each example, in training and in use.

    y = (x - mean x) / sqrt(var x + eps) * weight + bias, with the biased variance

    Shapes: x (..., *normalized_shape), weight and bias normalized_shape, y as x.

    Raises
    ------
    ShapeError
        If x does not end with `normalized_shape`.

    >>> LayerNorm(3)([2.0, 4.0, 12.0]).tolist()
    [-0.9258..., -0.4629..., 1.3887...]

    Reference: Ba et al., Layer Normalization, 2016, equation 4.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        shape = sizes("LayerNorm", "normalized_shape", normalized_shape)
        self.normalized_shape, self.eps = shape, number("LayerNorm", "eps", eps, low=0)
        self.elementwise_affine = elementwise_affine
        self.weight = Parameter(ones(shape)) if elementwise_affine else None
        self.bias = Parameter(zeros(shape)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)
