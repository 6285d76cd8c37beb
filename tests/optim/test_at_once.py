"""A step taken at once by a kernel is the step of the formula: of `Optimizer.move` and `direction`, many steps long."""

import numpy as np
import pytest

from minigrad import Tensor, optim
from minigrad.kernels import use_kernels
from minigrad.kernels.provider import PROVIDERS, installed
from minigrad.optim.optimizer import Optimizer
from tests.testing.optimizer_rows import ROWS

numba_missing = pytest.mark.skipif(not installed(), reason="needs numba; NumPy's kernels are tested in every run")
BY = [pytest.param(name, marks=numba_missing if name == "numba" else ()) for name in PROVIDERS]
VARIANTS = {
    "SGD": [{}],
    "Momentum": [{}, {"dampening": 0.3}, {"momentum": 0.0, "dampening": 0.5}, {"average": True}],
    "NAG": [{}],
    "Adam": [{}, {"betas": (0.5, 0.5), "eps": 1e-3}, {"betas": (0.0, 0.999)}],
    "AdamW": [{}, {"betas": (0.0, 0.0)}],
}
COMMON = [{}, {"weight_decay": 0.1}, {"weight_decay": 0.0, "maximize": True}]
CASES = [(name, {**own, **common}) for name, each in VARIANTS.items() for own in each for common in COMMON]
STEPS = 120


def path(kind, options, dtype, steps=STEPS):
    """Parameters in one storage, one of which has no gradient at every third step, after `steps`."""
    rng = np.random.default_rng(0)
    params = [leaf(rng.normal(size=shape).astype(dtype)) for shape in ((30, 40), (3,), ())]
    optimizer = kind(params, lr=lambda step: 0.01 / (1 + 0.01 * step), **options)
    for step in range(steps):
        for i, p in enumerate(params):
            p.grad = None if i == 1 and step % 3 == 2 else (rng.normal(size=p.shape) * 0.1).astype(dtype)
        optimizer.step()
    return np.concatenate([p.numpy().ravel() for p in params]), optimizer


def leaf(value):
    return Tensor(value, requires_grad=True)


def close(found, expected, tolerance):
    """The same but for a share of the largest value: what is left of large numbers that cancelled has their errors."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.abs(expected).max())


def by_formula(name):
    """The same optimizer with a `move` of its own, which no kernel serves."""
    kind = getattr(optim, name)

    class Formula(kind):
        def move(self, p, g, o, lr, **kept):
            Optimizer.move(self, p, g, o, lr, **kept)

    return Formula


def kernels_called(monkeypatch, name):
    """A list that grows with every step that is taken at once."""
    called, direction = [], getattr(optim, name).direction
    step = direction.at_once
    monkeypatch.setattr(direction, "at_once", lambda *args, **kept: called.append(1) or step(*args, **kept))
    return called


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{n} {o}" for n, o in CASES])
def test_the_kernel_steps_as_the_formula_says(name, options, dtype, tolerance, provider, monkeypatch):
    called = kernels_called(monkeypatch, name)
    formula, other = path(by_formula(name), options, dtype)
    assert not called
    with use_kernels(provider):
        found, optimizer = path(getattr(optim, name), options, dtype)
    assert len(called) >= STEPS
    close(found, formula, tolerance)
    states = zip(optimizer.state_dict()["state"].values(), other.state_dict()["state"].values(), strict=True)
    for kept, expected in states:
        assert kept["t"] == expected["t"]
        for key in kept:
            close(kept[key], expected[key], tolerance)


def test_every_optimizer_that_steps_at_once_is_in_the_table():
    kinds = {name: getattr(optim, name) for name in optim.__all__ if isinstance(getattr(optim, name), type)}
    at_once = {
        name
        for name, kind in kinds.items()
        if issubclass(kind, Optimizer) and hasattr(kind.direction, "at_once") and kind.move is Optimizer.move
    }
    assert at_once == set(VARIANTS)
    assert at_once <= {row.name for row in ROWS}


@pytest.mark.parametrize("name", ["AMSGrad", "Adamax", "LAMB"])
def test_a_subclass_with_a_formula_of_its_own_is_computed_by_it(name, monkeypatch):
    called = kernels_called(monkeypatch, "Adam")
    path(getattr(optim, name), {}, np.float32, 3)
    assert not called


def test_looking_ahead_steps_at_once_as_the_formula_does():
    paths = []
    for kind in (optim.NAG, by_formula("NAG")):
        p = leaf(np.array([1.0, -2.0]))
        optimizer = kind([p], lr=0.1, look_ahead=True)
        for step in range(20):
            optimizer.look()
            p.grad = np.array([np.sin(step), 1.0]) + p.numpy()
            optimizer.step()
        paths.append(p.numpy())
    np.testing.assert_allclose(*paths, rtol=1e-12)


def test_half_precision_goes_by_the_formula(monkeypatch):
    called = kernels_called(monkeypatch, "Momentum")
    path(optim.Momentum, {}, np.float16, 3)
    assert not called


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize("name", VARIANTS)
def test_a_subclass_that_takes_parameters_one_by_one_is_computed_by_the_formula(name, provider):
    """Its parameters come in shapes of their own, and kernels take lines."""
    kind = getattr(optim, name)
    with use_kernels(provider):
        found, _ = path(type(name, (kind,), {"per_tensor": True}), {}, np.float32, 3)
        expected, _ = path(kind, {}, np.float32, 3)
    close(found, expected, 1e-6)


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize("name", VARIANTS)
def test_a_gradient_of_nan_is_seen_at_a_rate_of_zero_too(name, provider):
    for kind in (getattr(optim, name), by_formula(name)):
        p = leaf(np.ones(3, np.float32))
        p.grad = np.array([1, np.nan, 2], np.float32)
        with use_kernels(provider):
            kind([p], lr=0.0).step()
        np.testing.assert_equal(p.numpy(), [1, np.nan, 1])
