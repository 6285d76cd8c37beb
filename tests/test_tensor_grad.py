"""Assigning `.grad`: what is copied, what is refused."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import DeviceError, DTypeError, GraphError, ShapeError
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


# -- grad --------------------------------------------------------------------------------------------------------------


def test_an_assigned_gradient_is_copied(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    g = device.array(np.array([3.0, 4.0], np.float32), None)
    x.grad = g
    g[0] = 9.0
    assert type(x.grad) is type(x.value)
    np.testing.assert_array_equal(host(x.grad), [3.0, 4.0])
    x.grad = Tensor(g)
    (x * 1.0).sum().backward()
    np.testing.assert_array_equal(host(x.grad), [10.0, 5.0])
    x.grad = None
    assert x.grad is None


def test_a_gradient_that_does_not_fit_is_refused_by_what_is_wrong(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ShapeError, match=r"^grad: .*shape \(2,\), got \(3,\)"):
        x.grad = device.array(np.zeros(3, np.float32), None)
    with pytest.raises(ShapeError, match=r"^grad: .*shape \(2,\), got float"):
        x.grad = 1.0
    with pytest.raises(DTypeError, match=r"^grad: .*dtype float32, got float64"):
        x.grad = device.array(np.zeros(2), None)
    other = "numpy" if device.name == "strict" else "strict"
    with pytest.raises(DeviceError, match=rf"^grad: .*{device.name}, got {other}"):
        x.grad = mg.ones(2).to(other)
    assert x.grad is None


def test_only_a_leaf_takes_a_gradient(device):
    with pytest.raises(GraphError, match=r"^grad: only a leaf"):
        Tensor([1.0]).grad = [1.0]
    with pytest.raises(GraphError, match=r"^grad: only a leaf"):
        (Tensor([1.0], requires_grad=True) * 2).grad = None
