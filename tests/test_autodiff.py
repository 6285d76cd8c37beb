"""grad and its family on one level: against closed forms and finite differences, and what they refuse."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import DTypeError, GraphError
from tests.curves import X, host, scalar, scalar_grad, slopes

# -- grad, value_and_grad ----------------------------------------------------------------------------------------------


def test_grad_of_a_vector(device):
    g = mg.grad(scalar)(device.array(X, None))
    assert type(g) is type(device.array(X, None))
    np.testing.assert_allclose(host(g), scalar_grad(X))
    np.testing.assert_allclose(host(g), slopes(scalar, X), rtol=1e-7)


def test_value_and_grad_gives_both(device):
    y, g = mg.value_and_grad(scalar)(device.array(X, None))
    np.testing.assert_allclose(float(host(y)), (np.sin(X) * X * X).sum())
    np.testing.assert_allclose(host(g), scalar_grad(X))


def test_argnums_choose_the_inputs(device):
    def f(a, b, c):
        return (a * b * b + c).sum()

    a, b, c = (device.array(v, None) for v in (X, X + 1, X * 2))
    np.testing.assert_allclose(host(mg.grad(f)(a, b, c)), (X + 1) ** 2)
    np.testing.assert_allclose(host(mg.grad(f, 1)(a, b, c)), 2 * X * (X + 1))
    np.testing.assert_allclose(host(mg.grad(f, -1)(a, b, c)), np.ones(3))
    for numbers in ((0, 2), [0, 2], (0, -1)):
        gradients = mg.grad(f, numbers)(a, b, c)
        assert type(gradients) is tuple
        np.testing.assert_allclose(host(gradients[0]), (X + 1) ** 2)
        np.testing.assert_allclose(host(gradients[1]), np.ones(3))
    assert len(mg.grad(f, (1,))(a, b, c)) == 1
    np.testing.assert_allclose(host(mg.grad(f, np.int64(1))(a, b, c)), 2 * X * (X + 1))


@pytest.mark.parametrize("numbers", [2, -3, (0, 2)])
def test_argnums_out_of_range_are_refused(numbers):
    with pytest.raises(GraphError, match=r"^grad: argnums .* got 2 arguments"):
        mg.grad(lambda a, b: (a * b).sum(), numbers)(X, X)


@pytest.mark.parametrize("transform", [mg.jacobian, mg.hessian])
@pytest.mark.parametrize("number", [2, -3])
def test_argnum_out_of_range_is_refused(transform, number):
    with pytest.raises(GraphError, match=r"argnum.* got 2 arguments"):
        transform(lambda a, b: (a * b).sum(), number)(X, X)


@pytest.mark.parametrize("numbers", [(0, 0), (1, -1)])
def test_an_argument_that_is_named_twice_is_refused(numbers):
    with pytest.raises(GraphError, match=r"^grad: argnums .*twice"):
        mg.grad(lambda a, b: (a * a * b).sum(), numbers)(X, X)


def test_keywords_reach_the_function_and_its_name_is_kept():
    def cube(x, power=3):
        """Documented."""
        return (x**power).sum()

    assert (mg.grad(cube).__name__, mg.grad(cube).__doc__) == ("cube", "Documented.")
    np.testing.assert_allclose(mg.grad(cube)(X, power=2), 2 * X)


def test_python_numbers_and_lists_are_inputs(device):
    np.testing.assert_allclose(float(host(mg.grad(lambda x: x**3)(2.0))), 12.0)
    assert float(host(mg.grad(lambda x: x * x)(3))) == 6.0
    g = mg.grad(lambda x: (x * x).sum())([1.0, 2.0])
    assert g.dtype == np.float32
    np.testing.assert_allclose(host(g), [2.0, 4.0])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_gradient_has_the_dtype_and_shape_of_its_input(device, dtype):
    x = device.array(np.ones((2, 1), dtype), None)
    other = device.array(np.ones((1, 3), np.float64), None)
    g = mg.grad(lambda x: (x * other).sum())(x)
    assert (g.dtype, g.shape) == (dtype, (2, 1))


def test_tensors_in_tensors_out(device):
    for x in (Tensor(device.array(X, None)), Tensor(device.array(X, None), requires_grad=True)):
        y, g = mg.value_and_grad(scalar)(x)
        assert type(y) is type(g) is Tensor
        np.testing.assert_allclose(host(g), scalar_grad(X))
    assert x.grad is None


def test_an_unused_input_and_a_constant_function_have_zero_gradient(device):
    x = device.array(X, None)
    for f in (
        lambda x: 3.0,
        lambda x: mg.ones(()),
        lambda x: device.array(np.array(2.0), None),
        lambda x: (x > 0).sum(),
    ):
        np.testing.assert_array_equal(host(mg.grad(f)(x)), np.zeros(3))
    unused = mg.grad(lambda a, b: a.sum(), (0, 1))(x, x)[1]
    assert type(unused) is type(x)
    np.testing.assert_array_equal(host(unused), np.zeros(3))


def test_the_identity_has_gradient_one(device):
    np.testing.assert_array_equal(host(mg.grad(lambda x: x)(2.0)), 1.0)


@pytest.mark.parametrize("transform", [mg.grad, mg.value_and_grad, mg.hessian])
def test_a_value_that_is_not_one_number_is_refused(device, transform):
    with pytest.raises(GraphError, match=r"^(grad|value_and_grad|hessian): .*one number, got shape \(3,\).*jacobian"):
        transform(lambda x: x * 2)(device.array(X, None))


@pytest.mark.parametrize("result", [None, "a", (1.0, 2.0), {}], ids=lambda r: type(r).__name__)
def test_a_value_that_is_no_array_is_refused(result):
    with pytest.raises(GraphError, match=rf"^grad: .*got {type(result).__name__}; return"):
        mg.grad(lambda x: result)(X)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("grad", lambda x: mg.grad(scalar)(x)),
        ("vjp", lambda x: mg.vjp(scalar, x)),
        ("jvp", lambda x: mg.jvp(scalar, [x], [np.ones(2)])),
        ("jacobian", lambda x: mg.jacobian(scalar)(x)),
        ("hvp", lambda x: mg.hvp(scalar, x, np.ones(2))),
    ],
)
@pytest.mark.parametrize("dtype", ["int64", "bool"])
def test_integer_arguments_are_refused_by_the_transform_that_was_called(name, call, dtype):
    for x in (np.ones(2, dtype), Tensor(np.ones(2, dtype))):
        with pytest.raises(DTypeError, match=rf"^{name}: .*got {dtype}; cast"):
            call(x)
