"""Flat storage: parameters side by side in one array, and their gradients in another.

A step over a hundred parameters is then a few calls over one array. The storage belongs to the parameters and not to
an optimizer: a second optimizer of the same parameters finds them where they are. `Block` is what one optimizer sees of
it: its parameters of one dtype and device, the averages it keeps beside them, and how many updates each has had.

Builds on: `minigrad.tensor`, `minigrad.graph`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from math import prod
from typing import Any, NamedTuple

from minigrad.backend import Array, namespace
from minigrad.errors import GraphError
from minigrad.graph import Leaf, Memory
from minigrad.tensor import Tensor

__all__ = ["Block", "Home", "Run", "Storage", "gradients"]


class Storage(Memory):
    """One array of values and one of gradients, with the parameters as views of them."""

    __slots__ = ("grads", "values")

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        super().__init__()
        first = parameters[0].value
        xp, size = namespace(first), sum(p.size for p in parameters)
        self.values = xp.empty(size, dtype=first.dtype)
        self.grads = xp.empty(size, dtype=first.dtype)
        start = 0
        for p in parameters:
            self._move_in(p, start)
            start += p.size

    def _move_in(self, p: Tensor, start: int) -> None:
        leaf, end = p.node, start + p.size
        assert isinstance(leaf, Leaf)
        view = self.values[start:end].reshape(p.shape)
        view[...] = p.value
        p.value = view
        leaf.home = Home(self, start, end, view)
        leaf.slot = self.grads[start:end].reshape(p.shape)
        if leaf.grad is not None:
            leaf.slot[...] = leaf.grad
            leaf.grad = leaf.slot


class Home(NamedTuple):
    """Where a parameter lives: from `start` to `end` of a storage, which it sees as `view`."""

    storage: Storage
    start: int
    end: int
    view: Array


class Run(NamedTuple):
    """Neighbours that are updated as one, as one-dimensional views; or one parameter, in its own shape.

    `state` holds what is kept for them, None where the optimizer keeps nothing under that name.
    """

    values: Array
    grads: Array
    state: dict[str, Any]
    t: int  # updates that were made before


class Block:
    """The parameters of one group that share dtype and device, with what the optimizer keeps for them.

    `shapes` says by name what is kept for each parameter; with `per_tensor` each is a run of its own.
    """

    def __init__(
        self,
        parameters: Sequence[Tensor],
        shapes: Mapping[str, Sequence[tuple[int, ...] | None]],
        per_tensor: bool = False,
    ) -> None:
        self.parameters, self.per_tensor = list(parameters), per_tensor
        self._house()
        self.t = [0] * len(self.parameters)
        self.shapes: dict[str, list[tuple[int, ...] | None]] = {}
        self.ends: dict[str, list[int]] = {}
        self.state: dict[str, Array] = {}
        for name, kept in shapes.items():
            self.keep(name, kept)

    def _house(self) -> None:
        """A storage for those that lie in none."""
        homeless = [p for p in self.parameters if p.node.home is None]  # type: ignore[union-attr]
        if homeless:
            Storage(homeless)

    def __setstate__(self, state: dict[str, Any]) -> None:  # of a copy, whose parameters have memory of their own
        vars(self).update(state)
        self._house()

    def keep(self, name: str, shapes: Sequence[tuple[int, ...] | None]) -> None:
        """Keep an array of zeros for each parameter, all side by side in one."""
        self.shapes[name] = list(shapes)
        sizes = [0 if shape is None else prod(shape) for shape in shapes]
        self.ends[name] = [0, *accumulate(sizes)]
        first = self.parameters[0]
        self.state[name] = namespace(first.value).zeros(sum(sizes), dtype=first.dtype)

    def kept(self, i: int) -> dict[str, Array]:
        """What is kept for the i-th parameter, by name: views, each in its shape."""
        found = {}
        for name, array in self.state.items():
            shape, ends = self.shapes[name][i], self.ends[name]
            if shape is not None:
                found[name] = array[ends[i] : ends[i + 1]].reshape(shape)
        return found

    def updates(self) -> Iterator[Run]:
        """The runs of the parameters that have a gradient; their t is counted on."""
        for first, end in self._stretches(lambda i, leaf: leaf.grad is not None):
            run = self._run(first, end)
            for i in range(first, end):
                self.t[i] += 1
            yield run

    def runs(self, wanted: Callable[[int, Leaf], bool]) -> Iterator[Run]:
        """The runs of those that are wanted, by number and leaf: as long as memory and equal t allow."""
        return (self._run(first, end) for first, end in self._stretches(wanted))

    def _stretches(self, wanted: Callable[[int, Leaf], bool]) -> Iterator[tuple[int, int]]:
        first: int | None = None
        for i, p in enumerate(self.parameters):
            want = wanted(i, self._checked(p))
            if first is not None and (not want or not self._continues(i)):
                yield first, i
                first = None
            if first is None and want:
                first = i
        if first is not None:
            yield first, len(self.parameters)

    def _continues(self, i: int) -> bool:
        before, here = self.parameters[i - 1].node.home, self.parameters[i].node.home  # type: ignore[union-attr]
        beside = before.storage is here.storage and before.end == here.start
        return beside and self.t[i - 1] == self.t[i] and not self.per_tensor

    def _run(self, first: int, end: int) -> Run:
        start, stop = self.parameters[first].node.home, self.parameters[end - 1].node.home  # type: ignore[union-attr]
        storage, t = start.storage, self.t[first]
        span = slice(start.start, stop.end)
        values, grads = storage.values[span], storage.grads[span]
        if stop.end - start.start == storage.values.size:
            storage.stamp(values)
        else:
            for p in self.parameters[first:end]:
                p.node.stamp(p.value)  # type: ignore[union-attr]
        if self.per_tensor:
            shape, kept = self.parameters[first].shape, self.kept(first)
            state = {name: kept.get(name) for name in self.state}
            return Run(values.reshape(shape), grads.reshape(shape), state, t)
        state = {name: array[self.ends[name][first] : self.ends[name][end]] for name, array in self.state.items()}
        return Run(values, grads, state, t)

    def _checked(self, p: Tensor) -> Leaf:
        """The parameter's leaf, after a value that was put in its place from outside has been moved in."""
        leaf = p.node
        if not isinstance(leaf, Leaf) or leaf.home is None:
            raise GraphError(
                f"step: a parameter was moved, frozen or copied after the optimizer was made, got shape {p.shape} on "
                f"{p.backend}; make the optimizer after .to() and requires_grad_()"
            )
        if p.value is not leaf.home.view:
            leaf.home.view[...] = p.value
            p.value = leaf.home.view
        return leaf


def gradients(parameters: Iterable[Tensor]) -> list[Array]:
    """The gradients of all that have one, to be written in place; neighbours in one storage come as one array.

    >>> p = Tensor([1.0, 2.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> gradients([p])
    [array([2., 4.], dtype=float32)]
    """
    found: list[Array] = []
    place: Home | None = None  # of the last array, if it is part of a storage
    for p in parameters:
        leaf = p.node
        if p.grad is None:
            continue
        home = leaf.home if isinstance(leaf, Leaf) and leaf.grad is leaf.slot else None
        if home is None:
            found.append(p.grad)
        elif place is not None and place.storage is home.storage and place.end == home.start:
            home = home._replace(start=place.start)
            found[-1] = home.storage.grads[home.start : home.end]
        else:
            found.append(home.storage.grads[home.start : home.end])
        place = home
    return found
