"""Batch normalisation over the workers of data-parallel training.

Builds on: `minigrad.nn.batch_norm`, `minigrad.ops.collective`. Read next: `minigrad.nn.batch_renorm`.
"""

from __future__ import annotations

from typing import Any

from minigrad.nn.argument import ArgumentError
from minigrad.nn.batch_norm import BatchNorm
from minigrad.nn.channel_norm import MOMENTUM
from minigrad.nn.functional.batch_norm import sync_batch_norm
from minigrad.ops.collective import Communicator

__all__ = ["SyncBatchNorm"]


class SyncBatchNorm(BatchNorm):
    """Batch normalisation with the statistics of the whole batch, of which each worker holds a shard.

    y = (x - mean) / sqrt(var + eps) * weight + bias, mean and var over the shards of all workers

    The layer is handed the `communicator` of its worker, any object with `rank`, `size` and `all_reduce`: those of
    minigrad.parallel, or your own. Without one, and in use, it is `BatchNorm1d`, 2d or 3d. Running statistics are the
    same on all workers, and those that batch normalisation of the whole batch keeps. Shards may differ in size.

    Gradient: what all workers together descend is the sum of their losses. The gradient of x is that of the whole
    batch; those of weight and bias are each worker's part of it, to be summed over workers like all gradients. Every
    worker calls forward and backward equally often.

    Shapes: x (N, C, ...), weight and bias (C,), y as x. State: as `BatchNorm1d`.

    Raises
    ------
    ShapeError
        If the channels do not fit, if in training there is one value per channel and one worker, or a worker has none.
    ValueError
        If the communicator lacks rank, size or all_reduce.

    >>> from minigrad.parallel import Threads
    >>> shards = [[[1.0], [2.0]], [[9.0]]]
    >>> def work(communicator):
    ...     layer = SyncBatchNorm(1, momentum=1.0, communicator=communicator)
    ...     layer(shards[communicator.rank])
    ...     return layer.running_mean.tolist()
    >>> Threads(2).run(work)
    [[4.0], [4.0]]

    Reference: Peng et al., MegDet: A Large Mini-Batch Object Detector, 2018, section 3.3.
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = MOMENTUM,
        affine: bool = True,
        track_running_stats: bool = True,
        decay: float | None = None,
        communicator: Communicator | None = None,
        *,
        bias: bool = True,
    ) -> None:
        if communicator is not None and not isinstance(communicator, Communicator):
            raise ArgumentError(
                f"SyncBatchNorm: a communicator has rank, size and all_reduce, got {communicator!r:.60}; "
                "minigrad.parallel has some"
            )
        super().__init__(num_features, eps, momentum, affine, track_running_stats, decay, bias=bias)
        self.communicator = communicator

    def formula(self, x: Any, own: bool, running_mean: Any, running_var: Any, momentum: Any) -> Any:
        if not own or self.communicator is None:
            return super().formula(x, own, running_mean, running_var, momentum)
        return sync_batch_norm(
            x, running_mean, running_var, self.weight, self.bias, momentum, self.eps, self.communicator
        )
