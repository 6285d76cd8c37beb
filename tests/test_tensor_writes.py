"""Writing: `.data`, item assignment, in-place operators and `.grad =`, on every kind of Tensor."""

import operator

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import DeviceError, DTypeError, GraphError, ShapeError
from minigrad.tensor import raw

IN_PLACE = [
    ("+=", operator.iadd, 2.0),
    ("-=", operator.isub, 2.0),
    ("*=", operator.imul, 2.0),
    ("/=", operator.itruediv, 2.0),
    ("//=", operator.ifloordiv, 2.0),
    ("%=", operator.imod, 2.0),
    ("**=", operator.ipow, 2.0),
    ("@=", operator.imatmul, None),
]


def host(x):
    return Tensor(raw(x)).numpy()


def square(requires_grad=False):
    return Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad)


# -- in-place operators ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("symbol", "do", "other"), IN_PLACE)
def test_a_plain_tensor_changes_and_stays_the_same_object(device, symbol, do, other):
    t = square()
    other = mg.eye(2) * 3 if other is None else other
    expected = do(t.numpy().copy(), other.numpy() if isinstance(other, Tensor) else other)
    alias, result = t, do(t, other)
    assert result is t
    assert alias is t
    np.testing.assert_allclose(t.numpy(), expected)


@pytest.mark.parametrize(("symbol", "do", "other"), IN_PLACE)
def test_a_leaf_does_not_change_while_ops_are_recorded(device, symbol, do, other):
    t = square(requires_grad=True)
    with pytest.raises(GraphError, match=r"leaf.*no_grad"):
        do(t, mg.eye(2) if other is None else other)
    assert t.tolist() == square().tolist()


@pytest.mark.parametrize(("symbol", "do", "other"), IN_PLACE)
def test_a_leaf_changes_its_own_memory_under_no_grad(device, symbol, do, other):
    t = square(requires_grad=True)
    memory = t.value
    other = mg.eye(2) * 3 if other is None else other
    with mg.no_grad():
        expected = (square() @ other if symbol == "@=" else do(square(), other)).numpy()
        result = do(t, other)
    assert result is t
    assert t.value is memory
    assert (t.requires_grad, t.is_leaf) == (True, True)
    np.testing.assert_allclose(t.numpy(), expected)


def test_an_intermediate_tensor_takes_part_in_the_graph(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    before = y
    y *= 3.0
    y += x
    assert before is y
    y.sum().backward()
    np.testing.assert_allclose(host(x.grad), [7.0, 13.0])


def test_a_plain_sum_of_losses_becomes_part_of_the_graph(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    total = Tensor(0.0)
    for _ in range(3):
        total += (x * x).sum()
    total.backward()
    np.testing.assert_allclose(host(x.grad), [6.0, 12.0])


def test_gradients_of_what_used_the_old_value_stay_right(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = x * 1.0
    z = (y * y).sum()
    y += 10.0
    z.backward()
    np.testing.assert_allclose(host(x.grad), [2.0, 4.0])


def test_a_plain_tensor_leaves_arrays_and_views_alone(device):
    array = device.array(np.array([1.0, 2.0]), None)
    t = Tensor(array)
    other = Tensor(array)
    t += 1.0
    t[0] = 9.0
    np.testing.assert_array_equal(host(array), [1.0, 2.0])
    assert other.tolist() == [1.0, 2.0]


def test_a_shape_that_would_change_is_refused(device):
    t = Tensor([1.0])
    with pytest.raises(ShapeError, match=r"shape \(1,\), got \(3,\); write t = t \+ x"):
        t += mg.ones(3)
    assert t.tolist() == [1.0]


def test_a_dtype_that_would_change_is_refused(device):
    t = Tensor(device.array(np.array([1, 2]), None))
    with pytest.raises(DTypeError, match=r"dtype int64, got float32; write t = t \* x"):
        t *= 1.5
    w = Tensor([1.0, 2.0], requires_grad=True)
    with mg.no_grad(), pytest.raises(DTypeError, match=r"dtype float32, got float64"):
        w += Tensor(device.array(np.ones(2), None))
    assert w.tolist() == [1.0, 2.0]


# -- item assignment ---------------------------------------------------------------------------------------------------


def test_items_of_a_plain_tensor_are_assigned_as_in_numpy(device):
    t, expected = mg.zeros((3, 3)), np.zeros((3, 3), np.float32)
    rows = Tensor(device.array(np.array([0, 2]), None))
    for index, plain in ((0, 0), ((slice(None), 1), (slice(None), 1)), ((rows, 2), ([0, 2], 2)), (t > 2, expected > 2)):
        t[index] = 5.0
        expected[plain] = 5.0
    t[1] = Tensor([1.0, 2.0, 3.0])
    expected[1] = [1.0, 2.0, 3.0]
    np.testing.assert_array_equal(t.numpy(), expected)


def test_a_list_is_assigned_to_items(device):
    t = mg.zeros(3)
    t[1:] = [1.0, 2.0]
    assert t.tolist() == [0.0, 1.0, 2.0]


def test_items_of_a_leaf_are_assigned_under_no_grad_only(device):
    w = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GraphError, match=r"^__setitem__: .*no_grad"):
        w[0] = 5.0
    with mg.no_grad():
        w[0] = 5.0
    assert w.tolist() == [5.0, 2.0]
    assert w.is_leaf


def test_items_of_an_intermediate_are_not_assigned(device):
    y = Tensor([1.0, 2.0], requires_grad=True) * 2
    with pytest.raises(GraphError, match=r"^__setitem__: .*where"):
        y[0] = 5.0
    with mg.no_grad(), pytest.raises(GraphError, match=r"^__setitem__: "):
        y[0] = 5.0


def test_values_with_a_graph_are_not_assigned_to_items(device):
    t, w = mg.zeros(2), Tensor(1.0, requires_grad=True)
    with pytest.raises(GraphError, match=r"^__setitem__: the graph of the new values"):
        t[0] = w
    t[0] = w.detach()
    assert t.tolist() == [1.0, 0.0]


def test_items_of_the_wrong_shape_or_kind_are_refused_by_name(device):
    t = mg.zeros(3)
    with pytest.raises(ShapeError, match=r"^__setitem__: .*\(3,\).*\(2,\)"):
        t[:] = mg.ones(2)
    with pytest.raises(TypeError, match=r"^__setitem__: "):
        t[0] = "a"
    with pytest.raises(IndexError, match=r"^__setitem__: .*7"):
        t[7] = 1.0


def test_an_array_of_the_host_is_not_assigned_to_items_on_a_device():
    t = mg.zeros(3).to("strict")
    with pytest.raises(DeviceError, match=r"^__setitem__: .*numpy.*strict|^__setitem__: .*strict.*numpy"):
        t[:] = Tensor(np.ones(3, np.float32))


# -- data --------------------------------------------------------------------------------------------------------------


def test_data_is_a_read_only_view():
    x = Tensor([1.0, 2.0], requires_grad=True)
    assert type(x.data) is np.ndarray
    assert np.shares_memory(x.data, x.value)
    with pytest.raises(ValueError, match="read-only"):
        x.data[0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        x.data += 1.0


def test_assigning_data_copies_into_the_memory_of_a_leaf(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    memory, new = x.value, device.array(np.array([3.0, 4.0], np.float32), None)
    x.data = new
    assert x.value is memory
    new[0] = 9.0
    assert x.tolist() == [3.0, 4.0]
    x.data = [5.0, 6.0]
    x.data = x.data * 2
    assert (x.tolist(), x.dtype, x.requires_grad) == ([10.0, 12.0], np.float32, True)


def test_data_of_another_shape_is_refused(device):
    with pytest.raises(ShapeError, match=r"^data: .*\(2,\), got \(3,\)"):
        Tensor([1.0, 2.0]).data = [1.0, 2.0, 3.0]


def test_data_on_another_device_is_refused():
    x = mg.ones(2).to("strict")
    with pytest.raises(DeviceError, match=r"^data: .*strict.*numpy|^data: .*numpy.*strict"):
        x.data = np.ones(2, np.float32)


def test_a_leaf_on_read_only_memory_is_written_into_memory_of_its_own():
    array = np.array([1.0, 2.0])
    array.flags.writeable = False
    x = Tensor(array, requires_grad=True)
    x.data = [3.0, 4.0]
    assert (x.tolist(), array.tolist()) == ([3.0, 4.0], [1.0, 2.0])
