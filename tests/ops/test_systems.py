"""What the table of ops cannot say of inverses, solutions, factors and determinants."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError, LinAlgError

SINGULAR = [[1.0, 2.0], [2.0, 4.0]]
NOT_POSITIVE = [[1.0, 2.0], [2.0, 1.0]]
GOOD = [[2.0, 1.0], [1.0, 3.0]]
NO_RESULT = {
    "inv": ("singular matrix", lambda a: mg.inv(a), SINGULAR),
    "solve": ("singular matrix", lambda a: mg.solve(a, a[..., 0, :, None] * 0 + 1), SINGULAR),
    "cholesky": ("matrix is not positive definite", lambda a: mg.cholesky(a), NOT_POSITIVE),
}


@pytest.mark.parametrize("name", NO_RESULT)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_matrix_without_a_result_is_an_error_on_the_host(name, requires_grad):
    complaint, call, matrix = NO_RESULT[name]
    with pytest.raises(LinAlgError, match=rf"^{name}: {complaint}, got shape \(2, 2\).*; add a small multiple"):
        call(mg.Tensor(matrix, requires_grad))
    with pytest.raises(np.linalg.LinAlgError, match=rf"^{name}: {complaint}, got shape \(2, 2, 2\)"):
        call(np.array([GOOD, matrix]))


@pytest.mark.parametrize("name", NO_RESULT)
def test_a_matrix_without_a_result_is_not_finite_on_a_device_and_alone(device, name):
    if device.name == "numpy":
        return
    _, call, matrix = NO_RESULT[name]
    leaf = device.leaf([GOOD, matrix])
    y = call(leaf)
    y.sum().backward()
    good = device.host(call(device.array([GOOD])))
    for found in (device.host(y), device.host(leaf.grad)):
        assert np.isfinite(found[0]).all()
        assert not np.isfinite(found[1]).all()
    np.testing.assert_allclose(device.host(y)[:1], good, rtol=1e-6)
    assert not np.isfinite(device.host(call(device.array(matrix)))).all()


def test_the_error_of_a_backward_names_the_op(device):
    sign, logabsdet = mg.slogdet(device.leaf(SINGULAR))
    assert (float(sign), logabsdet.item()) == (0.0, -np.inf)
    if device.name == "numpy":
        with pytest.raises(LinAlgError, match=r"^inv: singular matrix") as caught:
            logabsdet.backward()
        assert "in the backward of 'slogdet'" in str(getattr(caught.value, "__notes__", caught.value))


def test_float16_is_computed_in_float32(device):
    x = np.diag([256.0, 256.0, 1 / 256, 1 / 256])  # 256 * 256 is no float16
    leaf = device.leaf(x, np.float16)
    y = mg.det(leaf)
    y.backward()
    assert (y.dtype, leaf.grad.dtype) == ("float16", "float16")
    assert y.item() == pytest.approx(1, rel=1e-3)
    np.testing.assert_allclose(device.host(leaf.grad), np.diag([1 / 256, 1 / 256, 256, 256]), rtol=1e-3)
    both = mg.solve(device.array(GOOD, np.float16), device.array([1.0, 2.0]))
    assert both.dtype == np.float32


def test_integers_are_refused_whether_singular_or_not(device):
    for name in ("inv", "det", "slogdet", "cholesky"):
        for matrix in (GOOD, SINGULAR):
            with pytest.raises(DTypeError, match=rf"^{name}: needs floating numbers, got int64; cast to float32"):
                getattr(mg, name)(device.array(matrix, np.int64))
    with pytest.raises(DTypeError, match=r"^solve: needs floating numbers, got int64; cast to float32"):
        mg.solve(device.array(SINGULAR, np.int64), device.array([1, 2], np.int64))
    assert mg.solve(device.array(GOOD, np.int64), device.array([1.0, 2.0])).dtype == np.float32


def test_b_of_solve_is_a_vector_only_with_one_axis(device):
    a = device.array([GOOD, [[1.0, 0.0], [0.0, 2.0]]])
    vector = device.host(mg.solve(a, device.array([1.0, 2.0])))
    np.testing.assert_allclose(vector, [[0.2, 0.6], [1.0, 1.0]], rtol=1e-6)
    matrix = device.host(mg.solve(a, device.array([[1.0, 2.0], [3.0, 4.0]])))
    assert matrix.shape == (2, 2, 2)
    np.testing.assert_allclose(matrix[1], [[1.0, 2.0], [1.5, 2.0]], rtol=1e-6)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_reads_one_triangle_and_sends_back_a_symmetric_gradient(device, upper):
    half = np.triu(GOOD) if upper else np.tril(GOOD)
    leaf = device.leaf(half)
    y = mg.cholesky(leaf, upper=upper)
    np.testing.assert_allclose(device.host(y), np.linalg.cholesky(np.array(GOOD), upper=upper), rtol=1e-6)
    y.sum().backward()
    gradient = device.host(leaf.grad)
    np.testing.assert_allclose(gradient, gradient.T, rtol=1e-6)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[1.0, 2.0, 3.0], [2.0, -1.0, 0.5], [3.0, 1.0, 3.5 + 1e-12]]),  # nearly singular
        np.zeros((3, 3)),
        np.ones((3, 3)),
        np.diag([1e8, 1.0, 1e-8]),
    ],
    ids=["nearly singular", "zero", "rank 1", "ill-conditioned"],
)
def test_second_derivatives_of_det_are_minors_at_every_matrix(device, matrix):
    # d^2 det / dx_ij dx_kl of a 3x3 matrix is the one element that is in no row or column of theirs, or minus that.
    expected = np.zeros((3,) * 4)
    for i, j, k, l in itertools.product(range(3), repeat=4):  # noqa: E741
        if i != k and j != l:
            swapped = (i < k) != (j < l)
            expected[i, j, k, l] = matrix[3 - i - k, 3 - j - l] * (-1.0) ** (i + j + k + l + swapped)
    found = device.host(mg.hessian(mg.det)(device.array(matrix, np.float64)))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14 * abs(matrix).max())


def test_second_derivatives_of_large_determinants(device):
    n = 100
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0].astype(np.float32)
    v = device.array(q)  # along x itself: det(t x) = t^n det(x)
    second = mg.grad(lambda x: (mg.grad(mg.det)(x) * v).sum())(v)
    expected = n * mg.grad(mg.det)(v) - mg.grad(mg.det)(v)
    np.testing.assert_allclose(device.host(second), device.host(expected), rtol=0, atol=2e-3)


def test_the_third_derivative_of_det(device):
    x = device.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, -1.0, 2.0]], np.float64)  # singular
    v = device.array(np.arange(9.0).reshape(3, 3) ** 2, np.float64)

    def along(f):
        return lambda z: (mg.grad(f)(z) * v).sum()

    third = along(along(along(mg.det)))(x)
    assert float(third) == pytest.approx(6 * np.linalg.det(device.host(v)), rel=1e-10)


@pytest.mark.parametrize(
    "op",
    [mg.inv, mg.cholesky, mg.det, lambda x: mg.slogdet(x).logabsdet, lambda x: mg.solve(x, x[0]), mg.sort],
    ids=["inv", "cholesky", "det", "slogdet", "solve", "sort"],
)
def test_the_value_too_is_differentiated_by_the_second_derivative(device, op):
    # Of a square: where the value were a constant below the first derivative, half of this would be missing.
    first = mg.grad(lambda x: (op(x @ x.T) ** 2).sum())
    x, v, step = np.array([[2.0, 0.3], [-0.4, 1.0]]), np.array([[1.0, -0.5], [0.25, 0.75]]), 1e-5
    put = lambda a: device.array(a, np.float64)  # noqa: E731
    second = mg.grad(lambda z: (first(z) * put(v)).sum())(put(x))
    expected = (device.host(first(put(x + step * v))) - device.host(first(put(x - step * v)))) / (2 * step)
    np.testing.assert_allclose(device.host(second), expected, rtol=1e-6, atol=1e-7)


def test_slogdet_of_what_is_no_number(device):
    x = device.leaf(np.eye(200) * 1e3)
    sign, logabsdet = mg.slogdet(x)
    assert type(sign) is type(device.array([1.0]))
    assert (float(sign), logabsdet.item()) == (1.0, pytest.approx(200 * np.log(1e3), rel=1e-6))
    logabsdet.backward()
    np.testing.assert_allclose(device.host(x.grad), np.eye(200) / 1e3, rtol=1e-6)


def test_results_have_names():
    values, indices = result = mg.topk([1.0, 3.0, 2.0], 2)
    assert (result.values is values, result.indices is indices) == (True, True)
    assert mg.slogdet(GOOD)._fields == ("sign", "logabsdet") == np.linalg.slogdet(GOOD)._fields


@pytest.mark.parametrize("k", [1.0, "2", None, [1]], ids=repr)
def test_k_is_an_integer(k):
    with pytest.raises(DTypeError, match=r"^topk: k is an integer, got .*; say how many"):
        mg.topk([1.0, 2.0], k)


def test_sort_is_no_method_since_numpys_writes_in_place(device):
    with pytest.raises(AttributeError, match=r"^Tensor: has no attribute 'sort'; call minigrad\.sort\(t\)"):
        device.tensor([2.0, 1.0]).sort()
    assert device.host(device.leaf([2.0, 1.0]).argsort()).tolist() == [1, 0]
