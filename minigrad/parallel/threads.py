"""Threads of one process as workers: to test what workers do together, and to see how it works.

The threads meet in a `Meeting`. The one that comes last adds up what all have brought, in the order of ranks, so that
the sum has the same bits in every run. Whoever fails, leaves early or does not come in time ends the meeting for all,
with an error that says so: nobody waits for ever.

Builds on: `minigrad.parallel.communicator`. Read next: `minigrad.nn.sync_batch_norm`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from minigrad.backend import Array, namespace
from minigrad.errors import MinigradError, add_note
from minigrad.parallel.communicator import CommunicationError

__all__ = ["Meeting", "Threads", "Worker"]

T = TypeVar("T")


class Threads:
    """Run a function in several threads, each with a communicator of its own.

    Every thread computes with its own copy of a model and its own shard of a batch. In `timeout` seconds all must have
    come to a sum that one of them waits for.

    Raises
    ------
    ValueError
        If n is no whole number above 0, or timeout no number of seconds above 0.
    CommunicationError
        In a thread that waits for another that has failed, has returned, or does not come in time.

    Batch statistics of four examples, of which two threads hold one and three:

    >>> from minigrad.nn import BatchNorm1d, SyncBatchNorm
    >>> shards = [[[1.0]], [[1.0], [3.0], [3.0]]]
    >>> def work(communicator):
    ...     layer = SyncBatchNorm(1, communicator=communicator)
    ...     return layer(shards[communicator.rank]).round(3).tolist()
    >>> Threads(2).run(work)
    [[[-1.0]], [[-1.0], [1.0], [1.0]]]
    >>> BatchNorm1d(1)([[1.0], [1.0], [3.0], [3.0]]).round(3).tolist()
    [[-1.0], [-1.0], [1.0], [1.0]]
    """

    def __init__(self, n: int, timeout: float = 60.0) -> None:
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise ThreadsError(f"Threads: n is how many threads to run, a whole number above 0, got {n!r}; try 2")
        if not isinstance(timeout, (int, float)) or not 0 < timeout < math.inf:
            raise ThreadsError(f"Threads: timeout is a number of seconds above 0, got {timeout!r}; 60 is usual")
        self.n, self.timeout = n, float(timeout)

    def run(self, work: Callable[[Worker], T]) -> list[T]:
        """``[work(communicator of thread 0), work(communicator of thread 1), ...]``, all at the same time.

        If threads fail, the first error that is no consequence of another is raised here, with the rank in a note.
        """
        meeting = Meeting(self.n, self.timeout)
        results: dict[int, T] = {}
        errors: dict[int, BaseException] = {}

        def one(rank: int) -> None:
            try:
                results[rank] = work(Worker(meeting, rank))
                meeting.leave(rank)
            except BaseException as error:  # whatever it is: the others must not wait, and the caller must hear of it
                errors[rank] = error
                meeting.end(f"rank {rank} has failed with {type(error).__name__}: {error}", error)

        threads = [threading.Thread(target=one, args=(rank,), daemon=True) for rank in range(self.n)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:  # the caller was interrupted
            meeting.end("the run was interrupted")
            raise
        if errors:
            own = {r: e for r, e in errors.items() if not isinstance(e, CommunicationError)}
            rank, error = min((own or errors).items())
            add_note(error, f"in thread {rank} of {self.n}")
            raise error
        return [results[rank] for rank in range(self.n)]

    def __repr__(self) -> str:
        return f"Threads({self.n}, timeout={self.timeout:g})"


class ThreadsError(MinigradError, ValueError):
    """Threads that cannot be: none of them, or no time."""


class Worker:
    """The communicator of one thread; `Threads.run` makes it.

    >>> Threads(2).run(lambda communicator: (communicator.rank, communicator.size))
    [(0, 2), (1, 2)]
    """

    def __init__(self, meeting: Meeting, rank: int) -> None:
        self.meeting, self.rank = meeting, rank

    @property
    def size(self) -> int:
        """How many threads there are."""
        return self.meeting.size

    def all_reduce(self, array: Array) -> Array:
        """The sum over all threads, in the order of ranks; waits until all have come."""
        return self.meeting.add(self.rank, array)

    def __copy__(self) -> Worker:
        return self

    def __deepcopy__(self, memo: Any) -> Worker:  # copies of a layer work in the same thread
        return self

    def __reduce__(self) -> Any:
        raise CommunicationError(
            f"Threads: a communicator belongs to its run, got rank {self.rank} to be saved; save the state of the model"
        )

    def __repr__(self) -> str:
        return f"Worker(rank={self.rank}, size={self.size})"


class Meeting:
    """Where threads meet, again and again, until one of them fails or leaves.

    >>> Meeting(1, 60.0).add(0, namespace(1.0).ones(2))
    array([1., 1.])
    """

    def __init__(self, size: int, timeout: float) -> None:
        self.size, self.timeout = size, timeout
        self.changed = threading.Condition()
        self.brought: dict[int, Array] = {}  # rank -> array, of this round
        self.round = 0
        self.total: Any = None  # of the last round; nobody begins to replace it before all have taken it
        self.ended = ""  # why nobody will come any more
        self.cause: BaseException | None = None
        self.left: list[int] = []

    def add(self, rank: int, array: Array) -> Array:
        """Bring an array, wait for the others, take the sum."""
        with self.changed:
            if self.left and not self.ended:
                self._end(f"rank {self.left[0]} has returned, and rank {rank} wants a sum")
            if rank in self.brought and not self.ended:
                self._end(f"rank {rank} wants two sums at the same time")
            self._check()
            here = self.round
            self.brought[rank] = array
            if len(self.brought) == self.size:
                self._finish()
            elif not self.changed.wait_for(lambda: self.round > here or self.ended, self.timeout):
                missing = sorted(set(range(self.size)) - set(self.brought))
                self._end(f"rank {rank} has waited {self.timeout:g} s for ranks {missing}")
            if self.round == here:
                self._check()
            return namespace(self.total).array(self.total)  # memory of its own for each

    def _finish(self) -> None:
        """All have come: add up in the order of ranks, and let them go."""
        parts = [self.brought[rank] for rank in range(self.size)]
        kinds = [f"{x.dtype} {x.shape}" for x in parts]
        if len(set(kinds)) > 1:
            self._end(f"the arrays of the ranks differ: {', '.join(kinds)}")
            return
        try:
            self.total = sum(parts[1:], start=parts[0])
        except Exception as error:
            self._end(f"the arrays of the ranks cannot be added, {type(error).__name__}: {error}", error)
            return
        self.brought, self.round = {}, self.round + 1
        self.changed.notify_all()

    def leave(self, rank: int) -> None:
        """A thread has done its work; who waits for it now would wait for ever."""
        with self.changed:
            self.left.append(rank)
            if self.brought:
                self._end(f"rank {rank} has returned, and ranks {sorted(self.brought)} wait for a sum")

    def end(self, why: str, cause: BaseException | None = None) -> None:
        """Nobody need come any more."""
        with self.changed:
            self._end(why, cause)

    def _end(self, why: str, cause: BaseException | None = None) -> None:
        if not self.ended:  # the first reason is the true one
            self.ended, self.cause = why, cause
            self.changed.notify_all()

    def _check(self) -> None:
        if self.ended:
            raise CommunicationError(
                f"all_reduce: not all threads come, got {self.ended}; all must call it equally often and alike"
            ) from self.cause
