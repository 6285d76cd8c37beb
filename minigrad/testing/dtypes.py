"""The contract of dtypes: what comes in decides what comes out, for values and for gradients.

Builds on: `minigrad.testing.probe`. Read next: `minigrad.testing.report`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.autodiff import grad
from minigrad.errors import DTypeError
from minigrad.tensor import Tensor, raw
from minigrad.testing.case import Array
from minigrad.testing.probe import Probe
from minigrad.testing.tolerance import TOLERANCE

__all__ = ["check_dtypes", "floating"]

ON_THE_WAY = "a vjp that answers in another dtype: astype, a NumPy scalar or a float64 constant in it"


def floating(p: Probe) -> list[str]:
    """The floating dtypes that this op is checked in, the widest first."""
    return ["float64", "float32", "float16"] if p.case.half else ["float64", "float32"]


def check_dtypes(p: Probe) -> None:
    """Floating dtypes keep themselves, scalars never widen them, integers are kept or refused."""
    if p.case.differentiable:
        _check_gradients(p)
        if len(p.case.inputs) > 1:
            _check_mixture(p)
    if p.case.broadcasts and p.case.differentiable:
        _check_scalars(p)
    if p.case.integers is not None:
        _check_integers(p)


def _check_gradients(p: Probe) -> None:
    """Gradients keep their input's dtype, already when they leave the op, and agree with those in float64."""
    reference = None
    for dtype in floating(p):
        xs = [x.astype(dtype) for x in p.case.inputs]
        with p.step(p.describe(xs)):
            leaves = [p.leaf(x) for x in xs]
            seen: list[str] = []
            inputs = [t * 1 for t in leaves]  # nodes, so that hooks see what the op itself sends back
            for t in inputs:
                t.register_hook(lambda g, seen=seen: seen.append(str(g.dtype)))
            y = p.case(*inputs)
            weights = p.weights(y.shape).astype(dtype)
            (y * p.put(weights)).sum().backward()
            p.expect(set(seen) <= {dtype}, f"gradients on their way, {p.describe(xs)}", dtype, seen, ON_THE_WAY)
            found = [p.host(t.grad) for t in leaves]
            routes = {".backward()": found}
            objective = p.objective(p.put(weights))
            routes["grad"] = [p.host(g) for g in grad(objective, list(range(len(xs))))(*(p.put(x) for x in xs))]
            reference = found if reference is None else reference
            for route, gs in routes.items():
                for k, g in enumerate(gs):
                    about = f"{route} in {dtype}, {p.describe(xs, k)}"
                    p.expect(str(g.dtype) == dtype, f"dtype of {about}", dtype, g.dtype)
                    p.close(g, reference[k], TOLERANCE[dtype].gradient, about)


def _check_mixture(p: Probe) -> None:
    """float32 beside float64: the wider one wins the value, each gradient keeps its input's dtype."""
    for k in range(len(p.case.inputs)):
        kinds = ["float32" if i == k else "float64" for i in range(len(p.case.inputs))]
        with p.step(f"inputs in {', '.join(kinds)}"):
            leaves = [p.leaf(x, kind) for x, kind in zip(p.case.inputs, kinds, strict=True)]
            y = p.case(*leaves)
            p.expect(str(y.dtype) == "float64", f"value of {', '.join(kinds)}", "float64", y.dtype)
            y.backward(p.put(p.weights(y.shape)))
            got = [str(p.host(t.grad).dtype) for t in leaves]
            p.expect(got == kinds, f"gradients of {', '.join(kinds)}", kinds, got)


def _check_scalars(p: Probe) -> None:
    """A Python or NumPy scalar takes the dtype of the array beside it, and the value it has."""
    for k, x in enumerate(p.case.inputs):
        number = float(x.reshape(-1)[0])
        for scalar in (number, np.float64(number), np.float32(number), 1, np.int64(1), True):
            for dtype in floating(p):
                about = f"{type(scalar).__name__} {scalar!r} as input {k + 1} beside {dtype}"
                with p.step(about):
                    _check_scalar(p, k, scalar, dtype, about)


def _check_scalar(p: Probe, k: int, scalar: Any, dtype: str, about: str) -> None:
    arrays = [scalar if i == k else p.put(x, dtype) for i, x in enumerate(p.case.inputs)]
    y = p.case(*arrays)
    p.expect(str(y.dtype) == dtype, f"dtype of the value, {about}", dtype, y.dtype)
    leaves = [x if i == k else Tensor(x, requires_grad=True) for i, x in enumerate(arrays)]
    t = p.case(*leaves)
    p.expect(str(t.dtype) == dtype, f"dtype of the Tensor, {about}", dtype, t.dtype)
    numbers = [np.float64(scalar) if i == k else x.astype(dtype) for i, x in enumerate(p.case.inputs)]
    oracle = p.case.expected(*(np.asarray(x, dtype=np.float64) for x in numbers))
    if oracle is not None:
        p.close(t, oracle, TOLERANCE[dtype].value, f"value, {about}")
    (t * 1).sum().backward()
    got = {str(p.host(x.grad).dtype) for i, x in enumerate(leaves) if i != k}
    p.expect(got == {dtype}, f"dtype of the gradients, {about}", dtype, got)


def _check_integers(p: Probe) -> None:
    """Integers are kept as integers, or refused with the advice to cast to float32; never float64 in silence."""
    xs = [_whole(x.shape, *domain) for x, domain in zip(p.case.inputs, p.case.domains, strict=True)]
    for kind, wrap in (("arrays", lambda a: a), ("Tensors", Tensor)):
        about = f"integer {kind}, {p.describe(xs)}"
        with p.step(about):
            try:
                y = p.case(*(wrap(p.put(x)) for x in xs))
            except DTypeError as error:
                p.expect("float32" in str(error), f"message for {about}", "advice to cast to float32", error)
                p.expect(p.case.integers != "kept", about, "integers kept", f"refused: {error}")
            else:
                _check_kept(p, xs, y, about)


def _whole(shape: tuple[int, ...], low: float, high: float) -> Array:
    """Integers of the domain, the positive ones if there are any."""
    inside = np.arange(math.ceil(low), math.floor(high) + 1)
    chosen = inside[inside > 0] if (inside > 0).any() else inside
    return np.resize(chosen if chosen.size else [round(high)], shape).astype(np.int64)


def _check_kept(p: Probe, xs: Sequence[Array], y: Any, about: str) -> None:
    p.expect(p.case.integers != "refused", about, "DTypeError that says: cast to float32", f"{raw(y).dtype}")
    p.expect(raw(y).dtype.kind in "iub", f"dtype for {about}", "integers, or DTypeError", raw(y).dtype)
    oracle = p.case.expected(*xs)
    if oracle is not None:
        p.close(y, oracle, TOLERANCE["float64"].value, f"value for {about}")
