"""The rules of docs/NUMERICS.md that no other file holds, and that the page tells the truth about its tests."""

import ast
import copy
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.random import Generator
from minigrad.nn import Linear
from minigrad.nn import functional as F
from minigrad.optim import Adam, Optimizer
from minigrad.testing import TOLERANCE
from tools.op_rows import by_op

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "NUMERICS.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)))
A = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def shares(device, a, b):
    return device.xp.shares_memory(a, b)


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_on_the_page_exists(file, name):
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_rule_on_the_page_names_a_test():
    rules = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| float")]
    heads = ("| rule |", "| at |", "| dtype |")
    without = [line for line in rules if not line.startswith(heads) and "`tests/" not in line]
    assert without == []
    assert len(rules) > 25


def test_the_tolerances_on_the_page():
    rows = re.findall(r"^\| (float\d+) \| (\S+) \| (\S+) \|$", PAGE, re.MULTILINE)
    assert {dtype: (float(value), float(gradient)) for dtype, value, gradient in rows} == TOLERANCE


# -- copies ------------------------------------------------------------------------------------------------------------


def test_what_a_new_tensor_shares(device):
    array = device.array(A)
    assert shares(device, mg.Tensor(array).value, array)
    assert shares(device, mg.Tensor(array, requires_grad=True).value, array)
    assert not shares(device, mg.tensor(array).value, array)


def test_what_reading_a_tensor_shares(device):
    t = device.leaf(A)
    assert shares(device, t.data, t.value)
    assert shares(device, t.detach().value, t.value)
    if device.name == "numpy":
        assert shares(device, t.numpy(), t.value)
        assert not t.numpy().flags.writeable
    else:
        before = t.numpy()
        with mg.no_grad():
            t += 1.0
        assert before.tolist() == A


@pytest.mark.parametrize(
    ("f", "view"),
    [
        (lambda t: t[1:], True),
        (lambda t: t[:, 0], True),
        (lambda t: t.reshape(3, 2), True),
        (lambda t: t.T, True),
        (lambda t: mg.broadcast_to(t, (2, 2, 3)), True),
        (lambda t: mg.squeeze(t[:1]), True),
        (lambda t: t.T.reshape(-1), False),
        (lambda t: t[[0, 1]], False),
        (lambda t: t[t > 0], False),
        (lambda t: mg.clip(t), False),
        (lambda t: mg.concatenate([t]), False),
    ],
)
def test_views_and_copies_are_numpys(device, f, view):
    t = device.leaf(A)
    assert shares(device, f(t).value, t.value) == view


def test_assigning_a_gradient_copies(device):
    t, g = device.leaf(A), device.array(A)
    t.grad = g
    assert not shares(device, t.grad, g)
    t.grad += 1.0
    assert device.host(g).tolist() == A


def test_state_and_deepcopy_copy(device):
    layer = Linear(2, 1)
    before = layer.weight.numpy().copy()
    state, twin = layer.state_dict(), copy.deepcopy(layer)
    state["weight"] += 1.0
    other = Linear(2, 1)
    other.load_state_dict(state)
    state["weight"] += 1.0
    with mg.no_grad():
        twin.weight += 5.0
    np.testing.assert_array_equal(layer.weight.numpy(), before)
    np.testing.assert_allclose(other.weight.numpy(), before + 1.0, rtol=1e-6)


@pytest.mark.parametrize("name", list(by_op()))
def test_no_op_writes_into_its_inputs(device, name):
    row = by_op()[name]
    arrays, constants = [device.array(x, None) for x in row.arrays()], [device.array(c, None) for c in row.constants]
    before = [device.host(x).tobytes() for x in (*arrays, *constants)]
    y = row.mini(mg, *(mg.Tensor(x, requires_grad=True) for x in arrays), *constants)
    if row.order:
        y.sum().backward()
    assert [device.host(x).tobytes() for x in (*arrays, *constants)] == before


# -- randomness --------------------------------------------------------------------------------------------------------


def test_an_unseeded_process_starts_from_seed_0():
    code = "import minigrad as mg; a = mg.randn(5).tolist(); mg.manual_seed(0); print(a == mg.randn(5).tolist(), a)"
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0].startswith("True [")
    assert runs[0] == runs[1]


def test_devices_draw_the_same_numbers(device):
    for kind in ("bits", "uniform", "normal"):
        here = getattr(Generator(5), kind)((1000,), xp=device.xp)
        there = getattr(Generator(5), kind)((1000,), xp=mg.backend.backend("numpy"))
        assert device.host(here).tobytes() == there.tobytes()


# -- the index of a step -----------------------------------------------------------------------------------------------


class Descent(Optimizer):
    def direction(self, g, o):
        return g


def test_a_schedule_gets_the_number_of_steps_done(device):
    asked = []
    p = device.leaf([1.0])
    optimizer = Descent([p], lambda step: asked.append(step) or 0.5**step)
    for _ in range(3):
        p.grad = device.array([1.0])
        optimizer.step()
    assert asked == [0, 1, 2]
    assert device.host(p).tolist() == [1.0 - 1.0 - 0.5 - 0.25]


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_the_first_step_of_adam_has_the_length_lr(device, size):
    p = device.leaf([0.0, 0.0], np.float64)
    p.grad = device.array([size, -size], np.float64)
    Adam([p], lr=0.25, betas=(0.7, 0.9)).step()
    np.testing.assert_allclose(device.host(p), [-0.25, 0.25], rtol=1e-4)


def test_a_parameter_without_gradient_stays_and_keeps_its_t(device):
    late, always = device.leaf([0.0], np.float64), device.leaf([0.0], np.float64)
    optimizer = Adam([late, always], lr=0.25)
    for step in range(4):
        always.grad = device.array([1.0], np.float64)
        if step == 3:
            late.grad = device.array([2.0], np.float64)
        optimizer.step()
        if step < 3:
            assert device.host(late).tolist() == [0.0]
    np.testing.assert_allclose(device.host(late), [-0.25], rtol=1e-4)  # a first step, with the correction of t = 1


# -- special places ----------------------------------------------------------------------------------------------------

KINKS = {
    "abs": (mg.abs, [-2.0, 0.0], [-1.0, 0.0]),
    "norm 1": (lambda x: mg.norm(x, 1), [-2.0, 0.0], [-1.0, 0.0]),
    "relu": (F.relu, [-1.0, 0.0, 1.0], [0.0, 0.0, 1.0]),
    "norm": (mg.norm, [0.0, 0.0], [0.0, 0.0]),
    "std": (mg.std, [3.0, 3.0], [0.0, 0.0]),
    "sqrt": (mg.sqrt, [0.0, 4.0], [np.inf, 0.25]),
    "power half": (lambda x: x**0.5, [0.0, 4.0], [np.inf, 0.25]),
    "max": (mg.max, [1.0, 2.0, 2.0], [0.0, 0.5, 0.5]),
    "min": (mg.min, [1.0, 1.0, 2.0], [0.5, 0.5, 0.0]),
    "maximum": (lambda x: mg.maximum(x, 2.0), [1.0, 2.0, 3.0], [0.0, 0.5, 1.0]),
    "minimum": (lambda x: mg.minimum(x, 2.0), [1.0, 2.0, 3.0], [1.0, 0.5, 0.0]),
    "clip": (lambda x: mg.clip(x, 0, 1), [-1.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 0.0]),
    "prod": (mg.prod, [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
    "cumprod": (mg.cumprod, [2.0, 0.0, 3.0], [1.0, 8.0, 0.0]),
    "power 0": (lambda x: x**0, [0.0, 2.0], [0.0, 0.0]),
    "sign": (mg.sign, [-1.0, 0.0], [0.0, 0.0]),
    "floor": (mg.floor, [1.0, 1.5], [0.0, 0.0]),
    "ceil": (mg.ceil, [1.0, 1.5], [0.0, 0.0]),
    "round": (mg.round, [0.5, 1.0], [0.0, 0.0]),
    "floor_divide": (lambda x: x // 2.0, [2.0, 3.0], [0.0, 0.0]),
}


@pytest.mark.parametrize("name", KINKS)
def test_gradients_at_kinks(device, name):
    f, at, expected = KINKS[name]
    x = device.leaf(at)
    with np.errstate(divide="ignore"):
        f(x).sum().backward()
    assert device.host(x.grad).tolist() == expected


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_nothing_overflows_far_out(device, dtype):
    far = [-2000.0, -40.0, 0.0, 40.0, 2000.0]
    for f in (mg.logsumexp, mg.sigmoid, mg.softplus, lambda x: mg.logaddexp(x, x * 0.5), mg.tanh):
        x = device.leaf(far, dtype)
        y = f(x).sum()
        y.backward()
        assert np.isfinite(device.host(y)).all()
        assert np.isfinite(device.host(x.grad)).all()
    logits = device.leaf([far, far[::-1]], dtype)
    F.cross_entropy(logits, device.array([0, 0], None)).backward()
    assert np.isfinite(device.host(logits.grad)).all()
