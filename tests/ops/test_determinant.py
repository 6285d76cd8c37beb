"""Derivatives of the determinant at matrices of every rank, against exact arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest

import minigrad as mg


def determinant(rows):
    """By elimination, in fractions."""
    rows, result = [list(map(Fraction, row)) for row in rows], Fraction(1)
    for i in range(len(rows)):
        p = next((r for r in range(i, len(rows)) if rows[r][i]), None)
        if p is None:
            return Fraction(0)
        if p != i:
            rows[i], rows[p], result = rows[p], rows[i], -result
        result *= rows[i][i]
        for r in range(i + 1, len(rows)):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    return result


def polynomial(x, v):
    """The coefficients of det(x + t v) in t, by Lagrange's formula."""
    points = range(len(x) + 1)
    total = [Fraction(0)] * len(points)
    for k in points:
        basis = [Fraction(1)]
        for other in points:
            if other != k:
                basis = [a - other * b for a, b in zip([0, *basis], [*basis, 0], strict=True)]
        height = determinant(x + k * v) / math.prod(k - other for other in points if other != k)
        total = [a + height * b for a, b in zip(total, basis, strict=True)]
    return total


CASES = [(n, rank) for n in range(1, 7) for rank in range(n + 1)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "rank"), CASES)
def test_derivatives_of_four_orders_at_every_rank(device, n, rank, dtype):
    rng = np.random.default_rng([n, rank])
    x, v = rng.integers(-3, 4, (n, rank)) @ rng.integers(-3, 4, (rank, n)), rng.integers(-3, 4, (n, n))
    exact, along, f = polynomial(x, v), device.array(v, dtype), mg.det
    for order in range(1, 5 if n < 5 else 4):
        f = lambda z, g=f: (mg.grad(g)(z) * along).sum()  # noqa: E731
        expected = float(exact[order] * math.factorial(order)) if order <= n else 0.0
        size = np.linalg.norm(x, 2) ** max(n - order, 0) * np.linalg.norm(v, 2) ** order * math.factorial(order)
        got = float(device.host(f(device.array(x, dtype))))
        assert got == pytest.approx(expected, abs=20 * float(np.finfo(dtype).eps) * max(size, 1)), order


def test_a_nearly_singular_matrix_is_differentiated_to_the_last_digits(device):
    """PyTorch's second derivative is off in the third digit there."""
    x = np.random.default_rng(1).integers(-9, 10, (5, 5))
    x[4] = x[:4].sum(0)
    v, tiny = np.random.default_rng(2).integers(-9, 10, (5, 5)), 2.0**-48
    near = x.astype(float)
    near[0, 0] += tiny
    exact = x.astype(object)
    exact[0, 0] += Fraction(tiny)
    along = device.array(v, np.float64)
    first = lambda z: (mg.grad(mg.det)(z) * along).sum()  # noqa: E731
    second = (mg.grad(first)(device.array(near, np.float64)) * along).sum()
    assert float(second) == pytest.approx(float(2 * polynomial(exact, v)[2]), rel=1e-12)


def test_nan_gives_nan_to_second_order_too(device):
    x = device.array([[np.nan, 1.0], [1.0, 2.0]])
    with np.errstate(invalid="ignore"):
        second = mg.grad(lambda z: (mg.grad(mg.det)(z) * mg.det(z)).sum())(x)
    assert np.isnan(device.host(second)).all()
