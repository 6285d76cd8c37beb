"""Dtypes: what an op's result is made of, for every pair of what may meet; and functions that want floats."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import DTypeError
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


FLOATS = ["float16", "float32", "float64"]
INTEGERS = ["bool", "uint8", "int32", "int64"]
SCALARS = [3, 2.5, True, np.float64(2.5), np.float32(2.5), np.float16(2.5), np.int64(3), np.bool_(True)]
TWO = [mg.add, mg.subtract, mg.multiply, mg.divide, mg.power, mg.remainder, mg.floor_divide, mg.maximum, mg.minimum,
       mg.logaddexp, mg.atan2]  # fmt: skip


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda s: f"{type(s).__name__}")
@pytest.mark.parametrize("dtype", FLOATS)
def test_a_scalar_never_widens_an_array_or_its_gradient(device, dtype, scalar):
    for op in TWO:
        for order in (1, -1):
            for x in (f([1.0, 2.0], dtype) for f in (device.leaf, device.tensor, device.array)):
                y = op(*(x, scalar)[::order])
                assert (type(y), y.dtype) == (type(x), dtype), op.__name__
            x = device.leaf([1.0, 2.0], dtype)
            seen = []
            x.register_hook(lambda g, seen=seen: seen.append(g.dtype))
            op(*(x, scalar)[::order]).sum().backward()
            assert seen == [dtype], op.__name__


@pytest.mark.parametrize("wide", FLOATS)
@pytest.mark.parametrize("narrow", FLOATS)
def test_two_floating_arrays_follow_numpy_and_each_gradient_its_own(device, narrow, wide):
    a, b = device.leaf([1.0, 2.0], narrow), device.leaf([3.0, 4.0], wide)
    for op in TWO:
        y = op(a, b)
        assert y.dtype == np.result_type(narrow, wide)
        a.grad = b.grad = None
        y.sum().backward()
        assert (a.grad.dtype, b.grad.dtype) == (narrow, wide)


@pytest.mark.parametrize("integer", INTEGERS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_integers_beside_floats_become_floats_of_that_dtype(device, dtype, integer):
    for op in TWO:
        for order in (1, -1):
            x, n = device.leaf([1.0, 2.0], dtype), device.array([1, 1], integer)
            for other in (n, Tensor(n)):
                y = op(*(x, other)[::order])
                assert y.dtype == dtype, op.__name__
                y.sum().backward()
                assert x.grad.dtype == dtype


@pytest.mark.parametrize("integer", INTEGERS)
def test_integers_beside_a_python_float_become_float32(device, integer):
    n = device.tensor([1, 0], integer)
    for scalar in (0.5, np.float64(0.5)):
        for y in (n * scalar, scalar * n, n + scalar, scalar / (n + 1.0), mg.maximum(n, scalar)):
            assert y.dtype == np.float32
    np.testing.assert_array_equal((n * 0.5).numpy(), [0.5, 0.0])


def test_integers_among_themselves_stay_integers(device):
    n = device.tensor([5, 7], np.int64)
    for y in (n + 1, n * n, n - np.int64(2), n // 2, n % 2, n**2, -n, abs(n), mg.maximum(n, 6), n.sum(), n[0], n.T):
        assert y.dtype == np.int64
        assert not y.requires_grad
    assert device.tensor([1, 2], np.int32).dtype == np.int32
    assert (device.tensor([1, 2], np.int32) + 1).dtype == np.int32


FLOAT_ONLY = [
    mg.exp, mg.log, mg.sqrt, mg.sin, mg.tanh, mg.sigmoid, mg.softplus, mg.erf, mg.rsqrt, mg.reciprocal, mg.logsumexp,
    mg.mean, mg.var, mg.std, mg.norm, lambda x: mg.divide(x, 2), lambda x: mg.divide(x, x), lambda x: 1 / Tensor(x),
    lambda x: Tensor(x).mean(),
]  # fmt: skip


@pytest.mark.parametrize("function", FLOAT_ONLY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("integer", ["int32", "int64", "bool"])
def test_functions_of_integers_that_need_floats_say_cast_to_float32(device, integer, function):
    with np.errstate(all="ignore"):
        for n in (device.array([1, 1], integer), device.tensor([1, 1], integer)):
            with pytest.raises(DTypeError, match=rf"^\w+: .*got {integer}; cast to float32"):
                function(n)


JOINING = {
    "concatenate": lambda a, b: mg.concatenate([a, b]),
    "stack": lambda a, b: mg.stack([a, b]),
    "where": lambda a, b: mg.where([True, False], a, b),
    "matmul": lambda a, b: a @ b,
    "einsum": lambda a, b: mg.einsum("i,j->ij", a, b),
    "outer": mg.outer,
    "tensordot": lambda a, b: mg.tensordot(a, b, 1),
    "scatter_add": lambda a, b: mg.scatter_add(a, [0, 1], b),
}


@pytest.mark.parametrize("join", JOINING.values(), ids=JOINING.keys())
def test_the_rule_holds_for_ops_that_are_not_elementwise(device, join):
    x = device.leaf([1.0, 2.0])
    assert join(x, device.leaf([3.0, 4.0])).dtype == np.float32
    assert join(x, device.tensor([3, 4], np.int64)).dtype == np.float32
    assert join(device.tensor([3, 4], np.int64), x).dtype == np.float32
    wide = join(x, device.leaf([3.0, 4.0], np.float64))
    assert wide.dtype == np.float64
    wide.sum().backward()
    assert x.grad.dtype == np.float32


def test_a_scalar_among_joined_and_chosen_values_does_not_widen(device):
    x = device.leaf([1.0, 2.0])
    mask = device.array([True, False], None)
    for y in (
        mg.where(mask, x, 0.5),
        mg.where(mask, np.float64(0.5), x),
        mg.masked_fill(x, mask, float("-inf")),
        mg.clip(x, np.float64(0.5), 1.5),
        mg.pad(x, 1, constant_values=np.float64(2.0)),
        mg.full_like(x, np.float64(2.0)),
    ):
        assert y.dtype == np.float32


def test_everything_that_one_float32_input_goes_through_stays_float32(device):
    x = device.leaf([[0.5, 1.5], [2.5, 0.25]])
    for name, f in {
        "reductions": lambda x: x.mean(0) + x.var(0) + x.std(1, ddof=1) + x.max(0) + x.prod(1) + mg.norm(x, axis=0),
        "elementwise": lambda x: mg.log2(x) + mg.log10(x) + mg.erf(x) + mg.sigmoid(x) + mg.softplus(x) + x**0.3,
        "running": lambda x: mg.cumsum(x, 0) + mg.cumprod(x, 1),
        "linear": lambda x: x @ x + mg.einsum("ij,kj->ik", x, x) + mg.tril(x),
    }.items():
        seen = []
        h = x * 1
        h.register_hook(lambda g, seen=seen: seen.append(g.dtype))
        y = f(h)
        assert y.dtype == np.float32, name
        y.sum().backward()
        assert seen == [np.float32], name


def test_astype_casts_forward_and_the_gradient_back(device):
    x = device.leaf([1.0, 2.0])
    y = x.astype("float64")
    assert y.dtype == np.float64
    (y * y).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(host(x.grad), [2.0, 4.0])
    n = x.astype("int64")
    assert (type(n), n.dtype, n.requires_grad) == (Tensor, np.int64, False)


@pytest.mark.parametrize("dtype", [None, "float32", "float64", "float16"])
def test_new_tensors_are_float32_unless_told(device, dtype):
    chosen = {} if dtype is None else {"dtype": dtype}
    for t in (mg.zeros(2, **chosen), mg.ones(2, **chosen), mg.full(2, 3, **chosen), mg.eye(2, **chosen)):
        assert (t.dtype, t.backend) == (dtype or "float32", device.name)
    if dtype != "float16":
        assert mg.randn(2, **chosen).dtype == (dtype or "float32")
    assert mg.zeros_like(device.array([1.0], dtype or "float64")).dtype == (dtype or "float64")
    assert mg.arange(3).dtype == np.int64
    assert mg.arange(0, 1, 0.5).dtype == np.float32
