"""The two ends of an edge of the graph: `Node`, one recorded op, and `Leaf`, where gradients end.

The graph points backwards only, from results to inputs, and never holds a Tensor: what a Node keeps of the forward
values is what its vjps (vector-Jacobian products) mention, and nothing else. So there are no reference cycles, and
dropping the last result frees everything at once.

Builds on: `minigrad.backend`. Read next: `minigrad.tensor`.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from itertools import count
from sys import getrefcount
from typing import Any, ClassVar

import numpy as np

from minigrad.backend import Array, namespace

__all__ = ["KEEP", "NEVER", "Hook", "Leaf", "Memory", "Node", "Vjp", "joint", "lock", "op_name", "public_name", "tick"]

# One clock for everything that has an order: recorded ops, leaves, writes. It runs backwards, so that the newest tick
# is the smallest and a heap hands out the newest node first.
tick = count(0, -1).__next__

NEVER = 1 << 62  # a tick before all others

Vjp = Callable[[Any], Any]
Hook = Callable[[Any], Any]


lock = threading.Lock()  # for what threads share: gradients of leaves, and the list of those written

KEEP = "keep"  # in a node's `watch`: keep the gradient that flows on


class Memory:
    """An array that is written in place, and when it last was: backward walks compare their nodes with that."""

    __slots__ = ("__weakref__", "array", "stamped")

    newest_write: ClassVar[int] = NEVER
    writes: ClassVar[weakref.WeakSet[Memory]] = weakref.WeakSet()

    def __init__(self) -> None:
        self.stamped = NEVER
        self.array: Array | None = None

    def stamp(self, array: Array) -> None:
        """Note that `array` was written now."""
        with lock:
            self.stamped = Memory.newest_write = tick()
            if self.array is None:  # the first time; a weak set is slow
                Memory.writes.add(self)
            self.array = array


class Leaf(Memory):
    """Where gradients end: the place of a Tensor that was made with ``requires_grad=True``."""

    __slots__ = ("dtype", "grad", "home", "shape", "slot", "tick", "watch")

    vjps: ClassVar[None] = None  # nothing lies behind a leaf
    parents: ClassVar[None] = None

    # How many references a new array has in `deposit`, and the memory of one that is a view: the interpreter's own,
    # whose number depends on its version. `minigrad.backward` counts them; with one more, somebody else holds it.
    alone: ClassVar[tuple[int, int]] = (0, 0)

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.tick = tick()
        self.shape, self.dtype = value.shape, value.dtype
        self.grad: Array | None = None
        self.watch: dict[Any, Hook] | None = None
        self.home: Any = None  # the flat storage that an optimizer keeps its parameters in, and the place there
        self.slot: Array | None = None  # the memory of the gradient in that storage

    @property
    def written(self) -> int:
        """The tick of the last write into the leaf's memory."""
        return self.stamped if self.home is None else min(self.stamped, self.home.storage.stamped)

    def deposit(self, g: Array) -> None:
        """Add `g` to the gradient. That is the leaf's own memory: the first deposit copies, or takes what nobody
        else holds."""
        lock.acquire()  # threads may share a leaf; `with` takes twice as long, and this is once per use of a leaf
        try:
            if self.grad is None and self.slot is not None:
                self.slot[...] = g
                self.grad = self.slot
            elif self.grad is None:
                self.grad = g if self._is_new(g, getrefcount(g)) else namespace(g).array(g, dtype=self.dtype)
            else:
                self.grad += g
        finally:
            lock.release()

    def _is_new(self, g: Array, references: int) -> bool:
        """Whether nobody else holds this array of the host, so that it may be the gradient as it is."""
        if references != Leaf.alone[0] or type(g) is not np.ndarray or not g.flags.carray or g.dtype != self.dtype:
            return False
        base = g.base
        if base is None:
            return g.flags.owndata
        whole = type(base) is np.ndarray and base.flags.owndata and base.size == g.size
        return whole and getrefcount(base) == Leaf.alone[1]


class Node:
    """One recorded op: when, its result's shape, and for each input that needs a gradient its place and its vjp.

    Made by `minigrad.tape.make` alone, which fills it in.
    """

    __slots__ = ("__weakref__", "kept", "line", "parents", "shape", "tick", "vjps", "watch")

    tick: int
    shape: tuple[int, ...]
    parents: Any  # the places of the inputs; once a backward walk has freed the node, a `Walked` that says so
    vjps: tuple[Vjp, ...] | None  # None once freed
    watch: dict[Any, Hook] | None  # hooks, each under a token of its own
    kept: Any  # the gradient, after retain_grad(); unset before
    line: str  # the user's line that made it, in debug mode; unset else

    @property
    def op(self) -> str:
        """The name of the op, read off its vjps, so that a node need not keep it."""
        return "freed" if self.vjps is None else op_name(self.vjps)


def op_name(vjps: tuple[Vjp, ...]) -> str:
    """The name of the op that defined these vjps: a lambda in `tanh` is called ``tanh.<locals>.<lambda>``.

    An op behind a public one of several forms is called ``_power__number``, and answers to ``power``.
    """
    path = getattr(vjps[0], "__qualname__", type(vjps[0]).__name__).split(".<locals>.")
    return public_name(path[max(len(path) - 2, 0)])


def public_name(name: str) -> str:
    """The name users know an op by."""
    return name.lstrip("_").partition("__")[0]


def joint(n: int, together: Callable[[Any], Sequence[Any]]) -> tuple[Vjp, ...]:
    """`n` vjps that share one call of `together(g)`, for a backward that makes all its gradients at once.

    Each part hands its result out once: when a part is asked again, another walk has begun, and all is made anew.
    """
    memo: list[Any] = [None, []]  # the gradient it was called with, and what came of it and is not handed out yet

    def part(i: int) -> Vjp:
        def vjp(g: Any) -> Any:
            if memo[0] is not g or memo[1][i] is None:
                memo[:] = g, list(together(g))
            result, memo[1][i] = memo[1][i], None
            return result

        vjp.__qualname__ = together.__name__
        return vjp

    return tuple([part(i) for i in range(n)])
