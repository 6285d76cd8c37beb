"""`checkpoint`: compute a function again in backward instead of keeping its inside.

The block runs once as usual, is looked at to see which places its graph comes from, and is then dropped: one node
stands for all of it. When the walk arrives, the block runs again, and the walk goes on through the fresh graph to those
places.

Builds on: `minigrad.tape`, `minigrad.backward`. Read next: `minigrad.nn.layer`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigrad.backend.random import default_generator
from minigrad.backward import walk
from minigrad.errors import GraphError, MutationError
from minigrad.graph import Leaf, Node, joint, tick
from minigrad.modes import enable_grad
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
    generator = default_generator()
    before, start = generator.state, tick()
    y = f(*args, **kwargs)
    if not isinstance(y, Tensor):
        raise GraphError(f"checkpoint: the function must return one Tensor, got {type(y).__name__}; return that alone")
    if not isinstance(y.node, Node) or y.node.tick > start:  # nothing was recorded
        return y
    level, outside = y.level, _frontier(y.node, start)

    def again(g: Any) -> Sequence[Any]:
        for place in outside:
            if isinstance(place, Leaf) and place.written < start:  # ticks fall: the write is younger
                raise MutationError(
                    "backward: a leaf that the checkpoint computes with again was written after the forward, got one "
                    f"of shape {place.shape}; call backward before the write"
                )
        after = generator.state
        generator.set_state(before)
        try:
            with enable_grad(level):
                begin = tick()
                node = f(*args, **kwargs).node
        finally:
            generator.set_state(after)
        found: dict[Any, Any] = dict.fromkeys(outside)

        def deposit(place: Any, h: Any) -> None:
            if place in found:  # else a leaf that f itself made
                found[place] = h if found[place] is None else found[place] + h

        walk(node, g, deposit, until=begin)
        return list(found.values())

    again.__qualname__ = "checkpoint"
    edges = [Nested(None, level, place) for place in outside]
    return record(y.value, level, edges, joint(len(edges), again))


def _frontier(node: Node, start: int) -> list[Node | Leaf]:
    """The places older than tick `start` where the graph behind `node` begins."""
    seen: dict[Node | Leaf, None] = {}
    outside: dict[Node | Leaf, None] = {}
    stack = [node]
    while stack:
        for parent in stack.pop().parents or ():
            if parent.tick > start:
                outside[parent] = None
            elif isinstance(parent, Node) and parent not in seen:
                seen[parent] = None
                stack.append(parent)
    return list(outside)
