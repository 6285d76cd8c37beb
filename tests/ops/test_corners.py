"""Corners of the ops that the table does not reach: odd shapes, odd arguments, bounds that carry gradients."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import ArgumentError, DeviceError, DTypeError, ShapeError


def numbers(*shape, dtype=np.float32):
    return np.arange(1, 1 + int(np.prod(shape)), dtype=dtype).reshape(shape)


@pytest.mark.parametrize(
    ("values", "index", "shape"),
    [
        ((2, 1), (2,), (4, 2, 3)),
        ((3,), (2,), (4, 2, 3)),
        ((2, 1, 3), (2, 2), (4, 3)),
        ((1,), (2,), (4,)),
        ((), (2, 2), (4, 2)),
    ],
)
def test_scatter_broadcasts_as_adding_at_an_index_does(device, values, index, shape):
    places = np.arange(int(np.prod(index))).reshape(index) % shape[0]
    expected = np.zeros(shape, np.float32)
    np.add.at(expected, places, numbers(*values))
    found = mg.scatter(device.array(numbers(*values)), device.array(places, None), shape)
    np.testing.assert_array_equal(device.host(found), expected)


@pytest.mark.parametrize("values", [(3, 2), (6,)])
def test_scatter_refuses_what_does_not_broadcast(device, values):
    with pytest.raises(ShapeError, match=r"^scatter: "):
        mg.scatter(device.array(numbers(*values)), device.array([0, 1], np.int64), (4, 3))


def test_bounds_of_clip_receive_gradients(device):
    x, low, high = device.leaf([0.0, 2.0, 9.0]), device.leaf([1.0, 1.0, 1.0]), device.leaf([5.0])
    mg.clip(x, low, high).sum().backward()
    assert [device.host(t.grad).tolist() for t in (x, low, high)] == [[0, 1, 0], [1, 0, 0], [1]]
    assert float(mg.grad(lambda b: mg.clip(device.array([0.0, 0.0, 0.0]), b, 2).sum())(device.array(0.5))) == 3.0


NUMPY_SCALAR = np.float64(1.5)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: mg.scatter_add(x, [0], NUMPY_SCALAR),
        lambda x: mg.stack([x[0], NUMPY_SCALAR]),
        lambda x: mg.concatenate([x, [NUMPY_SCALAR]]),
        lambda x: mg.einsum(",i->i", NUMPY_SCALAR, x),
        lambda x: mg.outer(x, NUMPY_SCALAR),
        lambda x: mg.tensordot(x, NUMPY_SCALAR, 0),
        lambda x: mg.clip(x, NUMPY_SCALAR, None),
        lambda x: mg.clip(x, [0.0, 1.0]),
        lambda x: mg.where([True, False], x, NUMPY_SCALAR),
        lambda x: mg.maximum(NUMPY_SCALAR, x),
        lambda x: x**NUMPY_SCALAR,
        lambda x: NUMPY_SCALAR**x,
    ],
)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_a_numpy_scalar_widens_no_op_of_several_inputs(device, call, dtype):
    x = device.leaf([1.0, 2.0], dtype=dtype)
    y = call(x)
    assert y.dtype == (np.float32 if dtype is np.float16 and isinstance(y, Tensor) and y.dtype == np.float32 else dtype)
    if dtype is np.float32:
        y.sum().backward()
        assert x.grad.dtype == dtype


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: mg.log(3.0), np.log(3.0)),
        (lambda: mg.maximum(1.0, 2.0), 2.0),
        (lambda: mg.tanh(True), np.tanh(1.0)),
        (lambda: mg.sum(2.0), 2.0),
        (lambda: mg.where([True, False], 1.0, 2.0), [1.0, 2.0]),
        (lambda: mg.power(np.array([4, 9]), 0.5), [2.0, 3.0]),
    ],
)
def test_numbers_become_float32(call, expected):
    found = call()
    assert type(found) is np.ndarray
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_last_sizes_may_be_zero_in_products(device):
    for a, b in (((2, 3, 0), (0, 4)), ((2, 3, 5), (5, 0)), ((0, 3, 2), (2, 4))):
        x, y = device.leaf(np.ones(a)), device.leaf(np.ones(b))
        (x @ y).sum().backward()
        assert (x.grad.shape, y.grad.shape) == (a, b)


def test_einsum_sums_a_gradient_over_what_was_broadcast(device):
    a, b = device.leaf(numbers(2, 3)), device.leaf(numbers(1, 4))
    mg.einsum("ij,jk->ik", a, b).sum().backward()
    np.testing.assert_array_equal(device.host(a.grad), np.full((2, 3), 10.0))
    np.testing.assert_array_equal(device.host(b.grad), np.full((1, 4), 21.0))


@pytest.mark.parametrize("subscripts", ["ii", "ii->i", "...i->i"])
def test_einsum_refuses_what_numpy_refuses(subscripts):
    with pytest.raises(ShapeError, match=r"^einsum: .*got .*; "):
        mg.einsum(subscripts, numbers(2, 3))


@pytest.mark.parametrize("axes", [([5], [0]), -1, 3])
def test_tensordot_refuses_axes_that_are_not_there(axes):
    with pytest.raises(ShapeError, match=r"^tensordot: "):
        mg.tensordot(numbers(2, 2), numbers(2, 2), axes)


@pytest.mark.parametrize(("ddof", "size"), [(3, 2), (1, 1)])
def test_a_variance_without_freedom_is_not_negative(device, ddof, size):
    x = device.leaf(numbers(size))
    with np.errstate(divide="ignore", invalid="ignore"):
        y = mg.var(x, ddof=ddof)
        y.backward()
    assert not float(y) <= 0
    assert x.grad is not None


def test_products_of_integers_widen_as_in_numpy(device):
    t = Tensor(device.array([100, 100], np.int8))
    assert (int(t.prod()), device.host(t.cumprod()).tolist()) == (10000, [100, 10000])


def test_masks_of_one_device_index_no_array_of_another():
    t = mg.ones(3)
    mask = mg.backend.move(np.array([True, False, True]), "strict")
    with pytest.raises(DeviceError, match=r"^getitem: .*numpy.*strict"):
        t[mask]


@pytest.mark.parametrize(
    "value", [np.ma.array([1.0, 2.0], mask=[0, 1]), __import__("fractions").Fraction(1, 2), range(2)]
)
def test_what_is_no_array_takes_no_part(value):
    with pytest.raises(DTypeError, match=r"^(multiply|Tensor): .*got .*; "):
        mg.ones(2, requires_grad=True) * value


def test_a_matrix_multiplies_elementwise():
    with pytest.warns(PendingDeprecationWarning):
        m = np.matrix([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    t = Tensor(numbers(2, 2), requires_grad=True)
    np.testing.assert_array_equal((t * m).numpy(), numbers(2, 2) * numbers(2, 2))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: mg.pad(x, 1.7),
        lambda x: mg.pad(np.arange(2), 1, constant_values=0.5),
        lambda x: mg.repeat(x, 1.5),
        lambda x: mg.reshape(x, -5, 2),
        lambda x: mg.where(None, x, x),
        lambda x: mg.expand_dims(x, (0, 0)),
        lambda x: mg.take_along_axis(x, np.array([0, 1]), 1),
        lambda x: mg.sum(x, axis=1.5),
        lambda x: mg.sum(x, axis=(0, 0)),
        lambda x: mg.tril(x[0, 0]),
        lambda x: mg.concatenate(x),
        lambda x: x.sum(dim=1),
        lambda x: mg.einsum(x, [0, 1]),
        lambda x: mg.eye(-1),
        lambda x: mg.rand(-3),
        lambda x: x * 10**400,
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_in_the_usual_form(call):
    before = mg.manual_seed(0).state
    with pytest.raises((ArgumentError, ShapeError, DTypeError, OverflowError)) as caught:
        call(mg.ones((2, 3), requires_grad=True))
    assert "namespace" not in str(caught.value)
    assert mg.backend.random.default_generator().state == before


def test_forms_of_numpy(device):
    x = device.array(numbers(2, 3))
    assert mg.argmax(x, axis=1, keepdims=True).shape == (2, 1)
    assert (
        mg.moveaxis(np.ones((2, 3, 4)), (0, 1), (2, 0)).shape == np.moveaxis(np.ones((2, 3, 4)), (0, 1), (2, 0)).shape
    )
    assert mg.concatenate([x, x], axis=None).shape == (12,)
    assert mg.sum(x, axis=[0, 1]).shape == ()
    assert mg.tile(x, [2, 1]).shape == (4, 3)
    assert mg.zeros(2, 3).shape == mg.zeros((2, 3)).shape == (2, 3)
    indices = device.array([5, 0], np.int64)
    np.testing.assert_array_equal(device.host(mg.take_along_axis(x, indices, None)), [6.0, 1.0])
