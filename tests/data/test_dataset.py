"""Datasets: what they answer, and what they refuse."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import ArrayDataset, Dataset, Subset
from minigrad.errors import DTypeError, ShapeError

X = np.arange(12, dtype=np.float32).reshape(6, 2)
Y = np.arange(6) % 3


def test_items_and_batches():
    dataset = ArrayDataset(X, Y)
    x, y = dataset[4]
    assert x.tolist() == [8, 9]
    assert y == 1
    x, y = dataset[np.array([5, 0])]
    assert x.tolist() == [[10, 11], [0, 1]]
    assert y.tolist() == [2, 0]
    assert len(dataset) == 6
    assert isinstance(dataset, Dataset)
    assert [int(y) for _, y in dataset] == Y.tolist()
    assert repr(dataset) == "ArrayDataset(float32 (6, 2), int64 (6,))"


def test_one_array_gives_tuples_of_one():
    assert ArrayDataset(X)[0][0].tolist() == [0, 1]
    assert len(ArrayDataset(X)[0]) == 1


def test_arrays_are_not_copied_and_batches_are():
    dataset = ArrayDataset(X, Y)
    assert dataset.arrays[0] is X
    assert not np.shares_memory(dataset[np.arange(6)][0], X)


def test_lists_of_floats_become_float32_and_whole_numbers_stay_whole():
    floats, whole, text = ArrayDataset([1.5, 2.5], [1, 2], ["a", "b"]).arrays
    assert (floats.dtype, whole.dtype, text.dtype.kind) == (np.float32, np.int64, "U")


def test_float64_arrays_stay_float64():
    assert ArrayDataset(X.astype(np.float64)).arrays[0].dtype == np.float64


def test_tensors_and_device_arrays_come_to_the_host(device):
    plain, tensor = ArrayDataset(device.array(X), device.tensor(X)).arrays
    for array in (plain, tensor):
        assert type(array) is np.ndarray
        assert np.array_equal(array, X)


def test_arrays_of_other_libraries_that_convert_themselves():
    class Series:
        def __array__(self, dtype=None, copy=None):
            return Y

    assert ArrayDataset(Series()).arrays[0].tolist() == Y.tolist()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ((), r"ArrayDataset: no arrays, got \(\); pass at least one"),
        ((X, Y[:5]), r"ArrayDataset: the arrays differ in length, got array 0: 6, array 1: 5; pass as many of each"),
        ((X, 3), r"ArrayDataset: array 1 is a single number, got array\(3\); give it an axis"),
        (([[1.0], [2.0, 3.0]],), r"ArrayDataset: the lists do not make a rectangle, got \[\[1.0\], \[2.0, 3.0\]\]"),
    ],
)
def test_refused_arrays(arrays, message):
    with pytest.raises(ShapeError, match=message):
        ArrayDataset(*arrays)


def test_something_that_is_no_array():
    with pytest.raises(DTypeError, match=r"ArrayDataset: not an array, got dict .*; pass arrays or lists"):
        ArrayDataset({"x": 1})


def test_subset():
    part = Subset(ArrayDataset(X, Y), [5, 1])
    assert len(part) == 2
    assert part[0][0].tolist() == [10, 11]
    assert part[np.array([1, 0])][1].tolist() == [1, 2]
    assert part.takes_arrays
    assert part[-1][1] == 1
    assert repr(part) == "Subset(ArrayDataset(float32 (6, 2), int64 (6,)), 2 of 6)"
    again = Subset(part, [1])
    assert again[0][0].tolist() == [2, 3]


def test_subset_of_a_list_hands_on_plain_numbers():
    part = Subset(["a", "b", "c"], np.array([2, 0]))
    assert not part.takes_arrays
    assert list(part) == ["c", "a"]
    assert len(Subset(["a"], [])) == 0


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([0.5], DTypeError, "Subset: indices must be whole numbers, got float32; cast to int64"),
        ([True], DTypeError, "Subset: indices must be whole numbers, got bool"),
        ([[0]], ShapeError, r"Subset: indices must be one list, got shape \(1, 1\)"),
        ([0, 6], ShapeError, "Subset: indices must be at least 0 and below 6, got 0 to 6"),
        ([-1], ShapeError, "Subset: indices must be at least 0 and below 6, got -1 to -1"),
    ],
)
def test_refused_indices(indices, error, message):
    with pytest.raises(error, match=message):
        Subset(ArrayDataset(X, Y), indices)


def test_a_dataset_of_tensors_trains_nothing_by_accident():
    leaf = mg.Tensor(X, requires_grad=True)
    assert type(ArrayDataset(leaf)[0][0]) is np.ndarray
