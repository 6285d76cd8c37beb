"""vjp, jvp, jacobian, hessian and hvp against closed forms and differences."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import ShapeError
from tests.curves import X, host, scalar, scalar_grad, scalar_second, slopes

M = np.array([[0.5, -1.0, 0.2], [0.1, 0.7, -0.4]])


# -- vjp, jvp ----------------------------------------------------------------------------------------------------------


def test_vjp_sends_gradients_back_as_often_as_asked(device):
    x, m = device.array(X, None), device.array(M, None)
    y, pullback = mg.vjp(lambda x, m: mg.tanh(m @ x), x, m)
    np.testing.assert_allclose(host(y), np.tanh(M @ X))
    for v in (np.array([1.0, 0.0]), np.array([0.5, -2.0])):
        to_x, to_m = pullback(device.array(v, None))
        u = v * (1 - np.tanh(M @ X) ** 2)
        np.testing.assert_allclose(host(to_x), M.T @ u)
        np.testing.assert_allclose(host(to_m), np.outer(u, X))


def test_a_pullback_refuses_another_shape(device):
    with pytest.raises(ShapeError, match=r"^vjp: .*\(3,\).*got \(2,\)"):
        mg.vjp(mg.sin, device.array(X, None))[1](device.array(np.ones(2), None))


def test_the_gradients_of_a_pullback_own_their_memory():
    seed = np.ones(3)
    a, b = mg.vjp(lambda a, b: a + b, X, X)[1](seed)
    a += 1
    assert b.tolist() == seed.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("f", [lambda x: x.sum(), lambda x: x.mean(), lambda x: 3.0, lambda x: (x * 2).T.sum()])
def test_a_gradient_is_an_array_of_its_own_that_can_be_written(device, f):
    x = device.array(X, None)
    g = mg.grad(f)(x)
    before = host(g).copy()
    g[0] = 7.0
    np.testing.assert_array_equal(host(g)[1:], before[1:])
    np.testing.assert_array_equal(host(x), X)


def test_jvp_is_the_derivative_along_a_direction(device):
    v = np.array([1.0, -2.0, 0.5])
    y, dy = mg.jvp(lambda x: mg.tanh(device.array(M, None) @ x), [device.array(X, None)], [device.array(v, None)])
    np.testing.assert_allclose(host(y), np.tanh(M @ X))
    np.testing.assert_allclose(host(dy), (1 - np.tanh(M @ X) ** 2) * (M @ v))


def test_jvp_of_several_inputs_sums_their_parts(device):
    a, b = device.array(X, None), device.array(X + 1, None)
    _, dy = mg.jvp(lambda a, b: a * a * b, [a, b], [device.array(np.ones(3), None), device.array(2 * np.ones(3), None)])
    np.testing.assert_allclose(host(dy), 2 * X * (X + 1) + 2 * X * X)


def test_jvp_of_a_constant_is_zero(device):
    y, dy = mg.jvp(lambda x: mg.ones(2), [device.array(X, None)], [device.array(X, None)])
    np.testing.assert_array_equal(host(dy), np.zeros(2))
    assert host(y).tolist() == [1.0, 1.0]


def test_jvp_refuses_directions_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"^jvp: .*\(3,\).*\(2,\)"):
        mg.jvp(mg.sin, [X], [np.ones(2)])
    with pytest.raises(ShapeError, match=r"^jvp: "):
        mg.jvp(mg.sin, [X], [X, X])


# -- jacobian, hessian, hvp --------------------------------------------------------------------------------------------


def test_jacobian_has_the_shape_of_the_result_then_of_the_input(device):
    def f(x):
        return mg.tanh(x.reshape(3, 1) * mg.exp(x * 0.5))

    j = mg.jacobian(f)(device.array(X, None))
    assert j.shape == (3, 3, 3)
    np.testing.assert_allclose(host(j), slopes(f, X), rtol=1e-6, atol=1e-9)


def test_jacobian_of_a_number_a_matrix_and_a_second_argument(device):
    np.testing.assert_allclose(host(mg.jacobian(scalar)(device.array(X, None))), scalar_grad(X))
    j = mg.jacobian(lambda a, m: m @ a, 1)(device.array(X, None), device.array(M, None))
    assert j.shape == (2, 2, 3)
    np.testing.assert_allclose(host(j), np.einsum("ik,j->ikj", np.eye(2), X))
    assert mg.jacobian(lambda x: x[:0])(X).shape == (0, 3)


def test_hessian_against_closed_form_and_differences(device):
    h = host(mg.hessian(scalar)(device.array(X, None)))
    np.testing.assert_allclose(h, np.diag(scalar_second(X)), atol=1e-12)

    def coupled(x):
        return mg.logsumexp(mg.sin(x) * x[::-1]) * x[0]

    h = host(mg.hessian(coupled)(device.array(X, None)))
    np.testing.assert_allclose(h, h.T, atol=1e-12)
    np.testing.assert_allclose(h, slopes(mg.grad(coupled), X), rtol=1e-6, atol=1e-8)


def test_hvp_is_the_hessian_times_a_vector(device):
    v = np.array([1.0, -2.0, 0.5])

    def f(x):
        return mg.exp(x * x[::-1]).sum() * x[1]

    product = host(mg.hvp(f, device.array(X, None), device.array(v, None)))
    np.testing.assert_allclose(product, host(mg.hessian(f)(device.array(X, None))) @ v)


def test_hvp_refuses_a_vector_of_another_shape():
    for v in (np.ones(2), np.ones(1), np.array(1.0), np.ones((3, 3))):
        with pytest.raises(ShapeError, match=r"^hvp: .*\(3,\).*got \("):
            mg.hvp(scalar, X, v)


def test_transforms_touch_neither_inputs_nor_leaves(device):
    w = Tensor(device.array(X, None), requires_grad=True)
    x = device.array(X, None)
    for g in (mg.grad(lambda x: (x * w).sum())(x), mg.hessian(lambda x: (x**2 * w).sum())(x)):
        assert type(g) is Tensor  # it depends on w
        assert g.requires_grad
    assert w.grad is None
    np.testing.assert_array_equal(host(x), X)


def test_jvp_wants_a_sequence_of_inputs():
    with pytest.raises((TypeError, ShapeError), match=r"^jvp: "):
        mg.jvp(mg.sin, X, X)


def test_jvp_of_an_integer_valued_function_is_zero(device):
    y, dy = mg.jvp(lambda x: (x > 0).sum(), [device.array(X, None)], [device.array(X, None)])
    assert (int(host(y)), float(host(dy))) == (2, 0.0)
