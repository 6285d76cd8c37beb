"""Threads that make batches: in order, bounded, gone when the reader is gone. Waits are joins and events, limited."""

import gc
import subprocess
import sys
import threading
import traceback

import numpy as np
import pytest

from minigrad.data import DataLoader
from minigrad.data.prefetch import AHEAD, Prefetch

LIMIT = 10  # seconds that nothing here comes near


def workers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("minigrad-data")]


def assert_ended(threads):
    for thread in threads:
        thread.join(LIMIT)
    assert not any(thread.is_alive() for thread in threads)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    assert not workers()
    yield
    gc.collect()
    assert_ended(workers())


class Gate:
    """A dataset whose samples wait until they are let through, and which counts what was asked for."""

    def __init__(self, n=100, open_below=0):
        self.n, self.open_below = n, open_below
        self.opened, self.asked, self.lock = threading.Event(), [], threading.Lock()
        self.waiting = threading.Event()

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        with self.lock:
            self.asked.append(i)
        if i >= self.open_below:
            self.waiting.set()
            assert self.opened.wait(LIMIT)
        return i


@pytest.mark.parametrize("count", [1, 2, 5])
def test_in_order_whatever_finishes_first(count):
    first_done = threading.Event()

    def make(n):
        if n == 0 and count > 1:
            assert first_done.wait(LIMIT)  # number 0 is made last of the first
        elif n == 1:
            first_done.set()
        return n

    assert list(Prefetch(make, range(50), count)) == list(range(50))


def test_threads_work_at_the_same_time():
    together = threading.Barrier(3)

    def make(n):
        together.wait(LIMIT)  # passes only if three are here
        return n

    assert list(Prefetch(make, range(6), 3)) == list(range(6))


def test_no_more_is_made_than_agreed():
    made, source = [], None

    def make(n):
        made.append(n)
        return n

    source = Prefetch(make, range(200), 2)
    for n in source:
        assert max(made) <= n + 2 * AHEAD  # n is handed out, 2 * AHEAD may lie ready behind it
    assert sorted(made) == list(range(200))


def test_no_more_threads_than_things():
    source = Prefetch(lambda n: n, range(2), 8)
    assert len(source._queue.threads) == 2
    assert list(source) == [0, 1]
    assert list(Prefetch(lambda n: n, range(0), 3)) == []


def test_at_the_end_the_threads_have_ended():
    running = iter(DataLoader(np.arange(20), 3, workers=3))
    for _ in running:
        pass
    assert workers() == []
    assert next(running, None) is None


def test_a_break_ends_the_threads():
    for _ in DataLoader(np.arange(1000), 1, workers=3):
        break
    assert_ended(workers())


def test_a_break_while_all_threads_are_waiting_for_room():
    gate = Gate(open_below=10**9)
    loader = DataLoader(gate, 1, workers=2)
    running = iter(loader)
    next(running)
    threads = workers()
    assert len(threads) == 2
    del running
    assert_ended(threads)


def test_a_reader_that_is_forgotten_ends_the_threads_without_the_collector():
    gc.disable()
    try:
        loader = DataLoader(np.arange(1000), 1, workers=2)
        running = iter(loader)
        next(running)
        threads = workers()
        del running, loader
        assert_ended(threads)
    finally:
        gc.enable()


def test_a_thread_in_the_users_code_ends_after_it():
    gate = Gate(open_below=1)
    running = iter(DataLoader(gate, 1, workers=1))
    next(running)
    assert gate.waiting.wait(LIMIT)
    threads = workers()
    del running  # does not wait for the user's code
    assert threads[0].is_alive()
    gate.opened.set()
    assert_ended(threads)
    assert gate.asked == [0, 1]  # and nothing more was begun


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(3), MemoryError()])
def test_errors_arrive_where_their_thing_would_have_come(error):
    def make(n):
        if n == 3:
            raise error
        return n

    source = Prefetch(make, range(10), 2)
    assert [next(source) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(type(error)) as caught:
        next(source)
    assert caught.value is error
    assert "in make" in "".join(traceback.format_exception(caught.value))
    assert list(source) == []
    assert_ended(workers())


def test_an_error_frees_the_reader_at_once():
    class Broken:
        def __len__(self):
            return 9

        def __getitem__(self, i):
            raise KeyError(i)

    gc.disable()
    try:
        with pytest.raises(KeyError):
            for _ in DataLoader(Broken(), 2, workers=2):
                pass
        assert_ended(workers())
    finally:
        gc.enable()


def test_the_callers_context_holds_in_the_threads():
    with np.errstate(divide="raise"):
        source = Prefetch(lambda n: np.ones(1) / n, range(1), 1)
        with pytest.raises(FloatingPointError):
            next(source)


def test_many_runs_leave_nothing():
    before = threading.active_count()
    loader = DataLoader(np.arange(64), 4, shuffle=True, workers=4)
    for _ in range(30):
        assert len(list(loader)) == 16
    assert threading.active_count() == before


@pytest.mark.parametrize("blocked", [False, True])
def test_the_interpreter_ends_in_the_middle_of_an_epoch(blocked):
    code = f"""
import threading
import numpy as np
from minigrad.data import DataLoader

class Slow:
    def __len__(self):
        return 50

    def __getitem__(self, i):
        if {blocked} and i > 2:
            threading.Event().wait()  # for ever
        return i

running = iter(DataLoader(Slow(), 1, workers=2))
print(next(running).tolist())
"""
    ended = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "[0]", "")
