"""The CuPy backend: what it says where it cannot be used, its own code on a pretended CuPy, and the rest on a GPU."""

import ctypes
import math
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided as np_as_strided

from minigrad.backend import backend, use_backend, why_not
from minigrad.backend import cupy as cupy_backend
from minigrad.backend.random import Generator, random_bits
from minigrad.backend.strict import library
from minigrad.errors import DeviceError

host = backend("numpy")
ADVICE = r"in the checkout by pip install -e '\.\[cuda12\]' or, for CUDA 13, '\.\[cuda13\]' .* use \"numpy\""


class Kernel:
    """What `cupy.ElementwiseKernel` does for the bits: one counter per element, on the host."""

    def __init__(self, inputs, outputs, body, name):
        assert (inputs, outputs) == ("uint32 first, uint32 second, uint32 low", "uint32 y")
        self.calls = []

    def __call__(self, first, second, low, out):
        assert {type(word) for word in (first, second, low)} == {np.uint32}
        self.calls.append((int(first), int(second), int(low), out.size))


def pretend(available=True, works=True):
    """A module that passes for CuPy, with the double's functions inside."""
    cupy, cupyx = types.ModuleType("cupy"), types.ModuleType("cupyx")

    class Runtime:
        @staticmethod
        def getDeviceCount():
            if available:
                return 1
            raise RuntimeError("cudaErrorInsufficientDriver: the driver is too old\nand more")

    cupy.__getattr__ = lambda name: getattr(library, name)
    cupy.is_available = lambda: available
    cupy.cuda = types.SimpleNamespace(runtime=Runtime)
    cupy.ElementwiseKernel = Kernel
    if not works:
        cupy.ones = lambda *args, **kwargs: (_ for _ in ()).throw(MemoryError("out of memory"))
    strided = types.SimpleNamespace(as_strided=lambda x, *where: library.ndarray(np_as_strided(x._a, *where)))
    cupy.lib = types.SimpleNamespace(stride_tricks=strided)
    cupyx.scipy = types.ModuleType("cupyx.scipy")
    cupyx.scipy.special = types.ModuleType("cupyx.scipy.special")
    cupyx.scipy.special.erf = lambda x: (x * 2).astype(np.float32 if x.dtype == np.float16 else x.dtype)
    cupyx.rsqrt = lambda x: 1 / library.sqrt(x)
    return {"cupy": cupy, "cupyx": cupyx, "cupyx.scipy": cupyx.scipy, "cupyx.scipy.special": cupyx.scipy.special}


def install(monkeypatch, modules):
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.parametrize(
    ("modules", "message"),
    [
        ({"cupy": None}, "cupy: it cannot be imported, got ModuleNotFoundError: "),
        (
            pretend(available=False),
            "cupy: no GPU to be found, got RuntimeError: cudaErrorInsufficientDriver: the .* old; ",
        ),
        (pretend(works=False), "cupy: the GPU cannot be computed with, got MemoryError: out of memory; "),
    ],
)
def test_why_not(monkeypatch, modules, message):
    install(monkeypatch, modules)
    with pytest.raises(DeviceError, match=message + ".*" + ADVICE):
        cupy_backend.load()


def test_asking_for_it_on_this_machine():
    reason = why_not("cupy")
    if reason is None:
        assert backend("cupy").name == "cupy"
        return
    with pytest.raises(DeviceError, match=ADVICE):
        use_backend("cupy")
    assert why_not("cupy") == reason


def test_its_own_code_on_a_pretended_cupy(monkeypatch):
    install(monkeypatch, pretend())
    xp = cupy_backend.load()
    x = xp.from_host(np.ones(3, np.float32))
    assert xp.array_types == (library.ndarray,)
    assert type(x) is library.ndarray
    assert xp.to_host(x).tolist() == [1, 1, 1]
    assert xp.shares_memory(x, x[1:])
    assert not xp.shares_memory(x, x.copy())
    assert [xp.erf(x.astype(kind)).dtype for kind in ("f2", "f4", "f8")] == ["f2", "f4", "f8"]
    assert xp.rsqrt(x).dtype == np.float32
    assert xp.to_host(xp.scatter(x, xp.from_host(np.array([0, 0, 1])), (3,))).tolist() == [2, 1, 0]
    monkeypatch.setattr(sys.modules["cupy"], "from_dlpack", lambda x, copy: (x, copy), raising=False)
    assert xp.from_dlpack("theirs", False) == ("theirs", False)
    windows = xp.sliding_windows(xp.from_host(np.arange(6.0)), (2,), (2,), (3,))
    assert xp.to_host(windows).tolist() == [[0, 3], [2, 5]]
    assert xp.to_host(xp.overlap_add(windows, (6,), (2,), (3,))).tolist() == [0, 0, 2, 3, 0, 5]
    assert xp.random_bits(5, (4, 5)).shape == (4, 5)
    xp.random_bits(5, (7,), (1 << 32) - 3)
    xp.random_bits(5, (0,))
    (*_, low, size), *across = xp._bits.calls
    assert (low, size) == (0, 20)
    assert [call[2:] for call in across] == [((1 << 32) - 3, 3), (0, 4)]
    assert across[0][:2] != across[1][:2]


def test_its_own_linear_algebra_on_a_pretended_cupy(monkeypatch):
    def half_a_factor(a):
        """What a factorisation leaves that stops at the second pivot."""
        return library.asarray(np.tril(a.get()))

    def solve(a, b):
        assert a.shape[:-1] == b.shape[:-1], "CuPy's solve broadcasts nothing"
        assert b.size, "nor does it take nothing"
        return library.linalg.solve(a, b)

    modules = pretend()
    others = {word: getattr(library.linalg, word) for word in ("det", "slogdet", "svd")}
    modules["cupy"].linalg = types.SimpleNamespace(**others, cholesky=half_a_factor, solve=solve, inv=None)
    install(monkeypatch, modules)
    xp = cupy_backend.load()
    stack = xp.from_host(np.array([[[1, 0], [2, 3]], [[1, 0], [2, -3]]], np.float32))
    y = xp.cholesky(stack)
    assert y.dtype == np.float32
    assert np.isfinite(xp.to_host(y)).all(axis=(1, 2)).tolist() == [True, False]
    assert np.isnan(xp.to_host(y[1])).all()
    assert np.allclose(xp.to_host(xp.inv(stack) @ stack), np.eye(2))
    assert np.allclose(xp.to_host(xp.inv(stack[1]) @ stack[1]), np.eye(2))
    empty = xp.from_host(np.ones((2, 0, 0), np.float32))
    for y in (xp.inv(empty), xp.cholesky(empty), xp.solve(empty, empty)):
        assert (y.shape, y.dtype) == ((2, 0, 0), np.float32)


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
@pytest.mark.parametrize("offset", [0, 12345, (1 << 32) - 2000])
def test_the_kernel_computes_the_same_bits(tmp_path, offset):
    source = f"""extern "C" void bits(unsigned first, unsigned second, unsigned low, unsigned* out, long n) {{
        for (long i = 0; i < n; ++i) {{ unsigned y; {cupy_backend.BITS} out[i] = y; }} }}"""
    (tmp_path / "bits.cpp").write_text(source)
    library_file = tmp_path / "bits.so"
    subprocess.run(["g++", "-shared", "-fPIC", "-o", library_file, tmp_path / "bits.cpp"], check=True)
    out = np.empty(1000, np.uint32)
    words = map(ctypes.c_uint, (*cupy_backend.key_words(77, 0), offset))
    ctypes.CDLL(str(library_file)).bits(*words, out.ctypes.data_as(ctypes.c_void_p), ctypes.c_long(out.size))
    assert np.array_equal(out, random_bits(host, 77, (1000,), offset))


@pytest.mark.gpu
class TestOnAGpu:
    def test_it_is_usable_and_describes_itself(self):
        assert why_not("cupy") is None
        assert {"version", "CUDA", "device", "devices"} <= set(backend("cupy").describe())

    def test_bits_and_uniform_numbers_are_the_hosts(self):
        xp = backend("cupy")
        for offset in (0, (1 << 32) - 5):
            ours = xp.to_host(xp.random_bits(9, (100_000,), offset))
            assert np.array_equal(ours, random_bits(host, 9, (100_000,), offset))
        for dtype in (np.float16, np.float32, np.float64):
            ours = xp.to_host(Generator(1).uniform((1000,), -1, 2, dtype, xp))
            assert np.array_equal(ours, Generator(1).uniform((1000,), -1, 2, dtype, host))
            ours = xp.to_host(Generator(1).normal((1000,), dtype=dtype, xp=xp))
            assert np.array_equal(ours, Generator(1).normal((1000,), dtype=dtype, xp=host))

    @pytest.mark.parametrize(("dtype", "bound"), [(np.float16, 1e-3), (np.float32, 3e-7), (np.float64, 1e-15)])
    def test_erf(self, dtype, bound):
        xp, x = backend("cupy"), np.linspace(-5, 5, 10_001).astype(dtype)
        y = xp.to_host(xp.erf(xp.from_host(x)))
        assert y.dtype == dtype
        assert max(abs(float(a) - math.erf(float(b))) for a, b in zip(y, x, strict=True)) < bound

    def test_scatter_adds_repeated_places(self):
        xp = backend("cupy")
        out = xp.scatter(xp.ones((3, 2), dtype=np.float32), xp.from_host(np.array([0, 0, 2])), (4, 2))
        assert xp.to_host(out).tolist() == [[2, 2], [0, 0], [1, 1], [0, 0]]

    def test_memory(self):
        xp = backend("cupy")
        x = xp.from_host(np.arange(6.0))
        assert xp.shares_memory(x, x[2:])
        assert not xp.shares_memory(x[:3], x[3:])
        assert np.allclose(xp.to_host(xp.rsqrt(x[1:])), np.arange(1, 6.0) ** -0.5)

    def test_the_double_knows_who_answers_for_an_operator(self):
        class Defers:
            __array_ufunc__ = None

            def __radd__(self, other):
                return "reflected"

        x = backend("cupy").ones(2)
        assert x + Defers() == "reflected"
        with pytest.raises(TypeError):
            x += Defers()
        with pytest.raises(TypeError):
            x + np.ones(2)
