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


# -- whose memory a gradient is ----------------------------------------------------------------------------------------


def returning(make):
    """An op of one input whose vjp returns what `make` gives."""

    @mg.op
    def given(x):
        return x + 0, (lambda g: make(),)

    return given


def test_a_gradient_that_nobody_holds_is_taken_as_it_is():
    places = []

    def make(shape):
        array = np.ones(6, np.float32).reshape(shape)
        places.append(array.ctypes.data)
        return array

    for shape in ((6,), (2, 3)):
        x = mg.Tensor(np.zeros(shape, np.float32), requires_grad=True)
        returning(lambda shape=shape: make(shape))(x).backward(np.ones(shape, np.float32))
        assert x.grad.ctypes.data == places[-1]


KEPT = np.ones(6, np.float32)
BUFFER = bytearray(24)
LARGE = np.ones((2, 6), np.float32)


@pytest.mark.parametrize(
    "make",
    [
        lambda: KEPT,
        lambda: KEPT[:],
        lambda: KEPT.reshape(6),
        lambda: LARGE[0],
        lambda: np.ones((2, 6), np.float32)[0],  # would keep twice its memory alive
        lambda: np.ones(12, np.float32)[::2],
        lambda: np.broadcast_to(np.float32(1), 6),
        lambda: np.ones(6),  # of another dtype
        lambda: np.frombuffer(bytearray(24), np.float32),
        lambda: np.frombuffer(BUFFER, np.float32).reshape(6),
    ],
)
def test_a_gradient_that_somebody_holds_is_copied(make):
    x = mg.Tensor(np.zeros(6, np.float32), requires_grad=True)
    returning(make)(x).backward(np.ones(6, np.float32))
    assert x.grad.flags.owndata
    x.grad += 1
    assert x.grad.dtype == np.float32
    assert (KEPT == 1).all()
    assert (LARGE == 1).all()
    assert not any(BUFFER)


def test_what_is_sent_back_and_what_a_vjp_keeps_are_copied():
    sent = np.ones(6, np.float32)
    x = mg.Tensor(np.zeros(6, np.float32), requires_grad=True)
    (x + 0).backward(sent)
    assert not np.shares_memory(x.grad, sent)
    a, b = (mg.Tensor(np.zeros(6, np.float32), requires_grad=True) for _ in range(2))
    (a + b).backward(sent)
    assert not np.shares_memory(a.grad, b.grad)
