"""Threads as workers: sums in the order of ranks, their derivatives, nobody waits for one who does not come."""

import copy
import pickle
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import SyncBatchNorm
from minigrad.parallel import CommunicationError, Communicator, Single, Threads, all_reduce
from minigrad.parallel.threads import Meeting
from minigrad.tensor import raw
from minigrad.testing import check_op


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_all_get_the_sum_in_the_order_of_ranks(n, device):
    parts = np.float32([1e8, 1.0, -1e8, 3.0, 0.1])[:n, None] * np.float32([1.0, 0.3])
    wanted = parts[0]
    for part in parts[1:]:
        wanted = wanted + part

    def work(communicator):
        mine = device.array(parts[communicator.rank])
        return [device.host(communicator.all_reduce(mine)) for _ in range(10)]

    for sums in Threads(n).run(work):
        for found in sums:
            assert found.tobytes() == wanted.tobytes()


def test_each_gets_memory_of_its_own(device):
    def work(communicator):
        x = device.array([1.0, 2.0])
        y = communicator.all_reduce(x)
        y += communicator.rank
        communicator.all_reduce(x)
        return device.host(y).tolist(), device.host(x).tolist()

    assert Threads(3).run(work) == [([3.0 + rank, 6.0 + rank], [1.0, 2.0]) for rank in range(3)]
    assert Threads(1).run(work) == [([1.0, 2.0], [1.0, 2.0])]
    x = device.array([1.0])
    y = Single().all_reduce(x)
    y += 1
    assert device.host(x).tolist() == [1.0]


def test_who_they_are():
    assert Threads(3).run(lambda c: (c.rank, c.size, isinstance(c, Communicator), repr(c))) == [
        (rank, 3, True, f"Worker(rank={rank}, size=3)") for rank in range(3)
    ]
    assert (repr(Threads(2)), repr(Threads(2, 0.5)), repr(Single())) == (
        "Threads(2, timeout=60)", "Threads(2, timeout=0.5)", "Single()",
    )  # fmt: skip
    assert repr(SyncBatchNorm(3, communicator=Single())) == "SyncBatchNorm(3, communicator=Single())"
    assert not isinstance(object(), Communicator)


# -- the op ------------------------------------------------------------------------------------------------------------


def test_of_one_worker_it_is_an_op_as_any():
    check_op(lambda x: all_reduce(x, Single()), [(2, 3)], lambda x: x, shapes=[[()], [(0, 3)]])


def test_the_gradient_is_the_sum_of_the_gradients(device):
    c, a = np.array([2.0, 3.0, 5.0]), np.array([1.0, 10.0, 100.0])

    def work(communicator):
        r = communicator.rank
        x = device.leaf([1.0, -2.0], np.float64)
        (all_reduce(x * c[r], communicator) ** 2 * a[r]).sum().backward()
        return device.host(x.grad)

    for rank, found in enumerate(Threads(3).run(work)):  # y = sum c x = 10 x0; loss = sum_r a_r y^2
        np.testing.assert_allclose(found, 2 * 111 * 10 * np.array([1.0, -2.0]) * c[rank])


def test_second_order(device):
    """L = sum_r a_r (sum_s x_s^2)^2: the gradient along v, differentiated again, against the formula by hand."""
    a, xs = np.array([1.0, 10.0]), np.array([[0.5, -1.0], [2.0, 0.3]])
    vs = np.array([[1.0, 2.0], [-1.0, 0.5]])

    def work(communicator):
        r = communicator.rank
        v = device.array(vs[r], np.float64)
        loss = lambda x: (all_reduce(x * x, communicator) ** 2 * a[r]).sum()  # noqa: E731
        found = mg.grad(lambda x: (mg.grad(loss)(x) * v).sum())(device.tensor(xs[r], np.float64))
        return device.host(found)

    s = (xs**2).sum(axis=0)  # d/dx_r = 44 s x_r; along v: 44 s p with p = sum_r x_r v_r
    wanted = 44 * (2 * xs * (xs * vs).sum(axis=0) + s * vs)
    np.testing.assert_allclose(np.stack(Threads(2).run(work)), wanted, rtol=1e-12)


# -- who does not come -------------------------------------------------------------------------------------------------


def told(group, work):
    """What `run` raises, and the message that each rank got."""
    messages = {}

    def noting(communicator):
        try:
            return work(communicator)
        except Exception as error:
            messages[communicator.rank] = f"{type(error).__name__}: {error}"
            raise

    with pytest.raises(Exception, match=r".") as caught:
        group.run(noting)
    return caught.value, messages


def test_an_error_of_one_reaches_all_and_the_caller():
    def work(communicator):
        communicator.all_reduce(np.ones(2))
        if communicator.rank == 1:
            raise KeyError("bad batch")
        return communicator.all_reduce(np.ones(2))

    group = Threads(3)
    error, messages = told(group, work)
    assert isinstance(error, KeyError)
    assert "in thread 1 of 3" in " ".join([*map(str, error.args), *getattr(error, "__notes__", [])])
    for rank in (0, 2):
        assert messages[rank].startswith("CommunicationError: all_reduce: not all threads come, got rank 1 has failed")
        assert "KeyError: 'bad batch'; all must call it" in messages[rank]
    assert group.run(lambda c: c.all_reduce(np.ones(1)).item()) == [3.0, 3.0, 3.0]  # the next run is a fresh one


def test_an_error_before_the_first_sum():
    def work(communicator):
        if communicator.rank == 0:
            raise ValueError("no data")
        return communicator.all_reduce(np.ones(2))

    error, messages = told(Threads(2), work)
    assert isinstance(error, ValueError)
    assert "rank 0 has failed with ValueError: no data" in messages[1]


def test_who_returns_early_is_not_waited_for():
    def work(communicator):
        for _ in range(2 + communicator.rank):
            communicator.all_reduce(np.ones(2))

    error, messages = told(Threads(3), work)
    assert isinstance(error, CommunicationError)
    assert set(messages) == {1, 2}
    assert all("rank 0 has returned, and rank" in message for message in messages.values())


def test_who_does_not_come_in_time():
    given_up = threading.Event()

    def work(communicator):
        if communicator.rank == 1:
            assert given_up.wait(60)
        else:
            try:
                communicator.all_reduce(np.ones(2))
            finally:
                given_up.set()

    error, messages = told(Threads(2, timeout=0.01), work)
    assert isinstance(error, CommunicationError)
    assert "rank 0 has waited 0.01 s for ranks [1]; all must call it equally often" in messages[0]


@pytest.mark.parametrize(
    ("parts", "words"),
    [([np.ones(2), np.ones(3)], "float64 (2,), float64 (3,)"),
     ([np.ones(2), np.ones(2, np.float32)], "float64 (2,), float32 (2,)")],
)  # fmt: skip
def test_arrays_that_differ(parts, words):
    error, messages = told(Threads(2), lambda c: c.all_reduce(parts[c.rank]))
    assert isinstance(error, CommunicationError)
    assert all(f"the arrays of the ranks differ: {words}" in messages[rank] for rank in (0, 1))


def test_one_worker_that_asks_twice_at_a_time():
    meeting, messages = Meeting(2, 60.0), []

    def ask():
        with pytest.raises(CommunicationError) as caught:
            meeting.add(0, np.ones(2))
        messages.append(str(caught.value))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages) == 2
    assert all("rank 0 wants two sums at the same time" in message for message in messages)


def test_arrays_of_two_devices():
    parts = [np.ones(2), mg.backend.move(np.ones(2), "strict")]
    _, messages = told(Threads(2), lambda c: c.all_reduce(parts[c.rank]))
    assert all("the arrays of the ranks cannot be added" in messages[rank] for rank in (0, 1))


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", None, True])
def test_numbers_of_threads_that_mean_nothing(n):
    with pytest.raises(ValueError, match=rf"^Threads: n is how many threads to run, .*got {n!r}"):
        Threads(n)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), float("inf"), "10", None])
def test_timeouts_that_mean_nothing(timeout):
    with pytest.raises(ValueError, match=rf"^Threads: timeout is a number of seconds above 0, got {timeout!r}"):
        Threads(2, timeout)


# -- in layers ---------------------------------------------------------------------------------------------------------


def test_copies_of_a_layer_speak_for_the_same_worker():
    def work(communicator):
        layer = SyncBatchNorm(2, communicator=communicator)
        copied = copy.deepcopy(layer)
        assert copied.communicator is communicator is copy.copy(communicator)
        with pytest.raises(CommunicationError, match=r"^Threads: a communicator belongs to its run, got rank \d to be"):
            pickle.dumps(layer)
        return raw(copied(mg.Tensor([[communicator.rank + 1.0, 5.0]]))).shape

    assert Threads(2).run(work) == [(1, 2), (1, 2)]
