"""ZClip against an oracle from the paper, and what it must not trip on."""

import numpy as np
import pytest

from minigrad import optim
from minigrad.errors import ArgumentError, DTypeError

NORMS = [*(1 + 0.3 * np.sin(np.arange(30))), 9.0, 1.1, 2.5, 50.0, 0.9, *(1 + 0.3 * np.cos(np.arange(20))), 4.0]


def oracle(norms, alpha=0.97, threshold=2.5, warmup=25):
    """Algorithm 1 of the paper: the norms after clipping."""
    allowed, m, s = [], None, None
    for step, norm in enumerate(norms):
        if step < warmup:
            allowed.append(norm)
            m, s = np.mean(allowed), np.std(allowed)
            continue
        z = (norm - m) / s
        allowed.append(m + threshold**2 * s / z if z > threshold else norm)
        m = alpha * m + (1 - alpha) * allowed[-1]
        s = np.sqrt(alpha * s**2 + (1 - alpha) * (allowed[-1] - m) ** 2)
    return allowed


def drive(clip, device, norms, p=None):
    """The norms that a clip leaves of these."""
    p = device.leaf([1.0, 1.0], dtype=np.float64) if p is None else p
    left = []
    for norm in norms:
        p.grad = device.array(np.array([0.6, -0.8]) * norm, dtype=p.dtype)
        assert float(clip([p])) == pytest.approx(norm)
        left.append(np.linalg.norm(device.host(p.grad)))
    return left


@pytest.mark.parametrize("options", [{}, {"alpha": 0.9, "z_thresh": 2.0, "warmup_steps": 5}])
def test_it_is_the_algorithm_of_the_paper(options, device):
    expected = oracle(NORMS, *options.values())
    assert sum(a < b - 0.1 for a, b in zip(expected, NORMS, strict=True)) >= 3
    np.testing.assert_allclose(drive(optim.ZClip(**options), device, NORMS), expected, rtol=1e-9)


def test_a_saved_state_goes_on_bit_for_bit(device):
    for cut in (0, 3, 25, 31):
        whole, first, second = optim.ZClip(), optim.ZClip(), optim.ZClip()
        path = drive(whole, device, NORMS)
        drive(first, device, NORMS[:cut])
        state = first.state_dict()
        assert all(isinstance(part, (np.ndarray, int)) for part in state.values())
        second.load_state_dict(state)
        drive(first, device, [3.0])
        assert drive(second, device, NORMS[cut:]) == path[cut:]


def test_norms_that_are_not_finite_do_not_stay_in_the_averages(device):
    clip, p = optim.ZClip(warmup_steps=3), device.leaf([1.0])
    with np.errstate(invalid="ignore"):
        for norm in (1.0, 1.2, 0.8, np.nan, np.inf, 1.0):
            p.grad = device.array([norm])
            clip([p])
    assert np.isfinite([clip.state_dict()["mean"], clip.state_dict()["variance"]]).all()
    p.grad = device.array([100.0])
    clip([p])
    assert 1 < float(p.grad[0]) < 2


def test_norms_that_were_all_alike_do_not_hold_the_next_one_down(device):
    assert drive(optim.ZClip(warmup_steps=2), device, [1.0, 1.0, 1.0, 3.0])[-1] == pytest.approx(3.0)


def test_parameters_without_gradients_are_no_norm(device):
    clip = optim.ZClip()
    assert float(clip([device.leaf([1.0])])) == 0.0
    assert clip.state_dict()["steps"] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"alpha": 1.0}, r"alpha must be a finite number in \[0, 1\), got 1.0"),
        ({"alpha": float("nan")}, "alpha must be a finite number in .*, got nan"),
        ({"z_thresh": 0}, "z_thresh must be a finite number above 0, got 0"),
        ({"z_thresh": float("nan")}, "z_thresh must be a finite number above 0, got nan"),
        ({"warmup_steps": 0}, "warmup_steps must be at least 1, got 0"),
        ({"warmup_steps": 2.5}, "warmup_steps must be a whole number, got 2.5"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, words):
    with pytest.raises((ArgumentError, DTypeError), match=rf"^ZClip: {words}; ."):
        optim.ZClip(**options)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({}, "not the state of a ZClip, got entries"),
        (None, "not the state of a ZClip, got NoneType"),
        ({"mean": np.ones(3), "variance": 1.0, "steps": 3}, "mean and variance are numbers, got"),
        ({"mean": 1.0, "variance": 1.0, "steps": -1}, "steps must be at least 0, got -1"),
    ],
)
def test_what_is_no_state_is_refused_and_changes_nothing(state, words):
    clip = optim.ZClip(warmup_steps=np.int64(3))
    with pytest.raises(ValueError, match=rf"^ZClip.load_state_dict: {words}.*; "):
        clip.load_state_dict(state)
    assert clip.state_dict() == {"mean": 0.0, "variance": 0.0, "steps": 0}
