"""Walking a graph twice, after it was kept, freed or left half walked; errors in a vjp."""

import functools

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import GraphError
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


# -- a second walk -----------------------------------------------------------------------------------------------------


def test_a_second_backward_says_how_to_keep_the_graph(device):
    x = leaf(1.0)
    y = x * x
    y.backward()
    for again in (y, y * 2):
        with pytest.raises(GraphError, match=r"^backward: .*freed.*retain_graph=True"):
            again.backward()
    np.testing.assert_allclose(host(x.grad), [2.0])


def test_retain_graph_keeps_it_for_as_many_walks_as_wanted(device):
    x = leaf(1.0, 3.0)
    y = (x * x).sum()
    for n in (1, 2, 3):
        y.backward(retain_graph=True)
        np.testing.assert_allclose(host(x.grad), [2.0 * n, 6.0 * n])
    y.backward()
    with pytest.raises(GraphError, match="freed"):
        y.backward()


def test_two_losses_over_one_trunk_need_it_retained_once(device):
    x = leaf(2.0)
    trunk = mg.exp(x)
    a, b = trunk * 2, trunk * trunk
    a.backward(retain_graph=True)
    b.backward()
    np.testing.assert_allclose(host(x.grad), [2 * np.exp(2.0) + 2 * np.exp(4.0)], rtol=1e-6)


# -- errors in a vjp ---------------------------------------------------------------------------------------------------


@mg.op
def failing(a, b):
    def to_a(g):
        raise ZeroDivisionError("made to fail")

    return a * b, (to_a, lambda g: g * a)


@mg.op
def misshapen(x):
    return x * 1, (lambda g: g[:1].repeat(5),)


def message(error):
    """The text of an error with its notes, which Python 3.10 keeps in the text."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def test_an_error_in_a_vjp_keeps_its_type_and_names_the_op_and_its_shapes(device):
    x, w = mg.ones((3, 2), requires_grad=True), leaf(1.0, 2.0)
    with pytest.raises(ZeroDivisionError) as caught:
        failing(mg.exp(x), w).sum().backward()
    for words in ("made to fail", "'failing'", "(3, 2)", "(2,)", "minigrad.debug()"):
        assert words in message(caught.value)


def test_a_gradient_of_the_wrong_shape_names_its_op(device):
    x = mg.ones((3,), requires_grad=True)
    with pytest.raises(ValueError, match="reshape") as caught:
        misshapen(x).sum().backward()
    assert "'misshapen'" in message(caught.value)


def test_a_vjp_may_be_any_callable(device):
    class Twice:
        def __call__(self, g):
            return g * 2

    @mg.op
    def doubled(x):
        return x * 2, (functools.partial(lambda k, g: g * k, 2),)

    @mg.op
    def again(x):
        return x * 2, (Twice(),)

    x = leaf(1.0)
    y = again(doubled(x))
    assert "op=" in repr(y)
    y.backward()
    assert host(x.grad).tolist() == [4.0]


def test_after_an_error_the_second_backward_tells_of_the_first(device):
    x, w = leaf(1.0, 2.0), leaf(1.0, 2.0)
    shared = failing(mg.exp(x), w)
    y = shared.sum()
    with pytest.raises(ZeroDivisionError):
        y.backward()
    for again in (y, y * 2, shared.mean()):
        with pytest.raises(GraphError, match=r"^backward: an earlier walk.*'failing'.*ZeroDivisionError"):
            again.backward()


def test_after_an_error_with_retain_graph_the_walk_can_be_done_again(device):
    fail = [True]

    @mg.op
    def flaky(x):
        def vjp(g):
            if fail.pop():
                raise ZeroDivisionError
            return g

        return x * 1, (vjp,)

    x = leaf(3.0)
    y = flaky(x * 2) * 5
    with pytest.raises(ZeroDivisionError):
        y.backward(retain_graph=True)
    fail.append(False)
    x.grad = None
    y.backward(retain_graph=True)
    np.testing.assert_allclose(host(x.grad), [10.0])


def test_an_interrupted_walk_is_remembered_too(device):
    @mg.op
    def interrupted(x):
        def vjp(g):
            raise KeyboardInterrupt

        return x * 1, (vjp,)

    y = interrupted(leaf(1.0))
    with pytest.raises(KeyboardInterrupt):
        y.backward()
    with pytest.raises(GraphError, match=r"^backward: an earlier walk.*KeyboardInterrupt"):
        y.backward()
