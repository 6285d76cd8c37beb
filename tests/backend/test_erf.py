"""The error function against the C library's, over the whole line."""

import math

import numpy as np
import pytest

from minigrad.backend import backend
from minigrad.backend.erf import erf

GRID = np.concatenate([np.linspace(-7, 7, 100_001), np.geomspace(1e-320, 1, 5001), -np.geomspace(1e-320, 30, 5001)])


def reference(x):
    return np.array([math.erf(float(v)) for v in x.ravel()]).reshape(x.shape)


def test_float64_to_1e_15():
    error = np.abs(erf(np, GRID) - reference(GRID))
    assert error.max() < 1e-15
    normal = np.abs(GRID) > 1e-300
    assert (error / np.maximum(np.abs(reference(GRID)), 1e-300))[normal].max() < 1e-15  # small values keep their digits


def test_float32_to_3e_7():
    x = GRID.astype(np.float32)
    y = erf(np, x)
    assert y.dtype == np.float32
    assert np.abs(y - reference(x)).max() < 3e-7
    assert np.abs(y).max() == 1


def test_float16_goes_through_float32():
    x = np.linspace(-5, 5, 1001).astype(np.float16)
    y = erf(np, x)
    assert y.dtype == np.float16
    assert np.array_equal(y, reference(x).astype(np.float32).astype(np.float16))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_special_values_without_a_warning(dtype):
    with np.errstate(divide="raise", invalid="raise", over="raise"):
        y = erf(np, np.array([0.0, -0.0, np.inf, -np.inf, np.nan], dtype=dtype))
    assert y[:4].tolist() == [0, 0, 1, -1]
    assert np.signbit(y[:4]).tolist() == [False, True, False, True]
    assert np.isnan(y[4])
    assert erf(np, np.array(5e-324)) == 5e-324


def test_any_shape_also_beyond_one_block():
    assert erf(np, np.empty((0, 3), np.float32)).shape == (0, 3)
    assert erf(np, np.array(0.5)).shape == ()
    assert math.isclose(erf(np, 0.5), math.erf(0.5), rel_tol=1e-15)
    assert erf(np, np.array([1, 2])).dtype == np.float64
    x = np.linspace(-3, 3, 40_000).reshape(200, 200)
    assert np.array_equal(erf(np, x.T), erf(np, x).T)
    before = x.copy()
    erf(np, x)
    assert np.array_equal(x, before)


def test_the_same_on_the_device_double():
    strict = backend("strict")
    for dtype in (np.float16, np.float32, np.float64):
        x = np.linspace(-6, 6, 20_001).astype(dtype)
        assert np.array_equal(strict.to_host(strict.erf(strict.from_host(x))), backend("numpy").erf(x))
