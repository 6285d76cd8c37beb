"""Scratch memory is used again, by its own thread alone, and does not grow without bound."""

from threading import Thread

import numpy as np

from minigrad.kernels.numpy import attention
from minigrad.kernels.numpy import scratch as module
from minigrad.kernels.numpy.scratch import scratch


def test_a_place_is_used_again_and_other_places_and_dtypes_are_others():
    a = scratch(0, (3, 4), np.float32)
    assert np.shares_memory(a, scratch(0, (2, 6), np.float32))
    assert not np.shares_memory(a, scratch(1, (3, 4), np.float32))
    assert not np.shares_memory(a, scratch(0, (3, 4), np.float64))


def test_threads_share_none():
    found = [scratch(0, (3,), np.float32)]
    thread = Thread(target=lambda: found.append(scratch(0, (3,), np.float32)))
    thread.start()
    thread.join()
    assert not np.shares_memory(*found)


def test_what_is_large_is_not_kept(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 10)
    a = scratch(5, (4, 3), np.float32)
    assert a.shape == (4, 3)
    assert a.base is None
    assert not np.shares_memory(a, scratch(5, (4, 3), np.float32))


def test_a_large_causal_mask_is_not_kept(monkeypatch):
    attention._hidden.cache_clear()
    monkeypatch.setattr(attention, "LARGEST", 10)
    for keys in (3, 4):
        mask = attention.hidden(keys, 3, 0, np.float32)
        assert np.isinf(mask).sum() == sum(max(0, keys - 1 - i) for i in range(3))
    assert attention._hidden.cache_info().currsize == 1
