"""no_grad and enable_grad: nesting, decorators, exceptions, threads, and what they mean to transforms."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, enable_grad, no_grad
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


def records():
    """Whether an op on a leaf is recorded here and now."""
    x, w = leaf(1.0), leaf(2.0)
    states = {(x * 2).requires_grad, mg.exp(x).requires_grad, mg.concatenate([x, w]).requires_grad, (x * w).is_leaf ^ 1}
    assert len(states) == 1
    return bool(states.pop())


# -- blocks ------------------------------------------------------------------------------------------------------------


def test_nothing_is_recorded_inside_and_everything_outside(device):
    assert records()
    with no_grad():
        assert not records()
    assert records()


def test_blocks_nest_in_any_order():
    with no_grad():
        with no_grad():
            assert not records()
        assert not records()
        with enable_grad():
            assert records()
            with no_grad():
                assert not records()
            assert records()
        assert not records()
    assert records()


def test_enable_grad_by_itself_changes_nothing():
    with enable_grad():
        assert records()
    assert records()


def test_an_exception_restores_the_mode():
    for block in (no_grad, enable_grad):
        with pytest.raises(ZeroDivisionError), block():
            raise ZeroDivisionError
        assert records()


def test_as_a_decorator_and_around_recursion():
    @no_grad()
    def plain(n):
        inside = records()
        return [inside, *plain(n - 1)] if n else [inside]

    @enable_grad()
    def recording():
        return records()

    assert plain(3) == [False] * 4
    assert records()
    with no_grad():
        assert recording()
        assert not records()

    @no_grad()
    def fails():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert records()


def test_a_tensor_made_before_may_be_walked_inside(device):
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    with no_grad():
        y.backward()
    np.testing.assert_allclose(host(x.grad), [2.0, 4.0])


# -- transforms --------------------------------------------------------------------------------------------------------


def test_transforms_inside_no_grad_still_differentiate(device):
    with no_grad():
        np.testing.assert_allclose(host(mg.grad(lambda x: x**3)(2.0)), 12.0)
        np.testing.assert_allclose(host(mg.grad(mg.grad(lambda x: x**3))(2.0)), 12.0)
        np.testing.assert_allclose(host(mg.hessian(lambda x: (x**3).sum())([2.0])), [[12.0]])
        assert not records()


def test_transforms_inside_no_grad_do_not_record_for_the_leaves_outside(device):
    w = leaf(3.0)
    with no_grad():
        y, g = mg.value_and_grad(lambda x: (x * x * w).sum())(mg.ones(1))
        assert not y.requires_grad
        assert not g.requires_grad
    y, g = mg.value_and_grad(lambda x: (x * x * w).sum())(mg.ones(1))
    assert y.requires_grad
    assert g.requires_grad


def test_no_grad_inside_a_transform_makes_a_constant(device):
    def f(x):
        with no_grad():
            constant = x * x
        return constant * x

    np.testing.assert_allclose(host(mg.grad(f)(3.0)), 9.0)
    np.testing.assert_allclose(host(mg.grad(mg.grad(f))(3.0)), 0.0)


def test_no_grad_inside_the_inner_of_two_transforms_is_constant_to_both(device):
    def inner(y, x):
        with no_grad():
            return x * y

    np.testing.assert_allclose(host(mg.grad(lambda x: mg.grad(lambda y: inner(y, x) * y)(x))(3.0)), 0.0, atol=0)


def test_detach_inside_a_transform_is_refused_or_constant(device):
    np.testing.assert_allclose(host(mg.grad(lambda x: x.detach() * x)(3.0)), 3.0)
