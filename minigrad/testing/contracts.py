"""The checks of everything that is not a derivative: values, dtypes, memory, layout, the device, edges, special points.

Builds on: `minigrad.testing.derivatives`. Read next: `minigrad.testing.dtypes`.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.autodiff import grad
from minigrad.backend.strict import audit_float64, no_synchronisation
from minigrad.tensor import Tensor, raw
from minigrad.testing.case import Array, Point
from minigrad.testing.derivatives import check_gradient
from minigrad.testing.dtypes import floating
from minigrad.testing.probe import Probe
from minigrad.testing.report import shortened
from minigrad.testing.tolerance import TOLERANCE

__all__ = ["check_device", "check_edges", "check_layouts", "check_memory", "check_points", "check_value"]


def check_value(p: Probe) -> None:
    """The value against the oracle in every floating dtype: plain arrays for plain arrays, Tensors for Tensors."""
    for dtype in floating(p):
        xs = [x.astype(dtype) for x in p.case.inputs]
        about = p.describe(xs)
        with p.step(about):
            y = p.case(*(p.put(x) for x in xs))
            p.expect(not isinstance(y, Tensor), f"plain arrays in, {about}", "a plain array", type(y).__name__)
            p.at_home(y, "the result")
            oracle = p.case.expected(*(x.astype(np.float64) for x in xs))
            if oracle is not None:
                p.close(y, oracle, TOLERANCE[dtype].value, about)
                same = y.dtype == (dtype if oracle.dtype.kind == "f" else oracle.dtype)
                p.expect(same, f"dtype, {about}", dtype if oracle.dtype.kind == "f" else oracle.dtype, y.dtype, WIDENED)
        with p.step(f"Tensors in, {about}"):
            t = p.case(*(Tensor(p.put(x)) for x in xs))
            kind = "Tensor" if p.case.differentiable else "a plain array"
            p.expect(isinstance(t, Tensor) == p.case.differentiable, f"Tensors in, {about}", kind, type(t).__name__)
            p.close(t, p.host(y), TOLERANCE[dtype].value, f"Tensors in, {about}", "a second formula for Tensors")


WIDENED = "a NumPy scalar or a float64 constant in the body: use Python numbers"


def check_memory(p: Probe) -> None:
    """Inputs keep their bytes through forward, backward and second order; no gradient lies in another's memory."""
    xs = p.case.inputs
    with p.step(p.describe(xs)):
        leaves = [p.leaf(x) for x in xs]
        before = [p.host(t).tobytes() for t in leaves]
        y = p.case(*leaves)
        unchanged(p, leaves, before, "the forward")
        if not isinstance(y, Tensor):
            return
        values, weights = p.host(y), p.put(p.weights(y.shape))
        sent = p.host(weights).tobytes()
        y.backward(weights, retain_graph=True)
        unchanged(p, leaves, before, "backward")
        unchanged(p, [y, weights], [values.tobytes(), sent], "backward")
        first = [p.host(t.grad) for t in leaves]
        owners = [("the gradient sent back", weights), ("the value", raw(y))]
        owners += [(f"input {k + 1}", t.value) for k, t in enumerate(leaves)]
        owners += [(f"the gradient of input {k + 1}", t.grad) for k, t in enumerate(leaves)]
        for k, t in enumerate(leaves):
            others = [(name, a) for name, a in owners if a is not t.grad]
            shared = [name for name, a in others if math.prod(t.shape) and p.xp.shares_memory(t.grad, a)]
            p.expect(not shared, f"memory of the gradient of input {k + 1}", "its own", " and ".join(shared))
        y.backward(weights)
        for k, t in enumerate(leaves):
            p.close(t.grad, 2 * first[k], TOLERANCE["float64"].value, f"a second backward adds, {p.describe(xs, k)}")


def unchanged(p: Probe, arrays: Sequence[Any], before: Sequence[bytes], when: str) -> None:
    for k, (x, was) in enumerate(zip(arrays, before, strict=True)):
        p.expect(p.host(x).tobytes() == was, f"bytes of array {k + 1} after {when}", "as before", "changed")


def check_layouts(p: Probe) -> None:
    """Transposed, strided, reversed and read-only inputs: the same value and the same gradients."""
    xs = p.case.inputs
    with p.step(p.describe(xs)):
        expected = p.on_host(*xs)
        weights = p.put(p.weights(expected.shape)) if p.case.differentiable else None
        reference = _value_and_gradients(p, [p.put(x) for x in xs], weights)[1]
        for layout, make in LAYOUTS.items():
            views = [make(p, x) for x in xs]
            with p.step(f"{layout} inputs, {p.describe(xs)}"):
                value, found = _value_and_gradients(p, views, weights)
                p.close(value, expected, TOLERANCE["float64"].value, f"value on {layout} inputs, {p.describe(xs)}")
                for k, g in enumerate(found):
                    about = f"gradient on {layout} inputs, {p.describe(xs, k)}"
                    p.close(g, p.host(reference[k]), TOLERANCE["float64"].value, about)
            for k, (view, x) in enumerate(zip(views, xs, strict=True)):
                p.expect(np.array_equal(p.host(view), x), f"{layout} input {k + 1} afterwards", "untouched", "changed")


def _value_and_gradients(p: Probe, arrays: Sequence[Any], weights: Any) -> tuple[Any, list[Any]]:
    if weights is None:
        return p.case(*arrays), []
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    y = p.case(*leaves)
    y.backward(weights)
    return y, [t.grad for t in leaves]


def _transposed(p: Probe, x: Array) -> Any:
    return p.put(x.T.copy()).T


def _strided(p: Probe, x: Array) -> Any:
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1])) if x.ndim else np.zeros(2)
    wide[..., ::2] = x
    return p.put(wide)[..., ::2] if x.ndim else p.put(wide)[0:1].reshape(())


def _reversed(p: Probe, x: Array) -> Any:
    turn = (slice(None, None, -1),) * x.ndim
    return p.put(x[turn].copy())[turn]


def _readonly(p: Probe, x: Array) -> Any:
    return p.xp.readonly(p.put(x))


LAYOUTS: dict[str, Callable[[Probe, Array], Any]] = {
    "transposed": _transposed,
    "strided": _strided,
    "reversed": _reversed,
    "read-only": _readonly,
}


# -- the device --------------------------------------------------------------------------------------------------------


def check_device(p: Probe) -> None:
    """In float32: nothing waits for the device, nothing widens, everything stays there."""
    leaves = [p.leaf(x, np.float32) for x in p.case.inputs]
    about = p.describe(p.case.inputs)
    weights = p.put(p.weights(p.on_host(*p.case.inputs).shape), np.float32) if p.case.differentiable else None
    with p.step(about), watched(p):
        y = p.case(*leaves)
        if weights is not None:
            y.backward(weights)
    with p.step(about):
        p.at_home(y, "the result")
        for k, t in enumerate(leaves if weights is not None else []):
            p.at_home(t.grad, f"the gradient of input {k + 1}")


def watched(p: Probe) -> AbstractContextManager[Any]:
    """Where a backend can tell: reading a value on the host raises, and so does a float64 array out of float32 ones."""
    contexts = ExitStack()
    if p.name == "strict":
        contexts.enter_context(audit_float64())
        if not p.case.synchronises:
            contexts.enter_context(no_synchronisation())
    elif p.name == "cupy" and not p.case.synchronises:
        contexts.enter_context(importlib.import_module("cupyx").allow_synchronize(False))
    else:
        contexts.enter_context(nullcontext())
    return contexts


# -- edges and points --------------------------------------------------------------------------------------------------


def check_edges(p: Probe) -> None:
    """The other shapes that the case names: 0-d, empty, one element."""
    for shapes in p.case.shapes:
        xs = p.case.draw(shapes)
        about = f"shapes {' and '.join(map(str, shapes))}"
        with p.step(about):
            y, oracle = p.case(*(p.put(x) for x in xs)), p.case.expected(*xs)
            p.at_home(y, f"the result for {about}")
            if oracle is not None:
                p.close(y, oracle, TOLERANCE["float64"].value, f"value, {about}")
        if p.case.differentiable:
            check_gradient(p, xs)


def check_points(p: Probe) -> None:
    """Special points: kinks, zeros, infinities, large values, in float32 and float64."""
    for point in p.case.points:
        for dtype in ("float64", "float32"):
            with p.step(f"point {point.name!r} {point.inputs} in {dtype}", warns=point.warns):
                _check_point(p, point, dtype)


def _check_point(p: Probe, point: Point, dtype: str) -> None:
    leaves = [p.leaf(x, dtype) for x in point.inputs]
    about = f"at point {point.name!r} {point.inputs} in {dtype}"
    y = p.case(*leaves)
    exactness = TOLERANCE[dtype].value
    if point.value is not None:
        p.close(y, np.asarray(point.value), exactness, f"value {about}")
    if point.gradients is None:
        return
    ops.sum(y).backward()
    routes, arrays = {".backward()": [t.grad for t in leaves]}, [p.put(x, dtype) for x in point.inputs]
    with p.step(f"vjp {about}", warns=point.warns):
        routes["grad"] = list(grad(p.objective(1.0), list(range(len(arrays))))(*arrays))
    if point.second and not point.warns:
        with p.step(f"second order {about}"):
            _check_second_exists(p, arrays, about)
    for route, found in routes.items():
        for k, (g, expected) in enumerate(zip(found, point.gradients, strict=True)):
            if expected is not None:
                p.close(g, np.asarray(expected, dtype=float), exactness, f"{route} of input {k + 1} {about}")


def _check_second_exists(p: Probe, arrays: Sequence[Any], about: str) -> None:
    """Where a gradient is defined by convention, the gradient of the gradient is no NaN."""
    chosen = list(range(len(arrays)))
    first = grad(p.objective(1.0), chosen)
    second = grad(lambda *xs: sum((ops.sum(g) for g in first(*xs)), start=0.0), chosen)(*arrays)
    for k, g in enumerate(second):
        p.expect(
            not np.isnan(p.host(g)).any(), f"second derivative of input {k + 1} {about}", "no NaN", shortened(p.host(g))
        )
