"""Tensors among NumPy's arrays and functions: the right thing, or an error that says what to call."""

import operator

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.errors import GraphError
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


A = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
B = np.array([[2.0, 1.0], [0.5, 3.0]], np.float32)
ARITHMETIC = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
    operator.matmul,
]  # fmt: skip
COMPARISONS = [operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("do", ARITHMETIC)
def test_an_array_on_either_side_of_an_operator_gives_a_tensor(device, do, requires_grad):
    a, b = device.array(A, None), device.array(B, None)
    for result in (
        do(Tensor(a, requires_grad), Tensor(b)),
        do(Tensor(a), Tensor(b, requires_grad)),
        do(Tensor(a, requires_grad), b),
        do(a, Tensor(b, requires_grad)),
    ):
        assert type(result) is Tensor
        assert (result.requires_grad, result.dtype, result.backend) == (requires_grad, np.float32, device.name)
        np.testing.assert_allclose(result.numpy(), do(A, B), rtol=1e-6)


@pytest.mark.parametrize("do", COMPARISONS)
def test_comparisons_are_elementwise_and_plain_on_either_side(device, do):
    a, b = device.array(A, None), device.array(B, None)
    for result in (do(Tensor(a, True), Tensor(b)), do(Tensor(a), b), do(a, Tensor(b, True)), do(Tensor(a), B.tolist())):
        assert type(result) is type(a)
        np.testing.assert_array_equal(host(result), do(A, B))
    np.testing.assert_array_equal(host(do(Tensor(a), 2.0)), do(A, 2.0))
    np.testing.assert_array_equal(host(do(2.0, Tensor(a))), do(2.0, A))


SCALARS = [2, 2.0, True, np.float64(2), np.float32(2), np.int64(2), np.float16(2), np.bool_(True)]


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda s: f"{type(s).__name__}-{s}")
@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_scalar_on_either_side_never_widens(device, dtype, requires_grad, scalar):
    t = Tensor(device.array(A.astype(dtype), None), requires_grad)
    for do in ARITHMETIC[:-1]:
        for result in (do(t, scalar), do(scalar, t)):
            assert (type(result), result.dtype) == (Tensor, dtype), do
    np.testing.assert_allclose((scalar**t).numpy(), float(scalar) ** A.astype(dtype), rtol=1e-3)


def test_a_0d_array_of_float64_beside_float32_follows_numpy(device):
    t = Tensor(device.array(A, None))
    assert (t * Tensor(device.array(np.array(2.0), None))).dtype == np.float64


def test_lists_on_either_side(device):
    t = Tensor([1.0, 2.0], requires_grad=True)
    for do in (operator.add, operator.sub, operator.mul, operator.truediv):
        assert do([3.0, 4.0], t).tolist() == do(np.array([3.0, 4.0]), np.array([1.0, 2.0])).tolist()
        assert do(t, (3, 4)).tolist() == do(np.float32([1, 2]), np.float32([3, 4])).tolist()


def test_asarray_is_refused_with_advice_while_gradients_flow(device):
    x = Tensor([1.0], requires_grad=True)
    for t in (x, x * 2):
        with pytest.raises(GraphError, match=r"^numpy\.asarray: gradients flow.*\.numpy\(\)"):
            np.asarray(t)


def test_asarray_of_a_plain_tensor_is_a_read_only_view():
    t = Tensor(A)
    array = np.asarray(t)
    assert np.shares_memory(array, A)
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 5
    mine = np.array(t)
    mine[0] = 5
    assert A[0, 0] == 1.0
    assert np.asarray(t, np.float64).dtype == np.float64


def test_asarray_from_a_device_says_how_to_copy():
    with pytest.raises(TypeError, match=r"^numpy\.asarray: .*strict.*\.numpy\(\)"):
        np.asarray(Tensor([1.0]).to("strict"))


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("mean", lambda t: np.mean(t)),
        ("sum", lambda t: np.sum(t, axis=0)),
        ("exp", lambda t: np.exp(t)),
        ("maximum", lambda t: np.maximum(t, 0)),
        ("concatenate", lambda t: np.concatenate([t])),
        ("stack", lambda t: np.stack([t, t])),
        ("where", lambda t: np.where(A > 1, t, 0)),
        ("einsum", lambda t: np.einsum("ij->i", t)),
        ("reshape", lambda t: np.reshape(t, -1)),
        ("add", lambda t: np.add.reduce(t)),
        ("multiply", lambda t: np.multiply(t, t, dtype=np.float64)),
    ],
)
def test_numpy_functions_are_refused_and_name_the_op_to_use(device, requires_grad, name, call):
    with pytest.raises(TypeError, match=rf"^numpy\.{name}: .*minigrad\.{name}.*\.numpy\(\)"):
        call(Tensor(device.array(A, None), requires_grad))


def test_the_functions_that_operators_stand_for_work_with_arrays():
    t = Tensor(A, requires_grad=True)
    for f, do in ((np.add, operator.add), (np.matmul, operator.matmul), (np.power, operator.pow)):
        assert type(f(B, t)) is Tensor
        np.testing.assert_allclose(f(B, t).numpy(), do(B, A), rtol=1e-6)


@pytest.mark.parametrize(
    "do", [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow, operator.imatmul]
)
def test_an_array_does_not_take_a_tensor_in_place(do):
    array = A.copy()
    with pytest.raises(TypeError, match=r"^numpy\.\w+: .*in place.*\.numpy\(\)"):
        do(array, Tensor(B, requires_grad=True))
    np.testing.assert_array_equal(array, A)


def test_assigning_a_tensor_with_a_graph_into_an_array_is_refused():
    array = A.copy()
    with pytest.raises(GraphError, match=r"^numpy\.asarray: "):
        array[:] = Tensor(B, requires_grad=True)


@pytest.mark.parametrize("other", ["abc", None, {}, 1j, object()], ids=lambda other: type(other).__name__)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_what_is_no_number_is_refused_by_the_op(device, requires_grad, other):
    t = Tensor([1.0, 2.0], requires_grad)
    for do, name in ((operator.add, "add"), (operator.mul, "multiply"), (operator.matmul, "matmul")):
        with pytest.raises(TypeError, match=rf"^{name}: .*got"):
            do(t, other)


def test_methods_of_arrays_are_methods_of_tensors(device):
    t = Tensor(device.array(A, None), requires_grad=True)
    for name, args in (
        ("sum", (0,)), ("mean", ()), ("var", (1,)), ("std", ()), ("max", ()), ("min", (0,)), ("prod", (1,)),
        ("cumsum", (0,)), ("reshape", (4,)), ("ravel", ()), ("flatten", ()), ("transpose", ()), ("swapaxes", (0, 1)),
        ("squeeze", ()), ("repeat", (2,)), ("take", ([0, 1],)), ("clip", (1.5, 3)), ("diagonal", ()), ("trace", ()),
        ("round", ()), ("argmax", (1,)), ("argmin", ()), ("any", ()), ("all", ()), ("dot", (device.array(B, None),)),
    ):  # fmt: skip
        expected = getattr(A, name)(*(host(a) if type(a) is type(t.value) else a for a in args))
        np.testing.assert_allclose(host(getattr(t, name)(*args)), expected, rtol=1e-6, err_msg=name)
    assert t.astype("float64").dtype == np.float64
    np.testing.assert_array_equal(abs(-t).numpy(), A)
    np.testing.assert_array_equal((+t).numpy(), A)
    np.testing.assert_array_equal(round(t * 1.26, 1).numpy(), np.round(A * np.float32(1.26), 1))
