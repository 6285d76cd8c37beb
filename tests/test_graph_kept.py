"""No graph is lost in silence, and no op is made wrongly in silence."""

import copy
import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, no_grad
from minigrad.errors import DTypeError, GraphError, MutationError

X = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    "leave",
    [copy.copy, copy.deepcopy, lambda x: x.to("strict"), mg.tensor, Tensor, lambda x: math.sin(x[0])],
    ids=["copy", "deepcopy", "to", "tensor", "Tensor", "math.sin"],
)
def test_what_would_drop_the_graph_of_a_transform_is_refused(leave):
    with pytest.raises(GraphError, match=r"; "):
        mg.grad(lambda x: mg.sum(leave(x) * 1.0))(X)


def test_the_words_that_leave_the_graph_do(device):
    assert float(mg.grad(lambda x: x * x.item())(3.0)) == 3.0
    assert device.host(mg.grad(lambda x: (x * x.detach()).sum())(device.array(X, None))).tolist() == [1.0, 2.0]


def test_writes_inside_a_transform_do_not_reach_the_caller():
    mine = X.copy()

    def add(x):
        with no_grad():
            x += 10
        return (x * x).sum()

    def assign(x):
        x.data = [5.0, 5.0]
        return (x * x).sum()

    for f in (add, assign):
        with pytest.raises(GraphError, match=r"^write: "):
            mg.grad(f)(mine)
    assert mine.tolist() == [1.0, 2.0]


def test_an_in_place_sum_with_a_value_of_a_higher_transform_goes_on_above():
    def outer(x, in_place):
        s = x * 1.0

        def inner(y):
            t = s
            if in_place:
                t += y * y
            else:
                t = t + y * y
            return (t * t).sum()

        return mg.grad(inner)(x * 3.0).sum()

    one, other = (float(mg.grad(lambda x, i=i: outer(x, i))(2.0)) for i in (True, False))
    assert one == other != 0.0


def test_a_pullback_computes_in_the_dtype_of_the_result():
    for v in (np.array([100, 100], np.int8), np.array([True, True]), np.array([1.0, 1.0], np.float16)):
        _, pullback = mg.vjp(lambda x: x + x, np.ones(2, np.float32))
        np.testing.assert_array_equal(pullback(v)[0], 2 * v.astype(np.float32))
    with pytest.raises(DTypeError, match=r"^vjp: .*complex"):
        pullback(np.array([1j, 1]))


def test_a_hook_that_writes_a_leaf_is_noticed_by_its_own_walk(device):
    w, x = device.leaf([1.0, 2.0]), device.leaf([1.0, 1.0])
    z = x * w

    def write(g):
        w.data = device.array([100.0, 200.0])

    z.register_hook(write)
    with pytest.raises(MutationError):
        z.sum().backward()


def test_hooks_work_in_nested_transforms():
    def f(x):
        y = x**2
        y.register_hook(lambda g: g * 1.0)
        return y**3

    assert float(mg.grad(mg.grad(f))(2.0)) == pytest.approx(30 * 2.0**4)


def test_a_memo_is_not_served_twice():
    _, pullback = mg.vjp(lambda x: mg.checkpoint(lambda t: t * t, x), Tensor([1.0, 2.0]))
    v = Tensor([1.0, 1.0])
    assert pullback(v)[0].tolist() == [2.0, 4.0]
    v[0] = 100.0
    assert pullback(v)[0].tolist() == [200.0, 4.0]


@pytest.mark.parametrize(
    "body",
    [
        lambda a, b: (a * b, (lambda g: g * b,)),
        lambda a, b: (a * b, lambda g: g),
        lambda a, b: a * b,
        lambda a, b: (a * b, (lambda g: g, lambda g: g, lambda g: g)),
    ],
    ids=["one too few", "no tuple", "no vjps", "one too many"],
)
@pytest.mark.parametrize("other", [lambda: mg.ones(2, requires_grad=True), lambda: np.ones(2, np.float32), lambda: 2.0])
def test_an_op_without_one_vjp_for_each_input_is_refused(body, other):
    f = mg.op(body)
    with pytest.raises(DTypeError, match="one vjp for each input"):
        f(mg.ones(2, requires_grad=True), other())


def test_a_static_parameter_among_the_inputs_is_refused_where_the_op_is_made():
    with pytest.raises(DTypeError, match=r"^leaky: .*write a /"):

        @mg.op
        def leaky(x, slope=0.1):
            return x * slope, (lambda g: g * slope,)


def test_blocks_may_close_in_any_order():
    from minigrad.modes import recording

    a, b = no_grad(), mg.enable_grad()
    a.__enter__()
    b.__enter__()
    a.__exit__(None, None, None)
    assert recording()
    b.__exit__(None, None, None)
    assert recording()


def test_a_generator_is_no_function_to_decorate():
    with pytest.raises(TypeError, match="generator"):

        @no_grad()
        def batches():
            yield 1


def test_a_missing_method_names_what_to_call():
    t = mg.ones(2)
    for name, word in (("exp", "exp"), ("view", "reshape"), ("unsqueeze", "expand_dims")):
        with pytest.raises(AttributeError, match=rf"^Tensor: has no attribute '{name}'; call minigrad\.{word}"):
            getattr(t, name)
    assert not hasattr(t, "nonsense")
