"""Instance normalisation as layers.

Builds on: `minigrad.nn.channel_norm`, `minigrad.nn.functional.batch_norm`. Read next: `minigrad.nn.layer_norm`.
"""

from __future__ import annotations

from typing import Any

from minigrad.modes import recomputing
from minigrad.nn.argument import ArgumentError
from minigrad.nn.channel_norm import MOMENTUM, ChannelNorm
from minigrad.nn.functional.batch_norm import instance_norm

__all__ = ["InstanceNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class InstanceNorm(ChannelNorm):
    """What instance normalisers of all numbers of axes share; a subclass says which, without and with the examples'.

    >>> InstanceNorm1d(1)([[[1.0, 3.0]]]).round(3).tolist()
    [[[-1.0, 1.0]]]
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = MOMENTUM,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
    ) -> None:
        if momentum is None:
            raise ArgumentError(
                f"{type(self).__name__}: batches are not counted, so there is no mean of all, got momentum=None; 0.1"
            )
        super().__init__(num_features, eps, momentum, affine, track_running_stats, bias)

    def forward(self, x: Any) -> Any:
        x = self.checked(x, -self.dims[0])
        batch = x.reshape(1, *x.shape) if x.ndim == self.dims[0] else x  # one example may come without its axis
        own = self.training or self.running_mean is None
        again = own and recomputing()  # a checkpoint's second run of a batch that was taken in
        mean, var = (None, None) if again else (self.running_mean, self.running_var)
        y = instance_norm(batch, mean, var, self.weight, self.bias, own, self.momentum, self.eps)
        return y.reshape(*x.shape)


class InstanceNorm1d(InstanceNorm):
    """Instance normalisation of sequences: each channel of each example gets mean 0 and variance 1.

    y = (x - mean) / sqrt(var + eps) * weight + bias, over the places of each channel of each example

    The same in training and in use, without weight and bias unless `affine`. With `track_running_stats`, training keeps
    running statistics, of the means over examples, the variance unbiased, and use takes them for constants; as in
    PyTorch, num_batches_tracked stays 0.

    Shapes: x (N, C, L) or (C, L), weight and bias (C,), y as x. State: as `BatchNorm1d`, where asked for.

    Raises
    ------
    ShapeError
        If the axes or channels do not fit, or each channel of an example has one value.

    >>> InstanceNorm1d(2)([[[1.0, 3.0], [10.0, 30.0]]]).round(3).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]

    Reference: Ulyanov et al., Instance Normalization, 2016, equation 3.
    """

    dims, layout = (2, 3), "(C, L) or (N, C, L)"


class InstanceNorm2d(InstanceNorm):
    """Instance normalisation of images: each channel of each example gets mean 0 and variance 1.

    y = (x - mean) / sqrt(var + eps) * weight + bias, over the places of each channel of each example

    The same in training and in use, without weight and bias unless `affine`. With `track_running_stats`, training keeps
    running statistics, of the means over examples, the variance unbiased, and use takes them for constants; as in
    PyTorch, num_batches_tracked stays 0.

    Shapes: x (N, C, H, W) or (C, H, W), weight and bias (C,), y as x. State: as `BatchNorm1d`, where asked for.

    Raises
    ------
    ShapeError
        If the axes or channels do not fit, or each channel of an example has one value.

    >>> InstanceNorm2d(1)([[[[1.0, 3.0], [1.0, 3.0]]]]).round(3).tolist()
    [[[[-1.0, 1.0], [-1.0, 1.0]]]]

    Reference: Ulyanov et al., Instance Normalization, 2016, equation 3.
    """

    dims, layout = (3, 4), "(C, H, W) or (N, C, H, W)"


class InstanceNorm3d(InstanceNorm):
    """Instance normalisation of volumes or films: each channel of each example gets mean 0 and variance 1.

    y = (x - mean) / sqrt(var + eps) * weight + bias, over the places of each channel of each example

    The same in training and in use, without weight and bias unless `affine`. With `track_running_stats`, training keeps
    running statistics, of the means over examples, the variance unbiased, and use takes them for constants; as in
    PyTorch, num_batches_tracked stays 0.

    Shapes: x (N, C, D, H, W) or (C, D, H, W), weight and bias (C,), y as x. State: as `BatchNorm1d`, where asked for.

    Raises
    ------
    ShapeError
        If the axes or channels do not fit, or each channel of an example has one value.

    >>> InstanceNorm3d(1)([[[[[1.0, 3.0]], [[1.0, 3.0]]]]]).round(3).tolist()
    [[[[[-1.0, 1.0]], [[-1.0, 1.0]]]]]

    Reference: Ulyanov et al., Instance Normalization, 2016, equation 3.
    """

    dims, layout = (4, 5), "(C, D, H, W) or (N, C, D, H, W)"
