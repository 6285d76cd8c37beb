"""The checks of what a layer computes, derivatives apart: values, modes, dtypes, memory, the device.

Builds on: `minigrad.testing.layer_parts`, `minigrad.testing.contracts`.
Read next: `minigrad.testing.layer_derivatives`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigrad.backend.random import default_generator, replayed
from minigrad.nn.layer import Layer
from minigrad.tensor import Tensor
from minigrad.testing.contracts import watched
from minigrad.testing.layer_case import STREAM, LayerProbe, flat
from minigrad.testing.layer_parts import hidden, mode
from minigrad.testing.tolerance import TOLERANCE

__all__ = ["check_device", "check_dtypes", "check_memory", "check_modes", "check_runs", "check_value"]

MODES = (True, False)


def check_runs(p: LayerProbe) -> None:
    """Forward runs in training and in use, on arrays and on Tensors."""
    for training in MODES:
        for kind, xs in (("arrays", p.arrays("float32")), ("Tensors", p.leaves("float32"))):
            about = f"forward of {kind} {mode(training)}, {p.describe(xs)}"
            with p.step(about):
                p.expect(p.call(p.fresh(None, training), xs), about, "an array or a Tensor", "nothing")


def check_value(p: LayerProbe) -> None:
    """The same value on every backend, in float64 and float32; that of the oracle if there is one."""
    for training in MODES:
        reference = p.subject.once(("value", training), partial(_reference, p, training))
        for dtype, tolerance in (("float64", TOLERANCE["float64"].value), ("float32", TOLERANCE["float32"].gradient)):
            about = f"{mode(training)} in {dtype}, {p.describe(p.arrays(dtype))}"
            with p.step(about):
                ys = p.call(p.fresh(dtype, training), p.arrays(dtype))
                for y in ys:
                    p.at_home(y, f"the output {mode(training)}")
                other = "" if p.name == "numpy" else "what NumPy's arrays and the device's do differently"
                p.near(ys, reference, tolerance, f"value {about}", other)
                again = p.call(p.fresh(dtype, training), [Tensor(x) for x in p.arrays(dtype)])
                p.near(again, [p.host(y) for y in ys], tolerance, f"value of Tensors {about}", "a second formula")
        oracle = p.subject.training_oracle if training else p.subject.oracle
        if oracle is not None:
            state = p.fresh(training=training).state_dict()
            expected = [np.asarray(y) for y in flat(oracle(state, *(x.copy() for x in p.subject.inputs)))]
            ys = p.call(p.fresh(training=training), p.arrays())
            p.near(ys, expected, TOLERANCE["float64"].value, f"value {mode(training)} against the oracle")
    if p.subject.state_oracle is not None:
        layer = p.fresh()
        wanted = p.subject.state_oracle(layer.state_dict(), *(x.copy() for x in p.subject.inputs))
        p.call(layer, p.arrays())
        for name, expected in wanted.items():
            about = f"{name} after a call in training, against the oracle"
            p.close(layer.state()[name], expected, TOLERANCE["float64"].value, about, "how the layer updates its state")


def _reference(p: LayerProbe, training: bool) -> list[Any]:
    there = p.on("numpy")
    return [there.host(y) for y in there.call(there.fresh(training=training), there.arrays())]


def check_modes(p: LayerProbe) -> None:
    """`train` and `eval` reach every layer inside; in use nothing is random and no state changes."""
    layer = p.fresh(None)
    inside = [part for _, part in hidden(layer) if isinstance(part, Layer)]
    for training in MODES:
        layer.train(training)
        wrong = [type(part).__name__ for part in [*layer.layers(), *inside] if part.training is not training]
        p.expect(not wrong, f"training of all layers after train({training})", training, f"{wrong} missed it")
    layer.eval()
    state = layer.state_dict()
    with replayed(STREAM):
        first = [p.host(y) for y in flat(layer(*p.arrays("float32")))]
        p.expect(default_generator().state == STREAM, "random numbers in use", "none", "some were drawn")
        p.equal(flat(layer(*p.arrays("float32"))), first, "a second call in use, further on in the random stream")
    p.expect(_same(layer.state_dict(), state), "state after calls in use", "as before", "changed")
    trained = [p.host(y) for y in p.call(p.fresh(None), p.arrays("float32"))]
    p.equal(p.call(p.fresh(None), p.arrays("float32")), trained, "training again with the same seed", SEED)
    if p.subject.differs is not None:
        differs = any(a.shape != b.shape or (a != b).any() for a, b in zip(trained, first, strict=False))
        words = {True: "different values", False: "the same value"}
        p.expect(differs == p.subject.differs, "training and use", words[p.subject.differs], words[differs])


SEED = "random numbers from elsewhere than minigrad's own stream, or a state that no copy takes along"


def _same(state: dict[str, Any], other: dict[str, Any]) -> bool:
    return state.keys() == other.keys() and all(np.array_equal(state[k], other[k], equal_nan=True) for k in state)


def check_dtypes(p: LayerProbe) -> None:
    """The layer as it was made takes float32 and gives float32, gradients and buffers included; cast to float64 too."""
    for dtype, layers in (("float32", {"as made": None}), ("float64", {"cast to float64": "float64"})):
        for how, cast in layers.items():
            for training in MODES:
                about = f"{dtype} in, the layer {how}, {mode(training)}"
                with p.step(about):
                    _check_dtype(p, p.fresh(cast, training), dtype, about)


def _check_dtype(p: LayerProbe, layer: Layer, dtype: str, about: str) -> None:
    kinds = {name: t.dtype for name, t in layer.state().items()}
    xs = p.leaves(dtype)
    ys = p.call(layer, xs)
    for y in ys:
        p.expect(y.dtype.kind != "f" or y.dtype == dtype, f"dtype of the output, {about}", dtype, y.dtype)
    for name, t in layer.state().items():
        p.expect(t.dtype == kinds[name], f"dtype of {name} after a call, {about}", kinds[name], t.dtype)
    for name, t in layer.named_parameters():
        p.expect(t.dtype == dtype, f"dtype of {name}, {about}", dtype, t.dtype)
    if any(isinstance(y, Tensor) and y.requires_grad for y in ys):
        p.objective(ys).backward()
    received = [*layer.named_parameters(), *((f"input {k + 1}", x) for k, x in enumerate(xs) if isinstance(x, Tensor))]
    for name, t in received:
        if t.grad is not None:
            p.expect(t.grad.dtype == dtype, f"dtype of the gradient of {name}, {about}", dtype, t.grad.dtype)


def check_memory(p: LayerProbe) -> None:
    """Forward and backward write into no input and no parameter; what a call gave stays as it was in later calls."""
    for training in MODES:
        with p.step(f"memory {mode(training)}"):
            layer, xs = p.fresh(training=training), p.leaves()
            parts = [*layer.named_parameters(), *((f"input {k + 1}", x) for k, x in enumerate(xs))]
            before = {name: p.host(part).tobytes() for name, part in parts}
            ys = p.call(layer, xs)
            values = [p.host(y) for y in ys]
            when = f"the forward {mode(training)}"
            for turn in (when, f"the backward {mode(training)}"):
                for name, part in parts:
                    p.expect(p.host(part).tobytes() == before[name], f"{name} after {turn}", "untouched", "changed")
                if turn is when:
                    p.call(layer, [_other(p, x) for x in xs])
                    p.equal(ys, values, f"the output after another call {mode(training)}", "memory that calls share")
                    if any(isinstance(y, Tensor) and y.requires_grad for y in ys):
                        p.objective(ys).backward()
        with p.step(f"inputs that cannot be written to, {mode(training)}", "a write into an input"):
            p.call(p.fresh(training=training), [p.xp.readonly(x) for x in p.arrays()])


def _other(p: LayerProbe, x: Any) -> Any:
    """Other values for an input, as fit for the layer as its own: the same ones, turned round."""
    host = p.host(x)
    return p.put(np.ascontiguousarray(host[::-1]) if host.ndim else host)


def check_device(p: LayerProbe) -> None:
    """In float32 and in both modes, forward and backward never wait for the device; everything made stays there."""
    for training in MODES:
        layer, xs = p.fresh("float32", training), p.leaves("float32")
        before = p.call(p.fresh("float32", training), p.leaves("float32"))
        weights = [p.put(p.weights(y.shape), y.dtype) for y in before]
        with p.step(f"forward and backward {mode(training)}"), watched(p):
            ys = p.call(layer, xs)
            sent = [(y, w) for y, w in zip(ys, weights, strict=True) if isinstance(y, Tensor) and y.requires_grad]
            for y, w in sent:
                y.backward(w, retain_graph=True)
        with p.step(f"where things lie {mode(training)}"):
            for y in ys:
                p.at_home(y, f"the output {mode(training)}")
            for name, t in layer.state().items():
                p.at_home(t, f"{name} after a call {mode(training)}")
                if t.grad is not None:
                    p.at_home(t.grad, f"the gradient of {name}")
