"""checkpoint: equal values and gradients from a second run of the function, with less kept in between."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, checkpoint
from minigrad.errors import GraphError
from minigrad.modes import recomputing, remembered
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


def leaf(*values):
    return Tensor(list(values), requires_grad=True)


def block(x, w):
    return mg.tanh(x * w) * mg.exp(x * 0.1) + w


def plain(f, *args):
    return f(*args)


def both_ways(program, *values):
    """Value and gradients of a program that is given `checkpoint`, or a function that just calls."""
    results = []
    for run in (plain, checkpoint):
        leaves = [leaf(*v) for v in values]
        y = program(run, *leaves)
        y.backward()
        results.append([host(y), *(host(x.grad) for x in leaves)])
    return results


PROGRAMS = {
    "one": lambda run, x, w: run(block, x, w).sum(),
    "in a row": lambda run, x, w: run(block, run(block, run(block, x, w), w), w).sum(),
    "nested": lambda run, x, w: run(lambda a: run(lambda b: run(block, b, w) * 2, a * a), x).sum(),
    "closed over": lambda run, x, w: run(lambda a: block(a, w), x).sum(),
    "everything closed over": lambda run, x, w: run(lambda: block(x, w)).sum(),
    "closed over an intermediate": lambda run, x, w: (lambda h: run(lambda a: a * h + h, x).sum() + h.sum())(w * w),
    "argument used inside and out": lambda run, x, w: (run(block, x, w) * x * w).sum(),
    "the same argument twice": lambda run, x, w: run(block, x, x).sum() + w.sum(),
    "unused argument": lambda run, x, w: run(lambda a, b: a * 3, x, w).sum() + w.sum(),
    "returns its argument": lambda run, x, w: (run(lambda a: a, x) * w).sum(),
    "keyword": lambda run, x, w: (run(mg.sum, x * w) * x).sum(),
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_values_and_gradients_equal_those_without(device, program):
    expected, found = both_ways(program, (0.5, -1.0, 2.0), (1.5, 0.3, -0.2))
    np.testing.assert_array_equal(found[0], expected[0])
    for a, b in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)  # the sums meet in another order


def test_less_is_kept_until_backward():
    def deep(x):
        for _ in range(10):
            x = mg.tanh(x)
            inner.append(weakref.ref(x.value))
        return x

    counts = []
    gc.collect()
    gc.disable()
    try:
        for run in (plain, checkpoint):
            inner = []
            x = leaf(0.3)
            for _ in range(4):
                x = run(deep, x)
            counts.append(sum(r() is not None for r in inner))
    finally:
        gc.enable()
    assert counts == [40, 4]


def test_while_backward_walks_one_block_at_a_time_is_alive():
    inner, alive = [], []

    def deep(x):
        for _ in range(10):
            x = mg.tanh(x)
            inner.append(weakref.ref(x.value))
        return x

    x = leaf(0.3)
    h = x
    for _ in range(6):
        h = checkpoint(deep, h)
        h.register_hook(lambda g: alive.append(sum(r() is not None for r in inner)))
    h.backward()
    assert len(inner) == 120
    assert max(alive) <= 16


def test_the_function_runs_twice_and_once_under_no_grad(device):
    calls = []

    def f(x):
        calls.append(1)
        return x * x

    checkpoint(f, leaf(2.0)).backward()
    assert len(calls) == 2
    with mg.no_grad():
        assert not checkpoint(f, leaf(2.0)).requires_grad
    assert not checkpoint(f, Tensor([2.0])).requires_grad
    assert len(calls) == 4


def test_backward_under_no_grad_and_a_forward_under_enable_grad(device):
    x = leaf(3.0)
    y = checkpoint(lambda t: t * t * t, x)
    with mg.no_grad():
        y.backward()
    np.testing.assert_allclose(host(x.grad), [27.0])


def test_random_numbers_are_drawn_again_alike_and_the_stream_goes_on(device):
    draws = []

    def dropout(x):
        mask = mg.rand(4)
        draws.append(mask.tolist())
        return x * mask

    streams = []
    for run in (plain, checkpoint):
        mg.manual_seed(7)
        x = leaf(1.0, 1.0, 1.0, 1.0)
        y = run(dropout, x).sum()
        between = mg.rand(2).tolist()
        y.backward()
        streams.append((between, mg.rand(2).tolist(), host(x.grad).tolist()))
    assert streams[0] == streams[1]
    assert draws[1] == draws[2] == streams[1][2]


def test_retained_graphs_and_other_seeds_are_recomputed(device):
    x = leaf(1.0, 2.0)
    y = checkpoint(lambda t: t * t, x)
    seed = mg.ones(2).value
    y.backward(seed, retain_graph=True)
    seed *= 10.0
    y.backward(seed, retain_graph=True)
    np.testing.assert_allclose(host(x.grad), [22.0, 44.0])


def test_a_second_backward_is_refused_as_without_checkpoint(device):
    y = checkpoint(lambda t: t * t, leaf(1.0))
    y.backward()
    with pytest.raises(GraphError, match=r"^backward: .*freed.*retain_graph"):
        y.backward()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_under_grad_of_every_order(device, order):
    def derivative(run):
        f = lambda x: run(lambda t: mg.sin(t) * t * t, x)  # noqa: E731
        for _ in range(order):
            f = mg.grad(f)
        return host(f(0.7))

    np.testing.assert_allclose(derivative(checkpoint), derivative(plain), rtol=1e-6)


def test_under_hessian_and_jacobian(device):
    for transform in (mg.hessian, mg.jacobian):
        results = [
            host(transform(lambda x, run=run: run(lambda t: mg.exp(t * t[::-1]).sum(), x * x))([0.5, -1.0, 0.2]))
            for run in (plain, checkpoint)
        ]
        np.testing.assert_allclose(*results, rtol=1e-6)


def test_second_order_through_a_checkpoint_to_closed_over_parameters(device):
    gradients = []
    for run in (plain, checkpoint):
        w = leaf(0.5, -1.0)
        slope = mg.grad(lambda x, run=run, w=w: run(lambda t: mg.tanh(t * w).sum(), x))([1.0, 2.0])
        (slope * slope).sum().backward()
        gradients.append(host(w.grad))
    np.testing.assert_allclose(gradients[1], gradients[0], rtol=1e-6)


def test_hooks_run_once_on_the_total(device):
    x, w, seen = leaf(1.0, 2.0), leaf(3.0, 4.0), []
    h = x * 1.0
    for name, t in (("w", w), ("h", h)):
        t.register_hook(lambda g, name=name: seen.append((name, host(g).tolist())) or g * 2)
    (checkpoint(lambda t: t * w, h) + w + h).sum().backward()
    assert seen == [("h", [4.0, 5.0]), ("w", [2.0, 3.0])]
    np.testing.assert_allclose(host(w.grad), [4.0, 6.0])
    np.testing.assert_allclose(host(x.grad), [8.0, 10.0])


def test_a_leaf_that_is_made_inside_changes_nothing_outside(device):
    x = leaf(1.0, 2.0)

    def f(t):
        inside = Tensor([3.0, 4.0], requires_grad=True)
        return t * inside

    checkpoint(f, x).sum().backward()
    np.testing.assert_allclose(host(x.grad), [3.0, 4.0])


def test_a_function_that_does_not_return_one_tensor_is_refused():
    for result in (None, (1, 2), 3.0):
        with pytest.raises(GraphError, match=rf"^checkpoint: .*got {type(result).__name__}; "):
            checkpoint(lambda t, result=result: result, leaf(1.0))


def test_an_error_in_the_second_run_reaches_the_user_and_leaves_the_stream_alone(device):
    runs = []

    def f(t):
        runs.append(mg.rand(1))
        if len(runs) == 2:
            raise ZeroDivisionError("second run")
        return t * t

    mg.manual_seed(3)
    y = checkpoint(f, leaf(1.0))
    expected = mg.backend.random.default_generator().state
    with pytest.raises(ZeroDivisionError, match="second run"):
        y.backward()
    assert mg.backend.random.default_generator().state == expected
    mg.manual_seed(0)


def test_an_argument_that_is_changed_in_place_later_is_used_as_it_was(device):
    x = leaf(1.0, 2.0)
    h = x * 1.0
    h += checkpoint(lambda t: t * t * t, h)
    h.sum().backward()
    np.testing.assert_allclose(host(x.grad), [4.0, 13.0])


def test_a_function_that_changes_its_mind_is_refused():
    runs = []

    def f(x):
        runs.append(0)
        return x * x if len(runs) == 1 else x[:1]

    y = checkpoint(f, leaf(1.0, 2.0))
    with pytest.raises(GraphError, match="the second time"):
        y.sum().backward()


def test_another_thread_may_draw_while_a_block_is_computed_again():
    import threading

    x, drawn, go, done = leaf(1.0, 2.0), [], threading.Event(), threading.Event()

    def f(t):
        if drawn:
            go.set()
            done.wait(10)
        mask = mg.rand(2)
        drawn.append(mask.tolist())
        return t * mask

    y = checkpoint(f, x).sum()
    other = threading.Thread(target=lambda: (go.wait(10), mg.rand(4), done.set()))
    other.start()
    y.backward()
    other.join()
    assert drawn[0] == drawn[1] == host(x.grad).tolist()


def test_what_is_remembered_comes_back_in_the_second_run():
    seen = iter(range(1, 100))

    def f(x):
        return x * remembered(lambda: next(seen))

    x, other, inner = (Tensor([1.0], requires_grad=True) for _ in range(3))
    y = checkpoint(f, x) + checkpoint(f, other) + checkpoint(lambda t: checkpoint(f, t) * checkpoint(f, t), inner)
    y.backward(retain_graph=True)
    assert (x.grad.item(), other.grad.item(), inner.grad.item()) == (1.0, 2.0, 24.0)  # (3 t) (4 t)
    y.backward()
    assert (x.grad.item(), inner.grad.item(), next(seen)) == (2.0, 48.0, 5)
    assert not recomputing()


def test_remembering_more_in_the_second_run_is_an_error():
    times = []

    def f(x):
        times.append(1)
        return x * sum(remembered(lambda: 1.0) for _ in times)

    y = checkpoint(f, Tensor([1.0], requires_grad=True))
    with pytest.raises(GraphError, match=r"^checkpoint: the function did something else the second time, got a layer"):
        y.backward()
    assert not recomputing()
