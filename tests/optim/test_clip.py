"""Clipping."""

import numpy as np
import pytest

from minigrad import optim
from minigrad.errors import DTypeError, NonFiniteError


def two(device, g=(3.0, 4.0)):
    a, b = device.leaf([1.0]), device.leaf([1.0])
    a.grad, b.grad = device.array([g[0]]), device.array([g[1]])
    return a, b


def test_the_norm_of_all_gradients_together_is_brought_down(device):
    a, b = two(device)
    norm = optim.clip_grad_norm([a, b], 1.0)
    assert float(norm) == 5.0
    np.testing.assert_allclose([device.host(a.grad)[0], device.host(b.grad)[0]], [0.6, 0.8], rtol=1e-6)


def test_a_smaller_norm_stays(device):
    a, b = two(device)
    optim.clip_grad_norm([a, b], 10.0)
    assert [device.host(p.grad)[0] for p in (a, b)] == [3.0, 4.0]


def test_the_norm_stays_on_the_device_as_a_0d_array(device):
    norm = optim.clip_grad_norm(two(device), 1.0)
    assert device.host(norm).shape == ()
    assert norm.dtype == np.float32


def test_parameters_without_gradients_are_passed_over(device):
    a, b = two(device)
    b.grad = None
    assert float(optim.clip_grad_norm([a, b], 1.0)) == 3.0
    assert float(optim.clip_grad_norm([device.leaf([1.0])], 1.0)) == 0.0


def test_a_norm_that_is_not_finite_is_refused_on_request(device):
    a, b = two(device, (np.inf, 1.0))
    with pytest.raises(NonFiniteError, match=r"^clip_grad_norm: .*got .*inf"):
        optim.clip_grad_norm([a, b], 1.0, error_if_nonfinite=True)


def test_values_are_brought_into_the_interval(device):
    a, b = two(device, (-3.0, 0.5))
    optim.clip_grad_value([a, b], 1.0)
    assert [device.host(p.grad)[0] for p in (a, b)] == [-1.0, 0.5]


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_limit_that_is_not_above_zero_is_refused(limit):
    for clip in (optim.clip_grad_norm, optim.clip_grad_value):
        with pytest.raises(DTypeError, match=rf"^{clip.__name__}: .*above 0, got"):
            clip([], limit)


def test_a_norm_in_float16_does_not_overflow(device):
    p = device.leaf([0.0, 0.0], dtype=np.float16)
    p.grad = device.array([300.0, 400.0], dtype=np.float16)
    assert float(optim.clip_grad_norm([p], 1.0)) == 500.0
    np.testing.assert_allclose(device.host(p.grad), [0.6, 0.8], atol=1e-3)
    assert p.grad.dtype == np.float16
