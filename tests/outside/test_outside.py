"""Somebody else's ops, kernels, layer, optimizer and back end keep minigrad's promises; nothing there is edited."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DeviceError
from minigrad.kernels import KERNELS, use_kernels
from minigrad.kernels.provider import PROVIDERS, installed
from minigrad.testing import CheckError, Point, check_layer, check_op, check_optimizer, usable_backends
from tests.ops.table import POINTS, ROWS
from tests.outside import counting_package
from tests.outside.counting_package import CountedArray, RunningScale, Signum, counts, huber, lerp, softmin, softsign
from tests.testing.layer_rows import ROWS as LAYERS
from tests.testing.optimizer_rows import ROWS as OPTIMIZERS

counting_package.install()
BACKENDS = [*usable_backends(), "counting"]
numba_missing = pytest.mark.skipif(not installed(), reason="needs numba; NumPy's kernels are tested in every run")
BY = [pytest.param(name, marks=numba_missing if name == "numba" else ()) for name in PROVIDERS]


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_op_of_one_input(backend):
    report = check_op(
        softsign, [(2, 3)], lambda x: x / (1 + np.abs(x)), integers="refused", backends=[backend],
        shapes=[[()], [(0, 3)]], points=[Point("0", [0.0], 0.0, [1.0]), Point("large", [1e30], 1.0, [0.0])],
    )  # fmt: skip
    assert report.backends == (backend,)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_op_of_three_inputs(backend):
    check_op(lerp, [(2, 3)] * 3, lambda a, b, t: (1 - t) * a + t * b, backends=[backend], shapes=[[(), (), ()]])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_composite(backend):
    def oracle(x, delta):
        return np.where(np.abs(x) < delta, x**2 / 2, delta * (np.abs(x) - delta / 2))

    check_op(huber, [(2, 3)], oracle, static={"delta": 0.5}, integers=None, backends=[backend])


def softmin_oracle(x, axis=-1):
    e = np.exp(x.min(axis=axis, keepdims=True) - x)
    return e / e.sum(axis=axis, keepdims=True)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_fused_op(backend):
    """By every provider that is installed."""
    for static in ({}, {"axis": 0}):
        check_op(softmin, [(3, 4)], softmin_oracle, static=static, integers=None, backends=[backend])


@pytest.mark.parametrize("provider", BY)
def test_its_kernels(provider, monkeypatch):
    place = f"{counting_package.__name__}.kernels"
    x, g = (np.random.default_rng(seed).normal(size=(2, 3, 5)).astype(np.float32) for seed in (0, 1))
    wanted = softmin_oracle(x.astype(np.float64), axis=1)
    with use_kernels(provider):
        for name in ("softmin", "softmin_backward"):
            assert provider in KERNELS[f"{place}.softmin.{name}"].forms()
            if provider == "numba":
                monkeypatch.setattr(f"{place}.numpy.softmin.{name}", never)
        t = mg.Tensor(x, requires_grad=True)
        y = softmin(t, axis=1)
        y.backward(g)
    np.testing.assert_allclose(y.numpy(), wanted, rtol=1e-6)
    np.testing.assert_allclose(t.grad, wanted * ((g * wanted).sum(axis=1, keepdims=True) - g), rtol=1e-5, atol=1e-6)


def never(*arrays):
    raise AssertionError("NumPy's form ran for float32")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_layer(backend):
    report = check_layer(
        RunningScale(3), (4, 3), lambda state, x: x * state["weight"] / state["rms"], backends=[backend], differs=True,
        training_oracle=lambda state, x: x * state["weight"] / np.sqrt((x * x).mean()),
        state_oracle=lambda state, x: {"rms": 0.9 * state["rms"] + 0.1 * np.sqrt((x * x).mean())},
        parameters=["weight"], buffers=["rms"],
    )  # fmt: skip
    assert report.backends == (backend,)


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_optimizer(backend):
    def oracle(p, g, kept, t, o):
        kept["m"] = o["beta"] * kept.get("m", 0.0) + (1 - o["beta"]) * g
        return p - o["lr"] * np.sign(kept["m"])

    report = check_optimizer(
        lambda params: Signum(params, lr=0.02), oracle, name="Signum", backends=[backend], variants=[{}, {"beta": 0.5}]
    )
    assert report.backends == (backend,)


@pytest.mark.parametrize("row", LAYERS, ids=[row.id for row in LAYERS])
def test_minigrads_own_layers_run_there(row):
    chosen = ["parts", "runs", "state", "modes", "value", "gradient", "device"]
    options = {**row.options, "checks": [check for check in chosen if check in row.options.get("checks", chosen)]}
    check_layer(row.make(), row.input, row.oracle, name=row.id, backends=["counting"], **options)


@pytest.mark.parametrize("row", OPTIMIZERS, ids=[row.name for row in OPTIMIZERS])
def test_minigrads_own_optimizers_run_there(row):
    options = {"variants": row.variants, "shapes": row.shapes}
    check_optimizer(row.make, row.oracle, name=row.name, backends=["counting"], **options)


def test_a_wrong_op_is_caught_on_the_new_back_end():
    with pytest.raises(CheckError, match="gradient on counting"):
        check_op(mg.op(lambda x: (x * 2, (lambda g: g * 3,))), [(3,)], name="wrong", backends=["counting"])


ALONE = {"value", "gradient", "second", "memory"}  # enough to see that each op runs there; the rest is tested elsewhere


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_minigrads_own_ops_run_there(row):
    for check in ALONE if row.differentiable else {"value", "memory"}:
        row.check("counting", check)


@pytest.mark.parametrize("row", POINTS, ids=lambda row: f"{row.id}-{row.points[0].name}")
def test_special_points_hold_there(row):
    row.check("counting", "points")


def test_training_runs_there():
    with mg.use_backend("counting"):
        mg.manual_seed(1)
        w, x = mg.randn(3, 1, requires_grad=True), mg.randn(8, 3)
        y = x @ mg.tensor([[1.0], [-2.0], [0.5]])
        for _ in range(200):
            loss = ((x @ w - y) ** 2).mean()
            loss.backward()
            assert isinstance(w.grad, CountedArray)
            w.data = w.data - 0.2 * w.grad
            w.grad = None
    np.testing.assert_allclose(w.numpy(), [[1.0], [-2.0], [0.5]], atol=1e-3)
    assert counts["matmul"] >= 400


def test_moving_there_and_back():
    t = mg.Tensor([1.0, 2.0]).to("counting")
    assert t.backend == "counting"
    assert t.to("strict").to("numpy").tolist() == [1.0, 2.0]


def test_mixing_libraries_is_refused_by_name():
    with pytest.raises(DeviceError, match="counting and numpy"):
        mg.add(mg.Tensor([1.0]).to("counting"), mg.Tensor([1.0]))
