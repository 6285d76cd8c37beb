"""The functions that make Tensors out of nothing: their own small table, on every device."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError
from minigrad.ops import creation

# name, arguments, keyword arguments, what NumPy says
TABLE = [
    ("zeros", (3,), {}, np.zeros(3, np.float32)),
    ("zeros", ((2, 3),), {}, np.zeros((2, 3), np.float32)),
    ("zeros", ((),), {}, np.zeros((), np.float32)),
    ("zeros", ((0, 2),), {"dtype": "float64"}, np.zeros((0, 2))),
    ("ones", (2,), {}, np.ones(2, np.float32)),
    ("ones", ((2, 1),), {"dtype": np.float16}, np.ones((2, 1), np.float16)),
    ("ones", (2,), {"dtype": np.int64}, np.ones(2, np.int64)),
    ("full", (2, 3.5), {}, np.full(2, 3.5, np.float32)),
    ("full", ((2, 2), 7), {"dtype": np.int32}, np.full((2, 2), 7, np.int32)),
    ("full", ((), np.float64(2.0)), {}, np.full((), 2.0, np.float32)),
    ("arange", (4,), {}, np.arange(4)),
    ("arange", (1, 7, 2), {}, np.arange(1, 7, 2)),
    ("arange", (5, 0, -2), {}, np.arange(5, 0, -2)),
    ("arange", (0.0, 1.0, 0.25), {}, np.arange(0, 1, 0.25, dtype=np.float32)),
    ("arange", (3,), {"dtype": np.float64}, np.arange(3.0)),
    ("arange", (0,), {}, np.arange(0)),
    ("eye", (3,), {}, np.eye(3, dtype=np.float32)),
    ("eye", (2, 3), {}, np.eye(2, 3, dtype=np.float32)),
    ("eye", (3, 2), {"dtype": np.float64}, np.eye(3, 2)),
]
LIKE = [("zeros_like", (), 0.0), ("ones_like", (), 1.0), ("full_like", (2.5,), 2.5)]
RANDOM = ["rand", "randn"]
RANDOM_LIKE = ["rand_like", "randn_like"]


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "expected"), [pytest.param(*row, id=f"{row[0]}{row[1]}") for row in TABLE]
)
def test_constants(name, args, kwargs, expected, device):
    t = getattr(mg, name)(*args, **kwargs)
    assert isinstance(t, mg.Tensor)
    assert not t.requires_grad
    assert (t.shape, t.dtype, t.backend) == (expected.shape, expected.dtype, device.name)
    np.testing.assert_array_equal(device.host(t), expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64"])
@pytest.mark.parametrize("wrap", [False, True], ids=["array", "Tensor"])
@pytest.mark.parametrize(("name", "args", "value"), LIKE)
def test_constants_like(name, args, value, wrap, dtype, device):
    x = device.array([[1, 2, 3]], dtype)
    with mg.use_backend("numpy"):  # the array says where, not the default
        t = getattr(mg, name)(mg.Tensor(x) if wrap else x, *args)
    assert (type(t), t.shape, t.dtype, t.backend) == (mg.Tensor, (1, 3), np.dtype(dtype), device.name)
    np.testing.assert_array_equal(device.host(t), np.full((1, 3), value).astype(dtype))


@pytest.mark.parametrize(("name", "args", "value"), LIKE)
def test_another_dtype_like(name, args, value, device):
    t = getattr(mg, name)(device.array([1.0, 2.0]), *args, dtype=np.float64)
    assert t.dtype == np.float64
    np.testing.assert_array_equal(device.host(t), [value, value])


@pytest.mark.parametrize("name", ["zeros", "ones", "rand", "randn"])
def test_a_leaf_can_be_made_at_once(name, device):
    t = getattr(mg, name)((2,), requires_grad=True)
    t.sum().backward()
    np.testing.assert_array_equal(device.host(t.grad), [1, 1])


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 2), (10_000,)], ids=str)
def test_random_numbers(name, shape, device):
    mg.manual_seed(3)
    t, separate = getattr(mg, name)(shape), getattr(mg, name)(*shape)
    assert (t.shape, t.dtype, t.backend) == (shape, np.float32, device.name)
    assert (separate.shape, separate.dtype) == (shape, np.float32)
    x = device.host(t)
    if name == "rand":
        assert ((x >= 0) & (x < 1)).all()
    if shape == (10_000,):
        mean, deviation = (0.5, 12**-0.5) if name == "rand" else (0.0, 1.0)
        assert abs(x.mean() - mean) < 5 * deviation / 100
        assert abs(x.std() - deviation) < 0.05
        assert not np.array_equal(x, device.host(separate))


@pytest.mark.parametrize("name", RANDOM + RANDOM_LIKE)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_random_dtypes_and_seeds(name, dtype, device):
    def draw():
        mg.manual_seed(5)
        if name in RANDOM:
            return getattr(mg, name)(2, 3, dtype=dtype)
        return getattr(mg, name)(device.tensor(np.zeros((2, 3)), dtype))

    first, second = draw(), draw()
    assert (first.shape, first.dtype, first.backend) == ((2, 3), np.dtype(dtype), device.name)
    np.testing.assert_array_equal(device.host(first), device.host(second))


@pytest.mark.parametrize("name", RANDOM)
def test_random_numbers_are_the_same_on_every_device(name, device):
    mg.manual_seed(11)
    here = device.host(getattr(mg, name)(1000))
    mg.manual_seed(11)
    with mg.use_backend("numpy"):
        there = getattr(mg, name)(1000).numpy()
    np.testing.assert_allclose(here, there, rtol=0, atol=0 if name == "rand" else 1e-6)


@pytest.mark.parametrize("name", RANDOM)
def test_random_integers_are_refused(name):
    with pytest.raises(DTypeError, match="draws floating numbers, got dtype int64"):
        getattr(mg, name)(2, dtype=np.int64)


def test_every_function_is_here():
    here = {row[0] for row in TABLE} | {row[0] for row in LIKE} | {*RANDOM, *RANDOM_LIKE}
    assert here == set(creation.__all__)
