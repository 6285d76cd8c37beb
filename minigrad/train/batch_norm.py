"""`update_batch_norm`: running statistics that fit weights which no batch has gone through, averaged ones say.

Builds on: `minigrad.train.batches`. Read next: `minigrad.train.averaging`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.modes import no_grad
from minigrad.nn.batch_norm import BatchNorm
from minigrad.nn.use import check_model, in_use
from minigrad.train.batches import inputs_of, place_inputs

__all__ = ["update_batch_norm"]


def update_batch_norm(model: Any, loader: Iterable[Any]) -> None:
    """Take the running statistics of batch normalisation anew: the mean of those of all batches of a loader.

    running = running + (batch - running) / n, for batch number n = 1, 2, ...

    Everything else works as in use, dropout is off; afterwards every layer has its own mode and momentum again. Where a
    batch fails the statistics stay as they were.

    Raises
    ------
    ShapeError
        If the loader gives no batch.

    >>> import numpy as np
    >>> from minigrad.nn import BatchNorm1d
    >>> model = BatchNorm1d(1)
    >>> update_batch_norm(model, [np.array([[1.0], [3.0]]), np.array([[5.0], [7.0]])])
    >>> model.running_mean.tolist(), model.running_var.tolist(), model.momentum
    ([4.0], [2.0], 0.1)

    Reference: Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018, section 3.
    """
    check_model("update_batch_norm", model)
    layers: list[Any] = [p for p in model.layers() if isinstance(p, BatchNorm) and p.running_mean is not None]
    if not layers:
        return
    buffers = [b for layer in layers for b in (layer.running_mean, layer.running_var, layer.num_batches_tracked)]
    before, momenta = [b.value.copy() for b in buffers], [layer.momentum for layer in layers]
    try:
        with in_use("update_batch_norm", model), no_grad():
            for layer in layers:
                layer.training, layer.momentum = True, None  # None: the mean of all batches
            for b in buffers:
                b.data = namespace(b.value).zeros_like(b.value)
            done = 0
            for batch in loader:
                model(*place_inputs("update_batch_norm", inputs_of(batch), model))
                done += 1
        if not done:
            raise ShapeError("update_batch_norm: the loader gave no batch, got 0; pass one that can be iterated again")
    except BaseException:
        for b, value in zip(buffers, before, strict=True):
            b.data = value
        raise
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
