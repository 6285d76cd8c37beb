"""Whether ops are recorded: `no_grad`, `enable_grad`, and the levels they speak of.

Level 1 is ordinary training; every transform (`minigrad.grad` and its family) opens a level higher than all before it.
A block of `no_grad` draws a line: in its thread, levels that were open before it are not recorded inside it.

Builds on: `minigrad.errors`. Read next: `minigrad.tape`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager
from itertools import count
from typing import Any

from minigrad.errors import GraphError

__all__ = [
    "block",
    "enable_grad",
    "new_level",
    "no_grad",
    "open_levels",
    "paused",
    "recomputing",
    "recording",
    "remembered",
]

new_level = count(2).__next__

# The levels whose functions are running now, in any thread.
open_levels: set[int] = set()

# One entry for each block that is open in any thread. Ordinary training finds it empty and asks no further: a look at a
# thread's own variables takes seven times as long.
paused: list[None] = []


_nothing = object()


class _Thread(threading.local):
    def __init__(self) -> None:
        self.barriers = [[0]]  # one for each open block of this thread: levels up to the last do not record

        # The checkpoints whose functions are running, the innermost last: what was remembered in the first run, and in
        # a second run how far that has been taken up again.
        self.blocks: list[tuple[list[Any], Iterator[Any] | None]] = []


_thread = _Thread()


def recomputing() -> bool:
    """Whether a `minigrad.checkpoint` of this thread runs its function again, for layers that count their calls."""
    return any(again is not None for _, again in _thread.blocks)


@contextmanager
def block(kept: list[Any], again: bool) -> Iterator[None]:
    """Run a checkpoint's function inside: for the first time, filling `kept`, or again, with what that has."""
    _thread.blocks.append((kept, iter(kept) if again else None))
    try:
        yield
    finally:
        _thread.blocks.pop()


def remembered(make: Callable[[], Any]) -> Any:
    """What `make` gives now; where a checkpoint runs again, what it gave at this place of the first run.

    For what a layer reads of a state that changes between the two runs.

    >>> remembered(lambda: 3)
    3
    """
    replay = next((again for _, again in reversed(_thread.blocks) if again is not None), None)
    value = make() if replay is None else next(replay, _nothing)
    if value is _nothing:
        raise GraphError(
            "checkpoint: the function did something else the second time, got a layer that was not called the first "
            "time; what it closes over must not change before backward"
        )
    for kept, again in _thread.blocks:
        if again is None:
            kept.append(value)
    return value


def recording(level: int = 1) -> bool:
    """Whether ops of this level are recorded in this thread."""
    return not paused or level > _thread.barriers[-1][0]


class no_grad(ContextDecorator):
    """Record nothing inside the block, in this thread; a ``with`` block or a decorator.

    Transforms that start inside the block record as ever: only what was open before is paused.

    >>> from minigrad import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     y = w * 2
    >>> y.requires_grad
    False
    """

    def _barrier(self) -> int:
        return new_level()

    def __call__(self, function: Any) -> Any:
        if getattr(getattr(function, "__code__", None), "co_flags", 0) & 0x20:
            raise TypeError("no_grad: a generator would run outside the block, got one; write the block inside it")
        return super().__call__(function)

    def __enter__(self) -> None:
        mine = [self._barrier()]
        self.entered = [*getattr(self, "entered", ()), (_thread.barriers, mine)]
        _thread.barriers.append(mine)
        paused.append(None)

    def __exit__(self, *exc: object) -> None:
        barriers, mine = self.entered.pop()  # by identity, of the thread that entered: blocks may close in any order
        barriers[:] = [other for other in barriers if other is not mine]
        paused.pop()


class enable_grad(no_grad):
    """Record inside the block although a `no_grad` is open around it.

    >>> from minigrad import Tensor
    >>> w = Tensor([1.0], requires_grad=True)
    >>> with no_grad(), enable_grad():
    ...     y = w * 2
    >>> y.requires_grad
    True
    """

    def __init__(self, level: int = 1) -> None:
        self.level = level  # and all above it

    def _barrier(self) -> int:
        return min(_thread.barriers[-1][0], self.level - 1)
