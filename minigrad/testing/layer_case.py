"""A layer that is to be checked, and what the checks do with it on one backend: copy, call, put values in its place.

The layer that was handed in is never called: every check works with a copy of it, from the same random stream.

Builds on: `minigrad.testing.probe`, `minigrad.nn.layer`. Read next: `minigrad.testing.layer_parts`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.backend.random import replayed
from minigrad.nn.layer import Layer, Parameter
from minigrad.tensor import Tensor
from minigrad.testing.case import Array, Case
from minigrad.testing.probe import Probe

__all__ = ["LAYER_HINTS", "LayerCase", "LayerProbe", "flat"]

STREAM = (20260101, 0)  # where every call starts to draw: dropout drops the same elements each time

LAYER_HINTS: dict[str, str] = {
    "parts": "what __init__ keeps: Tensors and layers in attributes, lists, tuples and dicts are found, no others",
    "runs": "forward, with the input that was given",
    "copies": "what cannot be copied or pickled: a lambda, an open file, a Tensor with a graph, a class in a function",
    "repr": "__repr__, and attributes of the constructor's argument names",
    "state": "state that is no Parameter and no Buffer, or a __init__ that makes other parts each time",
    "modes": "self.training in forward: use neither random numbers nor updates of buffers in use",
    "value": "the forward formula; functions must come from minigrad.ops or namespace(x)",
    "gradient": "the op of the forward whose vjp is wrong, or a Tensor taken apart with .value, .data or .numpy()",
    "second": "a value taken with raw() or .value, which the second derivative then takes for a constant",
    "dtypes": "a NumPy scalar or a float64 constant in forward, or a Parameter made of a float64 array",
    "memory": "a write into an input or a parameter: never use out=, +=, or x[...] = on what was handed in",
    "device": "what reads a value on the host: float(), bool(), .item(), .numpy(), a mask as index, np.* on an array",
}


@dataclass(frozen=True)
class LayerCase:
    """One layer as `check_layer` sees it; floating inputs in float64, all others as they came."""

    name: str
    layer: Layer
    inputs: tuple[Array, ...]
    oracle: Callable[..., Any] | None = None
    training_oracle: Callable[..., Any] | None = None
    state_oracle: Callable[..., Any] | None = None
    parameters: tuple[str, ...] | None = None
    buffers: tuple[str, ...] | None = None
    constant: frozenset[int] = frozenset()
    unused: frozenset[str] = frozenset()
    differs: bool | None = None
    order: int = 2
    synchronises: bool = False
    memo: dict[Any, Any] = field(default_factory=dict, compare=False)  # what is dear and the same on every backend

    def moving(self) -> list[int]:
        """The inputs that gradients flow to."""
        return [k for k, x in enumerate(self.inputs) if x.dtype.kind == "f" and k not in self.constant]

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What `make` gives, made at the first call."""
        if key not in self.memo:
            self.memo[key] = make()
        return self.memo[key]


class LayerProbe(Probe):
    """What every check of a layer works with."""

    hints = LAYER_HINTS

    def __init__(self, subject: LayerCase, name: str, check: str) -> None:
        case = Case(subject.name, subject.layer, subject.inputs, (), synchronises=subject.synchronises)
        super().__init__(case, name, check)
        self.subject = subject

    def on(self, backend: str) -> LayerProbe:
        """The same check on another backend, for values to compare with; what fails there is not noted here."""
        return self if backend == self.name else LayerProbe(self.subject, backend, self.check)

    # -- copies of the layer, and what it is called with

    def fresh(self, dtype: str | None = "float64", training: bool = True) -> Layer:
        """A copy of the layer on the backend, cast to a dtype; None leaves it as it was made."""
        return copy.deepcopy(self.subject.layer).to(self.name, dtype).train(training)

    def arrays(self, dtype: str = "float64") -> list[Any]:
        """The inputs as arrays of the backend."""
        return [self.put(x, dtype if x.dtype.kind == "f" else None) for x in self.subject.inputs]

    def leaves(self, dtype: str = "float64") -> list[Any]:
        """The inputs, those that gradients flow to as leaves."""
        moving = self.subject.moving()
        return [Tensor(x, requires_grad=True) if k in moving else x for k, x in enumerate(self.arrays(dtype))]

    def call(self, layer: Layer, xs: Sequence[Any]) -> list[Any]:
        """The outputs of the layer in one list, drawn from the one stream."""
        with replayed(STREAM):
            return flat(layer(*xs))

    def objective(self, ys: Any) -> Any:
        """One number with all floating outputs in it, each element with a weight of its own."""
        floating = [y for y in ys if y.dtype.kind == "f"]
        weights = [self.put(self.weights(y.shape, seed=7 + i), y.dtype) for i, y in enumerate(floating)]
        terms = [ops.sum(ops.multiply(y, w)) for y, w in zip(floating, weights, strict=True)]
        return sum(terms[1:], start=terms[0])

    # -- the layer as a function of inputs and parameters

    def origin(self, training: bool) -> tuple[list[str], list[Array]]:
        """Names and values, in float64 on the host, of all that the gradient is taken for: inputs, then parameters."""
        named = list(self.fresh(training=training).named_parameters())
        moving = self.subject.moving()
        names = [f"input {k + 1}" for k in moving] + [f"parameter {name}" for name, _ in named]
        return names, [self.subject.inputs[k] for k in moving] + [self.host(p) for _, p in named]

    def function(self, training: bool) -> Callable[..., Any]:
        """Inputs and parameters -> the objective; of arrays of the backend or of Tensors of any level."""
        layer, xs, moving = self.fresh(training=training), self.arrays(), self.subject.moving()
        places = layer.parameters()

        def function(*values: Any) -> Any:
            inputs = list(xs)
            for k, value in zip(moving, values, strict=False):
                inputs[k] = value
            parts = [v if isinstance(v, Tensor) else Parameter(v, requires_grad=False) for v in values[len(moving) :]]
            # A copy with other Tensors where the parameters stood, wherever that is; its buffers are its own.
            with_parts = copy.deepcopy(layer, {id(p): part for p, part in zip(places, parts, strict=True)})
            return self.objective(self.call(with_parts, inputs))

        return function

    def number(self, x: Any) -> float:
        """One number of the backend on the host."""
        return float(self.host(x))

    # -- comparing

    def equal(self, got: Sequence[Any], expected: Sequence[Array], about: str, hint: str = "") -> bool:
        """Whether outputs are bit for bit the same."""
        hosts = [self.host(y) for y in got]
        same = len(hosts) == len(expected) and all(
            a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
            for a, b in zip(hosts, expected, strict=False)
        )
        return self.expect(same, about, told(expected), told(hosts), hint)

    def near(self, got: Sequence[Any], expected: Sequence[Any], tolerance: float, about: str, hint: str = "") -> None:
        """Whether outputs are as many and as large as others, but for the tolerance."""
        if self.expect(len(got) == len(expected), f"number of outputs, {about}", len(expected), len(got), hint):
            for i, (y, other) in enumerate(zip(got, expected, strict=True)):
                where = about if len(got) == 1 else f"output {i + 1} of {len(got)}, {about}"
                self.close(y, other, tolerance, where, hint)


def flat(y: Any) -> list[Any]:
    """The arrays and Tensors in what a layer returns, in order; numbers become arrays."""
    if isinstance(y, dict):
        y = list(y.values())
    if isinstance(y, (list, tuple)):
        return [part for inside in y for part in flat(inside)]
    return [] if y is None else [y if hasattr(y, "dtype") else np.asarray(y)]


def told(arrays: Sequence[Array]) -> str:
    return "; ".join(f"{np.array2string(a.ravel()[:6], precision=9)} of shape {a.shape} {a.dtype}" for a in arrays)
