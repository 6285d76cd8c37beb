"""`Prefetch`: threads that make the next things while the last one is in use, and hand them out in order.

The threads share one `_Queue` and know nothing else, so that whoever iterates can be forgotten: when the `Prefetch`
goes, because a loop ended, broke off or raised, its threads are told to stop.

Builds on: nothing. Read next: `minigrad.data.loader`.
"""

from __future__ import annotations

import atexit
import contextvars
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

__all__ = ["AHEAD", "Prefetch"]

T = TypeVar("T")

AHEAD = 2  # how many things per thread may be ready or in the making
PATIENCE = 1.0  # seconds that the end of the process waits for a thread in the middle of its work


class _Queue:
    """What threads and reader share: numbers still to make, things made; guarded by one condition."""

    def __init__(self, make: Callable[[int], Any], numbers: range, depth: int) -> None:
        self.make = make
        self.numbers = numbers
        self.depth = depth
        self.begun = 0  # how many numbers have been taken by a thread
        self.handed = 0  # how many things the reader has got
        self.ready: dict[int, tuple[Any, BaseException | None]] = {}
        self.stopped = False
        self.threads: list[threading.Thread] = []
        self.changed = threading.Condition()  # its lock is re-entrant: a finalizer may run inside any of these

    def take(self) -> int | None:
        """The next place to fill, waiting until the reader is close enough; None when there is no more to do."""
        with self.changed:
            self.changed.wait_for(lambda: self.finished or self.begun < self.handed + self.depth)
            if self.finished:
                return None
            self.begun += 1
            return self.begun - 1

    @property
    def finished(self) -> bool:
        """Whether threads have nothing left to begin."""
        return self.stopped or self.begun == len(self.numbers)

    def put(self, place: int, thing: Any, error: BaseException | None) -> None:
        """Hand in what was made, or what went wrong."""
        with self.changed:
            if not self.stopped:
                self.ready[place] = thing, error
                self.changed.notify_all()

    def get(self) -> tuple[Any, BaseException | None]:
        """The next thing in order, waiting for it."""
        with self.changed:
            self.changed.wait_for(lambda: self.handed in self.ready)
            pair = self.ready.pop(self.handed)
            self.handed += 1
            self.changed.notify_all()
            return pair

    def stop(self) -> None:
        """Tell the threads to end."""
        with self.changed:
            self.stopped = True
            self.ready.clear()
            self.changed.notify_all()

    def join(self, patience: float) -> None:
        """Wait for the threads to end, but not for ever: one may sit in the user's code."""
        until = time.monotonic() + patience
        for thread in self.threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(max(0.0, until - time.monotonic()))


def _work(queue: _Queue) -> None:
    """What a thread does: take a number, make its thing, hand it in."""
    while (place := queue.take()) is not None:
        queue.put(place, *_attempt(queue.make, queue.numbers[place]))


def _attempt(make: Callable[[int], Any], number: int) -> tuple[Any, BaseException | None]:
    try:
        return make(number), None
    except BaseException as error:  # whatever it is, it belongs to the reader
        return None, error


_running: weakref.WeakSet[_Queue] = weakref.WeakSet()


class Prefetch(Iterator[T], Generic[T]):
    """``map(make, numbers)`` with threads: the same things in the same order, made ahead of time.

    An error is raised where its thing would have come, with the traceback of the thread. At most ``AHEAD * workers``
    things exist beyond those handed out.

    >>> list(Prefetch(lambda n: n * n, range(4), workers=2))
    [0, 1, 4, 9]
    """

    def __init__(self, make: Callable[[int], T], numbers: range, workers: int) -> None:
        queue = self._queue = _Queue(make, numbers, AHEAD * workers)
        weakref.finalize(self, queue.stop).atexit = False  # at exit `_end_all` stops and waits
        _running.add(queue)
        for number in range(min(workers, len(numbers))):
            # In a copy of the caller's context, so that np.errstate and the like hold in the threads too. Daemons,
            # since the interpreter would otherwise wait for them before it tells anyone that it ends.
            run = contextvars.copy_context().run
            thread = threading.Thread(target=run, args=(_work, queue), daemon=True, name=f"minigrad-data-{number}")
            thread.start()
            queue.threads.append(thread)

    def __next__(self) -> T:
        queue = self._queue
        if queue.stopped or queue.handed == len(queue.numbers):
            self.close()
            raise StopIteration
        thing, error = queue.get()
        if error is None:
            return thing  # type: ignore[no-any-return]
        try:
            queue.stop()
            raise error
        finally:
            del error  # this frame is in its traceback: no cycle, so that it is freed at once

    def close(self) -> None:
        """Stop the threads and wait for what they are doing."""
        self._queue.stop()
        self._queue.join(PATIENCE)


@atexit.register
def _end_all() -> None:
    queues = list(_running)
    for queue in queues:
        queue.stop()
    for queue in queues:
        queue.join(PATIENCE)
