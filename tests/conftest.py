"""Tests marked `gpu` are skipped where CuPy finds no device."""

import importlib.util

import pytest


def has_device() -> bool:
    if importlib.util.find_spec("cupy") is None:
        return False
    from cupy.cuda import runtime

    try:
        return bool(runtime.getDeviceCount())
    except runtime.CUDARuntimeError:  # CuPy is installed, a driver is not
        return False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if "gpu" in item.keywords]
    if marked and not has_device():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs CuPy and a CUDA device"))
