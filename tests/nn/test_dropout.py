"""Dropout: what falls, by which rule, and that a resumed run drops the same."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.random import Generator, default_generator, random_bits
from minigrad.nn import Dropout, Sequential
from minigrad.nn import functional as F


def test_the_rule_of_the_bits(device):
    mg.manual_seed(5)
    default_generator().bits((7,))  # whatever was drawn before
    y = device.host(Dropout(0.3)(mg.ones((3, 4))))
    bits = random_bits(np, 5, (3, 4), 7)  # element i of the call: the number at (seed, counter + i)
    np.testing.assert_array_equal(y, np.where(bits >= round(0.3 * 2**32), np.float32(1 / 0.7), 0))
    assert default_generator().state == (5, 7 + 12)


def test_the_first_examples_do_not_depend_on_those_behind_them():
    mg.manual_seed(1)
    few = Dropout(0.5)(mg.ones((2, 8)))
    mg.manual_seed(1)
    assert (Dropout(0.5)(mg.ones((5, 8))).numpy()[:2] == few.numpy()).all()


def test_a_resumed_run_drops_what_the_unbroken_run_drops(device):
    layer, x = Sequential(Dropout(0.5), Dropout(0.2)), mg.ones((4, 5))
    mg.manual_seed(2)
    layer(x)
    state = default_generator().state  # what a checkpoint keeps
    unbroken = device.host(layer(x))
    mg.manual_seed(99)
    default_generator().set_state(state)
    assert (device.host(layer(x)) == unbroken).all()


def test_edges_draw_nothing(device):
    mg.manual_seed(3)
    x = device.leaf([1.0, 2.0])
    assert Dropout(0.5).eval()(x) is x
    assert Dropout(0.0)(x) is x
    y = Dropout(1.0)(x)
    y.sum().backward()
    assert (device.host(y).tolist(), device.host(x.grad).tolist()) == ([0.0, 0.0], [0.0, 0.0])
    assert default_generator().state == (3, 0)


def test_share_and_expectation():
    mg.manual_seed(0)
    y = Dropout(0.2)(mg.ones(100_000)).numpy()
    assert abs((y == 0).mean() - 0.2) < 0.005
    assert abs(y.mean() - 1) < 0.01
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.8)}


def test_the_gradient_is_the_mask(device):
    x = device.leaf(np.arange(1.0, 9.0))
    y = F.dropout(x, 0.5)
    y.sum().backward()
    np.testing.assert_array_equal(device.host(x.grad), device.host(y) / np.arange(1.0, 9.0, dtype=np.float32))


def test_a_stream_of_its_own():
    state, x = default_generator().state, mg.ones(64)
    masks = [F.dropout(x, 0.5, rng=Generator(4).fork("decoder")).numpy() for _ in range(2)]
    assert (masks[0] == masks[1]).all()
    assert default_generator().state == state


def test_recomputation_draws_the_same_mask():
    x, layer = mg.ones((16,), requires_grad=True), Dropout(0.5)
    y = mg.checkpoint(lambda t: layer(t) * t, x)
    mask = y.numpy()
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * mask)


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_p_is_a_probability(p):
    with pytest.raises(ValueError, match=r"^Dropout: p is the probability of dropping, in \[0, 1\]"):
        Dropout(p)
