"""Tensor: what it is made of, how it prints, converts, copies and moves."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, tensor
from minigrad.errors import DTypeError, GraphError, ShapeError

# -- construction ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [[1.0, 2.0], [1, 2], (1, 2), [True, False], [np.float64(1), 2], [np.ones(2), [0, 0]]])
def test_lists_become_float32_on_the_default_backend(device, data):
    t = Tensor(data)
    assert (t.dtype, t.backend) == (np.float32, device.name)
    np.testing.assert_array_equal(t.numpy(), np.array(data, np.float32))


@pytest.mark.parametrize("number", [3, 2.5, True])
def test_a_number_becomes_a_0d_float32(device, number):
    t = Tensor(number)
    assert (t.shape, t.ndim, t.size, t.dtype, t.item()) == ((), 0, 1, np.float32, float(number))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "uint8", "bool"])
def test_arrays_keep_their_dtype_and_are_not_copied(device, dtype):
    array = device.array(np.zeros(3, dtype), None)
    t = Tensor(array)
    assert t.dtype == dtype
    assert t.value is array


def test_tensor_copies(device):
    array = device.array(np.zeros(3), None)
    t = tensor(array)
    array[0] = 1.0
    assert t.tolist() == [0.0, 0.0, 0.0]
    assert tensor(array, dtype=np.float16).dtype == np.float16
    assert tensor(array, requires_grad=True).requires_grad


def test_a_numpy_array_stays_on_the_host_whatever_the_default_is(device):
    assert Tensor(np.ones(2)).backend == "numpy"


def test_numpy_scalars_become_0d_arrays_of_their_dtype():
    for scalar in (np.float64(2), np.float16(2), np.int32(2), np.bool_(True)):
        t = Tensor(scalar)
        assert (type(t.value), t.shape, t.dtype) == (np.ndarray, (), scalar.dtype)


def test_numpy_subclasses_become_plain_arrays():
    class Sub(np.ndarray):
        pass

    data = np.ones(2).view(Sub)
    assert type(Tensor(data).value) is np.ndarray
    assert type((Tensor(data) * 2).value) is np.ndarray


def test_a_tensor_of_a_tensor_shares_values_but_no_graph():
    x = Tensor([1.0], requires_grad=True)
    t = Tensor(x)
    assert not t.requires_grad
    assert t.value is x.value


def test_a_tensor_of_a_tensor_with_a_graph_is_refused():
    x = Tensor([1.0], requires_grad=True)
    with pytest.raises(GraphError, match=r"^Tensor: .*graph.*detach"):
        Tensor(x * 2)
    with pytest.raises(GraphError, match=r"^Tensor: .*graph.*detach"):
        mg.grad(lambda t: Tensor(t).sum())([1.0])


def test_masks_combine_as_plain_arrays(device):
    t = Tensor(np.array([True, False, True])).to(device)
    u = np.array([True, True, False]) if device == "numpy" else mg.backend.move(np.array([True, True, False]), device)
    assert [v.tolist() for v in (t & u, u | t, t ^ u, ~t)] == [
        [True, False, False], [True, True, True], [False, True, True], [False, True, False]
    ]  # fmt: skip


def test_anything_with_dunder_array_is_taken():
    class Foreign:
        def __array__(self, dtype=None, copy=None):
            return np.arange(3.0)

    assert Tensor(Foreign()).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    "data",
    [None, "ab", b"ab", {1: 2}, {1.0}, 1j, object(), len, [[1.0], [1.0, 2.0]], ["1.5"], [1.0, None], [1j], [{}]],
    ids=lambda data: type(data).__name__,
)
def test_what_is_no_rectangle_of_real_numbers_is_refused_by_name(data):
    with pytest.raises(DTypeError, match=r"^Tensor: .*, got .*"):
        Tensor(data)


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "U3", "S3", "O", "M8[s]"])
def test_arrays_of_other_things_are_refused_by_dtype(dtype):
    with pytest.raises(DTypeError, match=r"^Tensor: .*, got dtype .*; convert"):
        Tensor(np.zeros(2, dtype))


def test_a_list_of_tensors_is_refused_in_favour_of_stack():
    with pytest.raises(DTypeError, match=r"^Tensor: .*minigrad\.stack"):
        Tensor([Tensor(1.0), Tensor(2.0)])


# -- gradients asked for -----------------------------------------------------------------------------------------------


def test_requires_grad_makes_a_leaf_and_its_absence_does_not(device):
    x = Tensor([1.0], requires_grad=True)
    assert x.requires_grad
    assert x.is_leaf
    assert not Tensor([1.0]).requires_grad
    assert Tensor([1.0]).is_leaf
    assert not (x * 2).is_leaf


@pytest.mark.parametrize("dtype", ["int64", "bool", "uint8"])
def test_requires_grad_of_integers_says_cast_to_float32(dtype):
    with pytest.raises(DTypeError, match=r"^requires_grad: .*got .*cast to float32"):
        Tensor(np.zeros(2, dtype), requires_grad=True)


def test_requires_grad_can_be_switched_on_and_off():
    x = Tensor([1.0]).requires_grad_()
    (x * 3).backward()
    assert x.grad.tolist() == [3.0]
    x.requires_grad_(False)
    assert not (x * 3).requires_grad
    assert x.grad is None


def test_detach_shares_values_and_leaves_the_graph():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * 2).detach()
    assert not y.requires_grad
    assert x.detach().value is x.value


class Named(Tensor):
    """What a user may derive."""

    __slots__ = ("name",)


def test_a_subclass_is_a_leaf_like_any_other_and_results_are_plain(device):
    x = Named([1.0, 2.0], requires_grad=True)
    x.name = "weight"
    y = mg.exp(x) * x + x[0]
    assert type(y) is Tensor
    y.sum().backward()
    assert x.grad is not None
    assert type(x.to("strict")) is type(copy.deepcopy(x)) is type(pickle.loads(pickle.dumps(x))) is Named


# -- printing ----------------------------------------------------------------------------------------------------------


def test_repr_shows_values_shape_dtype_and_backend(device):
    assert repr(Tensor([1.0, 2.0])) == f"Tensor([1., 2.], shape=(2,), dtype=float32, backend={device.name})"


def test_repr_says_leaf_or_the_op(device):
    x = Tensor([1.0], requires_grad=True)
    assert repr(x).endswith("requires_grad=True)")
    assert repr(mg.tanh(x)).endswith("op=tanh)")
    assert repr(x @ x).endswith("op=matmul)")
    assert repr(mg.concatenate([x, x])).endswith("op=concatenate)")


def test_repr_says_the_public_name_of_an_op(device):
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    for name, y in (
        ("power", x**2),
        ("power", 2.0**x),
        ("power", x**x),
        ("where", mg.where([[True, False]], x, 0.0)),
        ("cumsum", mg.cumsum(x, 1)),
        ("pad", mg.pad(x, 1)),
        ("norm", mg.norm(x)),
        ("astype", x.astype("float64")),
        ("einsum", mg.einsum("ij->i", x)),
        ("max", x.max()),
        ("getitem", x[0]),
        ("transpose", x.T),
    ):
        assert repr(y).endswith(f"op={name})"), name


def test_repr_names_an_op_that_a_function_defined():
    @mg.op
    def cube(x):
        return x * x * x, (lambda g: g * 3 * x * x,)

    assert repr(cube(Tensor([1.0], requires_grad=True))).endswith("op=cube)")


def test_repr_of_a_large_tensor_is_short(device):
    assert len(repr(mg.zeros((1000, 1000)))) < 1000


def test_format_with_a_spec_formats_the_number_else_the_repr(device):
    t = Tensor([[2.345]], requires_grad=True)
    assert f"{t:.2f}" in ("2.34", "2.35")
    assert f"{t}" == repr(t)
    with pytest.raises(ShapeError, match=r"^item: .*got shape \(2,\)"):
        f"{mg.zeros(2):.2f}"


# -- conversion --------------------------------------------------------------------------------------------------------


def test_one_element_converts_to_python_numbers(device):
    t = Tensor([[2.5]], requires_grad=True)
    assert (float(t), int(t), bool(t), t.item()) == (2.5, 2, True, 2.5)
    assert type(t.item()) is float
    assert type(Tensor(device.array(np.array(3), None)).item()) is int
    assert not Tensor(0.0)


@pytest.mark.parametrize("convert", [float, int, bool, Tensor.item])
def test_several_elements_do_not_convert(device, convert):
    with pytest.raises(ShapeError, match=r"got shape \(2,\)"):
        convert(mg.ones(2))


def test_an_integer_tensor_is_an_index_and_a_float_one_is_not(device):
    i = Tensor(device.array(np.array(1), None))
    assert ["a", "b"][i] == "b"
    assert list(range(3))[: Tensor(device.array(np.array(2), None))] == [0, 1]
    with pytest.raises(DTypeError, match=r"^index: .*float32.*int\(t\)"):
        ["a", "b"][Tensor(1.0)]


def test_len_and_iteration_go_over_the_first_axis(device):
    t = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    assert len(t) == 2
    rows = list(t)
    assert [row.tolist() for row in rows] == [[1.0, 2.0], [3.0, 4.0]]
    assert all(row.requires_grad for row in rows)
    a, b = t
    assert (a.shape, b.shape) == ((2,), (2,))


def test_a_0d_tensor_has_no_length_and_no_elements(device):
    with pytest.raises(TypeError, match=r"^len: "):
        len(Tensor(1.0))
    with pytest.raises(TypeError, match=r"^iter: "):
        list(Tensor(1.0))


def test_membership_asks_every_element(device):
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert 4.0 in t
    assert 5.0 not in t


def test_numpy_is_a_read_only_view_on_the_host_and_a_copy_from_a_device(device):
    t = Tensor([1.0, 2.0], requires_grad=True)
    array = t.numpy()
    assert type(array) is np.ndarray
    assert array.tolist() == t.tolist() == [1.0, 2.0]
    if device.name == "numpy":
        assert np.shares_memory(array, t.value)
        assert not array.flags.writeable


def test_transposed_views(device):
    t = Tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    assert t.T.shape == (3, 2)
    assert t.T.requires_grad
    assert mg.zeros((2, 3, 4)).T.shape == (4, 3, 2)
    assert mg.zeros((2, 3, 4)).mT.shape == (2, 4, 3)
