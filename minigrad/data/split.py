"""`train_test_split`: one part to learn from, one that stays unseen.

Builds on: `minigrad.data.dataset`, `minigrad.backend.random`. Read next: `minigrad.data.scaler`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.backend.random import Generator, default_generator
from minigrad.data.dataset import Subset, same_length
from minigrad.data.host import host
from minigrad.errors import DTypeError, ShapeError

__all__ = ["train_test_split"]


def train_test_split(
    *data: Any, test_size: float | int = 0.25, seed: int | None = None, stratify: Any = None
) -> tuple[Any, ...]:
    """Split arrays, or one dataset, at random into a part to train on and a part to test on.

    Arrays a, b give (a_train, a_test, b_train, b_test), cut at the same samples; a dataset gives two `Subset`s.
    `test_size` is a fraction (n_test = ceil(test_size N)) or a number of samples. `stratify`, the class of every
    sample, keeps the proportions of the classes in both parts. The split depends on the seed alone; without one, on
    that of `manual_seed`.

    Shapes: arrays (N, ...), stratify (N,).

    Raises
    ------
    ShapeError
        If lengths differ.
    ValueError
        If a part would be empty, or lack a class of `stratify`.
    DTypeError
        If `stratify` holds no classes, or `test_size` is no number.

    >>> x_train, x_test, y_train, y_test = train_test_split(np.arange(8), np.arange(8) % 2, test_size=0.25, seed=0)
    >>> len(x_train), len(x_test), bool((x_test % 2 == y_test).all())
    (6, 2, True)
    """
    if not data:
        raise ShapeError("train_test_split: nothing to split, got (); pass arrays of equal lengths or a dataset")
    whole_dataset = len(data) == 1 and not isinstance(data[0], (np.ndarray, list, tuple)) and _is_dataset(data[0])
    arrays = () if whole_dataset else tuple(host("train_test_split", array) for array in data)
    same_length("train_test_split", arrays)
    n = len(data[0]) if whole_dataset else len(arrays[0])
    n_test = _count(n, test_size)
    stream = Generator(default_generator().state[0] if seed is None else seed).fork("split")
    order = stream.permutation(n)
    if stratify is None:
        train, test = order[: n - n_test], order[n - n_test :]
    else:
        train, test = _stratified(order, _classes(stratify, n), n_test)
    if whole_dataset:
        return Subset(data[0], train), Subset(data[0], test)
    return tuple(part for array in arrays for part in (array[train], array[test]))


def _is_dataset(value: Any) -> bool:
    """Arrays of all kinds have a dtype or convert themselves; what else has items is a dataset."""
    return not (hasattr(value, "dtype") or hasattr(value, "__array__")) and hasattr(value, "__getitem__")


def _count(n: int, test_size: float | int) -> int:
    """How many of n samples test."""
    if isinstance(test_size, bool) or not isinstance(test_size, (int, float, np.integer, np.floating)):
        raise DTypeError(f"train_test_split: test_size must be a number, got {test_size!r}; pass 0.25, or a count")
    if isinstance(test_size, (int, np.integer)):
        count = int(test_size)
    elif 0 < test_size < 1:
        count = math.ceil(float(test_size) * n - 1e-9)  # 0.07 * 100 is 7.000000000000001
    else:
        raise ValueError(
            f"train_test_split: test_size must lie between 0 and 1, got {test_size}; pass a fraction, or a whole number"
        )
    if not 0 < count < n:
        raise ValueError(
            f"train_test_split: both parts need samples, got {n - count} to train on and {count} to test on; "
            "choose another test_size"
        )
    return count


def _classes(stratify: Any, n: int) -> NDArray[np.int64]:
    """The class of every sample as numbers from 0."""
    labels = host("train_test_split", stratify)
    if labels.dtype.kind == "f":
        raise DTypeError(
            f"train_test_split: stratify must hold classes, got {labels.dtype}; pass whole numbers or text"
        )
    if labels.shape != (n,):
        raise ShapeError(
            f"train_test_split: stratify must have shape ({n},), got {labels.shape}; pass one class per sample"
        )
    names, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            f"train_test_split: a class needs two samples to be in both parts, got one of {names[counts.argmin()]!r}; "
            "leave it out"
        )
    return np.asarray(numbers, dtype=np.int64)


def _stratified(
    order: NDArray[Any], numbers: NDArray[np.int64], n_test: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first of every class in random order test: its share of n_test, the largest remainders rounded up."""
    counts = np.bincount(numbers)
    exact = counts * n_test  # shares times N, so that remainders are whole numbers and ties are ties
    share, remainder = exact // len(order), exact % len(order)
    share[np.argsort(-remainder, kind="stable")[: n_test - share.sum()]] += 1
    if share.min() < 1 or (counts - share).min() < 1:
        raise ValueError(
            f"train_test_split: both parts need samples of all {len(counts)} classes, got {n_test} of {len(order)} "
            "to test on; choose another test_size"
        )
    shuffled = numbers[order]
    by_class = np.argsort(shuffled, kind="stable")  # places in `order`, class by class, each in random order
    rank = np.empty_like(by_class)
    rank[by_class] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    tests = rank < share[shuffled]
    return order[~tests], order[tests]
