"""The checks of an optimizer as a thing to use: how it is made, its state, dtypes, whether it learns, the device.

Builds on: `minigrad.testing.optimizer_case`, `minigrad.testing.contracts`.
Read next: `minigrad.testing.check_optimizer`.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from minigrad.errors import MinigradError
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor
from minigrad.testing.contracts import watched
from minigrad.testing.optimizer_case import OptimizerProbe

__all__ = ["check_converges", "check_device", "check_dtypes", "check_made", "check_state"]

STEPS = range(7)
PLAIN = (np.ndarray, np.generic, int, float, str, bool, type(None))


def check_made(p: OptimizerProbe) -> None:
    """It takes Tensors, named Tensors and groups, prints, forgets gradients, and refuses what cannot be trained."""
    for how, form in (
        ("Tensors", list),
        ("names and Tensors", lambda ps: [(f"p{k}", q) for k, q in enumerate(ps)]),
        ("groups", lambda ps: [{"params": ps[:2]}, {"params": ps[2:]}]),
        ("a generator", iter),
    ):
        with p.step(f"make from {how}"):
            params = p.parameters()
            optimizer = p.subject.make(form(params))
            kind = type(optimizer).__name__
            if not p.expect(isinstance(optimizer, Optimizer), f"make from {how}", "an Optimizer", kind):
                return
            p.same(p.vector(params), p.vector(p.parameters()), f"parameters after make from {how}")
            p.drive(optimizer, params, [0])
            p.expect(kind in repr(optimizer), "repr", kind, repr(optimizer))
            optimizer.zero_grad()
            p.expect(all(q.grad is None for q in params), "gradients after zero_grad", None, "some are left")
    q = p.leaf(p.start(0))
    for what, bad in (("nothing", []), ("a parameter twice", [q, q]), ("a constant", [Tensor(p.put(p.start(1)))])):
        try:
            p.subject.make(bad)
        except MinigradError as error:
            p.expect(str(error), f"message for {what}", "what is wrong", "nothing")
        else:
            p.fail(f"make from {what}", "an error of minigrad", "accepted")


def check_state(p: OptimizerProbe) -> None:
    """Stopped in the middle and gone on by another optimizer from the saved state, the path is bit for bit the same."""
    top = p.rate()
    group = {"lr": lambda step: top * 0.9**step}  # a rate that shows whether the step was saved

    def which(step: int) -> list[int | None]:
        return [0, 1 if step % 3 else None, 2, 3]

    def make(params: list[Tensor]) -> Any:
        return p.make([(f"p{k}", q) for k, q in enumerate(params)], **group)

    with p.step("state in the middle of training"):
        params = p.parameters()
        optimizer = make(params)
        p.drive(optimizer, params, STEPS[:3], which)
        values, saved = [p.host(q) for q in params], optimizer.state_dict()
        kept = copy.deepcopy(saved)
        _check_plain(p, saved, "")
        p.expect(sorted(saved["state"]) == [f"p{k}" for k in p.all], "names of the state",
                 "those of the parameters", sorted(saved["state"]))  # fmt: skip
        path = p.drive(optimizer, params, STEPS[3:], which)
        p.expect(_bytes(saved) == _bytes(kept), "the saved state after more steps", "as before", "changed")
        others = [p.leaf(v) for v in values]
        resumed = make(others)
        resumed.load_state_dict(kept)
        p.expect(_bytes(resumed.state_dict()) == _bytes(kept), "the state after it was loaded", "as saved", "different")
        p.same(p.drive(resumed, others, STEPS[3:], which), path, "the resumed path, against the unbroken one")
        p.expect(_bytes(saved) == _bytes(kept), "the saved state after it was loaded", "as before", "changed")
    with p.step("a state that does not fit"):
        _check_refused(p, kept, make)


def _check_refused(p: OptimizerProbe, saved: dict[str, Any], make: Any) -> None:
    fewer, other = copy.deepcopy(saved), copy.deepcopy(saved)
    del fewer["state"]["p0"]
    other["state"]["p1"]["something"] = np.zeros(3)
    for what, bad in (("a parameter too few", fewer), ("an average too many", other)):
        optimizer = make(p.parameters())
        before = _bytes(optimizer.state_dict())
        try:
            optimizer.load_state_dict(bad)
        except MinigradError as error:
            p.expect(str(error), f"message for a state with {what}", "what is wrong", "nothing")
        else:
            p.fail(f"load_state_dict with {what}", "an error of minigrad", "accepted")
        p.expect(_bytes(optimizer.state_dict()) == before, f"state after {what}", "as before", "changed")


def _check_plain(p: OptimizerProbe, value: Any, path: str) -> None:
    """A state is dicts, lists, host arrays, numbers and text: what a checkpoint can hold."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else ()
    for key, part in parts:
        _check_plain(p, part, f"{path}.{key}" if path else str(key))
    ok = isinstance(value, (dict, list, tuple, *PLAIN))
    p.expect(ok, f"state at {path}", "dicts, lists, NumPy arrays, numbers, text", type(value).__name__)


def _bytes(value: Any) -> Any:
    """Something to compare states with."""
    if isinstance(value, dict):
        return {key: _bytes(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_bytes(part) for part in value]
    return (str(value.dtype), value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value


def check_dtypes(p: OptimizerProbe) -> None:
    """float32 stays float32, beside float64 too, whatever kind of number the options are."""
    options = {name: _wide(value) for name, value in p.defaults().items()}
    with p.step("float32 with options in np.float64"):
        params = p.parameters("float32")
        optimizer = p.make(params, **options)
        path = p.drive(optimizer, params, range(3))
        _check_kinds(p, optimizer, params, ["float32"] * len(params), "with options in np.float64")
        double = p.parameters()
        expected = p.drive(p.make(double), double, range(3))
        p.same(path, expected, "a path in float32, against float64", "", 1e-4)
    with p.step("a rate and a decay in np.float64"):
        params = p.parameters("float32")
        optimizer = p.make(params, lr=np.float64(p.rate()), weight_decay=np.float64(0.1))
        p.give(params, 0, p.all)
        with watched(p):
            optimizer.step()
        p.drive(optimizer, params, [1])
    with p.step("float32 beside float64"):
        kinds = ["float32", "float64", "float32", "float64"]
        mixed = [p.leaf(p.start(k), kind) for k, kind in enumerate(kinds)]
        optimizer = p.make(mixed)
        got = p.drive(optimizer, mixed, range(3))
        _check_kinds(p, optimizer, mixed, kinds, "beside float64")
        p.same(got, expected, "a path of mixed dtypes, against float64", "", 1e-4)


def _wide(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_wide(part) for part in value)
    return np.float64(value) if isinstance(value, float) else value


def _check_kinds(p: OptimizerProbe, optimizer: Any, params: list[Tensor], kinds: list[str], about: str) -> None:
    for k, (q, kind) in enumerate(zip(params, kinds, strict=True)):
        p.expect(q.dtype == kind, f"dtype of parameter {k + 1}, {about}", kind, q.dtype)
        for name, array in optimizer.state_dict()["state"][str(k)].items():
            if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                p.expect(array.dtype == kind, f"dtype of {name} of parameter {k + 1}, {about}", kind, array.dtype)


def check_converges(p: OptimizerProbe) -> None:
    """It finds the minimum of a quadratic bowl, sum of c (p - q)^2 / 2 with curvatures c from 0.5 to 2."""
    with p.step("a quadratic bowl"):
        targets = [p.put(p.start(k)[..., ::-1] - 1.0 if p.start(k).ndim else p.start(k) - 1.0) for k in p.all]
        bends = [p.put(np.linspace(0.5, 2.0, p.start(k).size).reshape(p.subject.shapes[k])) for k in p.all]
        params = p.parameters()
        optimizer = p.make(params)

        def distance() -> float:
            return float(np.abs(p.vector(params) - p.vector(targets)).max())

        far = distance()
        for _ in range(p.subject.steps):
            optimizer.zero_grad()
            ways = [q - goal for q, goal in zip(params, targets, strict=True)]
            parts = [(c * d * d * 0.5).sum() for c, d in zip(bends, ways, strict=True)]
            sum(parts[1:], start=parts[0]).backward()
            optimizer.step()
        share = distance() / far
        about = f"distance from the minimum of a bowl after {p.subject.steps} steps"
        p.expect(share <= p.subject.within, about, f"at most {p.subject.within:g} of the first", f"{share:.3g} of it")


def check_device(p: OptimizerProbe) -> None:
    """In float32 a step never waits for the device; its path is that of NumPy."""
    with p.step("steps on the device"):
        params = p.parameters("float32")
        optimizer = p.make(params)
        for step in range(5):
            p.give(params, step, p.all)
            with watched(p):
                optimizer.step()
        for k, q in enumerate(params):
            p.at_home(q, f"parameter {k + 1}")
        twin = OptimizerProbe(p.subject, "numpy", p.check)
        double = twin.parameters()
        expected = twin.drive(twin.make(double), double, range(5))
        p.same(p.vector(params), expected[-1], "parameters after five steps, against NumPy", "", 1e-4)
    with p.step("a step after backward on the device"):
        params = p.parameters("float32")
        optimizer = p.make(params)
        weights = [p.put(p.gradient(k, 0), "float32") for k in p.all]
        with watched(p):
            parts = [(q * w).sum() for q, w in zip(params, weights, strict=True)]
            sum(parts[1:], start=parts[0]).backward()
            optimizer.step()
            optimizer.zero_grad()
        direct = p.parameters("float32")
        p.drive(p.make(direct), direct, [0])
        p.same(p.vector(params), p.vector(direct), "a step on gradients of backward, against assigned ones")
