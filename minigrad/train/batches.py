"""From what a loader hands out to what a model takes: Tensors on the model's device, in the model's dtype.

Builds on: `minigrad.tensor`, `minigrad.nn.layer`. Read next: `minigrad.train.fit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from minigrad.backend import move
from minigrad.errors import ShapeError
from minigrad.nn.layer import is_parameter, walk
from minigrad.tensor import Tensor, as_array

__all__ = ["Batch", "groups", "inputs_of", "place", "place_inputs"]


class Batch(NamedTuple):
    """What a model is given, what it should answer, and how many samples that is."""

    inputs: tuple[Tensor, ...]
    target: Tensor
    samples: int


def place(name: str, batch: Any, model: Any) -> Batch:
    """A batch (input, ..., target) on the model's device, its floating parts in the model's dtype.

    >>> import numpy as np
    >>> from minigrad.nn import Linear
    >>> batch = place("example", (np.ones((3, 2)), np.array([0, 1, 0])), Linear(2, 2))
    >>> batch.inputs[0].dtype, batch.target.dtype, batch.samples
    (dtype('float32'), dtype('int64'), 3)
    """
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        got = f"{len(batch)} parts" if isinstance(batch, (tuple, list)) else type(batch).__name__
        raise ShapeError(f"{name}: a batch is a tuple (input, ..., target), got {got}; let the loader give both")
    parts = place_inputs(name, batch, model)
    return Batch(parts[:-1], parts[-1], parts[0].shape[0])


def place_inputs(name: str, parts: Iterable[Any], model: Any) -> tuple[Tensor, ...]:
    """The parts of a batch as Tensors on the model's device; all must have the same number of samples."""
    # Not model.parameters(): a frozen model too has a device and a dtype.
    home = next((p for _, p in walk(model) if is_parameter(p) and p.dtype.kind == "f"), None)
    placed = []
    for part in parts:
        array = as_array(part)
        if home is not None:
            if array.dtype.kind == "f" and array.dtype != home.dtype:
                array = array.astype(home.dtype)  # before it is moved: float32 is half of float64
            array = move(array, home.backend)
        placed.append(Tensor(array))
    sizes = [part.shape[:1] for part in placed]
    if len(set(sizes)) != 1 or not sizes[0] or not sizes[0][0]:
        raise ShapeError(
            f"{name}: the parts of a batch hold one sample per row, the same number of each and at least one, got "
            f"shapes {', '.join(str(part.shape) for part in placed)}; correct the data"
        )
    return tuple(placed)


def inputs_of(batch: Any) -> tuple[Any, ...]:
    """The inputs of a batch: all parts but the last, which is the target, where there are several.

    >>> inputs_of((1, 2, 3)), inputs_of([1]), inputs_of(1)
    ((1, 2), (1,), (1,))
    """
    parts = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
    return parts[:-1] if len(parts) > 1 else parts


def groups(batches: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of `size` batches; the last may be shorter.

    >>> list(groups(range(5), 2))
    [[0, 1], [2, 3], [4]]
    """
    batches = iter(batches)
    while group := list(islice(batches, size)):
        yield group
