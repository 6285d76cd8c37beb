"""Normalisation by channels takes images as they lie in memory, and gives results that lie in the same way."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.fused.channel_norm import batch_norm, batch_norm__running
from minigrad.ops.fused.channels import Channels


def images(place, shape=(4, 3, 5, 2)):
    """Images (N, C, H, W) whose channels stand at a place of their own in memory."""
    return np.moveaxis(np.moveaxis(mg.randn(*shape).numpy(), 1, place).copy(), place, 1)


@pytest.mark.parametrize("place", [1, -1, 0])
@pytest.mark.parametrize("f", [batch_norm, batch_norm__running])
def test_the_order_in_memory_stays_and_changes_no_number(f, place):
    x, g, results = images(place), images(place), []
    parts = [None, None] if f is batch_norm else [None, None, np.ones(3, np.float32), np.full(3, 2, np.float32)]
    for order in (lambda a: a, np.ascontiguousarray):
        y, vjps = f.body(order(x), *parts, eps=1e-5)
        dx = vjps[0](g)
        assert y.strides == dx.strides == order(x).strides
        results.append((y, dx))
    for found, wanted in zip(*results, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("place", [1, -1, 0])
def test_a_matrix_of_channels_is_a_view(place):
    x = images(place)
    form = Channels(x)
    assert np.shares_memory(form.matrix(x), x)
    np.testing.assert_array_equal(form.back(form.matrix(x)), x)


def test_rows_of_channels_that_stand_last_are_wide():
    assert Channels(images(-1, (8, 16, 8, 8))).shape == (8, 1024)
    assert Channels(mg.randn(7, 3).numpy()).shape == (7, 3)  # seven rows go into nothing but one
    assert Channels(np.zeros((0, 3, 2))).matrix(np.zeros((0, 3, 2))).size == 0
