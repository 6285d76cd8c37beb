"""What the normalisers with running statistics share: scale, shift and statistics, one of each for every channel.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.standardize`. Read next: `minigrad.nn.batch_norm`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import ShapeError
from minigrad.nn.argument import check_eps, check_sizes
from minigrad.nn.functional.running import check_momentum
from minigrad.nn.init import constant, ones, zeros
from minigrad.nn.layer import Buffer, Layer, Parameter
from minigrad.tensor import as_value

__all__ = ["MOMENTUM", "ChannelNorm"]

MOMENTUM = 0.1  # this very object stands for 'not given'


class ChannelNorm(Layer):
    """The state of a normaliser of channels, named as in PyTorch; a subclass says which numbers of axes it takes.

    >>> list(ChannelNorm(2, 1e-5, 0.1, True, True, True).state_dict())
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
    """

    dims: tuple[int, ...] = ()  # empty: two or more
    layout = "(N, C, ...)"

    def __init__(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, track_running_stats: bool, bias: bool
    ) -> None:
        name = type(self).__name__
        (num_features,) = check_sizes(self, num_features=num_features)
        if momentum is not None:
            check_momentum(name, momentum)
        self.num_features, self.eps = num_features, check_eps(name, eps)
        self.momentum = None if momentum is None else momentum if momentum is MOMENTUM else float(momentum)
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(ones((num_features,))) if affine else None
        self.bias = Parameter(zeros((num_features,))) if affine and bias else None
        self.running_mean = Buffer(zeros((num_features,))) if track_running_stats else None
        self.running_var = Buffer(ones((num_features,))) if track_running_stats else None
        self.num_batches_tracked = Buffer(constant((), 0, dtype=np.int64)) if track_running_stats else None

    def checked(self, x: Any, channel_axis: int = 1) -> Any:
        """x as a value, refused where its axes or its channels do not fit."""
        x = as_value(x)
        fits = x.ndim in self.dims if self.dims else x.ndim >= 2
        if not fits or x.shape[channel_axis] != self.num_features:
            raise ShapeError(
                f"{type(self).__name__}: x must be {self.layout} with C = {self.num_features}, got {x.shape}; "
                "check num_features and the order of the axes"
            )
        return x
