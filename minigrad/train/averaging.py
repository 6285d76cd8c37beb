"""`ModelEMA` and `SWA`: averages of a model's weights over the steps of its training, to evaluate and to keep.

Both are callbacks of `fit`, and work in a loop of one's own by calling `update`. They are found as `minigrad.optim.SWA`
too.

Builds on: `minigrad.train.callbacks`, `minigrad.train.batch_norm`, `minigrad.optim.flat_average`.
Read next: `examples/mlp.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from minigrad.argument import Range, number, whole
from minigrad.backend import Array, move, namespace
from minigrad.errors import DeviceError, DTypeError, GraphError, ShapeError
from minigrad.nn.layer import Layer
from minigrad.optim.flat_average import FlatAverage
from minigrad.optim.state import check_entries
from minigrad.tensor import Tensor
from minigrad.train.batch_norm import update_batch_norm
from minigrad.train.callbacks import Callback

__all__ = ["SWA", "ModelEMA"]


class Averaging(Callback):
    """What both averages share; a subclass says how much the average keeps of itself at its t-th update."""

    def __init__(self, model: Any) -> None:
        self.name = type(self).__name__
        if not isinstance(model, Layer):
            raise DTypeError(
                f"{self.name}: averages the parameters of a Layer, got {type(model).__name__}; pass a model"
            )
        self.model, self._swapped = model, False
        self.parameters: dict[str, Tensor] = dict(model.named_parameters())
        if not self.parameters:
            raise ShapeError(f"{self.name}: averages the parameters of a model, got none that train; thaw some")
        self.begin()

    def beta(self, t: int) -> float:
        """The share of the average that stays at update number t, from 1."""
        raise NotImplementedError(f"{self.name}: an average defines beta(self, t)")

    def begin(self) -> None:
        """Begin anew, from the parameters as they are."""
        self.updates = 0
        kinds: dict[Any, list[Tensor]] = {}
        for p in self.parameters.values():
            kinds.setdefault((np.promote_types(p.dtype, np.float32), p.backend), []).append(p)
        self.flat = [FlatAverage(parameters, dtype) for (dtype, _), parameters in kinds.items()]
        self.places = {name: p.backend for name, p in self.parameters.items()}
        self.buffers: dict[str, Array] | None = None  # those that fit the averaged weights, once refreshed

    def update(self) -> None:
        """Take in the parameters as they are now."""
        if self._swapped:
            raise GraphError(
                f"{self.name}.update: the model holds the averages now, got a call inside applied(); leave"
            )
        self._check_near()
        self.updates += 1
        beta, self.buffers = self.beta(self.updates), None
        for flat in self.flat:
            flat.update(beta, self.updates)

    @property
    def averages(self) -> dict[str, Array]:
        """The averages by the names of the parameters, to be written in place."""
        of = {id(p): average for flat in self.flat for p, average in flat.parts()}
        return {name: of[id(p)] for name, p in self.parameters.items()}

    def _check_near(self) -> None:
        """Every parameter has to lie where its average does."""
        for name, p in self.parameters.items():
            if p.backend != self.places[name]:
                raise DeviceError(
                    f"{self.name}: the model was moved after its average was made, got {name} on {p.backend}; "
                    "make it after .to(), or call begin()"
                )

    @contextmanager
    def applied(self) -> Iterator[Any]:
        """The model with the averaged weights; afterwards it has its own again, buffers too.

        The buffers inside are those of `refresh`, or the model's own where that was not called since.
        """
        buffers = dict(self.model.named_buffers())
        before = [(part, part.value.copy()) for part in (*self.parameters.values(), *buffers.values())]
        was, self._swapped = self._swapped, True
        try:
            self._check_near()
            for name, average in self.averages.items():
                p = self.parameters[name]
                p.data = average.astype(p.dtype)
            for name, value in (self.buffers or {}).items():
                buffers[name].data = value
            yield self.model
        finally:
            for part, value in before:
                part.data = value
            self._swapped = was

    def refresh(self, loader: Iterable[Any]) -> None:
        """Take the statistics of batch normalisation anew, under the averaged weights; `applied` brings them along."""
        with self.applied():
            update_batch_norm(self.model, loader)
            self.buffers = {name: b.value.copy() for name, b in self.model.named_buffers()}

    # -- as a callback -------------------------------------------------------------------------------------------------

    def on_fit_start(self, run: Any) -> None:
        if run.model is not self.model:
            raise GraphError(f"{self.name}: averages the model that it was made with, got another in fit; make it anew")
        if run.step == 0:  # a training of its own, whatever this object has seen before
            self.begin()

    def on_step_end(self, run: Any) -> None:
        self.update()

    def state_dict(self) -> dict[str, Any]:
        """The averages by the names of the parameters, how many updates they have seen, and refreshed buffers."""
        averages = {name: _host(average) for name, average in self.averages.items()}
        buffers = None if self.buffers is None else {name: _host(value) for name, value in self.buffers.items()}
        return {"averages": averages, "updates": self.updates, "buffers": buffers}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state.

        Raises
        ------
        ShapeError
            If it is of another model; nothing is changed then.
        """
        call, buffers = f"{self.name}.load_state_dict", dict(self.model.named_buffers())
        check_entries(call, state, {"averages", "updates", "buffers"}, "the state of an average")
        check_entries(call, state["averages"], (), "averages by the names of parameters")
        updates, kept = whole(call, "updates", state["updates"]), state["buffers"]
        if kept is not None:
            check_entries(call, kept, buffers, "the buffers of this model")
        own = {name: p.shape for name, p in self.parameters.items()}
        found = {name: np.shape(value) for name, value in state["averages"].items()}
        if own != found:
            differing = sorted(name for name, _ in own.items() ^ found.items())
            raise ShapeError(
                f"{self.name}.load_state_dict: the parameters differ, got {differing[:8]}; is it the state of another "
                "model?"
            )
        self.begin()
        self.updates = updates
        for name, average in self.averages.items():
            average[...] = _put(state["averages"][name], self.places[name])
        self.buffers = kept and {name: _put(kept[name], buffer.backend) for name, buffer in buffers.items()}


class ModelEMA(Averaging):
    """An exponentially weighted average of a model's parameters: less noise than in the last of them.

    v = decay v + (1 - decay) p after every step, from v = p as it was at the start

    Buffers are not averaged: inside `applied` they are the model's own, or those of `refresh`.

    Raises
    ------
    ValueError
        If `decay` is not in [0, 1).

    >>> from minigrad.nn import Linear
    >>> model = Linear(1, 1, bias=False)
    >>> model.weight.data = [[1.0]]
    >>> ema = ModelEMA(model, decay=0.9)
    >>> model.weight.data = [[2.0]]
    >>> ema.update()
    >>> with ema.applied():
    ...     round(model.weight.item(), 4)
    1.1
    >>> model.weight.item()
    2.0

    Reference: Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; Tarvainen and Valpola,
    Mean Teachers, 2017.
    """

    def __init__(self, model: Any, decay: float = 0.999) -> None:
        self.decay = number("ModelEMA", "decay", decay, Range(0, 1, "[)", "0.999"))
        super().__init__(model)

    def beta(self, t: int) -> float:
        return self.decay


class SWA(Averaging):
    """Stochastic weight averaging: the mean of a model's parameters at chosen steps, under a high or cyclic rate.

    v = v + (p - v) / n at step `start` and every `every` steps from there, n = 1, 2, ...

    Normalisers have seen none of the averaged weights: call `refresh` with the training data before `applied`.

    Raises
    ------
    ValueError
        If `start` is below 0, or `every` below 1.

    >>> from minigrad.nn import Linear
    >>> model = Linear(1, 1, bias=False)
    >>> swa = SWA(model)
    >>> for weight in (1.0, 2.0, 6.0):
    ...     model.weight.data = [[weight]]
    ...     swa.update()
    >>> with swa.applied():
    ...     round(model.weight.item(), 4)
    3.0

    Reference: Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018, algorithm 1.
    """

    def __init__(self, model: Any, start: int = 1, every: int = 1) -> None:
        self.start, self.every = whole("SWA", "start", start), whole("SWA", "every", every, 1)
        super().__init__(model)

    def beta(self, t: int) -> float:
        return 1 - 1 / t

    def on_step_end(self, run: Any) -> None:
        if run.step >= self.start and (run.step - self.start) % self.every == 0:
            self.update()

    @contextmanager
    def applied(self) -> Iterator[Any]:
        if not self.updates:
            raise GraphError("SWA.applied: there is no mean of nothing, got 0 updates; reach `start`, or call update")
        with super().applied() as model:
            yield model


def _host(array: Array) -> np.ndarray[Any, Any]:
    return np.array(namespace(array).to_host(array))


def _put(array: Any, place: str) -> Array:
    """A copy of a host array on a device."""
    return move(np.array(array), place)
