"""The functions that compiled kernels are made of, beside those of NumPy and of the C library."""

import math

import numpy as np
import pytest

from minigrad.kernels.provider import installed

pytestmark = pytest.mark.skipif(not installed(), reason="needs numba; NumPy's kernels use NumPy's functions")

INF, NAN = np.inf, np.nan


def over(name, *arrays):
    """A function of minigrad.kernels.numba.math at each element."""
    import numba

    from minigrad.kernels.numba import math

    function = getattr(math, name)

    @numba.njit(error_model="numpy")
    def run(x, y, out):
        for i in range(len(x)):
            out[i] = function(x[i])

    @numba.njit(error_model="numpy")
    def run_two(x, y, out):
        for i in range(len(x)):
            out[i] = function(x[i], y[i])

    out = np.empty_like(arrays[0])
    (run if len(arrays) == 1 else run_two)(arrays[0], arrays[-1], out)
    return out


def single(*values):
    return np.array(values * 20, np.float32)  # so many that the wide loop has them too


@pytest.mark.parametrize(
    ("name", "exact", "low", "high", "tolerance"),
    [
        ("exp", np.exp, -10, 10, 2e-7),
        ("exp", np.exp, -86.9, 88.7, 4.5e-7),
        ("exp_up_to_88", np.exp, -86.9, 88.7, 4.5e-7),
        ("tanh", np.tanh, -1e-3, 1e-3, 4e-7),
        ("tanh", np.tanh, -20, 20, 4e-7),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x)), -80, 80, 5e-7),
    ],
)
def test_a_function_is_right_to_a_few_units_in_the_last_place(name, exact, low, high, tolerance):
    x = np.linspace(low, high, 100_002).astype(np.float32)  # an even number, so that 0 is not among them
    np.testing.assert_allclose(over(name, x), exact(x.astype(np.float64)), rtol=tolerance)


def test_the_normal_distribution_is_right_to_2e_7():
    x = np.linspace(-9, 9, 20_001).astype(np.float32)
    below = over("below", x, np.exp(-(x.astype(np.float64) ** 2) / 2).astype(np.float32))
    exact = [0.5 * math.erfc(-v / math.sqrt(2)) for v in x.tolist()]
    np.testing.assert_allclose(below, exact, rtol=0, atol=1.8e-7)


def test_nan_stays_and_what_is_too_large_is_infinite_or_flat():
    x = single(0, NAN, INF, -INF, 88.72, 88.73, 1e30, -87.4, -1e30)
    with np.errstate(all="ignore"):
        grown = over("exp", x)
        np.testing.assert_array_equal(grown[[0, 1, 2, 3, 5, 6, 7, 8]], [1, NAN, INF, 0, INF, INF, 0, 0])
        np.testing.assert_array_equal(over("exp_up_to_88", single(NAN, -INF, -87.4))[:3], [NAN, 0, 0])
        assert grown[4] == pytest.approx(math.exp(88.72), rel=1e-4)
        np.testing.assert_allclose(over("tanh", x), np.tanh(x), rtol=4e-7)
        np.testing.assert_allclose(over("sigmoid", x), 1 / (1 + np.exp(-x)), rtol=4e-7, atol=1e-37)


def test_ranks_order_as_numbers_do():
    x = single(-INF, -3e38, -1, -1e-40, -0.0, 0.0, 1e-40, 0.5, 2, 3e38, INF)[:11]
    ranks = over("rank", x).astype(np.float64)
    assert (np.diff(ranks) >= 0).all()
    assert (np.diff(ranks) > 0).sum() >= 8


def test_a_function_of_nothing_but_nan():
    assert np.isnan(over("tanh", single(NAN))).all()
