"""Hooks and retained gradients: who sees which gradient when, and what a hook may change."""

import gc
import weakref

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


def test_a_hook_on_a_leaf_sees_the_total_once(device):
    x, seen = leaf(1.0, 2.0), []
    x.register_hook(lambda g: seen.append(host(g).tolist()))
    (x * x + x * 3 + mg.exp(x * 0)).sum().backward()
    assert seen == [[5.0, 7.0]]
    np.testing.assert_allclose(host(x.grad), [5.0, 7.0])


def test_a_hook_on_an_intermediate_sees_the_total_once(device):
    x, seen = leaf(2.0), []
    y = x * 2
    y.register_hook(lambda g: seen.append(host(g).tolist()))
    (y * y + y).sum().backward()
    assert seen == [[9.0]]
    np.testing.assert_allclose(host(x.grad), [18.0])


def test_a_hook_on_the_root_sees_the_seed(device):
    x, seen = leaf(2.0), []
    y = (x * 2).sum()
    y.register_hook(lambda g: seen.append(float(host(g))))
    y.backward(3.0)
    assert seen == [3.0]


def test_hooks_run_in_order_and_what_they_return_replaces_the_gradient(device):
    x, order = leaf(1.0), []
    for tensor, factor in ((x, 10.0), (x, 2.0)):
        tensor.register_hook(lambda g, factor=factor: order.append((factor, float(host(g)[0]))) or g + factor)
    x.register_hook(lambda g: order.append("last"))
    (x * 3).backward()
    assert order == [(10.0, 3.0), (2.0, 13.0), "last"]
    np.testing.assert_allclose(host(x.grad), [15.0])


def test_a_hook_on_an_intermediate_changes_what_flows_on(device):
    x = leaf(1.0)
    y = x * 3
    y.register_hook(lambda g: g * 0)
    (y * 2 + x).backward()
    np.testing.assert_allclose(host(x.grad), [1.0])


def test_a_removed_hook_is_not_called(device):
    x, seen = leaf(1.0), []
    remove = x.register_hook(lambda g: seen.append("first"))
    x.register_hook(lambda g: seen.append("second"))
    remove()
    remove()
    (x * 1).backward()
    assert seen == ["second"]


def test_removing_a_hook_that_was_registered_twice_leaves_the_other(device):
    x, seen = leaf(1.0), []
    hook = seen.append
    remove = x.register_hook(hook)
    x.register_hook(hook)
    remove()
    (x * 1).backward()
    assert len(seen) == 1


def test_a_hook_stays_on_a_leaf_for_later_walks(device):
    x, seen = leaf(1.0), []
    x.register_hook(lambda g: seen.append(1))
    for _ in range(3):
        (x * 2).backward()
    assert len(seen) == 3


def test_a_hook_that_writes_into_its_gradient_reaches_nobody_else(device):
    a, b = leaf(1.0, 2.0) * 1, leaf(3.0, 4.0)

    def scale(g):
        g *= 100

    a.register_hook(scale)
    seed = mg.ones(2).value
    try:
        (a + b).backward(seed)
    except ValueError:  # read-only is an answer too
        b.grad = mg.ones(2)
    np.testing.assert_allclose(host(b.grad), [1.0, 1.0])
    np.testing.assert_allclose(host(seed), [1.0, 1.0])


def test_a_hook_that_returns_another_shape_is_refused(device):
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g.sum())
    with pytest.raises(ValueError, match=r"hook: .*\(2,\).*\(\)"):
        (x * 2).sum().backward()


def test_hooks_need_a_gradient(device):
    for register in (lambda t: t.register_hook(print), lambda t: t.retain_grad()):
        with pytest.raises(GraphError, match=r"requires_grad=True"):
            register(Tensor([1.0]))


@pytest.mark.parametrize("where", ["leaf", "intermediate"])
def test_an_error_in_a_hook_is_remembered_like_one_in_a_vjp(device, where):
    x = leaf(1.0)
    middle = mg.exp(x)
    y = (middle * 2).sum()

    def fail(g):
        raise ZeroDivisionError("made to fail")

    (x if where == "leaf" else middle).register_hook(fail)
    with pytest.raises(ZeroDivisionError, match="made to fail") as caught:
        y.backward()
    assert "hook" in "\n".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    with pytest.raises(GraphError, match=r"^backward: an earlier walk.*ZeroDivisionError"):
        y.backward()


def test_retain_grad_keeps_the_gradient_of_an_intermediate(device):
    x = leaf(1.0, 2.0)
    y = x * 3
    y.retain_grad()
    assert y.grad is None
    z = (y * y).sum()
    z.retain_grad()
    z.backward()
    np.testing.assert_allclose(host(y.grad), [6.0, 12.0])
    assert type(y.grad) is type(x.value)
    assert type(z.grad) is type(x.value)
    assert (z.grad.shape, float(z.grad)) == ((), 1.0)


def test_a_gradient_that_is_not_retained_is_none(device):
    y = leaf(1.0) * 2
    (y * 2).backward()
    assert y.grad is None


def test_retained_gradients_own_their_memory(device):
    x = leaf(1.0, 2.0)
    a, b = x * 1, x * 2
    a.retain_grad()
    b.retain_grad()
    (a + b).sum().backward()
    a.grad[0] = 7.0
    np.testing.assert_allclose(host(b.grad), [1.0, 1.0])


def test_a_retained_gradient_is_the_one_that_flowed_on(device):
    y = leaf(1.0) * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.sum().backward()
    np.testing.assert_allclose(host(y.grad), [10.0])


def test_hooks_and_retained_gradients_make_no_cycle():
    gc.disable()  # counting alone frees them
    try:
        x = leaf(1.0)
        y = x * 2
        y.retain_grad()
        remove = y.register_hook(lambda g: g)
        (y * 2).backward()
        kept = [weakref.ref(each) for each in (x, y, x.node, y.node)]
        del x, y, remove
        assert [ref() for ref in kept] == [None] * 4
    finally:
        gc.enable()
