"""An array that backward still needs is written to: detected, and nothing else is."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import MutationError
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


def square(requires_grad=True):
    return Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad)


def step(w):
    """As an optimizer does it."""
    with mg.no_grad():
        w -= 0.1


def assign(w):
    w.data = [[0.0, 0.0], [0.0, 0.0]]


def item(w):
    with mg.no_grad():
        w[0, 0] = 5.0


def scale(w):
    with mg.no_grad():
        w *= 2


WRITES = [step, assign, item, scale]
NEEDED = {
    "multiply": lambda w, x: w * w,
    "matmul": lambda w, x: (x * 1) @ w,
    "divide": lambda w, x: (x * 1) / w,
    "power": lambda w, x: w**2,
    "transpose then matmul": lambda w, x: (x * 1) @ w.T,
    "reshape then multiply": lambda w, x: w.reshape(4) * x.reshape(4),
    "a row": lambda w, x: w[0] * x[0],
    "split": lambda w, x: mg.split(w, 2)[1] * x[0],
    "einsum": lambda w, x: mg.einsum("ij,jk->ik", x * 1, w),
    "square": lambda w, x: mg.square(w),
}


@pytest.mark.parametrize("write", WRITES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("program", NEEDED.values(), ids=NEEDED.keys())
def test_a_write_between_forward_and_backward_is_found(device, program, write):
    w, x = square(), square()
    y = program(w, x).sum()
    write(w)
    with pytest.raises(MutationError, match=r"^backward: .*written after the forward.*shape \(2, 2\); "):
        y.backward()


def test_the_message_names_the_op(device):
    w = square()
    y = mg.exp(w * w).sum()
    step(w)
    with pytest.raises(MutationError, match=r"'multiply'"):
        y.backward()


UNNEEDED = {
    "add": lambda w, x: w + x,
    "a constant factor": lambda w, x: w * 3.0,
    "data as the other factor": lambda w, x: w * x.detach(),
    "sum": lambda w, x: w.sum() * 2.0,
    "the result is kept": lambda w, x: mg.exp(w),
    "shape alone": lambda w, x: w.T.reshape(4)[1:],
    "another tensor": lambda w, x: x * x + w,
}


@pytest.mark.parametrize("write", WRITES, ids=lambda f: f.__name__)
@pytest.mark.parametrize("program", UNNEEDED.values(), ids=UNNEEDED.keys())
def test_a_write_that_nothing_needs_is_no_alarm(device, program, write):
    expected, w, x = square(), square(), square()
    program(expected, square()).sum().backward()
    y = program(w, x).sum()
    write(w)
    y.backward()
    np.testing.assert_allclose(host(w.grad), host(expected.grad), rtol=1e-6)


def test_a_write_into_another_leaf_is_no_alarm(device):
    a, b = square(), square()
    y = (a * a).sum()
    step(b)
    y.backward()
    np.testing.assert_allclose(host(a.grad), 2 * host(a))


def test_writes_between_steps_are_no_alarm(device):
    w = square()
    for _ in range(3):
        w.grad = None
        (w * w).sum().backward()
        np.testing.assert_allclose(host(w.grad), 2 * host(w))
        step(w)


def test_a_forward_after_the_write_is_right_while_the_one_before_is_refused(device):
    w = square()
    before = (w * w).sum()
    step(w)
    after = (w * w).sum()
    after.backward()
    np.testing.assert_allclose(host(w.grad), 2 * host(w), rtol=1e-6)
    with pytest.raises(MutationError):
        before.backward()


def test_a_write_between_two_retained_walks_is_found(device):
    w = square()
    y = (w * w).sum()
    y.backward(retain_graph=True)
    step(w)
    with pytest.raises(MutationError):
        y.backward(retain_graph=True)


def test_a_write_through_a_second_leaf_on_the_same_memory_is_found(device):
    w = square()
    other = w.detach().requires_grad_()
    y = (w * w).sum()
    step(other)
    with pytest.raises(MutationError):
        y.backward()


def test_debug_mode_finds_a_write_through_a_leaf_that_is_gone(device):
    w = square()
    other = Tensor(w.value, requires_grad=True)
    with mg.debug():
        y = (w * w).sum()
        step(other)
        del other
        with pytest.raises(MutationError):
            y.backward()


def test_in_place_on_plain_and_intermediate_tensors_spoils_nothing(device):
    x, data = square(), square(requires_grad=False)
    y = x * data
    z = (y * y).sum()
    data += 10.0
    data[0] = 0.0
    y += 1.0
    z.backward()
    np.testing.assert_allclose(host(x.grad), 2 * host(x) ** 3)


def test_a_write_is_found_under_a_transform_too(device):
    w = square()

    def f(x):
        y = x * w
        step(w)
        return y.sum()

    with pytest.raises(MutationError):
        mg.grad(f)(square(requires_grad=False))


def test_a_write_into_an_array_that_a_checkpoint_needs_is_found(device):
    w = square()
    y = mg.checkpoint(lambda t: t * t, w).sum()
    step(w)
    with pytest.raises(MutationError):
        y.backward()


def test_a_write_that_a_checkpoint_does_not_need_is_no_alarm(device):
    w, other = square(), square()
    y = mg.checkpoint(lambda t: t * t, w).sum()
    step(other)
    y.backward()
    np.testing.assert_allclose(host(w.grad), 2 * host(w))


class Scale:
    """A callable with a parameter, as layers are."""

    def __init__(self, weight):
        self.weight = weight

    def __call__(self, x):
        return x * self.weight


def test_a_write_into_a_parameter_that_a_checkpoint_would_use_again_is_found(device):
    layer = Scale(square())
    y = mg.checkpoint(layer, square()).sum()
    step(layer.weight)
    with pytest.raises(MutationError):
        y.backward()


def test_a_write_into_a_neighbour_in_one_array_is_no_alarm(device):
    rows = device.array(np.arange(8.0).reshape(4, 2))
    for a, b in ((rows[:, 0], rows[:, 1]), (rows[:2], rows[2:])):
        a, b = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
        y = (a * a).sum()
        step(b)
        y.backward()
        np.testing.assert_allclose(host(a.grad), 2 * host(a))
