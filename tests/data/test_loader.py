"""`DataLoader`: order by (seed, epoch), positions, batches, refusals; with threads and without."""

import itertools
import json
import traceback
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.backend.random import Generator
from minigrad.data import ArrayDataset, DataLoader, Dataset, Subset
from minigrad.errors import DTypeError, ShapeError

X = np.arange(20, dtype=np.float32).reshape(10, 2)
Y = np.arange(10)


class Squares:
    """A dataset that only knows single samples."""

    def __len__(self):
        return 7

    def __getitem__(self, i):
        if type(i) is not int:
            raise TypeError("single samples only")
        return float(i), i * i


def numbers(loader):
    """The samples of an epoch, batch by batch."""
    return [np.asarray(batch[0] if isinstance(batch, tuple) else batch).tolist() for batch in loader]


# -- order


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_without_shuffling(workers):
    loader = DataLoader(ArrayDataset(X, Y), batch_size=4, workers=workers)
    batches = list(loader)
    assert [y.tolist() for _, y in batches] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert np.array_equal(np.concatenate([x for x, _ in batches]), X)
    assert all(type(part) is np.ndarray for batch in batches for part in batch)
    assert batches[0][0].dtype == np.float32
    assert len(loader) == 3


def test_drop_last():
    loader = DataLoader(Y, batch_size=4, drop_last=True)
    assert numbers(loader) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert len(loader) == 2


def test_the_order_is_that_of_the_stream():
    loader = DataLoader(Y, batch_size=10, shuffle=True, seed=4)
    for epoch in range(3):
        expected = Generator(4).fork("shuffle", epoch).permutation(10).tolist()
        assert loader.order(epoch).tolist() == expected
        assert numbers(loader) == [expected]


def test_known_order_stays():
    assert DataLoader(Y, 5, shuffle=True, seed=0).order(0).tolist() == [
        2,
        4,
        9,
        8,
        0,
        6,
        5,
        7,
        1,
        3,
    ]  # saved runs rely on it


recipes = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 9),
        "shuffle": st.booleans(),
        "seed": st.integers(0, 2**64 - 1),
        "workers": st.sampled_from([0, 1, 2, 3]),
    }
)


@given(n=st.integers(1, 30), recipe=recipes)
@settings(max_examples=50, deadline=None)
def test_every_sample_comes_once_in_every_epoch(n, recipe):
    loader = DataLoader(np.arange(n), **recipe)
    for epoch in range(2):
        assert loader.epoch == epoch
        batches = numbers(loader)
        assert sorted(itertools.chain(*batches)) == list(range(n))
        assert [len(batch) for batch in batches[:-1]] == [recipe["batch_size"]] * (len(loader) - 1)


@given(recipe=recipes, uses=st.lists(st.integers(0, 5), max_size=4), epoch=st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_the_order_of_an_epoch_does_not_depend_on_what_came_before(recipe, uses, epoch):
    fresh = DataLoader(np.arange(13), **recipe)
    fresh.set_epoch(epoch)
    expected = numbers(fresh)
    used = DataLoader(np.arange(13), **{**recipe, "workers": 0})
    for count in uses:  # whole epochs, beginnings of epochs, jumps
        for _ in itertools.islice(used, count):
            mg.rand(3)
        used.set_epoch(used.epoch + count % 2)
    used.set_epoch(epoch)
    assert numbers(used) == expected


@given(recipe=recipes, n=st.integers(1, 20), epoch=st.integers(0, 3), data=st.data())
@settings(max_examples=80, deadline=None)
def test_a_restored_position_goes_on_with_the_same_batches(recipe, n, epoch, data):
    loader = DataLoader(np.arange(n), **recipe)
    loader.set_epoch(epoch)
    stop = data.draw(st.integers(0, len(loader)))
    running = iter(loader)
    for _ in range(stop):
        next(running)
    state = json.loads(json.dumps(loader.state_dict()))
    assert (state["seed"], state["epoch"], state["batch"]) == (recipe["seed"], epoch, stop)
    rest = [batch.tolist() for batch in running] + numbers(loader)

    resumed = DataLoader(np.arange(n), **{**recipe, "seed": 0, "workers": data.draw(st.sampled_from([0, 2]))})
    resumed.load_state_dict(state)
    assert resumed.state_dict() == state
    assert numbers(resumed) + numbers(resumed) == rest
    assert resumed.state_dict() == loader.state_dict()


def test_threads_do_not_change_what_the_position_says():
    loader = DataLoader(Y, 2, workers=3)
    for done, _ in enumerate(loader, 1):
        assert loader.state_dict()["batch"] == done  # handed out, not prefetched


def test_a_saved_end_of_an_epoch_has_no_batch_left_and_then_the_next_epoch():
    loader = DataLoader(Y, 5, shuffle=True, seed=1)
    running = iter(loader)
    next(running), next(running)
    resumed = DataLoader(Y, 5, shuffle=True, seed=1)
    resumed.load_state_dict(loader.state_dict())
    assert numbers(resumed) == []
    assert resumed.epoch == 1
    assert len(numbers(resumed)) == 2


def test_a_loaded_position_holds_until_its_epoch_is_over():
    loader = DataLoader(Y, 2)
    state = {**loader.state_dict(), "batch": 3}
    loader.load_state_dict(state)
    loader.set_epoch(0)  # the same epoch: a loop that says where it is changes nothing
    assert next(iter(loader)).tolist() == [6, 7]  # a look
    assert numbers(loader) == [[6, 7], [8, 9]]
    loader.set_epoch(0)
    assert len(numbers(loader)) == 5


def test_a_break_starts_the_epoch_again():
    loader = DataLoader(Y, 4, shuffle=True, seed=2)
    first = next(iter(loader)).tolist()
    assert loader.epoch == 0
    assert numbers(loader)[0] == first
    assert loader.epoch == 1


def test_two_iterations_at_once_are_independent():
    loader = DataLoader(Y, 3, shuffle=True, seed=2)
    pairs = [(a.tolist(), b.tolist()) for a, b in zip(loader, loader, strict=True)]
    assert all(a == b for a, b in pairs)
    assert len(pairs) == 4


def test_without_a_seed_the_process_seed_counts():
    mg.manual_seed(9)
    loader = DataLoader(Y, 10, shuffle=True)
    mg.manual_seed(0)
    assert numbers(loader) == numbers(DataLoader(Y, 10, shuffle=True, seed=9))


def test_len_of_an_iteration_is_what_is_left():
    running = iter(DataLoader(Y, 4))
    assert len(running) == 3
    next(running)
    assert len(running) == 2


def test_any_batch_by_its_number():
    loader = DataLoader(Y, 3, shuffle=True, seed=5)
    loader.set_epoch(2)
    expected = numbers(loader)
    assert [loader.make(2, number).tolist() for number in (3, 0, 1)] == [expected[3], expected[0], expected[1]]


# -- batches


@pytest.mark.parametrize("workers", [0, 2])
def test_single_samples_are_stacked(workers):
    assert isinstance(Squares(), Dataset)
    batches = list(DataLoader(Squares(), 3, workers=workers))
    assert batches[1][0].tolist() == [3, 4, 5]
    assert batches[1][0].dtype == np.float32
    assert batches[2][1].tolist() == [36]
    assert batches[2][1].dtype == np.int64


def test_subsets_of_both_kinds():
    assert numbers(DataLoader(Subset(ArrayDataset(X, Y), [3, 1]), 2)) == [[[6, 7], [2, 3]]]
    assert numbers(DataLoader(Subset(Squares(), [3, 1]), 2)) == [[3, 1]]


def test_dicts_and_named_tuples_keep_their_parts():
    class Pair(NamedTuple):
        image: object
        label: object

    (batch,) = DataLoader([{"x": X[i], "y": (i, float(i))} for i in range(3)], 3)
    assert batch["x"].shape == (3, 2)
    assert batch["y"][1].tolist() == [0, 1, 2]
    (batch,) = DataLoader([Pair(X[i], i) for i in range(3)], 3)
    assert type(batch) is Pair
    assert batch.label.tolist() == [0, 1, 2]


def test_batches_are_the_users_to_change():
    loader = DataLoader(ArrayDataset(X, Y), 10)
    for x, _ in loader:
        x[:] = -1
    assert X[0].tolist() == [0, 1]


def test_collate():
    loader = DataLoader(ArrayDataset(X, Y), 4, collate=lambda samples: [int(y) for _, y in samples])
    assert list(loader) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_transform_draws_by_seed_epoch_and_batch():
    def noisy(batch, rng):
        return batch + rng.uniform(batch.shape)

    def epochs(workers, skip):
        loader = DataLoader(Y, 3, seed=3, workers=workers, transform=noisy)
        if skip:
            loader.load_state_dict({**loader.state_dict(), "batch": 2})
        return [batch.tolist() for _ in range(2) for batch in loader]

    plain = epochs(0, skip=False)
    assert epochs(3, skip=False) == plain
    assert epochs(2, skip=True) == plain[2:]
    expected = Y[3:6] + Generator(3).fork("transform", 0, 1).uniform((3,))
    assert plain[1] == expected.tolist()
    assert plain[0] != plain[4]


def test_repr():
    text = "DataLoader(ArrayDataset(int64 (10,)), batch_size=4, shuffle=True, seed=1, drop_last=False, workers=2)"
    assert repr(DataLoader(ArrayDataset(Y), 4, shuffle=True, seed=1, workers=2)) == text


# -- errors


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_errors_of_the_dataset_reach_the_user(workers):
    class Broken(Squares):
        def __getitem__(self, i):
            if i == 4:
                raise KeyError("file 4 is gone")
            return i

    loader = DataLoader(Broken(), 2, workers=workers)
    running = iter(loader)
    assert next(running).tolist() == [0, 1]
    assert next(running).tolist() == [2, 3]
    with pytest.raises(KeyError, match="file 4 is gone") as caught:
        next(running)
    lines = "".join(traceback.format_exception(caught.value))
    assert "in __getitem__" in lines  # where it happened, in the thread too
    assert 'raise KeyError("file 4 is gone")' in lines
    assert "DataLoader: while making batch 2 of epoch 0, samples [4, 5]" in lines
    assert list(running) == []  # it has ended, and the epoch is not over
    assert loader.state_dict()["epoch"] == 0
    assert loader.state_dict()["batch"] == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_stop_iteration_in_a_dataset_does_not_pass_for_the_end(workers):
    class Stops(Squares):
        def __getitem__(self, i):
            return next(iter([]))

    with pytest.raises(RuntimeError, match="DataLoader: StopIteration escaped while making batch 0 of epoch=0"):
        list(DataLoader(Stops(), 2, workers=workers))


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([np.ones(2), np.ones(3)], r"differ in shape, got \(3,\) for sample 1 of the batch and \(2,\) for the first"),
        ([(1, 2), (1, 2, 3)], "differ in parts, got a tuple of 3 for sample 1 of the batch and a tuple of 2"),
        ([(1, 2), 3], "differ in parts, got int for sample 1 of the batch and a tuple of 2"),
        ([{"a": 1}, {"b": 1}], r"differ in parts, got \['b'\] for sample 1 of the batch and \['a'\]"),
    ],
)
def test_samples_that_do_not_stack(samples, message):
    with pytest.raises(ShapeError, match=f"DataLoader: samples of one batch {message}"):
        list(DataLoader(samples, 2))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: DataLoader(ArrayDataset([]), 1), ValueError, "DataLoader: the dataset is empty, got ArrayDataset"),
        (lambda: DataLoader([], 1), ValueError, r"DataLoader: the dataset is empty, got \[\]; pass one with"),
        (lambda: DataLoader((X, Y), 1), DTypeError, r"a tuple is no dataset, got one; wrap arrays in ArrayDataset"),
        (lambda: DataLoader(iter([1]), 1), DTypeError, "a dataset has a length and items, got list_iterator"),
        (lambda: DataLoader(None, 1), DTypeError, "a dataset has a length and items, got NoneType"),
        (lambda: DataLoader(Y, 0), ValueError, "DataLoader: batch_size must be at least 1, got 0"),
        (lambda: DataLoader(Y, -3), ValueError, "batch_size must be at least 1, got -3"),
        (lambda: DataLoader(Y, 2.0), DTypeError, r"batch_size must be a whole number, got 2.0; pass an int"),
        (lambda: DataLoader(Y, True), DTypeError, "batch_size must be a whole number, got True"),
        (lambda: DataLoader(Y, 2, workers=-1), ValueError, "workers must be at least 0, got -1"),
        (
            lambda: DataLoader(Y, 11, drop_last=True),
            ValueError,
            "drop_last leaves no batch, got 10 samples and batch_s",
        ),
        (lambda: DataLoader(Y, 2, seed=-1), ValueError, "seed must be at least 0"),
        (lambda: DataLoader(Y, 2).set_epoch(-1), ValueError, "DataLoader.set_epoch: epoch must be at least 0, got -1"),
        (lambda: DataLoader(Y, 2).set_epoch(1.5), DTypeError, "epoch must be a whole number, got 1.5"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": 11}, "the position belongs to another loader, got samples 11 for 10"),
        ({"batch_size": 4}, "the position belongs to another loader, got batch_size 4 for 2"),
        ({"shuffle": 1}, "the position belongs to another loader, got shuffle 1 for 0"),
        ({"batch": 6}, "beyond the last batch, got 6 of 5"),
        ({"batch": -1}, "batch must be at least 0, got -1"),
        ({"epoch": -1}, "epoch must be at least 0, got -1"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"more": 0}, "not a position of a loader, got entries"),
    ],
)
def test_refused_positions_change_nothing(change, message):
    loader = DataLoader(Y, 2, seed=1)
    next(iter(loader))
    before = loader.state_dict()
    with pytest.raises(ValueError, match=message):
        loader.load_state_dict({**before, **change})
    assert loader.state_dict() == before
