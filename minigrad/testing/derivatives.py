"""The checks of derivatives: against finite differences, by every route, to second order.

Builds on: `minigrad.testing.probe`, `minigrad.testing.differences`. Read next: `minigrad.testing.contracts`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.autodiff import grad, jvp, vjp
from minigrad.tensor import Tensor
from minigrad.testing import differences
from minigrad.testing.case import Array, patterns
from minigrad.testing.probe import Probe, subsets
from minigrad.testing.report import HINTS
from minigrad.testing.tolerance import TOLERANCE

__all__ = ["check_broadcasting", "check_cotangent", "check_gradient", "check_second", "check_subsets"]

EXACT, NEAR = TOLERANCE["float64"]


def backward_gradients(p: Probe, xs: Sequence[Array], weights: Array, chosen: Sequence[int], wrap: bool) -> list[Any]:
    """`.grad` of the chosen inputs after `.backward()`; the others are constant Tensors (`wrap`) or plain arrays."""
    inputs: list[Any] = [p.put(x) for x in xs]
    for k in range(len(xs)):
        if k in chosen:
            inputs[k] = p.leaf(xs[k])
        elif wrap:
            inputs[k] = Tensor(inputs[k])
    p.objective(p.put(weights))(*inputs).backward()
    return [inputs[k].grad for k in chosen]


def compare(p: Probe, got: Any, expected: Array, xs: Sequence[Array], k: int, route: str) -> bool:
    """One gradient: there, of its input's shape and dtype, on the backend, plain, and right."""
    about = f"{route}, {p.describe(xs, k)}"
    if not p.expect(got is not None, about, "a gradient", "None: none arrived"):
        return False
    if not p.expect(got.shape == xs[k].shape, f"shape of {about}", xs[k].shape, got.shape):
        return False
    p.expect(str(got.dtype) == "float64", f"dtype of {about}", "float64", got.dtype)
    p.expect(not isinstance(got, Tensor), f"type of {about}", "a plain array", type(got).__name__)
    p.at_home(got, route)
    return p.close(got, expected, NEAR, about)


def check_gradient(p: Probe, xs: Sequence[Array] | None = None) -> None:
    """First order: finite differences, and three routes to the same numbers."""
    xs = p.case.inputs if xs is None else xs
    everything = range(len(xs))
    with p.step(f"finite differences, {p.describe(xs)}"):
        weights = p.weights(p.on_host(*xs).shape)
        expected = differences.gradients(p.projected(weights), xs)
        with p.step(f".backward(), {p.describe(xs)}"):
            for k, g in enumerate(backward_gradients(p, xs, weights, everything, wrap=False)):
                compare(p, g, expected[k], xs, k, ".backward()")
        arrays = [p.put(x) for x in xs]
        with p.step(f"grad, {p.describe(xs)}"):
            for k, g in enumerate(grad(p.objective(p.put(weights)), list(everything))(*arrays)):
                compare(p, g, expected[k], xs, k, "grad")
        with p.step(f"vjp, {p.describe(xs)}"):
            y, pullback = vjp(p.case, *arrays)
            p.close(y, p.on_host(*xs), EXACT, f"value of vjp, {p.describe(xs)}")
            for k, g in enumerate(pullback(p.put(weights))):
                compare(p, g, expected[k], xs, k, "vjp")
        directions = [p.weights(x.shape, seed=11 + k) for k, x in enumerate(xs)]
        with p.step(f"jvp, {p.describe(xs)}", HINTS["cotangent"]):  # it walks back with Tensors
            _, forward = jvp(p.case, arrays, [p.put(v) for v in directions])
            slope = differences.along(p.on_host, xs, directions)
            p.close(forward, slope, NEAR, f"jvp, {p.describe(xs)}")
        check_same_tensor(p, xs, weights)


def check_same_tensor(p: Probe, xs: Sequence[Array], weights: Array) -> None:
    """One Tensor in every place receives the gradients of all places."""
    if len(xs) < 2 or len({x.shape for x in xs}) > 1 or len(set(p.case.domains)) > 1:
        return
    with p.step(f"one Tensor in every place, {p.describe(xs[:1])}"):
        leaf, copies = p.leaf(xs[0]), [p.leaf(xs[0]) for _ in xs]
        objective = p.objective(p.put(weights))
        objective(*(leaf for _ in xs)).backward()
        objective(*copies).backward()
        total = sum(p.host(copy.grad) for copy in copies)
        p.close(leaf.grad, total, EXACT, f"one Tensor in every place, {p.describe(xs[:1])}")


def check_subsets(p: Probe) -> None:
    """Every choice of inputs that need gradients, the rest constant: Tensors, or plain arrays."""
    xs = p.case.inputs
    with p.step(p.describe(xs)):
        weights = p.weights(p.on_host(*xs).shape)
        expected = backward_gradients(p, xs, weights, range(len(xs)), wrap=False)
        for chosen in subsets(len(xs)):
            for wrap in (True, False):
                rest = "constant Tensors" if wrap else "plain arrays"
                route = f"gradients for inputs {[k + 1 for k in chosen]} alone, the others {rest}"
                with p.step(f"{route}, {p.describe(xs)}"):
                    found = backward_gradients(p, xs, weights, chosen, wrap)
                    for k, g in zip(chosen, found, strict=True):
                        p.close(g, p.host(expected[k]), EXACT, f"{route}, {p.describe(xs, k)}")
        with p.step(f"no gradient needed, {p.describe(xs)}"):
            y = p.case(*(Tensor(p.put(x)) for x in xs))
            got = "a graph" if getattr(y, "node", None) is not None else type(y).__name__
            p.expect(got == "Tensor", "result on Tensors that need no gradient", "Tensor", got)


def check_second(p: Probe) -> None:
    """Second order: the gradient of a random projection of the gradient, against differences of that projection."""
    xs = p.case.inputs
    with p.step(p.describe(xs)):
        everything = list(range(len(xs)))
        weights = p.put(p.weights(p.on_host(*xs).shape))
        directions = [p.weights(x.shape, seed=21 + k) for k, x in enumerate(xs)]
        projection = projected_gradient(p.objective(weights), [p.put(v) for v in directions])
        on_host = lambda *hosts: float(p.host(projection(*(p.put(x) for x in hosts))))  # noqa: E731
        expected = differences.gradients(on_host, xs)
        arrays = [p.put(x) for x in xs]
        for k, g in enumerate(grad(projection, everything)(*arrays)):
            compare(p, g, expected[k], xs, k, "gradient of a projection of the gradient")
        for k, x in enumerate(xs):
            same = np.array_equal(p.host(arrays[k]), x)
            p.expect(same, f"{p.describe(xs, k)} after second order", "untouched", "changed", HINTS["memory"])


def projected_gradient(function: Callable[..., Any], directions: Sequence[Any]) -> Callable[..., Any]:
    """The gradient of a function, projected on directions, which lie on its device: a function of the same values."""
    first = grad(function, list(range(len(directions))))

    def projection(*values: Any) -> Any:
        parts = [ops.sum(ops.multiply(g, v)) for g, v in zip(first(*values), directions, strict=True)]
        return sum(parts[1:], start=parts[0])

    return projection


def check_cotangent(p: Probe) -> None:
    """Raw inputs, and a gradient that is a Tensor: grad(lambda x: (f(x) * W).sum())(x) reaches W in its turn."""
    xs = p.case.inputs
    with p.step(p.describe(xs)):
        weights = p.leaf(p.weights(p.on_host(*xs).shape))
        directions = [p.weights(x.shape, seed=31 + k) for k, x in enumerate(xs)]
        slope = differences.along(p.on_host, xs, directions)
        found = grad(p.objective(weights), list(range(len(xs))))(*(p.put(x) for x in xs))
        total = sum(ops.sum(ops.multiply(g, p.put(v))) for g, v in zip(found, directions, strict=True))
        if getattr(total, "node", None) is not None:  # else no gradient depends on W, and 0 is the answer
            total.backward()
        got = np.zeros(weights.shape) if weights.grad is None else weights.grad
        p.close(got, slope, NEAR, f"gradient that reaches the weights of a gradient, {p.describe(xs)}")


def check_broadcasting(p: Probe) -> None:
    """Every way in which two inputs may broadcast: the value, and gradients of each input's own shape."""
    if not p.case.broadcasts:
        return
    for shapes in patterns([x.shape for x in p.case.inputs]):
        xs = p.case.draw(shapes)
        about = f"inputs of shapes {' and '.join(map(str, shapes))}"
        with p.step(about):
            y, oracle = p.on_host(*xs), p.case.expected(*xs)
            if oracle is not None:
                p.close(y, oracle, EXACT, f"value, {about}", "how the forward broadcasts")
            if not p.case.differentiable:
                continue
            weights = p.weights(y.shape)
            expected = differences.gradients(p.projected(weights), xs)
            for k, g in enumerate(backward_gradients(p, xs, weights, range(len(xs)), wrap=False)):
                compare(p, g, expected[k], xs, k, f".backward(), {about}")
            second_along(p, xs, weights, about)


def second_along(p: Probe, xs: Sequence[Array], weights: Array, about: str) -> None:
    """Second order along one direction: much cheaper than the whole projection, and enough for broadcasting."""
    directions = [p.weights(x.shape, seed=41 + k) for k, x in enumerate(xs)]
    projection = projected_gradient(p.objective(p.put(weights)), [p.put(v) for v in directions])
    slope = differences.along(lambda *hosts: p.host(projection(*(p.put(x) for x in hosts))), xs, directions)
    found = grad(projection, list(range(len(xs))))(*(p.put(x) for x in xs))
    for k, g in enumerate(found):
        p.expect(g.shape == xs[k].shape, f"shape of the second derivative, {about}", xs[k].shape, g.shape)
    got = sum((p.host(g) * v).sum() for g, v in zip(found, directions, strict=True))
    p.close(np.asarray(got), slope, NEAR, f"second derivative along a direction, {about}")
