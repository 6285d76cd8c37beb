"""The device double refuses what CuPy refuses, and otherwise computes what NumPy computes."""

import copy
import operator
import pickle

import numpy as np
import pytest

from minigrad.backend import backend, namespace
from minigrad.backend.strict import (
    DeviceArray,
    DeviceMisuse,
    SynchronisationError,
    audit_float64,
    library,
    no_synchronisation,
    watch,
)

xp = backend("strict")
HOST = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def x():
    return xp.from_host(HOST)


def same(device, host):
    assert type(device) is DeviceArray
    got = xp.to_host(device)
    assert got.dtype == np.asarray(host).dtype
    assert np.array_equal(got, host)


# -- refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.exp(x), "np.exp was called on a device array; use xp.exp"),
        (lambda x: np.add.reduce(x), "np.add was called"),
        (lambda x: np.concatenate([x, x]), "np.concatenate was called on a device array"),
        (lambda x: np.asarray(x), "Implicit conversion to a NumPy array is not allowed"),
        (lambda x: x + HOST, "Unsupported type <class 'numpy.ndarray'>"),
        (lambda x: HOST * x, "Unsupported type <class 'numpy.ndarray'>"),
        (lambda x: x.__iadd__(HOST), "Unsupported type <class 'numpy.ndarray'>"),
        (lambda x: x < HOST, "Unsupported type <class 'numpy.ndarray'>"),
        (lambda x: xp.maximum(x, HOST), "Unsupported type <class 'numpy.ndarray'>"),
        (lambda x: xp.where(x > 0, x, HOST), "Unsupported type <class 'numpy.ndarray'>"),
        (lambda x: xp.concatenate([x, HOST]), "wants device arrays alone"),
        (lambda x: xp.sum(HOST), "wants a device array first"),
        (lambda x: x - [1, 2, 3, 4], "Unsupported type <class 'list'>"),
        (lambda x: [1, 2, 3, 4] - x, "Unsupported type <class 'list'>"),
        (lambda x: xp.add(x, [1, 2, 3, 4]), "Unsupported type <class 'list'>"),
        (lambda x: xp.add(x, None), "Unsupported type <class 'NoneType'>"),
        (lambda x: xp.exp(x, where=x > 0), r"Wrong arguments \['where'\]"),
        (lambda x: xp.sum(x, where=x > 0), "unexpected keyword argument 'where'"),
        (lambda x: xp.max(x, initial=0), "unexpected keyword argument 'initial'"),
        (lambda x: x.sum(where=x > 0), "unexpected keyword argument 'where'"),
        (lambda x: x.max(initial=0.0), "unexpected keyword argument 'initial'"),
        (lambda x: xp.take(x, [0], mode="clip"), "unexpected keyword argument 'mode'"),
        (lambda x: xp.einsum("ij->i", x, out=x[:, 0]), "unexpected keyword argument 'out'"),
        (lambda x: xp.clip(x, min=0), "unexpected keyword argument 'min'"),
        (lambda x: xp.argsort(x, 0, None, None), "takes at most 3 arguments"),
        (lambda x: x.__setitem__(0, HOST[0]), "only device arrays and numbers are assigned"),
        (lambda x: x.__setitem__(0, [1, 2, 3, 4]), "only device arrays and numbers are assigned"),
        (lambda x: operator.index(x[0, 0].astype(int)), "cannot be interpreted as an integer"),
        (lambda x: hash(x), "unhashable"),
        (lambda x: len(x.sum()), "len"),
        (lambda x: iter(x.sum()), "iteration over a 0-d array"),
    ],
)
def test_refused_with_a_type_error(call, message, x):
    with pytest.raises(TypeError, match=message):
        call(x)
    same(x, HOST)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: library.errstate, AttributeError),
        (lambda x: library.vecdot, AttributeError),
        (lambda x: x.itemset, AttributeError),
        (lambda x: x.tostring, AttributeError),
        (lambda x: library.maximum.reduce(x), NotImplementedError),
        (lambda x: library.maximum.accumulate(x), NotImplementedError),
        (lambda x: library.multiply.at(x, 0, 1.0), NotImplementedError),
        (lambda x: library.subtract.at(x, 0, 1.0), TypeError),
        (lambda x: x[xp.from_host(np.array([3]))], IndexError),
        (lambda x: x[np.array([3])], IndexError),
        (lambda x: x[3], IndexError),
        (lambda x: xp.take(x, xp.from_host(np.array([12]))), IndexError),
        (lambda x: xp.take_along_axis(x, xp.full((3, 4), 4, dtype=xp.int64), axis=1), IndexError),
    ],
)
def test_refused_otherwise(call, error, x):
    with pytest.raises(error):
        call(x)


def test_assigning_one_place_twice(x):
    twice = xp.from_host(np.array([0, 1, -3]))
    with pytest.raises(DeviceMisuse, match="one place is assigned twice"):
        x[twice] = xp.ones((3, 4), dtype=xp.float32)
    with pytest.raises(DeviceMisuse):
        x[[0, 0], [1, 1]] = xp.ones(2, dtype=xp.float32)
    x[twice] = 5.0  # one number: whichever write comes last
    assert xp.to_host(x)[:2].tolist() == [[5] * 4] * 2
    x[xp.from_host(np.array([2, 0]))] = xp.zeros((2, 4), dtype=xp.float32)
    assert xp.to_host(x).sum() == 20


# -- who answers for `device + other`: as found by running CuPy 14.2


class Defers:
    __array_ufunc__ = None
    __hash__ = None

    def reflected(self, other):
        return "reflected"

    __radd__ = __rmatmul__ = __rpow__ = __eq__ = __gt__ = reflected


class Hooked:
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return ufunc.__name__, method, len(inputs)

    def __radd__(self, other):
        return "reflected"


class Plain:
    def __radd__(self, other):
        return "reflected"


class Important(Plain):
    __array_priority__ = 1000


class Overrides:
    def __cupy_override_elementwise_kernel__(self, kernel, *args):
        return kernel.__name__, len(args)


def test_an_operand_without_array_ufunc_is_asked(x):
    assert x + Defers() == "reflected"
    assert x @ Defers() == "reflected"
    assert x ** Defers() == "reflected"
    assert (x == Defers()) == "reflected"
    assert (x < Defers()) == "reflected"
    with pytest.raises(TypeError, match="Unsupported type"):  # not asked in place
        x += Defers()


def test_an_operand_with_array_ufunc_is_asked_through_it(x):
    assert x + Hooked() == ("add", "__call__", 2)
    assert (x > Hooked()) == ("greater", "__call__", 2)


def test_any_other_operand_is_asked_by_priority_alone(x):
    with pytest.raises(TypeError, match="Unsupported type"):
        x + Plain()
    assert x + Important() == "reflected"
    same(x == None, np.zeros((3, 4), bool))  # noqa: E711
    same(x != Plain(), np.ones((3, 4), bool))


def test_cupys_own_override_of_elementwise_functions(x):
    assert xp.add(x, Overrides()) == ("add", 2)


# -- waiting for the device


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.get(),
        lambda x: x.tolist(),
        lambda x: x.sum().item(),
        lambda x: float(x.sum()),
        lambda x: int(x.sum()),
        lambda x: bool(x.sum()),
        lambda x: x.tobytes(),
        lambda x: repr(x),
        lambda x: f"{x.sum()}",
        lambda x: x.nonzero(),
        lambda x: x[x > 3],
        lambda x: x[HOST > 3],
        lambda x: x.__setitem__(x > 3, 0.0),
        lambda x: library.nonzero(x),
        lambda x: library.where(x > 3),
        lambda x: library.unique(x),
        lambda x: library.asnumpy(x),
        lambda x: xp.to_host(x),
        lambda x: pickle.dumps(x),
    ],
)
def test_synchronisations_are_counted_and_can_be_forbidden(call, x):
    before = watch.count
    call(x)
    assert watch.count == before + 1
    with no_synchronisation(), pytest.raises(SynchronisationError, match="waits for the device"):
        call(x)
    assert watch.count == before + 1
    call(x)  # allowed again


def test_what_does_not_synchronise(x):
    rows = xp.from_host(np.array([0, 2]))
    with no_synchronisation():
        y = xp.where(x > 3, x, 0.0)
        xp.copyto(y, 1.0, where=x > 5)
        y = y[rows] @ x.T + xp.max(x)
        y[0] = 3.0
        y[:, 1:] = x[:2, 1:3]
        y += xp.sum(y, axis=0)
        xp.add.at(y, rows // 2, 1.0)
        x[np.array([0, 1])], x[[0, 1]], x[()], copy.deepcopy(x), list(x), x.shape, xp.exp(x)
        xp.erf(x), xp.random_bits(1, (3, 4))
        with pytest.raises(SynchronisationError), no_synchronisation():
            x.get()


# -- float64 by accident


def test_the_audit_names_what_widens(x):
    whole = xp.from_host(np.arange(3))
    double = xp.from_host(np.ones(3))
    with audit_float64():
        for make in [
            lambda: x * np.float64(2),
            lambda: np.float64(2) * x,
            lambda: xp.zeros(3),
            lambda: xp.asarray(0.5),
            lambda: whole / 2,
            lambda: whole.mean(),
            lambda: x.astype(xp.float64),
            lambda: xp.exp(x, dtype=xp.float64),
            lambda: x.sum(dtype=xp.float64),
            lambda: xp.sum(x, dtype=xp.float64),
            lambda: xp.maximum(x, np.float64(0)),
            lambda: xp.einsum("ij->i", x, dtype=xp.float64),
        ]:
            with pytest.raises(DeviceMisuse, match="a float64 array was made from"):
                make()
        x * 2.0, x + np.float32(1), xp.mean(x), xp.zeros(3, dtype=xp.float32), double * 2, xp.from_host(np.ones(2))
        xp.concatenate([double, double]), double.sum(), xp.stack([double])
    assert (x * np.float64(2)).dtype == np.float64


# -- and otherwise NumPy


def test_results_are_device_arrays_also_of_no_dimension(x):
    same(x.sum(), HOST.sum())
    assert x.sum().shape == ()
    same(x[0, 0], HOST[0, 0])
    same(xp.max(x, axis=1, keepdims=True), HOST.max(1, keepdims=True))
    same(1 - x, 1 - HOST)
    same(2.0**x, np.float32(2) ** HOST)
    same(np.float32(3) * x, 3 * HOST)
    same(-x, -HOST)
    same(~(x > 3), HOST <= 3)
    same(x // 2 % 3, HOST // 2 % 3)
    same(x.T, HOST.T)
    same(x.reshape(-1, 2).astype(int), HOST.reshape(-1, 2).astype(int))
    same(xp.sum(x, 0), HOST.sum(0))
    same(xp.stack([x, x], axis=1), np.stack([HOST, HOST], 1))
    same(xp.asarray([[x[0, 0], x[0, 1]], [x[1, 0], 2.0]]).astype(np.float32), np.array([[0, 1], [4, 2]], np.float32))
    same(library.linalg.norm(x), np.linalg.norm(HOST))
    assert [row.shape for row in x] == [(4,)] * 3
    assert library.result_type(x.dtype, np.float64) == np.float64
    assert namespace(x) is xp


def test_a_matrix_without_a_result_gives_nan_and_no_error():
    good, singular = np.array([[2.0, 1.0], [1.0, 3.0]], np.float32), np.ones((2, 2), np.float32)
    stack = xp.from_host(np.array([[good, singular], [-good, good]]))
    for word, failing in (("inv", [[0, 1], [0, 0]]), ("cholesky", [[0, 1], [1, 0]])):
        y = getattr(xp, word)(stack)
        assert y.dtype == np.float32
        assert np.isnan(xp.to_host(y)).all(axis=(-2, -1)).tolist() == np.array(failing, bool).tolist(), word
        same(y[0, 0], getattr(np.linalg, word)(good))
        assert np.isnan(xp.to_host(getattr(xp, word)(xp.from_host(-singular)))).all()
    assert np.isnan(xp.to_host(xp.solve(stack, stack))).any(axis=(-2, -1)).tolist() == [[False, True], [False, False]]
    sign, logarithm = xp.slogdet(stack)
    assert type(sign) is type(logarithm) is DeviceArray
    assert xp.to_host(sign).tolist() == [[1, 0], [1, 1]]
    with pytest.raises(TypeError, match="float16"):
        xp.inv(xp.ones((2, 2), dtype=np.float16))


def test_indices_and_masks(x):
    rows, columns, mask = np.array([2, 0]), np.array([1, 3]), HOST > 4
    for device, host in [
        ((xp.from_host(rows), xp.from_host(columns)), (rows, columns)),
        ((rows, columns), (rows, columns)),
        (([2, 0], slice(1, None, 2)), (rows, slice(1, None, 2))),
        ((None, Ellipsis, 0), (None, Ellipsis, 0)),
        (xp.from_host(mask), mask),
        ((slice(None), mask[1]), (slice(None), mask[1])),
        ([], []),
    ]:
        same(x[device], HOST[host])
        expected, y = HOST.copy(), x.copy()
        expected[host] = 7
        y[device] = 7
        same(y, expected)
    same(xp.take(x, xp.from_host(rows), axis=1), HOST.take(rows, 1))
    same(x.take(rows, axis=0), HOST.take(rows, 0))


def test_writes_go_through_to_every_view(x):
    row, same_object = x[1], x
    x += 1
    assert same_object is x
    same(row, HOST[1] + 1)
    row *= 2.0
    row[0] = xp.zeros((), dtype=xp.float32)
    corner = x[2, 0]
    corner += 5
    first = row[1:][0]
    first -= 1
    x[2, 1:] -= x[0, 1:]
    expected = HOST + 1
    expected[1] *= 2
    expected[1, 0] = 0
    expected[2, 0] += 5
    expected[1, 1] -= 1
    expected[2, 1:] -= expected[0, 1:]
    same(x, expected)
    out = xp.empty((3, 4), dtype=xp.float32)
    assert xp.multiply(x, 2, out=out) is out
    assert xp.sum(x, axis=0, out=out[0]).base is not None
    same(out[0], expected.sum(0))
    out.fill(3)
    same(out, np.full((3, 4), 3, np.float32))


def test_copies_are_copies_and_nothing_else_is(x):
    host = HOST.copy()
    device = xp.from_host(host)
    host[0] = -1
    same(device, HOST)
    for other in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x)), x.copy(), x.astype(x.dtype)):
        assert not xp.shares_memory(other, x)
        same(other, HOST)
    assert xp.asarray(x) is x
    assert x.astype(x.dtype, copy=False) is x
    assert xp.shares_memory(x.reshape(4, 3), x)
    assert not xp.shares_memory(xp.asarray(host), xp.asarray(host))
    x.shape = (4, 3)
    assert x.shape == (4, 3)


def test_atomics(x):
    xp.add.at(x, (xp.from_host(np.array([0, 0])), slice(None)), xp.ones((2, 4), dtype=xp.float32))
    expected = HOST.copy()
    expected[0] += 2
    same(x, expected)
    with pytest.raises(TypeError, match="does not support float16"):
        library.maximum.at(xp.zeros(2, dtype=xp.float16), xp.from_host(np.array([0])), 1.0)
