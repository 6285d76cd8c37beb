"""Walking back: from the newest node to the oldest, each vjp called once, gradients summed where paths meet.

Why newest first? A node's gradient is complete once every node that used its result has been walked, and those were
all recorded later. So no sorting is needed: a heap of ticks hands out the nodes in an order that is always right,
iteratively, however long the chain.

Builds on: `minigrad.graph`, `minigrad.tensor`. Read next: `minigrad.ops.arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import DeviceError, GraphError, ShapeError, add_note
from minigrad.explain import explain_backward, stale_array
from minigrad.graph import KEEP, NEVER, Leaf, Memory, Node, op_name, tick
from minigrad.tensor import Tensor, as_array

__all__ = ["backward", "sum_to", "walk"]

Deposit = Callable[[Any, Any], None]


def walk(root: Any, seed: Any, deposit: Deposit, keep: bool = False, until: int = NEVER) -> None:
    """Send `seed` back from `root`; `deposit(place, gradient)` gets what arrives at leaves.

    Nodes older than `until` count as leaves. Nodes are freed as they are walked unless `keep`. A node is ready when it
    comes out of the heap: all nodes that used its result are newer.
    """
    pending: dict[Any, Any] = {root: seed}  # gradients on their way, complete when their node comes out of the heap
    heap: list[tuple[int, Any]] = [(root.tick, root)]
    newest_write, walked = Memory.newest_write, Walked()
    node, vjps, parents = root, None, None
    try:
        while heap:
            age, node = heappop(heap)
            g = pending.pop(node)
            vjps, parents = node.vjps, node.parents
            if node.watch is not None and age <= until:
                g = _watched(node, g)
                newest_write = Memory.newest_write  # a hook may have written
            if vjps is None or age > until:
                if type(node) is not Leaf and age <= until:
                    raise GraphError(parents.why)
                deposit(node, g)
                continue
            if age > newest_write:
                stale_array(node)
            if not keep:
                node.vjps, node.parents = None, walked
            for parent, vjp in zip(parents, vjps):  # noqa: B905 (strict= costs on the hot path; equal by construction)
                h = vjp(g)
                if h.shape != parent.shape:
                    h = sum_to(h, parent.shape)
                if type(parent) is Leaf and parent.watch is None:
                    deposit(parent, h)
                elif parent in pending:
                    pending[parent] = pending[parent] + h
                else:
                    pending[parent] = h
                    heappush(heap, (parent.tick, parent))
    except BaseException as error:  # an interrupt too leaves half a walk behind
        if vjps:
            explain_backward(node, op_name(vjps), [p.shape for p in parents or ()], error)
        walked.stopped(op_name(vjps) if vjps else "a hook", error)
        raise


class Walked:
    """What a walk leaves in the place of a node's parents: why the node is gone, one word for the whole walk."""

    why = (
        "backward: the graph behind this tensor was freed by an earlier backward, got a second one; "
        "run the forward again, or keep the graph with backward(retain_graph=True)"
    )

    def stopped(self, place: str, error: BaseException) -> None:
        self.why = (
            f"backward: an earlier walk of this graph stopped in {place!r} with {type(error).__name__}, got half of "
            "its gradients; mend that and run the forward again"
        )


def _watched(node: Any, g: Any) -> Any:
    """The gradient after the node's hooks have seen it; kept, after retain_grad, as it flows on."""
    g = g if isinstance(g, Tensor) else g.copy()  # a hook may write into what it gets
    for hook in node.watch.values():
        try:
            changed = hook(g)
        except Exception as error:
            add_note(error, f"in a hook on the gradient of shape {g.shape}")
            raise
        if changed is not None:
            changed = changed if isinstance(g, Tensor) and isinstance(changed, Tensor) else as_array(changed)
            if changed.shape != node.shape:
                raise ShapeError(
                    f"hook: must return the shape {node.shape} of the gradient, got {changed.shape}; reshape"
                )
            g = changed.astype(g.dtype)
    if KEEP in node.watch:
        node.kept = g if isinstance(g, Tensor) else g.copy()
    return g


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: sum `g` over the axes that were added or stretched, until it has `shape`."""
    extra = g.ndim - len(shape)
    stretched = [extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1]
    return g.sum((*range(extra), *stretched)).reshape(shape)


def backward(t: Tensor, gradient: Any = None, *, retain_graph: bool = False, create_graph: bool = False) -> None:
    """Add the gradient of `t` to the `.grad` of every leaf it was computed from.

    Parameters
    ----------
    gradient
        What is sent back from `t`, an array of its shape; 1 by default, if `t` has one element.
    retain_graph
        Keep the graph for another backward; else it is freed node by node while the walk goes on.

    Raises
    ------
    GraphError
        If no graph hangs on `t`, it was freed, `t` has several elements and no `gradient` is given, or
        ``create_graph=True``: gradients that are to be differentiated again come from `minigrad.grad`.
    """
    if create_graph or t.level > 1:
        raise GraphError(
            "backward: makes plain arrays, got create_graph=True or a tensor inside a transform; "
            "use minigrad.grad, which nests: grad(lambda x: grad(f)(x).sum())(x)"
        )
    if t.node is None:
        raise GraphError(
            "backward: no graph hangs on this tensor, got one computed from no leaf, under no_grad, or detached; "
            "set requires_grad=True on an input before the forward"
        )
    xp = namespace(t.value)
    if gradient is None:
        if t.size != 1:
            raise GraphError(
                f"backward: only one number has a gradient by itself, got shape {t.shape}; "
                "reduce it, for instance .sum(), or pass gradient= of that shape"
            )
        return walk(t.node, xp.ones(t.shape, dtype=t.dtype), Leaf.deposit, retain_graph)
    gradient = as_array(gradient) if hasattr(gradient, "dtype") else t.nearby(gradient)
    if gradient.shape != t.shape:
        raise ShapeError(f"backward: gradient must have the tensor's shape {t.shape}, got {gradient.shape}; reshape it")
    if namespace(gradient) is not xp:
        raise DeviceError(
            f"backward: gradient must lie on {xp.name} like the tensor, got {namespace(gradient).name}; move it"
        )
    walk(t.node, gradient.astype(t.dtype, copy=False), Leaf.deposit, retain_graph)


setattr(Tensor, "backward", backward)  # noqa: B010 (an assignment would need a word to the type checker)


def references(make: Callable[[], Any], alone: Callable[[int], tuple[int, int]]) -> int:
    """The least number for which a walk lets a leaf keep what `make` gives, tried out; 0 where it never does."""
    for number in range(1, 9):
        Leaf.alone, leaf, node, made = alone(number), Leaf(np.empty(1)), object.__new__(Node), [0]

        def vjp(g: Any, made: list[int] = made) -> Any:
            h = make()
            made[0] = id(h)
            return h

        node.tick, node.shape, node.watch, node.parents, node.vjps = tick(), (1,), None, (leaf,), (vjp,)
        walk(node, np.ones(1), Leaf.deposit)
        if id(leaf.grad) == made[0]:
            return number
    return 0


_new = references(lambda: np.empty(1), lambda n: (n, 0))
Leaf.alone = _new, references(lambda: np.empty(1).reshape(1), lambda n: (_new, n))
