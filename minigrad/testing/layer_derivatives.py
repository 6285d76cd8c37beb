"""The checks of a layer's gradients, of inputs and parameters, against finite differences; to second order.

Builds on: `minigrad.testing.layer_case`, `minigrad.testing.derivatives`. Read next: `minigrad.testing.check_layer`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.autodiff import grad
from minigrad.tensor import Tensor
from minigrad.testing import differences
from minigrad.testing.case import Array
from minigrad.testing.derivatives import projected_gradient
from minigrad.testing.layer_case import LayerProbe
from minigrad.testing.layer_parts import mode
from minigrad.testing.report import shortened
from minigrad.testing.tolerance import TOLERANCE, close

__all__ = ["check_gradient", "check_second"]

NEAR = TOLERANCE["float64"].gradient
# A kink of the layer between x - h and x + h spoils a difference: a second try looks closer, where few kinks are left.
STEPS = (differences.STEP, differences.STEP / 64)
MEASURED = 64  # elements of each input and parameter


def check_gradient(p: LayerProbe) -> None:
    """The gradients that `.backward()` leaves in inputs and parameters, in training and in use."""
    for training in (True, False):
        with p.step(f"gradients {mode(training)}"):
            names, origin = p.origin(training)
            if not origin:
                continue
            layer, xs = p.fresh(training=training), p.leaves()
            y = p.objective(p.call(layer, xs))
            if not _has_graph(p, y, training):
                continue
            y.backward()
            leaves = [x for x in xs if isinstance(x, Tensor)] + layer.parameters()
            for k, (name, leaf) in enumerate(zip(names, leaves, strict=True)):
                _check_one(p, training, name, leaf.grad, origin, k)


def _has_graph(p: LayerProbe, y: Any, training: bool) -> bool:
    """Whether gradients flow at all; if not, the value must not depend on anything."""
    if isinstance(y, Tensor) and y.requires_grad:
        return True
    flat = all(not _measured(p, training, step)[k].any() for step in STEPS for k in range(len(p.origin(training)[0])))
    return p.expect(flat, f"the output {mode(training)}", "a Tensor that gradients flow through", "cut off") and False


def _check_one(p: LayerProbe, training: bool, name: str, got: Any, origin: list[Array], k: int) -> None:
    about = f"gradient of {name} {mode(training)}, at {shortened(origin[k], 4)}"
    if name.removeprefix("parameter ") in p.subject.unused:
        return
    if got is None and not _measured(p, training, STEPS[0])[k].any() and not training:
        return  # in use some parts may rest
    if not p.expect(got is not None, about, "a gradient", "None: none arrived", NONE):
        return
    p.at_home(got, f"the gradient of {name}")
    host, wanted = p.host(got), None
    for step in STEPS:
        wanted = _measured(p, training, step)[k]
        seen = np.where(np.isnan(wanted), np.nan, host) if host.shape == wanted.shape else host
        if close(seen, wanted, NEAR):
            p.count += 1
            return
    p.expect(False, about, shortened(np.asarray(wanted)), shortened(host))


NONE = "a part that forward does not use (name it in `unused`), or a Tensor taken apart with .value, .data or .numpy()"


def _measured(p: LayerProbe, training: bool, step: float) -> list[Array]:
    """The gradients by finite differences, on NumPy, once for all backends."""

    def measure() -> list[Array]:
        there = p.on("numpy")
        f = there.function(training)
        origin = there.origin(training)[1]
        return differences.gradients(lambda *hosts: there.number(f(*hosts)), origin, step, MEASURED)

    found: list[Array] = p.subject.once(("gradient", training, step), measure)
    return found


def check_second(p: LayerProbe) -> None:
    """Second order in training: the gradient, projected on a direction, changes along another as its gradient says."""
    names, origin = p.origin(True)
    if p.subject.order < 2 or not origin:
        return
    with p.step("second order"):
        directions = [p.weights(x.shape, seed=21 + k) for k, x in enumerate(origin)]
        ways = [p.weights(x.shape, seed=51 + k) for k, x in enumerate(origin)]
        projection = projected_gradient(p.function(True), [p.put(v) for v in directions])
        found = grad(projection, list(range(len(origin))))(*(p.put(x) for x in origin))
        got = sum(float((p.host(g) * way).sum()) for g, way in zip(found, ways, strict=True))
        for step in STEPS:
            slope = _slope(p, directions, origin, ways, step)
            if close(np.asarray(got), slope, NEAR * 10):
                p.count += 1
                return
        p.expect(False, f"second derivative along a direction, of {', '.join(names)}", float(slope), got)


def _slope(p: LayerProbe, directions: list[Array], origin: list[Array], ways: list[Array], step: float) -> Array:
    def measure() -> Array:
        there = p.on("numpy")
        projection = projected_gradient(there.function(True), [there.put(v) for v in directions])
        return differences.along(lambda *hosts: there.number(projection(*hosts)), origin, ways, step)

    found: Array = p.subject.once(("second", step), measure)
    return found
