"""Memory shared with other libraries by DLPack: both ways, read-only, alive as long as somebody looks at it."""

import ctypes
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad import backend as backends
from minigrad.backend import numpy as numpy_backend
from minigrad.backend.strict import Strict
from minigrad.errors import DeviceError, DTypeError, ExportError, GraphError, MutationError

DTYPES = "float16 float32 float64 bool int8 uint8 int16 uint16 int32 uint32 int64 uint64".split()
CUBE = np.arange(24.0).reshape(2, 3, 4)
LAYOUTS = {
    "contiguous": CUBE,
    "transposed": CUBE.T,
    "strided": CUBE[:, ::2, 1::3],
    "broadcast": np.broadcast_to(CUBE[:, :1], (2, 3, 4)),
    "0-d": np.array(3.0),
    "empty": np.zeros((0, 3)),
}
NEW = (1, 0)  # the version that knows read-only memory
shares = pytest.mark.skipif(
    not numpy_backend.VERSIONED, reason="NumPy 2.0 does not know that version; test_numpy_2_0_gets_copies is for it"
)


def overwrite(array, value):
    """What an importer does that does not heed the mark."""
    ctypes.memmove(array.ctypes.data, np.array(value, array.dtype).ctypes.data, array.itemsize)


# -- to NumPy ----------------------------------------------------------------------------------------------------------


@shares
@pytest.mark.parametrize("layout", LAYOUTS)
def test_numpy_reads_the_same_memory_and_may_not_write(layout):
    array = LAYOUTS[layout]
    theirs = np.from_dlpack(Tensor(array))
    np.testing.assert_array_equal(theirs, array)
    assert theirs.dtype == array.dtype
    assert np.shares_memory(theirs, array) == bool(array.size)
    with pytest.raises(ValueError, match="read-only"):
        theirs[...] = 1


@shares
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_goes_there_and_back(dtype):
    array = np.array([[0, 1, 2], [3, 1, 0]]).astype(dtype)
    t = mg.from_dlpack(Tensor(array))
    assert (t.dtype, t.backend, t.requires_grad) == (array.dtype, "numpy", False)
    np.testing.assert_array_equal(t.numpy(), array)
    assert np.shares_memory(t.numpy(), array)


@shares
def test_what_runs_backwards_is_copied_since_pytorch_dies_of_it():
    t = Tensor(CUBE[::-1, :, ::-1])
    theirs = np.from_dlpack(t)
    np.testing.assert_array_equal(theirs, CUBE[::-1, :, ::-1])
    assert not np.shares_memory(theirs, CUBE)
    assert min(theirs.strides) > 0
    with pytest.raises(ExportError, match=r"^__dlpack__: only a copy can be handed over, got copy=False; leave it out"):
        np.from_dlpack(t, copy=False)


@shares
def test_a_copy_is_the_importers_own():
    theirs = np.from_dlpack(Tensor(CUBE), copy=True)
    assert not np.shares_memory(theirs, CUBE)
    theirs[...] = 0
    assert CUBE[0, 0, 1] == 1


@pytest.mark.parametrize("old", [{}, {"max_version": None}, {"max_version": (0, 8)}], ids=str)
def test_who_cannot_be_told_that_memory_is_read_only_gets_a_copy(old):
    class Old:
        def __init__(self, t):
            self.t = t

        def __dlpack_device__(self):
            return self.t.__dlpack_device__()

        def __dlpack__(self, **asked):
            return self.t.__dlpack__(**old)

    theirs = np.from_dlpack(Old(Tensor(CUBE)))
    np.testing.assert_array_equal(theirs, CUBE)
    assert not np.shares_memory(theirs, CUBE)
    with pytest.raises(ExportError, match="only a copy"):
        Tensor(CUBE).__dlpack__(copy=False, **old)


def test_numpy_2_0_gets_copies(monkeypatch):
    monkeypatch.setattr(numpy_backend, "VERSIONED", False)
    assert not np.shares_memory(np.from_dlpack(Tensor(CUBE)), CUBE)
    assert np.shares_memory(mg.from_dlpack(CUBE).numpy(), CUBE)
    assert np.shares_memory(mg.from_dlpack(CUBE, copy=False).numpy(), CUBE)


@shares
def test_memory_lives_as_long_as_an_importer_and_no_longer():
    array = np.arange(1000.0)
    memory = weakref.ref(array)
    theirs = np.from_dlpack(Tensor(array))
    del array
    assert memory() is not None
    assert theirs.sum() == 499500
    del theirs
    assert memory() is None


@shares
def test_a_tensor_with_gradients_is_refused_like_in_pytorch(device):
    x = device.leaf([1.0, 2.0])
    for t in (x, x * 2):
        with pytest.raises(GraphError, match=r"^__dlpack__: gradients flow .*, got .*; hand over t\.detach\(\)"):
            t.__dlpack__()
    with pytest.raises(GraphError, match=r"^__dlpack__: gradients flow"):
        mg.grad(lambda z: np.from_dlpack(z).sum())(np.ones(2))
    if device.name == "numpy":
        with pytest.raises(GraphError, match=r"^__dlpack__: gradients flow"):
            mg.from_dlpack(x)
        assert np.shares_memory(np.from_dlpack(x.detach()), x.numpy())


@shares
def test_a_write_by_an_importer_that_heeds_no_mark_is_found_in_debug_mode():
    with mg.debug():
        x = Tensor([1.0, 2.0], requires_grad=True)
        theirs = np.from_dlpack(x.detach())
        y = (x * x).sum()
        overwrite(theirs, 9.0)
        assert x.tolist() == [9.0, 2.0]
        with pytest.raises(MutationError, match=r"^backward: an array that 'multiply' needs was written"):
            y.backward()


@shares
def test_a_write_of_the_tensor_is_seen_by_the_importer():
    x = Tensor([1.0, 2.0], requires_grad=True)
    theirs = np.from_dlpack(x.detach())
    with mg.no_grad():
        x[0] = 5.0
    assert theirs.tolist() == [5.0, 2.0]


def test_what_cannot_be_handed_over():
    t = Tensor([1.0])
    with pytest.raises(BufferError, match=r"^__dlpack__: the values lie on the host, got .* device \(2, 0\); move"):
        t.__dlpack__(dl_device=(2, 0), max_version=NEW)
    with pytest.raises(ExportError, match=r"^__dlpack__: the values lie on the host, got a request for stream 1; "):
        t.__dlpack__(stream=1)
    with pytest.raises(ExportError, match=r"^__dlpack__: DLPack only supports native byte order, got >f4; cast it"):
        np.from_dlpack(Tensor(np.ones(2, ">f4")))
    assert t.__dlpack__(dl_device=(1, 0), max_version=NEW)
    assert t.__dlpack_device__() == (1, 0)


def test_the_double_has_no_memory_for_others():
    t = Tensor([1.0]).to("strict")
    for ask in (t.__dlpack_device__, t.__dlpack__, lambda: np.from_dlpack(t), lambda: mg.from_dlpack(t)):
        with pytest.raises(DeviceError, match=r"^__dlpack__: .*, got an array of strict; move it .*\.to\(\"numpy\"\)"):
            ask()


# -- from others -------------------------------------------------------------------------------------------------------


@shares
@pytest.mark.parametrize("layout", [*LAYOUTS, "reversed"])
def test_numpys_arrays_come_without_a_copy(layout):
    array = LAYOUTS.get(layout, CUBE[::-1])
    t = mg.from_dlpack(array)
    assert (type(t), t.dtype, t.shape) == (Tensor, array.dtype, array.shape)
    np.testing.assert_array_equal(t.numpy(), array)
    assert np.shares_memory(t.numpy(), array) == bool(array.size)


def test_copy_and_device():
    array = np.ones((2, 2), np.float32)
    assert not np.shares_memory(mg.from_dlpack(array, copy=True).numpy(), array)
    assert np.shares_memory(mg.from_dlpack(array, copy=False).numpy(), array)
    assert np.shares_memory(mg.from_dlpack(array, device="numpy", copy=False).numpy(), array)
    there = mg.from_dlpack(array, device="strict")
    assert (there.backend, there.tolist()) == ("strict", [[1, 1], [1, 1]])
    with pytest.raises(ExportError, match=r"^from_dlpack: from numpy to strict is a copy, got copy=False; leave"):
        mg.from_dlpack(array, device="strict", copy=False)
    with pytest.raises(DeviceError, match="no backend has this name, got 'mars'"):
        mg.from_dlpack(array, device="mars")


def test_it_is_a_leaf_like_any_other_and_leaves_read_only_memory_alone():
    array = np.array([1.0, 2.0])
    t = mg.from_dlpack(Tensor(array)).requires_grad_()
    (t * t).sum().backward()
    assert t.grad.tolist() == [2.0, 4.0]
    with mg.no_grad():
        t += 1
    assert (t.tolist(), array.tolist()) == ([2.0, 3.0], [1.0, 2.0])


def test_their_memory_lives_as_long_as_the_tensor():
    array = np.arange(3.0)
    memory = weakref.ref(array)
    t = mg.from_dlpack(array)
    del array
    assert memory() is not None
    assert t.tolist() == [0, 1, 2]
    del t
    assert memory() is None


@pytest.mark.parametrize("x", [3, [1.0], "a", None], ids=repr)
def test_what_speaks_no_dlpack_is_refused(x):
    with pytest.raises(DTypeError, match=r"^from_dlpack: takes arrays that have a __dlpack__, got .*; use Tensor\(x\)"):
        mg.from_dlpack(x)


class Exporter:
    """An array of another library, on a device of this kind."""

    dtype = "mine"

    def __init__(self, kind, error=None):
        self.kind, self.error = kind, error

    def __dlpack_device__(self):
        return self.kind, 0

    def __dlpack__(self, **asked):
        if self.error:
            raise self.error
        return CUBE.__dlpack__(**asked)


@pytest.mark.parametrize("kind", [2, 13])
def test_the_memory_of_a_gpu_needs_cupy(monkeypatch, kind):
    monkeypatch.setattr(backends, "_backends", {k: b for k, b in backends._backends.items() if k != "cupy"})
    monkeypatch.setattr(backends, "_unusable", {"cupy": "cupy: no GPU to be found"})
    message = r"^from_dlpack: the memory lies on a CUDA device, got cupy not usable; .* \(cupy: no GPU to be found\)"
    with pytest.raises(DeviceError, match=message):
        mg.from_dlpack(Exporter(kind))


@pytest.mark.parametrize("kind", [2, 13])
def test_the_memory_of_a_gpu_is_read_by_cupy(monkeypatch, kind):
    class CuPy(Strict):
        def from_dlpack(self, x, copy=None):
            assert copy is None
            return self.from_host(np.from_dlpack(x))

    there = CuPy()
    monkeypatch.setitem(backends._backends, "cupy", there)
    monkeypatch.setitem(backends._by_type, there.array_types[0], there)
    t = mg.from_dlpack(Exporter(kind))
    assert type(t.value) is there.array_types[0]
    assert t.tolist() == CUBE.tolist()


def test_pinned_memory_is_the_hosts_and_other_devices_are_refused():
    assert mg.from_dlpack(Exporter(3)).shape == CUBE.shape
    for kind in (4, 7, 14):
        with pytest.raises(DeviceError, match=rf"^from_dlpack: no backend reads this memory, got .* {kind}; copy it"):
            mg.from_dlpack(Exporter(kind))


def test_a_refusal_of_the_other_library_is_passed_on():
    with pytest.raises(ExportError, match=r"^from_dlpack: its library refuses, got .*Exporter of mine: no; detach"):
        mg.from_dlpack(Exporter(1, BufferError("no.")))
    with pytest.raises(DTypeError, match=r"^from_dlpack: numpy cannot read it, got .*Exporter of mine: odd; cast it"):
        mg.from_dlpack(Exporter(1, RuntimeError("odd")))
    with pytest.raises(DTypeError, match=r"^Tensor: holds real numbers, got dtype complex64; convert"):
        mg.from_dlpack(np.ones(2, np.complex64))


# -- PyTorch -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="needs PyTorch; the tests above hold the protocol against NumPy")


def test_every_dtype_and_layout_goes_to_pytorch_and_back(torch):
    kinds = {dtype: np.array([[0, 1, 2], [3, 1, 0]]).astype(dtype) for dtype in DTYPES}
    for name, array in (kinds | LAYOUTS | {"reversed": CUBE[::-1]}).items():
        theirs = torch.from_dlpack(Tensor(array))
        np.testing.assert_array_equal(theirs.numpy(), array, err_msg=name)
        assert (theirs.data_ptr() == array.ctypes.data) == (name not in ("reversed", "empty")), name
        ours = mg.from_dlpack(theirs)
        assert (ours.dtype, ours.shape) == (array.dtype, array.shape), name
        np.testing.assert_array_equal(ours.numpy(), array, err_msg=name)
        assert theirs.data_ptr() == (ours.numpy().ctypes.data if array.size else 0), name


def test_memory_lives_as_long_as_pytorch_looks_at_it(torch):
    array = np.arange(1000.0)
    memory = weakref.ref(array)
    theirs = torch.from_dlpack(Tensor(array))
    del array
    assert memory() is not None
    assert theirs.sum() == 499500
    del theirs
    assert memory() is None
    ours = mg.from_dlpack(torch.arange(1000.0))
    assert ours.sum().item() == 499500


def test_pytorch_copies_when_asked(torch):
    theirs = torch.from_dlpack(Tensor(CUBE), copy=True)
    theirs.zero_()
    assert CUBE[0, 0, 1] == 1


def test_refusals_on_either_side_of_pytorch(torch):
    with pytest.raises(GraphError, match=r"^__dlpack__: gradients flow"):
        torch.from_dlpack(Tensor([1.0], requires_grad=True))
    with pytest.raises(ExportError, match=r"^from_dlpack: its library refuses, got torch\.Tensor of .*: .*grad"):
        mg.from_dlpack(torch.ones(2, requires_grad=True))
    with pytest.raises(DTypeError, match=r"^from_dlpack: numpy cannot read it, got torch\.Tensor of torch\.bfloat16"):
        mg.from_dlpack(torch.ones(2, dtype=torch.bfloat16))
