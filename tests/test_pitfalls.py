"""What users of such frameworks trip on, by number: a test for each, and what is not built yet.

Numbers 1 to 12 stand here, 13 to 24 in test_pitfalls_13_to_24.py.

A feature that is not there yet stands in NOT_BUILT_YET with a check that it is really absent: whoever builds it is sent
here, to take it off the list and to write its test.
"""

import gc
import importlib.util
import re
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.strict import audit_float64
from minigrad.errors import DeviceError, MutationError, ShapeError
from minigrad.ewma import EWMA
from minigrad.nn import BatchNorm1d, Dropout, Layer, Linear, ReLU, Sequential
from minigrad.nn import functional as F
from minigrad.optim import Adam
from tools import bench_guard
from tools.op_rows import by_op
from tools.workloads import WORKLOADS


def classifier():
    return Sequential(Linear(4, 8), ReLU(), Linear(8, 3))


def step(model, optimizer, x, labels):
    """One training step; the loss stays where it is."""
    loss = F.cross_entropy(model(x), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


# -- what is not built yet ---------------------------------------------------------------------------------------------


def no_module(name):
    return importlib.util.find_spec(name) is None


# (number, what is missing, a check that it is missing)
NOT_BUILT_YET = [
    (14, "a step-through of backward that explains the order", lambda: no_module("minigrad.inspect.explain")),
    (17, "loss scaling", lambda: no_module("minigrad.train.scaling")),
    (18, "a warning of softmax before a loss that wants logits", lambda: no_module("minigrad.inspect.doctor")),
]


@pytest.mark.parametrize(("number", "what", "absent"), NOT_BUILT_YET, ids=[f"{n}-{w}" for n, w, _ in NOT_BUILT_YET])
def test_what_is_not_built_yet_is_absent(number, what, absent):
    assert absent(), f"{what}: it is there now; take it off NOT_BUILT_YET and write test_pitfall_{number:02}_..."


def test_every_number_has_a_test_or_is_not_built_yet():
    files = [Path(__file__), Path(__file__).with_name("test_pitfalls_13_to_24.py")]
    tested = {int(n) for file in files for n in re.findall(r"^def test_pitfall_(\d\d)_", file.read_text("utf-8"), re.M)}
    assert tested | {number for number, _, _ in NOT_BUILT_YET} == set(range(1, 25))


# -- number by number --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, row in by_op().items() if row.order])
def test_pitfall_01_float32_stays_float32(device, name):
    row = by_op()[name]._replace(mini=lambda m, x: m.astype(x, np.float32)) if name == "astype" else by_op()[name]
    leaves = [device.leaf(x) for x in row.arrays(np.float32)]
    constants = [device.array(c, None) for c in row.constants]
    with audit_float64():
        y = row.mini(mg, *leaves, *constants)
        (y * np.float64(2) + 1.0).sum().backward()
    assert {str(t.dtype) for t in (y, *(leaf.grad for leaf in leaves))} == {"float32"}


def test_pitfall_01_float32_stays_float32_in_training(device):
    model = classifier()
    optimizer = Adam(model.parameters(), lr=np.float64(0.1), betas=(np.float64(0.9), 0.99))
    with audit_float64():
        step(model, optimizer, mg.ones((2, 4)), device.array([0, 2], np.int64))
    assert {str(p.dtype) for p in model.parameters()} == {"float32"}
    kept = [a for averages in optimizer.state_dict()["state"].values() for name, a in averages.items() if name != "t"]
    assert {str(a.dtype) for a in kept} == {"float32"}


def test_pitfall_02_labels_of_shape_n_1_do_not_broadcast(device):
    with pytest.raises(ShapeError, match=r"cross_entropy: .*\(3, 4\) and \(3, 1\)"):
        F.cross_entropy(mg.ones((3, 4)), device.array([[0], [1], [2]], np.int64))


@pytest.mark.parametrize("name", [name for name in F.__all__ if name.endswith("_loss") and name != "nll_loss"])
def test_pitfall_02_losses_of_two_arrays_do_not_broadcast(name, device):
    with pytest.raises(ShapeError, match=rf"^{name}: .*\(3, 1\) and \(3,\); reshape"):
        getattr(F, name)(mg.ones((3, 1)), mg.ones(3))


def test_pitfall_03_a_leaf_owns_its_gradient(device):
    a, b, c = device.leaf([1.0, 2.0]), device.leaf([3.0, 4.0]), device.leaf([5.0, 6.0])
    ((a + b).sum() + c.sum()).backward()
    a.grad += 1.0  # neither read-only, through sum, nor the memory of b, through add
    c.grad *= 3.0
    assert [device.host(t.grad).tolist() for t in (a, b, c)] == [[2.0, 2.0], [1.0, 1.0], [3.0, 3.0]]


def test_pitfall_04_a_write_before_backward_is_detected(device):
    x = device.leaf([1.0, 2.0])
    y = mg.sin(x * x)
    with mg.no_grad():
        x += 1.0
    with pytest.raises(MutationError, match=r"multiply.*\(2,\)"):
        y.sum().backward()


def test_pitfall_04_arrays_that_are_handed_out_refuse_writes():
    x = mg.Tensor([1.0, 2.0], requires_grad=True)
    for array in (x.data, x.numpy()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


def test_pitfall_05_two_devices_in_one_op_are_one_clear_error():
    with pytest.raises(DeviceError, match=r"^multiply: .*numpy and strict.*\.to\("):
        mg.ones(2) * mg.ones(2).to("strict")
    model = classifier()
    model.to("strict")
    with pytest.raises(DeviceError, match=r"numpy and strict.*\.to\("):
        model(mg.ones((2, 4)))


@pytest.mark.parametrize("name", ["Momentum", "RMSProp", "Adam"])
def test_pitfall_06_averages_are_flushed_below_the_smallest_normal_number(device, name):
    p = device.leaf([1.0])
    optimizer = getattr(mg.optim, name)([p], lr=0.1)
    for i in range(10_000):
        p.grad = device.array([1e-18 if i == 0 else 0.0])
        optimizer.step()
    kept = optimizer.state_dict()["state"]["0"]
    assert all(a == 0 or abs(a) >= np.finfo(np.float32).tiny for n, a in kept.items() if n != "t")


def test_pitfall_06_an_average_is_flushed_too(device):
    average = EWMA(0.9).update(device.array([1e-30]))
    for _ in range(200):
        average.update(device.array([0.0]))
    assert device.host(average.value).tolist() == [0.0]


def test_pitfall_07_batch_norm_of_one_example_says_what_to_do(device):
    layer = BatchNorm1d(3)
    with pytest.raises(ShapeError, match=r"one value per channel .*\(1, 3\).*model\.eval\(\)"):
        layer(mg.ones((1, 3)))
    assert layer.eval()(mg.ones((1, 3))).shape == (1, 3)


def test_pitfall_07_momentum_is_the_weight_of_the_newest_batch(device):
    x = device.tensor([[1.0], [3.0]])
    for layer in (BatchNorm1d(1, momentum=0.1), BatchNorm1d(1, decay=0.9)):
        layer(x)
        assert layer.running_mean.item() == pytest.approx(0.1 * 2.0)
        assert layer.running_var.item() == pytest.approx(0.9 * 1.0 + 0.1 * 2.0)  # unbiased: 2, where the biased is 1
    with pytest.raises(ValueError, match="give one of the two"):
        BatchNorm1d(1, momentum=0.5, decay=0.5)


def test_pitfall_08_dropout_obeys_the_flag_of_its_own_layer(device):
    one, other, x = Dropout(0.5).eval(), Dropout(0.5), mg.ones(64)
    assert one(x) is x
    assert (device.host(other(x)) == 0).any()


def test_pitfall_08_the_train_flag_belongs_to_each_layer():
    one, other = classifier(), classifier()
    one.eval()
    assert not any(layer.training for layer in one.layers())
    assert all(layer.training for layer in other.layers())
    next(iter(one)).train()
    assert [layer.training for layer in one.layers()] == [False, True, False, False]
    assert Layer.training


def test_pitfall_09_adam_is_the_formula_of_its_paper(device):
    p, lr, b1, b2, eps = device.leaf([1.0, -2.0], np.float64), 0.1, 0.8, 0.95, 1e-3
    optimizer, w, m, v = Adam([p], lr, (b1, b2), eps), np.array([1.0, -2.0]), 0.0, 0.0
    for t in range(1, 6):
        p.grad = None
        (p * p * p).sum().backward()
        g = 3 * w * w
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        w = w - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
        optimizer.step()
        np.testing.assert_allclose(device.host(p), w, rtol=1e-12)


def test_pitfall_09_nesterov_is_the_formula_of_the_documentation(device):
    p = device.leaf([1.0], dtype=np.float64)
    optimizer = mg.optim.NAG([p], lr=0.1, momentum=0.9)
    expected, b = 1.0, 0.0
    for g in (1.0, -0.5, 2.0):
        p.grad = device.array([g], dtype=np.float64)
        optimizer.step()
        b = 0.9 * b + g
        expected -= 0.1 * (g + 0.9 * b)
    np.testing.assert_allclose(device.host(p), [expected], rtol=1e-12)


def test_pitfall_10_repeated_indices_add_up(device):
    x, places = device.leaf([1.0, 2.0, 3.0]), device.array([0, 0, 2], np.int64)
    for y in (x[places], mg.take(x, places), mg.scatter_add(x * 0, places, x[places])):
        x.grad = None
        y.sum().backward()
        assert device.host(x.grad).tolist() == [2.0, 0.0, 1.0]


def test_pitfall_11_kept_losses_keep_no_graph():
    w, losses, inner = mg.Tensor([1.0, 2.0], requires_grad=True), [], []
    gc.disable()
    try:
        for _ in range(10_000):
            hidden = mg.tanh(w)
            inner.append(weakref.ref(hidden.node))
            losses.append((hidden * hidden).sum())
            losses[-1].backward()
            w.grad = None
        del hidden
        assert sum(ref() is not None for ref in inner) == 0
    finally:
        gc.enable()
    assert len(losses) == 10_000


def test_pitfall_12_overhead_per_op_is_guarded():
    """A chain of small ops is one of the benchmark's workloads, and a ratio that grew is found."""
    before = {"workload": "W3", "threads": 1, "kernels": "numpy", "peer": "minigrad", "ratio": 0.5, "spread": 0.05,
              "peak_ratio": 0.1}  # fmt: skip
    assert "W3" in WORKLOADS
    assert bench_guard.compared([before], [before]) == [(before, before)]
    assert bench_guard.worse(before, before | {"ratio": 0.7}, 0.15) == ["time was 0.50 of PyTorch's, is 0.70"]
    assert bench_guard.worse(before, before, 0.15) == []


@pytest.mark.parametrize(("name", "budget"), [("multiply", 4), ("add", 4), ("tanh", 5), ("exp", 5)])
def test_pitfall_12_an_op_calls_few_functions(name, budget):
    f, xs = getattr(mg, name), [mg.Tensor([0.5, 0.7], requires_grad=True) for _ in by_op()[name].inputs]
    called = []

    def count(frame, event, _):
        if event == "call":
            called.append(frame.f_code.co_qualname if sys.version_info >= (3, 11) else frame.f_code.co_name)

    sys.setprofile(count)
    try:
        y = f(*xs)
    finally:
        sys.setprofile(None)
    assert y.requires_grad
    assert len(called) <= budget, called
