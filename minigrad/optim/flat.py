"""Flat storage: parameters side by side in one array, and their gradients in another.

A step over a hundred parameters is then a few calls over one array. The storage belongs to the parameters and not to
an optimizer: a second optimizer of the same parameters finds them where they are. `Block` is what one optimizer sees of
it: its parameters of one dtype and device, the averages it keeps beside them, and how many updates each has had.

Builds on: `minigrad.tensor`, `minigrad.graph`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import Any, NamedTuple

import numpy as np

from minigrad.backend import Array, move, namespace
from minigrad.errors import GraphError
from minigrad.graph import Leaf, Memory
from minigrad.tensor import Tensor

__all__ = ["Block", "Home", "Run", "Storage"]


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


@dataclass(slots=True)
class Run:
    """Neighbours that are updated as one, as one-dimensional views; or one parameter, in its own shape.

    `state` holds what is kept for them, None where the optimizer keeps nothing under that name.
    """

    values: Array
    grads: Array
    state: dict[str, Any]
    first: int  # the parameters' numbers in the block
    end: int
    memories: list[tuple[Memory, Array]]  # what is written, to be stamped
    t: int = 0  # updates that were made before


class Block:
    """The parameters of one group that share dtype and device, with what the optimizer keeps for them.

    `shapes` says by name what is kept for each parameter; with `per_tensor` each is a run of its own.
    """

    seats: list[tuple[Tensor, Leaf, Array]]  # each parameter, its leaf, and its view of the storage
    updated: list[bool] | None  # who took part in the last update,
    cached: list[Run]  # and the runs of that

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
        self._settle()

    def __getstate__(self) -> dict[str, Any]:  # views would be copied as arrays of their own
        return {name: part for name, part in vars(self).items() if name not in ("seats", "updated", "cached")}

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
        self._forget()

    def kept(self, i: int) -> dict[str, Array]:
        """What is kept for the i-th parameter, by name: views, each in its shape."""
        found = {}
        for name, array in self.state.items():
            shape, ends = self.shapes[name][i], self.ends[name]
            if shape is not None:
                found[name] = array[ends[i] : ends[i + 1]].reshape(shape)
        return found

    def load(self, i: int, kept: Mapping[str, Any]) -> None:
        """Take what is kept for the i-th parameter, and its t, from a saved state."""
        p = self.parameters[i]
        self.t[i] = int(kept["t"])
        self._forget()
        for name, array in self.kept(i).items():
            array[...] = move(np.asarray(kept[name], p.dtype), p.backend)

    def present(self) -> list[bool]:
        """Which parameters have a gradient, after values that were put in their place from outside were moved in."""
        for p, leaf, view in self.seats:
            if p.value is not view or p.node is not leaf:
                self._settle()
                break
        return [leaf.grad is not None for _, leaf, _ in self.seats]

    def updates(self) -> Iterator[Run]:
        """The runs of the parameters that have a gradient; their t is counted on."""
        wanted = self.present()
        if wanted != self.updated:  # else nobody's t has moved away from its neighbour's since
            self.cached, self.updated = self._runs(wanted), wanted
        for run in self.runs(wanted):
            self.t[run.first : run.end] = [run.t + 1] * (run.end - run.first)
            yield run

    def runs(self, wanted: list[bool]) -> Iterator[Run]:
        """The runs of those that are wanted, to be written into: as long as memory and equal t allow."""
        for run in self.cached if wanted == self.updated else self._runs(wanted):
            run.t = self.t[run.first]
            for memory, array in run.memories:
                memory.stamp(array)
            yield run

    def _runs(self, wanted: list[bool]) -> list[Run]:
        runs: list[Run] = []
        first: int | None = None
        for i, want in enumerate([*wanted, False]):
            if first is not None and (not want or not self._continues(i)):
                runs.append(self._run(first, i))
                first = None
            if first is None and want:
                first = i
        return runs

    def _continues(self, i: int) -> bool:
        before, here = self.parameters[i - 1].node.home, self.parameters[i].node.home  # type: ignore[union-attr]
        beside = before.storage is here.storage and before.end == here.start
        return beside and self.t[i - 1] == self.t[i] and not self.per_tensor

    def _run(self, first: int, end: int) -> Run:
        start, stop = self.parameters[first].node.home, self.parameters[end - 1].node.home  # type: ignore[union-attr]
        storage, span = start.storage, slice(start.start, stop.end)
        values, grads = storage.values[span], storage.grads[span]
        if values.size == storage.values.size:
            memories: list[tuple[Memory, Array]] = [(storage, values)]
        else:
            memories = [(leaf, view) for _, leaf, view in self.seats[first:end]]
        if self.per_tensor:
            shape, kept = self.parameters[first].shape, self.kept(first)
            state = {name: kept.get(name) for name in self.state}
            return Run(values.reshape(shape), grads.reshape(shape), state, first, end, memories)
        state = {name: array[self.ends[name][first] : self.ends[name][end]] for name, array in self.state.items()}
        return Run(values, grads, state, first, end, memories)

    def _settle(self) -> None:
        """Note where each parameter lies, after a value that was put in its place from outside has been moved in."""
        self.seats = [(p, *_seat(p)) for p in self.parameters]
        self._forget()

    def _forget(self) -> None:
        self.updated, self.cached = None, []


def _seat(p: Tensor) -> tuple[Leaf, Array]:
    """The parameter's leaf and its view of the storage."""
    leaf = p.node
    if not isinstance(leaf, Leaf) or leaf.home is None:
        raise GraphError(
            f"step: a parameter was moved, frozen or copied after the optimizer was made, got shape {p.shape} on "
            f"{p.backend}; make the optimizer after .to() and requires_grad_()"
        )
    if p.value is not leaf.home.view:
        leaf.home.view[...] = p.value
        p.value = leaf.home.view
    return leaf, leaf.home.view
