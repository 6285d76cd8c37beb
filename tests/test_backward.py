"""Tensor.backward: right sums, gradients that own their memory, seeds, hooks, second walks, errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import DeviceError, GraphError, ShapeError
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


def share_memory(a, b):
    return mg.namespace(a).shares_memory(a, b)


# -- gradients own their memory ----------------------------------------------------------------------------------------


def test_two_leaves_of_one_sum_do_not_share_a_gradient(device):
    a, b, seed = leaf(1.0, 2.0), leaf(3.0, 4.0), device.array(np.ones(2, np.float32), None)
    (a + b).backward(seed)
    assert not share_memory(a.grad, b.grad)
    assert not share_memory(a.grad, seed)
    a.grad += 1
    np.testing.assert_array_equal(host(b.grad), [1.0, 1.0])


@pytest.mark.parametrize("reduce", [lambda x: x.sum(), lambda x: x.mean(), lambda x: mg.broadcast_to(x, (3, 2)).sum()])
def test_a_gradient_that_was_broadcast_is_writable_memory(device, reduce):
    x = leaf(1.0, 2.0)
    reduce(x).backward()
    before = host(x.grad).copy()
    x.grad[0] = 7.0
    assert host(x.grad)[1] == before[1]
    assert x.grad.flags.writeable if device.name == "numpy" else True


@pytest.mark.parametrize("view", [lambda x: x.T, lambda x: x.reshape(-1), lambda x: x[:1], lambda x: mg.flip(x, 0)])
def test_a_gradient_through_a_view_is_no_view(device, view):
    x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = view(x)
    seed = device.array(np.ones(y.shape, np.float32), None)
    y.backward(seed)
    assert not share_memory(x.grad, seed)
    assert x.grad.shape == x.shape


def test_the_root_may_be_a_leaf(device):
    x, seed = leaf(1.0, 2.0), device.array(np.array([3.0, 4.0], np.float32), None)
    x.backward(seed)
    assert not share_memory(x.grad, seed)
    x.backward(seed)
    np.testing.assert_array_equal(host(x.grad), [6.0, 8.0])


def test_a_gradient_has_the_type_dtype_and_shape_of_its_leaf(device):
    for dtype in ("float16", "float32", "float64"):
        x = Tensor(device.array(np.ones((2, 1), dtype), None), requires_grad=True)
        w = Tensor(device.array(np.ones((1, 3), "float64"), None), requires_grad=True)
        (x * w).sum().backward()
        assert (type(x.grad), x.grad.dtype, x.grad.shape) == (type(x.value), dtype, (2, 1))
        assert (w.grad.dtype, w.grad.shape) == (np.float64, (1, 3))


# -- sums --------------------------------------------------------------------------------------------------------------


def test_a_leaf_used_several_times_gets_the_sum(device):
    x = leaf(2.0)
    (x * x * x + x).backward()
    np.testing.assert_allclose(host(x.grad), [13.0])


def test_gradients_accumulate_over_backward_calls(device):
    x = leaf(1.0, 2.0)
    for _ in range(3):
        (x * x).sum().backward()
    np.testing.assert_allclose(host(x.grad), [6.0, 12.0])


def test_a_diamond_is_walked_once_per_node(device):
    calls = []

    @mg.op
    def counted(x):
        return x * 2, (lambda g: calls.append(1) or g * 2,)

    x = leaf(1.0)
    y = counted(x)
    (y * y + y.sum() + mg.exp(y) * y).backward()
    assert len(calls) == 1
    np.testing.assert_allclose(host(x.grad), [2 * (4 + 1 + 3 * np.exp(2.0))], rtol=1e-6)


UNARY = [np.tanh, np.sin, lambda v: v * 0.5 + 1, lambda v: -v]
BINARY = [np.add, np.subtract, np.multiply, lambda a, b: a * b + a]
TENSOR_UNARY = [mg.tanh, mg.sin, *UNARY[2:]]
TENSOR_BINARY = [mg.add, mg.subtract, mg.multiply, BINARY[3]]
STEP = st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 1 << 16), st.integers(0, 1 << 16))


def program(steps, leaves, unary, binary):
    """A random graph: each step applies an op to values made before it; the result is the sum of all of them."""
    values = list(leaves)
    for is_unary, which, i, j in steps:
        a, b = values[i % len(values)], values[j % len(values)]
        values.append(unary[which](a) if is_unary else binary[which](unary[0](a), unary[0](b)))
    return sum(v.sum() for v in values)


@given(st.lists(STEP, min_size=1, max_size=14))
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_random_graphs_agree_with_finite_differences(steps):
    arrays = [np.array([0.3, -0.7]), np.array([[0.5], [1.1]]), np.array(0.2)]
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    program(steps, leaves, TENSOR_UNARY, TENSOR_BINARY).backward()
    eps = 1e-6
    for k, a in enumerate(arrays):
        for place in np.ndindex(a.shape):
            d = np.zeros_like(a)
            d[place] = eps
            up, down = ([b + s * d if i == k else b for i, b in enumerate(arrays)] for s in (1, -1))
            slope = (program(steps, up, UNARY, BINARY) - program(steps, down, UNARY, BINARY)) / (2 * eps)
            np.testing.assert_allclose(leaves[k].grad[place], slope, rtol=1e-5, atol=1e-5)


# -- seeds and missing graphs ------------------------------------------------------------------------------------------


def test_several_elements_need_a_seed(device):
    with pytest.raises(GraphError, match=r"^backward: .*shape \(2,\); .*gradient="):
        (leaf(1.0, 2.0) * 2).backward()


def test_one_element_of_any_rank_needs_none(device):
    x = Tensor([[2.0]], requires_grad=True)
    (x * x).backward()
    np.testing.assert_allclose(host(x.grad), [[4.0]])


def test_a_seed_may_be_an_array_a_list_or_a_tensor(device):
    x = leaf(1.0, 2.0)
    for seed in (device.array(np.array([1.0, 3.0], np.float32), None), [1.0, 3.0], Tensor([1.0, 3.0])):
        x.grad = None
        (x * 2).backward(seed)
        np.testing.assert_allclose(host(x.grad), [2.0, 6.0])


def test_a_number_is_a_seed_wherever_the_tensor_lies():
    x = leaf(1.0).to("strict")
    (x * 3).sum().backward(2.0)
    np.testing.assert_allclose(host(x.grad), [6.0])


def test_a_seed_of_the_wrong_shape_is_refused(device):
    for seed in ([1.0, 2.0, 3.0], [[1.0, 2.0]], 1.0):
        with pytest.raises(ShapeError, match=r"^backward: .*shape \(2,\), got \("):
            (leaf(1.0, 2.0) * 2).backward(seed)


def test_a_seed_on_another_device_is_refused():
    x = leaf(1.0, 2.0).to("strict")
    with pytest.raises(DeviceError, match=r"^backward: .*strict.*got numpy"):
        (x * 2).backward(np.ones(2, np.float32))


@pytest.mark.parametrize("dtype", ["float64", "float16", "int64", "bool"])
def test_a_seed_of_another_dtype_is_cast_and_never_widens_the_walk(device, dtype):
    x = leaf(1.0, 2.0)
    y = x * 3
    seen = []
    y.register_hook(lambda g: seen.append(g.dtype))
    (y * 2).backward(device.array(np.ones(2, dtype), None))
    assert seen == [np.float32]
    np.testing.assert_allclose(host(x.grad), [6.0, 6.0])


def test_without_a_graph_the_error_says_how_to_get_one(device):
    x = leaf(1.0)
    with mg.no_grad():
        under_no_grad = x * 2
    for t in (Tensor(1.0), under_no_grad, (x * 2).detach()):
        with pytest.raises(GraphError, match=r"^backward: no graph.*requires_grad=True"):
            t.backward()


def test_create_graph_names_grad(device):
    with pytest.raises(GraphError, match=r"^backward: .*create_graph=True.*minigrad\.grad"):
        (leaf(1.0) * 2).backward(create_graph=True)


def test_backward_inside_a_transform_names_grad(device):
    def f(x):
        (x * x).backward()
        return x

    with pytest.raises(GraphError, match=r"^backward: .*minigrad\.grad"):
        mg.grad(f)(1.0)
