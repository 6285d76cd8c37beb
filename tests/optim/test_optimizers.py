"""Optimizers against PyTorch's: stored paths always, PyTorch itself where it is installed."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from minigrad import optim
from minigrad.errors import GraphError
from tests.testing.optimizer_rows import ROWS as ORACLES
from tools.optimizer_rows import ROWS, WITHOUT_TORCH, minigrad_path, torch_path

STORED = np.load(Path(__file__).parents[1] / "reference" / "optimizers.npz")
IDS = [row.id for row in ROWS]
MADE = {row.name: row for row in ORACLES}


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_path_is_that_of_pytorch(row, device):
    expected = STORED["paths"][list(STORED["ids"]).index(row.id)]
    np.testing.assert_allclose(minigrad_path(row, device), expected, rtol=row.rtol, atol=row.atol)


def test_the_stored_paths_are_those_of_the_table():
    assert list(STORED["ids"]) == IDS


def test_the_comparison_can_fail(device):
    row = ROWS[IDS.index("Adam lr=0.1")]
    wrong = STORED["paths"][IDS.index("AdamW lr=0.1")]
    assert np.abs(minigrad_path(row, device) - wrong).max() > 1e-3


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs PyTorch; its stored paths are compared")
@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_path_is_that_of_the_pytorch_installed(row):
    np.testing.assert_allclose(minigrad_path(row), torch_path(row), rtol=row.rtol, atol=row.atol)


def test_every_optimizer_has_a_row():
    public = {name for name in optim.__all__ if isinstance(getattr(optim, name), type)}
    rows = {row.name for row in ROWS}
    assert public - {"EWMA", "Optimizer", "Together", "ZClip"} == rows | WITHOUT_TORCH.keys() == set(MADE)
    assert not rows & WITHOUT_TORCH.keys()


@pytest.mark.parametrize("name", sorted(MADE))
def test_float32_stays_float32(name, device):
    p = device.leaf([[1.0, 2.0]])
    optimizer = MADE[name].make([{"params": [p], "lr": np.float64(0.1), "weight_decay": np.float64(0.1)}])
    for _ in range(3):
        p.grad = device.array([[1.0, -1.0]])
        optimizer.step()
    assert p.dtype == np.float32
    assert all(
        a.dtype == np.float32
        for kept in optimizer.state_dict()["state"].values()
        for a in kept.values()
        if a is not kept["t"]
    )


RATES = {
    "Adagrad": 0.5,
    "Adadelta": 2.0,
    "LAMB": 0.02,
    "LARS": 20.0,
    "Lion": 0.02,
}  # those of which 0.05 is too slow, or coarse


@pytest.mark.parametrize("name", sorted(MADE))
def test_it_finds_the_minimum_of_a_bowl(name, device):
    target = np.array([[1.0, -2.0, 0.5]], np.float32)
    p = device.leaf(np.full((1, 3), 0.1))
    optimizer = MADE[name].make([{"params": [p], "lr": RATES.get(name, 0.05), "weight_decay": 0.0}])
    for _ in range(300):
        p.grad = None
        ((p - device.array(target)) ** 2).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(device.host(p), target, atol=0.05)


def test_average_momentum_is_heavy_ball_momentum_at_another_rate(device):
    paths = []
    for average, lr in ((True, 0.1), (False, 0.1 * (1 - 0.9))):
        p = device.leaf([1.0, 2.0], dtype=np.float64)
        optimizer = optim.Momentum([p], lr=lr, momentum=0.9, average=average)
        for step in range(200):
            p.grad = (
                device.array([np.sin(step), 1.0], dtype=np.float64) if step else device.array([0.0, 0.0], np.float64)
            )
            optimizer.step()
        paths.append(device.host(p))
    np.testing.assert_allclose(*paths, rtol=1e-12)


def test_the_two_forms_of_nesterov_are_one_in_the_point_ahead(device):
    """The paper's form stands at p and looks ahead to q; the usual form stands at q. The gradients are those of q."""
    paper, usual = (device.leaf([1.0, -0.5], dtype=np.float64) for _ in range(2))
    looking = optim.NAG([paper], lr=0.1, momentum=0.9, look_ahead=True)
    plain = optim.NAG([usual], lr=0.1, momentum=0.9)
    for _ in range(20):
        for p, optimizer in ((paper, looking), (usual, plain)):
            if optimizer is looking:
                optimizer.look()
            p.grad = None
            (p * p * p * 0.1 + p * p).sum().backward()
            points = device.host(p).copy()
            if optimizer is looking:
                ahead = points
            else:
                np.testing.assert_allclose(points, ahead, rtol=1e-12)
            optimizer.step()


def test_looking_ahead_leaves_parameters_without_gradient_where_they_are(device):
    p, q = device.leaf([1.0]), device.leaf([1.0])
    optimizer = optim.NAG([p, q], lr=0.1, momentum=0.9, look_ahead=True)
    places = []
    for step in range(3):
        optimizer.look()
        p.grad, q.grad = device.array([1.0]), device.array([1.0]) if step == 0 else None
        optimizer.step()
        places.append(float(q))
    assert places == [places[0]] * 3


def test_looking_ahead_is_neither_forgotten_nor_done_unasked(device):
    ahead, usual = (optim.NAG([device.leaf([1.0])], lr=0.1, look_ahead=look) for look in (True, False))
    with pytest.raises(GraphError, match=r"^NAG.step: .*call look"):
        ahead.step()
    with pytest.raises(GraphError, match=r"^NAG.look: .*got False"):
        usual.look()
    ahead.look()
    with pytest.raises(GraphError, match=r"^NAG.look: .*second look"):
        ahead.look()
