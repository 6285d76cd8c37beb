"""How samples become a batch: parts of the same name or place are stacked along a new first axis.

Builds on: `minigrad.data.host`. Read next: `minigrad.data.loader`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.data.host import host
from minigrad.errors import ShapeError

__all__ = ["stack"]


def stack(samples: list[Any]) -> Any:
    """Stack samples: arrays and numbers into an array, tuples into a tuple of such, dicts into a dict of such.

    Shapes: samples of (...) become (B, ...).

    Raises
    ------
    ShapeError
        If the samples differ in shape or in their parts.

    >>> stack([(1.0, "a"), (2.0, "b")])
    (array([1., 2.], dtype=float32), array(['a', 'b'], dtype='<U1'))
    """
    first = samples[0]
    if isinstance(first, dict):
        for number, sample in enumerate(samples):
            if not isinstance(sample, dict) or sample.keys() != first.keys():
                _refuse(number, "parts", _parts(sample), _parts(first))
        return {key: stack([sample[key] for sample in samples]) for key in first}
    if isinstance(first, tuple):
        for number, sample in enumerate(samples):
            if not isinstance(sample, tuple) or len(sample) != len(first):
                _refuse(number, "parts", _parts(sample), _parts(first))
        parts = [stack(list(part)) for part in zip(*samples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)  # a NamedTuple stays one
    arrays = [host("DataLoader", sample) for sample in samples]
    for number, array in enumerate(arrays):
        if array.shape != arrays[0].shape:
            _refuse(number, "shape", array.shape, arrays[0].shape)
    return np.stack(arrays)


def _parts(sample: Any) -> Any:
    if isinstance(sample, dict):
        return sorted(sample, key=str)
    return f"a tuple of {len(sample)}" if isinstance(sample, tuple) else type(sample).__name__


def _refuse(number: int, what: str, got: Any, first: Any) -> None:
    raise ShapeError(
        f"DataLoader: samples of one batch differ in {what}, got {got} for sample {number} of the batch and {first} "
        "for the first; make them alike in the dataset, or pass collate="
    )
