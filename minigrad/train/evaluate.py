"""`evaluate` and `predict`: a model in use, without gradients.

Builds on: `minigrad.train.batches`, `minigrad.train.metrics`. Read next: `minigrad.train.fit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.modes import no_grad
from minigrad.nn.use import in_use
from minigrad.tensor import as_array, raw
from minigrad.train.batches import inputs_of, place, place_inputs
from minigrad.train.mean import Mean, read
from minigrad.train.metric import Totals

__all__ = ["evaluate", "predict"]


def evaluate(
    model: Any,
    loader: Iterable[Any],
    loss: Callable[..., Any] | None = None,
    metrics: Mapping[str, Callable[..., Any]] | None = None,
) -> dict[str, Any]:
    """Compute loss and metrics over all batches of a loader: {"loss": ..., "accuracy": ...}.

    loss = sum over batches of (count of the batch / count of all) (loss of the batch), as `Mean` counts

    The model is in evaluation mode meanwhile, and every layer has its own mode again afterwards. The host waits for the
    device once, at the end.

    Raises
    ------
    ShapeError
        If there is no batch, or the parts of one differ in length.

    >>> from minigrad.nn import Identity
    >>> batches = [(np.array([[0.0, 1.0]]), np.array([1])), (np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 0]))]
    >>> from minigrad.train import accuracy
    >>> round(evaluate(Identity(), batches, metrics={"accuracy": accuracy})["accuracy"], 4)
    0.6667
    """
    totals, mean = Totals(metrics), None if loss is None else Mean("evaluate", loss)
    batches, losses, counts = 0, [], []
    with in_use("evaluate", model), no_grad():
        for batch in loader:
            inputs, target, n = place("evaluate", batch, model)
            outputs = model(*inputs)
            if mean is not None:
                counts.append(mean.count(target, n))
                losses.append(raw(mean.part(outputs, target, counts[-1])))
            totals.add(outputs, target)
            batches += 1
    if not batches:
        raise ShapeError("evaluate: the loader gave no batch, got 0; pass one that can be iterated again, with samples")
    figures = {} if mean is None else {"loss": mean.total(*read(losses, counts))}
    return {**figures, **totals.values()}


def predict(model: Any, data: Any, batch_size: int = 256) -> np.ndarray[Any, Any]:
    """The model's outputs for all samples, as one NumPy array.

    `data` is an array of samples, a tuple of arrays for a model of several inputs, or a loader, of whose batches the
    last part counts as the target if there are several; a list of tuples is a loader.

    Raises
    ------
    ShapeError
        If there is no sample.

    >>> from minigrad.nn import Identity
    >>> predict(Identity(), np.arange(3.0), batch_size=2)
    array([0., 1., 2.])
    """
    found = []
    with in_use("predict", model), no_grad():
        for parts in _inputs(data, batch_size):
            y = raw(model(*place_inputs("predict", parts, model)))
            found.append(namespace(y).to_host(y))
    if not found:
        raise ShapeError("predict: there is no sample, got 0; pass at least one")
    return np.concatenate(found)


def _inputs(data: Any, batch_size: int) -> Iterator[tuple[Any, ...]]:
    """The inputs of each batch."""
    in_batches = isinstance(data[0], tuple) if isinstance(data, list) and data else hasattr(data, "__iter__")
    if in_batches and not hasattr(data, "dtype") and not isinstance(data, tuple):
        for batch in data:
            yield inputs_of(batch)
        return
    arrays = tuple(as_array(part) for part in (data if isinstance(data, tuple) else (data,)))
    size = whole("predict", "batch_size", batch_size, 1)
    if any(not array.shape for array in arrays):
        raise ShapeError(
            f"predict: samples lie along the first axis, got shapes {[array.shape for array in arrays]}; pass (N, ...)"
        )
    for start in range(0, max(len(array) for array in arrays), size):
        yield tuple(array[start : start + size] for array in arrays)
