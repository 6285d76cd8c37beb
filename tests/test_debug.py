"""minigrad.debug: where an error, a NaN or an overwritten array came from."""

import linecache

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import MutationError, NonFiniteError


@pytest.fixture(autouse=True)
def quiet():
    with np.errstate(all="ignore"):
        yield


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


def message(error):
    """The text of an error with its notes, which Python 3.10 keeps in the text."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


@mg.op
def failing(x):
    def vjp(g):
        raise ZeroDivisionError("made to fail")

    return x * 1, (vjp,)


def assert_names_the_line(text, marker):
    """The text holds this file's name, the number of the line with the marker, and the line itself."""
    numbers = [i for i, line in enumerate(linecache.getlines(__file__), 1) if line.rstrip().endswith(f"# {marker}")]
    assert len(numbers) == 1
    assert f"test_debug.py:{numbers[0]}" in text
    assert linecache.getline(__file__, numbers[0]).strip() in text


def test_an_error_in_backward_shows_the_line_of_the_forward(device):
    x = leaf(1.0, 2.0)
    with mg.debug():
        y = failing(mg.exp(x)) * 2  # line of failing
    with pytest.raises(ZeroDivisionError) as caught:
        y.sum().backward()
    assert_names_the_line(message(caught.value), "line of failing")
    assert "'failing'" in message(caught.value)


def test_the_first_nan_of_the_forward_is_named_with_its_line(device):
    x = leaf(-1.0, 2.0)
    with mg.debug():
        y = mg.exp(x) * 2
        with pytest.raises(NonFiniteError) as caught:
            y + mg.log(x)  # line of log
    assert str(caught.value).startswith("log: ")
    assert_names_the_line(message(caught.value), "line of log")


def test_the_first_nan_of_the_backward_is_named_with_its_line(device):
    x = leaf(0.0, 1.0)
    with mg.debug():
        y = mg.sqrt(x)  # line of sqrt
        z = (y * 0.0).sum()
        with pytest.raises(NonFiniteError) as caught:
            z.backward()
    assert "'sqrt'" in str(caught.value)
    assert_names_the_line(message(caught.value), "line of sqrt")


def test_a_nan_that_came_in_from_outside_is_not_blamed_on_an_op(device):
    x, text = leaf(float("nan"), 1.0), ""
    with mg.debug():
        try:
            (x * 2).sum().backward()
        except NonFiniteError as error:
            text = str(error)
    assert "made the first NaN" not in text


def test_infinity_alone_is_no_nan(device):
    x = leaf(0.0)
    with mg.debug():
        assert mg.log(x).item() == -np.inf
        mg.sqrt(x).sum().backward()
    assert Tensor(x.grad).tolist() == [np.inf]


def test_a_raw_write_into_an_array_is_found_by_its_contents(device):
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with mg.debug():
        y = x * w  # line of the product
        w.value[0] = 9.0
        with pytest.raises(MutationError) as caught:
            y.sum().backward()
    assert "'multiply'" in str(caught.value)
    assert_names_the_line(message(caught.value), "line of the product")


def test_a_raw_write_into_the_users_own_array_is_found(device):
    data = device.array([1.0, 2.0], None)
    w = Tensor(device.array([3.0, 4.0], None), requires_grad=True)
    with mg.debug():
        y = (w * data).sum()
        data[0] = 5.0
        with pytest.raises(MutationError):
            y.backward()


def test_a_raw_write_that_nothing_needs_is_no_alarm(device):
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with mg.debug():
        y = (x + w).sum()
        w.value[0] = 9.0
        y.backward()
    assert Tensor(x.grad).tolist() == [1.0, 1.0]


def test_debug_works_under_transforms(device):
    with mg.debug():
        second = mg.grad(mg.grad(lambda x: mg.sin(x) * x))(0.5)
        np.testing.assert_allclose(Tensor(second).item(), 2 * np.cos(0.5) - 0.5 * np.sin(0.5), rtol=1e-5)
        with pytest.raises(NonFiniteError) as caught:
            mg.grad(lambda x: mg.log(x))(-1.0)  # line under grad
    assert str(caught.value).startswith("log: ")
    assert_names_the_line(message(caught.value), "line under grad")


def test_debug_works_with_checkpoint(device):
    x = leaf(1.0, 2.0)
    with mg.debug():
        mg.checkpoint(lambda t: mg.exp(t) * t, x).sum().backward()
    np.testing.assert_allclose(Tensor(x.grad).numpy(), np.exp([1.0, 2.0]) * [2.0, 3.0], rtol=1e-6)


def is_on():
    try:
        mg.log(leaf(-1.0))
    except NonFiniteError:
        return True
    return False


def test_debug_ends_with_its_block_also_after_an_error():
    with mg.debug():
        assert is_on()
        with mg.debug(False):
            assert not is_on()
        assert is_on()
    assert not is_on()
    with pytest.raises(ZeroDivisionError), mg.debug():
        raise ZeroDivisionError
    assert not is_on()


def test_debug_switches_on_and_off_without_a_block():
    mg.debug()
    try:
        assert is_on()
    finally:
        mg.debug(False)
    assert not is_on()


def test_gradients_are_the_same_in_debug_mode(device):
    def gradient():
        x = leaf(0.5, -1.0)
        (mg.tanh(x) * x + mg.logsumexp(x)).sum().backward()
        return Tensor(x.grad).tolist()

    plain = gradient()
    with mg.debug():
        assert gradient() == plain
