"""`Dataset`: anything with a length and items. `ArrayDataset` makes one of arrays, `Subset` one of a part.

Builds on: `minigrad.data.host`. Read next: `minigrad.data.loader`.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from minigrad.data.host import host
from minigrad.errors import DTypeError, ShapeError

__all__ = ["ArrayDataset", "Dataset", "Subset", "takes_arrays"]


@runtime_checkable
class Dataset(Protocol):
    """Samples that are counted and numbered: ``len(dataset)`` and ``dataset[i]``, a sample or a tuple of its parts.

    A dataset that answers an array of numbers with a whole batch says so with an attribute ``takes_arrays = True``,
    and is then asked once per batch instead of once per sample.

    >>> class Squares:
    ...     def __len__(self):
    ...         return 4
    ...
    ...     def __getitem__(self, i):
    ...         return i, i * i
    >>> isinstance(Squares(), Dataset)
    True
    """

    def __len__(self) -> int:
        """The number of samples."""
        ...

    def __getitem__(self, index: Any, /) -> Any:
        """The sample with that number."""
        ...


def takes_arrays(dataset: Any) -> bool:
    """Whether a dataset answers an array of numbers with a batch.

    >>> takes_arrays(np.ones(3)), takes_arrays([1, 2, 3])
    (True, False)
    """
    return isinstance(dataset, np.ndarray) or bool(getattr(dataset, "takes_arrays", False))


class ArrayDataset:
    """Samples that lie along the first axis of arrays: features and labels, for instance.

    dataset[i] = (a[i], b[i], ...)

    The arrays are kept on the host and not copied; an array of numbers as index gives a batch, which is a copy.

    Shapes: every array (N, ...), all with the same N.

    Raises
    ------
    ShapeError
        If the arrays differ in length, or one of them is a single number.

    >>> dataset = ArrayDataset([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [0, 1, 0])
    >>> dataset[1]
    (array([3., 4.], dtype=float32), np.int64(1))
    >>> dataset[[2, 0]][1].tolist()
    [0, 0]
    """

    takes_arrays = True

    def __init__(self, *arrays: Any) -> None:
        if not arrays:
            raise ShapeError("ArrayDataset: no arrays, got (); pass at least one array of samples")
        self.arrays: tuple[NDArray[Any], ...] = tuple(host("ArrayDataset", array) for array in arrays)
        same_length("ArrayDataset", self.arrays)

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(array[index] for array in self.arrays)

    def __repr__(self) -> str:
        parts = ", ".join(f"{array.dtype} {array.shape}" for array in self.arrays)
        return f"ArrayDataset({parts})"


class Subset:
    """Some samples of a dataset, in a given order; what `train_test_split` makes of a dataset.

    subset[i] = dataset[indices[i]]

    Shapes: indices (M,), whole numbers from 0 to len(dataset) - 1.

    Raises
    ------
    DTypeError
        If the indices are no whole numbers.
    ShapeError
        If they are not one list, or lie outside the dataset.

    >>> Subset(["a", "b", "c"], [2, 0])[0]
    'c'
    """

    def __init__(self, dataset: Any, indices: Any) -> None:
        if not (hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")):
            raise DTypeError(f"Subset: a dataset has a length and items, got {type(dataset).__name__}; pass one")
        self.dataset = dataset
        self.indices = host("Subset", indices)
        if self.indices.size == 0:
            self.indices = self.indices.astype(np.int64)  # an empty list says nothing about its kind
        if self.indices.dtype.kind not in "iu":
            raise DTypeError(f"Subset: indices must be whole numbers, got {self.indices.dtype}; cast to int64")
        if self.indices.ndim != 1:
            raise ShapeError(f"Subset: indices must be one list, got shape {self.indices.shape}; flatten them")
        if self.indices.size and not 0 <= self.indices.min() <= self.indices.max() < len(dataset):
            low, high = self.indices.min(), self.indices.max()
            raise ShapeError(
                f"Subset: indices must be at least 0 and below {len(dataset)}, got {low} to {high}; correct them"
            )

    @property
    def takes_arrays(self) -> bool:
        """Whether the whole dataset answers arrays of numbers; then the part does too."""
        return takes_arrays(self.dataset)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        chosen = self.indices[index]
        return self.dataset[chosen if isinstance(chosen, np.ndarray) else int(chosen)]

    def __repr__(self) -> str:
        return f"Subset({self.dataset!r}, {len(self)} of {len(self.dataset)})"


def same_length(name: str, arrays: tuple[NDArray[Any], ...]) -> None:
    """Refuse arrays of unequal lengths, for the public function `name`."""
    for number, array in enumerate(arrays):
        if array.ndim == 0:
            raise ShapeError(f"{name}: array {number} is a single number, got {array!r}; give it an axis of samples")
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        named = ", ".join(f"array {number}: {length}" for number, length in enumerate(lengths))
        raise ShapeError(f"{name}: the arrays differ in length, got {named}; pass as many of each")
