"""`checkpoint`: compute a function again in backward instead of keeping its inside.

The block runs once as usual, is looked at to see which places its graph comes from, and is then dropped: one node
stands for all of it. When the walk arrives, the block runs again, and the walk goes on through the fresh graph to those
places.

Builds on: `minigrad.tape`, `minigrad.backward`. Read next: `minigrad.nn.layer`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minigrad.backend.random import default_generator, replayed
from minigrad.backward import walk
from minigrad.errors import GraphError, MutationError
from minigrad.graph import Leaf, Node, joint, tick
from minigrad.modes import block, enable_grad
from minigrad.tape import record
from minigrad.tensor import Nested, Tensor

__all__ = ["checkpoint"]


def checkpoint(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """``f(*args)``, keeping nothing of its inside for backward: it is computed again when the walk arrives.

    y = f(x), and dy/dx from a second run of f

    Trades time for memory. Random numbers that `f` draws from the default stream are drawn again alike. Gradients reach
    everything `f` uses, its arguments and what it closes over.

    Raises
    ------
    GraphError
        If `f` does not return one Tensor.

    >>> x = Tensor([2.0], requires_grad=True)
    >>> checkpoint(lambda x: x * x * x, x).backward()
    >>> x.grad
    array([12.], dtype=float32)

    Reference: Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016.
    """
    before, start = default_generator().state, tick()
    args = tuple(_alias(x) for x in args)  # an in-place operator after this call changes the caller's object, not ours
    remembered: list[Any] = []
    with block(remembered, again=False):
        y = f(*args, **kwargs)
    if not isinstance(y, Tensor):
        raise GraphError(f"checkpoint: the function must return one Tensor, got {type(y).__name__}; return that alone")
    if not isinstance(y.node, Node) or y.node.tick > start:  # nothing was recorded
        return y
    outside = _frontier(y.node, start)
    value, run = y.value, Block(f, args, kwargs, before, remembered, start, y.level, outside, y.shape)
    del y  # and with it the inside of the block
    edges = [Nested(None, run.level, place) for place in run.outside]
    return record(value, run.level, edges, joint(len(edges), run.checkpoint))


class Block(NamedTuple):
    """What it takes to run a function again, and what its first run was."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    state: tuple[int, int]  # of the random stream, before
    remembered: list[Any]  # what layers read of their own changing state
    start: int
    level: int
    outside: list[Node | Leaf]  # the places its graph comes from
    shape: tuple[int, ...]

    def checkpoint(self, g: Any) -> Sequence[Any]:
        """The gradients of all places outside, from a second run."""
        self._check_leaves()
        with enable_grad(self.level), replayed(self.state), block(self.remembered, again=True):
            begin = tick()
            again = self.f(*self.args, **self.kwargs)
        if (
            not isinstance(again, Tensor)
            or again.level != self.level
            or again.node is None
            or again.shape != self.shape
        ):
            raise GraphError(CHANGED.format(f"{again!r:.60} for a result of shape {self.shape}"))
        found: dict[Any, Any] = dict.fromkeys(self.outside)

        def deposit(place: Any, h: Any) -> None:
            if place in found:  # else a leaf that f itself made
                found[place] = h if found[place] is None else found[place] + h

        walk(again.node, g, deposit, until=begin)
        if any(h is None for h in found.values()):
            raise GraphError(CHANGED.format("no gradient for a tensor that it used the first time"))
        return list(found.values())

    def _check_leaves(self) -> None:
        for place in self.outside:
            if isinstance(place, Leaf) and place.written < self.start:  # ticks fall: the write is younger
                raise MutationError(
                    "backward: a leaf that the checkpoint computes with again was written after the forward, got one "
                    f"of shape {place.shape}; call backward before the write"
                )


CHANGED = (
    "checkpoint: the function did something else the second time, got {}; "
    "what it closes over must not change before backward"
)


def _frontier(node: Node, start: int) -> list[Node | Leaf]:
    """The places older than tick `start` where the graph behind `node` begins."""
    seen: dict[Node | Leaf, None] = {}
    outside: dict[Node | Leaf, None] = {}
    stack = [node]
    while stack:
        parents = stack.pop().parents
        for parent in parents if isinstance(parents, tuple) else ():  # f may have walked a part of its graph itself
            if parent.tick > start:
                outside[parent] = None
            elif isinstance(parent, Node) and parent not in seen:
                seen[parent] = None
                stack.append(parent)
    return list(outside)


def _alias(x: Any) -> Any:
    """Another Tensor object with the same value and place in the graph; anything else as it is."""
    if not isinstance(x, Tensor):
        return x
    if isinstance(x, Nested):
        return Nested(x.value, x.level, x.node)
    out = object.__new__(Tensor)
    out.value, out.node = x.value, x.node
    return out
