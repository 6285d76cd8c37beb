"""The `device` fixture, which runs a test on every backend; tests marked `gpu` are left out without a CUDA device."""

import importlib.util

import numpy as np
import pytest

import minigrad
from minigrad.backend import backend, namespace, use_backend
from minigrad.tensor import raw


def has_device() -> bool:
    if importlib.util.find_spec("cupy") is None:
        return False
    from cupy.cuda import runtime

    try:
        return bool(runtime.getDeviceCount())
    except runtime.CUDARuntimeError:  # CuPy is installed, a driver is not
        return False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    marked = [item for item in items if "gpu" in item.keywords]
    if marked and not has_device():  # left out, and counted in the closing line as deselected
        config.hook.pytest_deselected(items=marked)
        items[:] = [item for item in items if "gpu" not in item.keywords]


class Device(str):
    """The name of a backend, and what tests need of it: values come and go by array, tensor, leaf and host."""

    @property
    def name(self) -> str:
        return str(self)

    @property
    def xp(self):
        """The backend's namespace."""
        return backend(self.name)

    def array(self, values, dtype=np.float32):
        """A fresh plain array on the device; dtype=None keeps what `values` has."""
        return self.xp.array(self.xp.from_host(np.array(values, dtype=dtype)))

    def tensor(self, values, dtype=np.float32, requires_grad=False):
        """A Tensor on the device."""
        return minigrad.Tensor(self.array(values, dtype), requires_grad=requires_grad)

    def leaf(self, values, dtype=np.float32):
        """A Tensor on the device that gradients flow to."""
        return self.tensor(values, dtype, requires_grad=True)

    def host(self, x) -> np.ndarray:
        """The values of an array or a Tensor of this device as a NumPy array; an array of elsewhere fails the test."""
        x = raw(x)
        assert namespace(x) is self.xp, f"a value of {namespace(x).name} where {self.name} was expected"
        return np.asarray(self.xp.to_host(x))


@pytest.fixture(params=["numpy", "strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest):
    """Each backend in turn, the third where there is a GPU; during the test new Tensors are made on it."""
    with use_backend(request.param):
        yield Device(request.param)
