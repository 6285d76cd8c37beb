"""Batch renormalisation: batch normalisation for small batches and batches of like examples.

Builds on: `minigrad.nn.batch_norm`, `minigrad.nn.functional.batch_renorm`. Read next: `minigrad.nn.instance_norm`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.modes import remembered
from minigrad.nn.batch_norm import BatchNorm
from minigrad.nn.channel_norm import MOMENTUM
from minigrad.nn.functional.batch_renorm import batch_renorm, check_bound
from minigrad.tensor import raw

__all__ = ["BatchRenorm"]


class BatchRenorm(BatchNorm):
    """Batch renormalisation: the batch in training is normalised nearly as it will be in use.

    y = ((x - mean) / sigma * r + d) * weight + bias, with r = clip(sigma / sigma_run, 1 / rmax, rmax) and
    d = clip((mean - mean_run) / sigma_run, -dmax, dmax), sigma = sqrt(var + eps)

    In use it is batch normalisation, whose state it has. `rmax` and `dmax` are numbers, or functions of the batches
    seen so far, and may be set at any time; 1 and 0 make it batch normalisation, with which the paper starts. A
    function gets a 0-d floating array on the device: arithmetic like ``lambda t: 1 + t / 1000`` leaves it there, while
    a comparison, ``min(3, 1 + t / 1000)``, waits for it at every step.

    Gradient: through mean and sigma of the batch; r and d are constants.

    Shapes: x (N, C, ...), weight and bias (C,), y as x. State: as `BatchNorm1d`.

    Raises
    ------
    ShapeError
        If the channels do not fit, or in training there is one value per channel.
    ValueError
        If rmax is below 1 or dmax below 0.

    >>> layer = BatchRenorm(1)
    >>> layer([[1.0], [3.0]]).numpy().round(3).tolist()  # mean 0 and variance 1 are what is expected so far
    [[1.0], [3.0]]

    Reference: Ioffe, Batch Renormalization, 2017, algorithm 1; rmax 3 and dmax 5 in its section 4.
    """

    def __init__(
        self,
        num_features: int,
        rmax: float | Callable[[Any], Any] = 3.0,
        dmax: float | Callable[[Any], Any] = 5.0,
        eps: float = 1e-5,
        momentum: float | None = MOMENTUM,
        affine: bool = True,
        decay: float | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, True, decay, bias=bias)
        self.rmax, self.dmax = rmax, dmax
        for what, bound, least in (("rmax", rmax, 1), ("dmax", dmax, 0)):
            if not callable(bound):
                check_bound("BatchRenorm", what, bound, least)

    def formula(self, x: Any, own: bool, running_mean: Any, running_var: Any, momentum: Any) -> Any:
        towards, rmax, dmax = remembered(self._correction) if own else (None, 1, 0)
        return batch_renorm(
            x, running_mean, running_var, self.weight, self.bias, own, momentum, self.eps, rmax, dmax, towards
        )

    def _correction(self) -> tuple[Any, Any, Any]:
        """What the batch is corrected towards, and how far, before it changes the running statistics."""
        mean, var = raw(self.running_mean), raw(self.running_var)
        t = raw(self.num_batches_tracked).astype(mean.dtype)
        rmax, dmax = (bound(t) if callable(bound) else bound for bound in (self.rmax, self.dmax))
        return (mean, var), rmax, dmax
