"""Threads: no_grad in one leaves the others alone, gradients of all of them add up, transforms do not mix."""

import sys
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, no_grad


@pytest.fixture
def eager_switching():
    """Threads take turns as often as the interpreter can let them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def records():
    """Whether an op is recorded here and now."""
    return (Tensor([1.0], requires_grad=True) * 2).requires_grad


class in_another_thread_under_no_grad:
    """While the block runs another thread stands inside no_grad; `states` is what it saw there and after it."""

    def __enter__(self):
        self.inside, self.leave, self.states = threading.Event(), threading.Event(), []
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.inside.wait(60)
        return self.states

    def run(self):
        with no_grad():
            self.states.append(records())
            self.inside.set()
            self.leave.wait(60)
            self.states.append(records())
        self.states.append(records())

    def __exit__(self, *exc):
        self.leave.set()
        self.thread.join(60)


def test_no_grad_in_one_thread_leaves_the_others_alone():
    with in_another_thread_under_no_grad() as states:
        assert records()
        with no_grad():
            assert not records()
        assert records()
    assert states == [False, False, True]
    assert records()


def in_threads(n, work):
    """Run work(0) ... work(n - 1), each in a thread of its own, starting together."""
    start, errors = threading.Barrier(n), []

    def run(i):
        try:
            start.wait(60)
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert errors == []


def test_two_threads_on_shared_leaves_sum_their_gradients(eager_switching):
    w, b = Tensor(np.ones((8, 8)), requires_grad=True), Tensor(np.zeros(8), requires_grad=True)
    data = [np.full((4, 8), 1.0), np.full((4, 8), 2.0)]
    rounds = 300

    def work(i):
        for _ in range(rounds):
            (data[i] @ w + b).sum().backward()

    in_threads(2, work)
    np.testing.assert_allclose(w.grad, np.full((8, 8), rounds * (4.0 + 8.0)))
    np.testing.assert_allclose(b.grad, np.full(8, rounds * 8.0))


def test_two_threads_that_deposit_first_lose_nothing(eager_switching):
    leaves = [Tensor(np.zeros(3), requires_grad=True) for _ in range(300)]

    def work(i):
        for x in leaves:
            (x * (i + 1.0)).sum().backward()

    in_threads(2, work)
    lost = [x.grad.tolist() for x in leaves if x.grad.tolist() != [3.0] * 3]
    assert lost == []


def test_two_threads_on_large_leaves_lose_nothing(eager_switching):
    x = Tensor(np.zeros(200_000), requires_grad=True)

    def work(i):
        for _ in range(60):
            (x * (i + 1.0)).sum().backward()

    in_threads(2, work)
    np.testing.assert_allclose([x.grad.min(), x.grad.max()], [180.0, 180.0])


def test_transforms_in_several_threads_do_not_mix(eager_switching):
    results = {}

    def work(i):
        k = float(i + 1)
        results[i] = [float(mg.grad(mg.grad(lambda x: mg.exp(x * k)))(np.array(0.5))) for _ in range(50)]

    in_threads(4, work)
    for i, values in results.items():
        k = i + 1
        np.testing.assert_allclose(values, [k * k * np.exp(0.5 * k)] * 50)


def test_one_block_object_may_be_entered_again_inside_itself():
    def work(i):
        block = no_grad()
        with block:
            with block:
                assert not records()
            assert not records()
        with in_another_thread_under_no_grad():
            assert records()

    in_threads(1, work)


def test_writes_in_one_thread_do_not_disturb_walks_in_another(eager_switching):
    def work(i):
        leaves = [Tensor(np.ones(2), requires_grad=True) for _ in range(300)]
        for x in leaves:
            y = (x * 2.0).sum()
            with no_grad():
                x *= 1.0
            y.backward()
        assert all(x.grad.tolist() == [2.0, 2.0] for x in leaves)

    in_threads(3, work)
