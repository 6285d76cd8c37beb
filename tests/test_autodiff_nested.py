"""Derivatives of derivatives: higher orders, mixtures of transforms, and no confusion between their levels."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


def times(n, f):
    """The n-th derivative of a function of one number."""
    for _ in range(n):
        f = mg.grad(f)
    return f


# -- higher orders -----------------------------------------------------------------------------------------------------


CLOSED_FORMS = {
    "sin": (mg.sin, [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin]),
    "exp": (mg.exp, [np.exp] * 4),
    "x**5": (lambda x: x**5, [lambda x: 5 * x**4, lambda x: 20 * x**3, lambda x: 60 * x**2, lambda x: 120 * x]),
    "x**2.5": (
        lambda x: x**2.5,
        [lambda x: 2.5 * x**1.5, lambda x: 3.75 * x**0.5, lambda x: 1.875 * x**-0.5, lambda x: -0.9375 * x**-1.5],
    ),
    "1/x": (lambda x: 1 / x, [lambda x: -(x**-2), lambda x: 2 * x**-3, lambda x: -6 * x**-4, lambda x: 24 * x**-5]),
    "log": (mg.log, [lambda x: 1 / x, lambda x: -(x**-2), lambda x: 2 * x**-3, lambda x: -6 * x**-4]),
    "exp(sin x)": (
        lambda x: mg.exp(mg.sin(x)),
        [
            lambda x: np.exp(np.sin(x)) * np.cos(x),
            lambda x: np.exp(np.sin(x)) * (np.cos(x) ** 2 - np.sin(x)),
            lambda x: np.exp(np.sin(x)) * np.cos(x) * (np.cos(x) ** 2 - 3 * np.sin(x) - 1),
        ],
    ),
    "x tanh": (
        lambda x: x * mg.tanh(x),
        [
            lambda x: np.tanh(x) + x * (1 - np.tanh(x) ** 2),
            lambda x: (1 - np.tanh(x) ** 2) * (2 - 2 * x * np.tanh(x)),
        ],
    ),
    "2**x": (lambda x: 2.0**x, [lambda x, k=k: 2**x * np.log(2) ** k for k in (1, 2, 3, 4)]),
}


@pytest.mark.parametrize(("f", "derivatives"), CLOSED_FORMS.values(), ids=CLOSED_FORMS.keys())
def test_derivatives_of_every_order_agree_with_closed_forms(device, f, derivatives):
    x = np.array(0.7)
    for n, expected in enumerate(derivatives, 1):
        np.testing.assert_allclose(
            host(times(n, f)(device.array(x, None))), expected(x), rtol=1e-12, err_msg=f"order {n}"
        )


def test_float32_stays_float32_at_every_order(device):
    for n in (1, 2, 3):
        assert times(n, lambda x: mg.sin(x) * x**3)(0.5).dtype == np.float32


VECTOR_OPS = {
    "matmul and softmax": lambda x: (mg.exp(x) / mg.exp(x).sum()) @ x,
    "logsumexp": lambda x: mg.logsumexp(x * x),
    "indexing": lambda x: (x[[0, 1, 1, 2]] ** 3 * x[::-1][0]).sum(),
    "std": lambda x: x.std() * x[0],
    "norm": lambda x: mg.norm(x) * x[1],
    "where and max": lambda x: mg.where(x > 0, x**3, x**2).max() * x.sum(),
    "einsum": lambda x: mg.einsum("i,j,ij->", x, x, mg.tanh(x.reshape(3, 1) * x)),
    "concatenate and prod": lambda x: mg.concatenate([x, x * 2]).prod(),
    "cumsum": lambda x: (mg.cumsum(x) ** 3).sum(),
}


@pytest.mark.parametrize("f", VECTOR_OPS.values(), ids=VECTOR_OPS.keys())
def test_third_derivatives_of_vector_functions_agree_with_differences(f):
    x, v = np.array([0.4, -0.9, 1.3]), np.array([0.3, 1.0, -0.5])

    def product(x):
        return (mg.hessian(f)(x) @ v).sum()

    eps = 1e-5
    for i in range(3):
        d = eps * np.eye(3)[i]
        slope = (float(product(x + d)) - float(product(x - d))) / (2 * eps)
        np.testing.assert_allclose(mg.grad(product)(x)[i], slope, rtol=1e-5, atol=1e-6)


# -- transforms of transforms ------------------------------------------------------------------------------------------


def test_jvp_of_vjp_of_jvp(device):
    x = device.array(np.array(0.7), None)
    one = device.array(np.array(1.0), None)

    def first(x):
        return mg.jvp(lambda t: mg.sin(t) * t, [x], [one])[1]

    def second(x):
        return mg.vjp(first, x)[1](one)[0]

    _, third = mg.jvp(second, [x], [one])
    np.testing.assert_allclose(host(third), -3 * np.sin(0.7) - 0.7 * np.cos(0.7), rtol=1e-12)


def test_jacobian_of_hvp_and_hessian_of_a_jacobian_norm():
    x, v = np.array([0.4, -0.9]), np.array([1.0, 2.0])
    f = lambda x: x[0] ** 3 * x[1] ** 2  # noqa: E731
    third = mg.jacobian(lambda x: mg.hvp(f, x, v))(x)
    a, b = x
    expected = [[6 * b * b * 1 + 12 * a * b * 2, 12 * a * b * 1 + 6 * a * a * 2], [0, 6 * a * a * 1]]
    expected[1][0] = expected[0][1]
    np.testing.assert_allclose(third, expected, rtol=1e-12)
    norm = lambda x: (mg.jacobian(lambda t: t**2)(x) ** 2).sum()  # noqa: E731
    np.testing.assert_allclose(mg.hessian(norm)(x), 8 * np.eye(2), rtol=1e-12)


def test_grad_inside_a_function_that_backward_walks(device):
    w = Tensor([0.5, 1.5], requires_grad=True)
    slope = mg.grad(lambda x: (mg.sin(x * w)).sum())([1.0, 2.0])
    (slope * slope).sum().backward()
    u = np.array([0.5, 3.0])
    expected = 2 * np.array([0.5, 1.5]) * np.cos(u) * (np.cos(u) - u * np.sin(u))
    np.testing.assert_allclose(host(w.grad), expected, rtol=1e-5)


def test_a_leaf_as_the_argument_of_grad_keeps_its_graph(device):
    w = Tensor([0.5, 1.5], requires_grad=True)
    mg.grad(lambda x: (x**3).sum())(w).sum().backward()
    np.testing.assert_allclose(host(w.grad), 6 * host(w), rtol=1e-6)


def test_raw_inputs_meet_tensor_gradients(device):
    """A plain array goes in, but the gradient that comes back is a Tensor, since a leaf is closed over."""
    x, w = (
        device.array(np.array([[0.5, -1.0], [2.0, 0.1]]), None),
        Tensor(device.array(np.ones(2), None), requires_grad=True),
    )
    for f in (
        lambda x: (x.sum(axis=0) * w).sum(),
        lambda x: (x[[0, 0, 1]] * w).sum(),
        lambda x: (mg.maximum(x, 0.0) * w).sum(),
        lambda x: (x.max(axis=1) * w).sum(),
        lambda x: (mg.concatenate([x, x]) * w).sum(),
        lambda x: (mg.clip(x, 0, 1) * w).sum(),
        lambda x: (mg.where(x > 0, x, 0.0) @ w).sum(),
        lambda x: (mg.logsumexp(x, axis=1) * w).sum(),
        lambda x: (x.var(axis=0) * w).sum(),
        lambda x: (mg.einsum("ij,jk->ik", x, x) @ w).sum(),
        lambda x: (mg.pad(x, 1)[1:-1, 1:-1] * w).sum(),
        lambda x: (mg.cumsum(x, 0) * w).sum(),
    ):
        g = mg.grad(f)(x)
        assert type(g) is Tensor
        w.grad = None
        (g * 2).sum().backward()
        assert w.grad is not None
