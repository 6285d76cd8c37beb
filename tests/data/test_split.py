"""`train_test_split`: sizes, reproducibility, proportions of classes, refusals."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.backend.random import Generator
from minigrad.data import ArrayDataset, Subset, load_digits, train_test_split
from minigrad.errors import DTypeError, ShapeError


@given(n=st.integers(2, 60), seed=st.integers(0, 2**64 - 1), share=st.floats(0.05, 0.9))
@settings(max_examples=60, deadline=None)
def test_every_sample_is_in_one_part(n, seed, share):
    if not 0 < np.ceil(share * n - 1e-9) < n:
        return
    x = np.arange(n)
    a, b, c, d = train_test_split(x, x * 10, test_size=share, seed=seed)
    assert sorted([*a, *b]) == x.tolist()
    assert len(b) == np.ceil(share * n - 1e-9)
    assert (c.tolist(), d.tolist()) == ((a * 10).tolist(), (b * 10).tolist())


def test_the_order_is_that_of_the_stream():
    order = Generator(3).fork("split").permutation(10)
    train, test = train_test_split(np.arange(10), test_size=0.2, seed=3)
    assert train.tolist() == order[:8].tolist()
    assert test.tolist() == order[8:].tolist()


@pytest.mark.parametrize(("n", "size", "expected"), [(1797, 0.2, 360), (100, 0.07, 7), (10, 0.25, 3), (10, 4, 4)])
def test_size_of_the_test_part(n, size, expected):
    train, test = train_test_split(np.zeros(n), test_size=size, seed=0)
    assert (len(train), len(test)) == (n - expected, expected)


def test_without_a_seed_the_process_seed_counts_and_nothing_else():
    mg.manual_seed(5)
    first = train_test_split(np.arange(20))
    mg.rand(100)
    np.random.random()  # noqa: NPY002  # somebody else draws
    again = train_test_split(np.arange(20))
    named = train_test_split(np.arange(20), seed=5)
    mg.manual_seed(0)
    other = train_test_split(np.arange(20))
    assert first[1].tolist() == again[1].tolist() == named[1].tolist() != other[1].tolist()


def test_a_dataset_gives_subsets_cut_at_the_same_samples_as_arrays():
    x, y = load_digits()
    a, b, c, d = train_test_split(x, y, test_size=0.2, seed=1, stratify=y)
    train, test = train_test_split(ArrayDataset(x, y), test_size=0.2, seed=1, stratify=y)
    assert isinstance(train, Subset)
    assert np.array_equal(train[np.arange(len(train))][0], a)
    assert np.array_equal(test[np.arange(len(test))][0], b)
    assert np.array_equal(train[np.arange(len(train))][1], c)
    assert np.array_equal(test[np.arange(len(test))][1], d)


def test_dtypes_stay_and_parts_are_copies():
    x = np.arange(8, dtype=np.uint8)
    train, test = train_test_split(x, seed=0)
    assert train.dtype == test.dtype == np.uint8
    assert not np.shares_memory(train, x)


@given(
    labels=st.lists(st.integers(0, 3), min_size=8, max_size=80),
    share=st.floats(0.2, 0.8),
    seed=st.integers(0, 9),
)
@settings(max_examples=60, deadline=None)
def test_stratified_parts_have_the_shares_of_the_classes(labels, share, seed):
    counts = Counter(labels)
    try:
        a, b = train_test_split(np.arange(len(labels)), test_size=share, seed=seed, stratify=labels)
    except ValueError as error:  # a class that one part could not have
        assert min(counts.values()) * min(share, 1 - share) <= 2, error  # noqa: PT017
        return
    assert sorted([*a, *b]) == list(range(len(labels)))
    assert len(b) == np.ceil(share * len(labels) - 1e-9)
    tested = Counter(labels[i] for i in b)
    for label, count in counts.items():
        assert abs(tested[label] - count * len(b) / len(labels)) < 1
        assert tested[label] >= 1


def test_stratified_by_hand():
    # 6 of a, 3 of b, 3 of c; 4 to test: exact shares 2, 1, 1.
    labels = ["a"] * 6 + ["b"] * 3 + ["c"] * 3
    _, test = train_test_split(labels, test_size=4, seed=2, stratify=labels)
    assert sorted(test) == ["a", "a", "b", "c"]


def test_stratified_parts_are_shuffled():
    labels = np.repeat([0, 1], 50)
    train, test = train_test_split(labels, seed=0, stratify=labels)
    assert 10 < np.count_nonzero(np.diff(train)) < 65
    assert 2 < np.count_nonzero(np.diff(test)) < 23


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: train_test_split(), ShapeError, r"train_test_split: nothing to split, got \(\)"),
        (lambda: train_test_split([1, 2], [1]), ShapeError, "differ in length, got array 0: 2, array 1: 1"),
        (lambda: train_test_split([1]), ValueError, "both parts need samples, got 0 to train on and 1 to test on"),
        (lambda: train_test_split([]), ValueError, "both parts need samples, got 0 to train on and 0 to test on"),
        (lambda: train_test_split([1, 2], test_size=1.5), ValueError, "must lie between 0 and 1, got 1.5"),
        (lambda: train_test_split([1, 2], test_size=float("nan")), ValueError, "must lie between 0 and 1, got nan"),
        (lambda: train_test_split([1, 2], test_size=2), ValueError, "got 0 to train on and 2 to test on"),
        (lambda: train_test_split([1, 2], test_size="a"), DTypeError, "test_size must be a number, got 'a'"),
        (lambda: train_test_split([1, 2], test_size=True), DTypeError, "test_size must be a number, got True"),
        (lambda: train_test_split([1, 2], stratify=[0.5, 1]), DTypeError, "must hold classes, got float32"),
        (lambda: train_test_split([1, 2], stratify=[1]), ShapeError, r"must have shape \(2,\), got \(1,\)"),
        (lambda: train_test_split([1, 2, 3], stratify=[1, 1, 7]), ValueError, "needs two samples .* got one of .*7"),
        (
            lambda: train_test_split([1] * 8, test_size=1, stratify=[0, 1] * 4),
            ValueError,
            "both parts need samples of all 2 classes, got 1 of 8 to test on",
        ),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()
