"""What the graph keeps alive, and when it lets go: by reference counting alone, while backward walks."""

import gc
import weakref
from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.nn import functional as F


@contextmanager
def collector_off():
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


def value_ref(t):
    return weakref.ref(t.value)


def alive(references):
    return sum(r() is not None for r in references)


def recorded(monkeypatch):
    """Weak references to every node that is made from now on."""
    made = []

    def watched(*args):
        out = make(*args)
        made.append(weakref.ref(out.node))
        return out

    make = mg.tape.make
    monkeypatch.setattr(mg.tape, "make", watched)
    return made


# -- nothing is kept that no vjp needs ---------------------------------------------------------------------------------


NEED_NO_INPUT = {
    "softmax": F.softmax,
    "softmax of columns": partial(F.softmax, axis=0),
    "log_softmax": F.log_softmax,
    "cross_entropy": partial(F.cross_entropy, target=np.array([0, 1])),
    "gelu": F.gelu,
    "gelu by tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "dropout": F.dropout,
}


@pytest.mark.parametrize("f", NEED_NO_INPUT.values(), ids=NEED_NO_INPUT)
def test_a_fused_op_whose_gradient_needs_no_input_keeps_none(f):
    a = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True) * 2.0
    reference = value_ref(a)
    y = f(a)
    del a
    assert reference() is None
    y.sum().backward()


def test_an_op_that_needs_no_values_keeps_none():
    x = leaf(1.0, 2.0)
    a = x * 2.0
    reference = value_ref(a)
    y = (a + 1.0).reshape(2, 1).sum()
    del a
    assert reference() is None
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_the_closure_of_an_input_without_gradient_is_dropped():
    x, w = Tensor([[1.0, 2.0]]), Tensor([[3.0], [4.0]], requires_grad=True)
    kept, dropped = value_ref(x), value_ref(w)
    y = x @ w
    del x
    assert kept() is not None  # the gradient of w needs x
    w_again = Tensor(w.value.copy(), requires_grad=True)
    dropped = value_ref(w_again)
    z = w_again * Tensor(2.0 * np.ones((2, 1), np.float32))
    del w_again
    assert dropped() is None  # nothing needs w: the other factor has no gradient
    (y.sum() + z.sum()).backward()
    assert kept() is None


def test_no_grad_keeps_nothing():
    x = leaf(1.0)
    with mg.no_grad():
        a = mg.exp(x)
        reference = value_ref(a)
        y = a * a
        del a
    assert reference() is None
    assert y.node is None


# -- backward frees as it walks ----------------------------------------------------------------------------------------


def test_nodes_and_values_die_while_the_walk_goes_on(monkeypatch):
    with collector_off():
        nodes, values, alive_at = recorded(monkeypatch), [], []
        x = leaf(0.5)
        x.register_hook(lambda g: alive_at.append((alive(nodes), alive(values))))
        y = x
        for i in range(100):
            y = mg.tanh(y)
            values.append(value_ref(y))
            if i % 10 == 0:
                y.register_hook(lambda g: alive_at.append((alive(nodes), alive(values))))
        y.backward()
        live_nodes = [n for n, _ in alive_at]
        assert live_nodes == sorted(live_nodes, reverse=True)
        assert live_nodes[-1] <= 3
        assert alive_at[-1][1] <= 2
        assert live_nodes[0] >= 90


def test_after_backward_only_the_result_itself_is_left(monkeypatch):
    with collector_off():
        nodes = recorded(monkeypatch)
        x = leaf(1.0, 2.0)
        y = (mg.exp(x) * x).sum()
        y.backward()
        assert alive(nodes) == 1
        assert not isinstance(y.node.parents, tuple)
        del y
        assert alive(nodes) == 0


def test_kept_losses_keep_no_graphs(monkeypatch):
    with collector_off():
        nodes, inner, losses = recorded(monkeypatch), [], []
        w = leaf(1.0, 2.0)
        for _ in range(10_000):
            h = w * w
            inner.append(value_ref(h))
            loss = (h * h).sum()
            del h
            loss.backward()
            w.grad = None
            losses.append(loss)
        assert alive(inner) == 0
        assert alive(nodes) == len(losses) == 10_000


# -- no cycles ---------------------------------------------------------------------------------------------------------


def training_step(x):
    (mg.tanh(x) @ x + mg.logsumexp(x)).backward()


def forward_only(x):
    mg.concatenate([x, mg.exp(x)]).std()


def retained(x):
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)


def nested(x):
    mg.grad(mg.grad(lambda t: t**3))(Tensor(2.0))
    mg.hessian(lambda t: (t**3 * x).sum())(np.ones(2, np.float32))


def penalty(x):
    g = mg.grad(lambda t: (mg.tanh(t) * x).sum())(np.ones(2, np.float32))
    (g * g).sum().backward()


def recomputed(x):
    mg.checkpoint(lambda t: mg.checkpoint(mg.exp, t) * t, x).sum().backward()


def indexed(x):
    (x[[0, 0, 1]] * mg.einsum("i,i->", x, x) + mg.take(x, 1)).sum().backward()


def in_place(x):
    y = x * 1
    y += x
    y *= y
    y.sum().backward()
    with mg.no_grad():
        x -= 1.0


def failing_forward(x):
    for call in (lambda: x @ mg.ones((3, 3)), lambda: x + mg.ones(5), lambda: mg.maximum(x, x.to("strict"))):
        with pytest.raises((ValueError, TypeError)):
            call()


def failing_backward(x):
    y = x.register_hook(lambda g: 1 / 0) and (x * 2).sum()
    with pytest.raises(ZeroDivisionError):
        y.backward()


def converted(x):
    for row in x * 2:
        float(row)
    with pytest.raises(TypeError):
        np.exp(x)


def debugged(x):
    with mg.debug():
        (x * x).sum().backward()


PROGRAMS = [
    training_step, forward_only, retained, nested, penalty, recomputed, indexed, in_place, failing_forward,
    failing_backward, converted, debugged,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_everything_is_freed_without_the_collector(program, monkeypatch):
    program(leaf(1.0, 2.0))  # fills caches
    with collector_off():
        nodes = recorded(monkeypatch) if program is not debugged else []
        x = leaf(1.0, 2.0)
        value, place = value_ref(x), weakref.ref(x.node)
        program(x)
        del x
        assert alive(nodes) == 0
        assert value() is None
        assert place() is None
        assert gc.collect() == 0


# -- long chains -------------------------------------------------------------------------------------------------------


LONG = 100_000


def chain(x):
    for _ in range(LONG):
        x = x + 1.0
    return x


def test_a_chain_of_100_000_ops_goes_forward_and_back():
    x = leaf(1.0)
    y = chain(x)
    y.backward()
    assert (y.item(), x.grad.tolist()) == (LONG + 1.0, [1.0])


def test_a_chain_of_100_000_ops_is_dropped_without_backward(monkeypatch):
    with collector_off():
        y = chain(leaf(1.0))
        node = weakref.ref(y.node)
        del y
        assert node() is None


def test_a_long_chain_under_a_transform_is_walked_and_dropped():
    def f(x):
        for _ in range(5_000):
            x = x * 1.0001
        return x

    first, second = mg.grad(f)(np.array(1.0)), mg.grad(mg.grad(lambda x: f(x) ** 2))(np.array(1.0))
    np.testing.assert_allclose(first, 1.0001**5_000, rtol=1e-9)
    np.testing.assert_allclose(second, 2 * 1.0001**10_000, rtol=1e-9)
