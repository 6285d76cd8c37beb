"""One vocabulary: every backend has every word, and `namespace` finds the right one."""

import numpy as np
import pytest

import minigrad.backend as backends
from minigrad.backend import LINALG, SHARED, Backend, backend, move, namespace, register, register_values, why_not
from minigrad.backend.strict import DeviceArray
from minigrad.backend.vocabulary import is_basic
from minigrad.errors import DeviceError

WORDS = [*SHARED, *LINALG, *(name for name in vars(Backend) if not name.startswith("_"))]


@pytest.fixture
def strict():
    return backend("strict")


@pytest.fixture
def clean_registry(monkeypatch):
    for name in ("_backends", "_by_type", "_tracing", "_unusable", "LIBRARIES"):
        monkeypatch.setattr(backends, name, getattr(backends, name).copy())


@pytest.mark.parametrize("name", ["numpy", "strict"])
def test_a_backend_has_every_word(name):
    missing = [word for word in WORDS if not hasattr(backend(name), word)]
    assert not missing
    assert len(WORDS) > 110


def test_namespace_by_type(strict):
    assert namespace(np.ones(2)) is backend("numpy")
    assert namespace(np.float32(1)) is backend("numpy")
    assert namespace(1.5) is backend("numpy")
    assert namespace() is backend("numpy")
    assert namespace(strict.ones(2)) is strict
    assert namespace(None, 1.0, strict.ones(2)) is strict
    assert namespace(np.float32(2), strict.ones(2)) is strict
    assert namespace(strict.ones(2), np.float32(2)) is strict


def test_a_subclass_of_an_array_type_is_found_and_remembered(clean_registry):
    class Mine(np.ndarray):
        pass

    assert namespace(np.ones(2).view(Mine)) is backend("numpy")
    assert backends._by_type[Mine] is backend("numpy")


def test_two_libraries_in_one_call_are_refused(strict):
    with pytest.raises(DeviceError, match=r'arrays of two libraries in one call, got numpy and strict; move .*"numpy"'):
        namespace(np.ones(2), strict.ones(2))


def test_an_unknown_type_is_refused():
    with pytest.raises(DeviceError, match=r"no backend computes with values of type builtins\.str; pass an array"):
        namespace("text")


def test_a_registered_value_outranks_arrays(clean_registry, strict):
    class Value:
        pass

    class Better(Value):
        pass

    register_values(Value, ops := object())
    assert namespace(Value()) is ops
    assert namespace(np.ones(2), Value()) is ops
    assert namespace(np.ones(2), Better(), strict.ones(2)) is ops
    assert namespace(np.ones(2), strict.ones(2), Value()) is ops


def test_a_backend_from_outside_is_one_call(clean_registry):
    class Array:
        def __init__(self, value):
            self.value = value

    class Foreign(Backend):
        name, array_types = "foreign", (Array,)

        def __init__(self):
            super().__init__(np)

        def from_host(self, array):
            return Array(array.copy())

        def to_host(self, array):
            return array.value

    register(foreign := Foreign())
    assert namespace(Array(1)) is foreign
    assert backend("foreign") is foreign
    assert why_not("foreign") is None
    moved = move(np.arange(3), "foreign")
    assert type(moved) is Array
    assert move(moved, "strict").tolist() == [0, 1, 2]
    with backends.use_backend("foreign"):
        assert backends.default_backend() is foreign


def test_only_backends_are_registered():
    with pytest.raises(DeviceError, match="register: not a backend, got 3; pass an instance"):
        register(3)


def test_move_copies_between_devices_and_nowhere_else(strict):
    host = np.arange(3)
    device = move(host, "strict")
    host[0] = 9
    assert device.tolist() == [0, 1, 2]
    assert move(host, "numpy") is host
    assert move(device, "strict") is device
    assert move(device, "numpy").tolist() == [0, 1, 2]


@pytest.mark.parametrize("name", ["numpy", "strict"])
def test_what_a_backend_must_say_by_itself(name):
    xp = backend(name)
    x = xp.from_host(np.arange(6.0))
    assert xp.to_host(x).tolist() == list(range(6))
    assert xp.shares_memory(x, x[2:])
    assert not xp.shares_memory(x, xp.from_host(np.arange(6.0)))
    assert xp.describe()
    assert np.allclose(xp.to_host(xp.rsqrt(x[1:])), np.arange(1, 6.0) ** -0.5)


def test_readonly_views():
    x = np.ones(3)
    view = backend("numpy").readonly(x)
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 2
    x[0] = 5
    assert view[0] == 5
    assert isinstance(backend("strict").readonly(backend("strict").ones(2)), DeviceArray)


@pytest.mark.parametrize("name", ["numpy", "strict"])
def test_scatter_undoes_indexing(name):
    xp = backend(name)
    rng = np.random.default_rng(0)
    rows, mask = np.array([0, 2, 2, -1]), rng.random((4, 3)) > 0.5
    for index in [
        1,
        slice(1, 3),
        (Ellipsis, None, 0),
        rows,
        rows.reshape(2, 2),
        [1, 1],
        (slice(2), rows % 3),
        (rows, np.array([1, 1, 1, 2])),
        mask,
    ]:
        picked = np.zeros((4, 3))[index]
        values = rng.normal(size=picked.shape)
        out = xp.to_host(xp.scatter(xp.from_host(values), index, (4, 3)))
        expected = np.zeros((4, 3))
        np.add.at(expected, index, values)
        assert np.allclose(out, expected), index
    assert xp.to_host(xp.scatter(xp.ones((1, 2)), np.array([7], np.uint8), (300, 2)))[7].tolist() == [1, 1]
    assert xp.to_host(xp.scatter(xp.ones(()), np.array(1), (3,))).tolist() == [0, 1, 0]
    with pytest.raises(IndexError):
        xp.scatter(xp.ones((2, 3)), np.array([0, 4]), (4, 3))
    assert xp.to_host(xp.scatter(xp.ones((0, 3)), np.array([], dtype=int), (2, 3))).tolist() == [[0.0] * 3] * 2
    assert xp.scatter(xp.ones(2, dtype=xp.float32), slice(0, 2), (3,)).dtype == np.float32


def test_basic_indices():
    assert all(map(is_basic, [0, -1, slice(None), None, Ellipsis, (0, slice(1), None)]))
    assert not any(map(is_basic, [[0, 0], np.array([0, 0]), (0, np.array([1])), np.array([True])]))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int32"])
def test_choosing_between_numbers_and_0_is_exact(dtype):
    x = np.array([[1.5, -2.5, np.inf, -np.inf], [np.nan, 0.0, -0.0, 3.0]])
    x = np.where(np.isfinite(x), x, 7).astype(dtype) if dtype == "int32" else x.astype(dtype)
    for chosen in (np.zeros(x.shape, bool), np.ones(x.shape, bool), np.arange(8).reshape(x.shape) % 3 == 0):
        for numbers, choice in ((x, chosen), (x.T, chosen.T), (x[:, ::2], chosen[:, ::2]), (x, chosen[0])):
            found, wanted = backend("numpy").where(choice, numbers, 0), np.where(choice, numbers, 0)
            assert found.dtype == wanted.dtype
            assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(wanted).tobytes()  # the sign of 0 too
            assert not np.shares_memory(found, numbers)
