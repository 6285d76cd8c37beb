"""Every kernel by every provider, and every fused op by every provider beside its plain form.

A row of `ROWS` names a kernel and makes inputs for it; NumPy's form in float64 is the oracle of the compiled one in
float32. A row of `FUSED` names a fused op; the plain form in float64 is the oracle of value and gradients.
"""

import importlib
import pickle
import pkgutil

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.windows import Steps
from minigrad.fused import served
from minigrad.kernels import KERNELS, Kernel, provider, use_kernels
from minigrad.kernels.provider import PROVIDERS, installed
from minigrad.ops.fused.channel_norm import batch_norm__running, group_norm
from minigrad.ops.fused.cross_entropy import cross_entropy
from minigrad.ops.fused.norm import layer_norm, rms_norm
from minigrad.ops.fused.pool import max_pool
from minigrad.ops.fused.softmax import log_softmax, softmax
from tests.kernels.rows import FUSED, ROWS

numba_missing = pytest.mark.skipif(not installed(), reason="needs numba; NumPy's kernels are tested in every run")
BY = [pytest.param(name, marks=numba_missing if name == "numba" else ()) for name in PROVIDERS]


def close(found, wanted, tolerance=2e-5):
    scale = max(1.0, float(np.abs(wanted[np.isfinite(wanted)]).max(initial=0)))
    np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance * scale)


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize("name", ROWS)
def test_a_kernel_computes_the_same_in_every_form(name, provider):
    for inputs in ROWS[name](np.random.default_rng(0)):
        wide = [a.astype(np.float64) if getattr(a, "dtype", None) == np.float32 else a for a in inputs]
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in inputs]
        with use_kernels("numpy"), np.errstate(all="ignore"):
            wanted = KERNELS[name](*wide)
        with use_kernels(provider), np.errstate(all="ignore"):
            found = KERNELS[name](*copies)
        assert all(a.flags.carray for a in found)  # else a compiled form would fill a copy
        changed = zip(copies, wide, strict=True) if KERNELS[name].writes_inputs else zip(copies, inputs, strict=True)
        for a, b in [*zip(found, wanted, strict=True), *changed]:
            if isinstance(a, np.ndarray):
                close(a, b)


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize("name", FUSED)
def test_a_fused_op_is_its_plain_form_in_value_and_gradient(name, provider):
    op, cases = FUSED[name]
    for inputs, static in cases(np.random.default_rng(1)):
        wide = [None if a is None else mg.Tensor(a.astype(np.float64), requires_grad=True) for a in inputs]
        xs = [None if a is None else mg.Tensor(a, requires_grad=True) for a in inputs]
        wanted = op.plain(*wide, **static)
        with use_kernels(provider):
            found = op(*xs, **static)
            g = np.random.default_rng(2).normal(size=found.shape).astype(np.float32)
            found.backward(g)
        wanted.backward(g.astype(np.float64))
        close(found.numpy(), wanted.numpy())
        for x, y in zip(xs, wide, strict=True):
            if x is not None:
                assert x.grad.dtype == np.float32
                close(x.grad, y.grad)


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize("op", [layer_norm, rms_norm])
def test_a_row_whose_squares_overflow_is_normalised_as_by_the_plain_form(op, provider):
    x = np.array([[0, 1e25, -1e25, 1e25], [1, 2, 3, 4], [1e38, 1, 2, 3]], np.float32)
    parts = [None] * (op.__wrapped__.__code__.co_posonlyargcount - 1)
    with use_kernels(provider), np.errstate(over="ignore"):
        found, wanted = op(x, *parts, eps=1e-5), op.plain(x, *parts, eps=1e-5)
    for row in (0, 2):
        assert found[row].tolist() == wanted[row].tolist() == [0, 0, 0, 0]
    close(found[1], wanted[1])


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize("shape", [(4, 0), (0, 0), (2, 0, 3)])
def test_groups_of_no_channels_are_normalised_to_nothing(shape, provider):
    for groups in {1, shape[1]}:
        x = mg.Tensor(np.zeros(shape, np.float32), requires_grad=True)
        with use_kernels(provider), np.errstate(all="ignore"):
            group_norm(x, None, None, groups, 1e-5).sum().backward()
        assert x.grad.shape == shape


@pytest.mark.parametrize("provider", BY)
def test_padding_does_not_win_even_over_minus_infinity(provider):
    x = mg.Tensor(np.full((1, 1, 3, 3), -np.inf, np.float32), requires_grad=True)
    with use_kernels(provider):
        max_pool(x, Steps((3, 3), (2, 2), (1, 1), ((1, 1), (1, 1)))).sum().backward()
    assert x.grad.tolist() == [[[[1, 1, 0], [1, 1, 0], [0, 0, 0]]]]


@pytest.mark.parametrize("op", [softmax, log_softmax, layer_norm, rms_norm])
def test_rows_of_nothing_warn_of_nothing(op):
    parts = {layer_norm: (None, None, 1e-5), rms_norm: (None, 1e-5)}.get(op, ())
    x = mg.Tensor(np.zeros((4, 0), np.float32), requires_grad=True)
    with use_kernels("numpy"), np.errstate(all="raise"):
        op(x, *parts).sum().backward()
    assert x.grad.shape == (4, 0)


@pytest.mark.parametrize("provider", BY)
def test_a_channel_scaled_by_infinity_sends_infinity_back(provider):
    ones = [mg.ones(2, requires_grad=True) for _ in range(4)]
    x = mg.Tensor(np.full((1, 2), 3, np.float32), requires_grad=True)
    ones[0].data = np.array([np.inf, 2], np.float32)
    with use_kernels(provider), np.errstate(all="ignore"):
        batch_norm__running(x, *ones, 0.0).backward(np.ones((1, 2), np.float32))
    assert x.grad.tolist() == [[np.inf, 2]]


LONG = 3_000_000
IN_ROWS = {
    "softmax": (softmax, ()),
    "log_softmax": (log_softmax, ()),
    "cross_entropy": (cross_entropy, (np.array([3]), 1.0, 1, True)),
    "layer_norm": (layer_norm, (None, None, 1e-5)),
    "rms_norm": (rms_norm, (None, 1e-5)),
    "group_norm": (group_norm, (None, None, 1, 1e-5)),
}


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize("name", IN_ROWS)
def test_a_very_long_row_is_summed_exactly(name, provider):
    op, rest = IN_ROWS[name]
    rng = np.random.default_rng(0)
    x, g = rng.uniform(3, 5, (1, LONG)).astype(np.float32), rng.uniform(0, 1, (1, LONG)).astype(np.float32)
    results = []
    for values, form in ((x, op), (x.astype(np.float64), op.plain)):
        values = mg.Tensor(values, requires_grad=True)
        with use_kernels(provider):
            y = form(values, *rest)
            y.backward(g.astype(y.dtype) if y.ndim else None)
        results.append((y.numpy(), values.grad))
    for found, wanted in zip(*results, strict=True):
        assert np.abs(found - wanted).max() <= 1.2e-6 * np.abs(wanted).max()


@numba_missing
def test_a_compiled_loop_stays_inside_whatever_places_it_is_given():
    """They are looked at before; but another thread may have written them since."""
    x, places = np.zeros((3, 4), np.float32), np.array([1, 4, -2])
    with use_kernels("numba"):
        y, slopes = KERNELS["cross_entropy.cross_entropy"](x, places, np.ones(1, np.float32))
        (dw,) = KERNELS["embedding.embedding_backward"](x + 1, places, -1, 4)
    assert np.isnan(y).tolist() == [False, True, True]
    assert np.isnan(slopes).all(axis=1).tolist() == [False, True, True]
    assert dw.tolist() == [[0] * 4, [1] * 4, [0] * 4, [0] * 4]


@pytest.mark.parametrize("provider", BY)
@pytest.mark.parametrize("name", FUSED)
def test_a_graph_that_is_kept_is_walked_anew(name, provider):
    """With an array that was sent back before and has been written since; and with some inputs frozen."""
    op, cases = FUSED[name]
    inputs, static = next(iter(cases(np.random.default_rng(5))))
    present = [i for i, a in enumerate(inputs) if a is not None]
    for trained in [present, *([i] for i in present)]:
        xs = [mg.Tensor(a, requires_grad=True) if i in trained else a for i, a in enumerate(inputs)]
        with use_kernels(provider):
            y = op(*xs, **static)
            g = np.random.default_rng(6).normal(size=y.shape).astype(np.float32)
            y.backward(g, retain_graph=True)
            first = [xs[i].grad.copy() for i in trained]
            for i in trained:
                xs[i].grad = None
            g *= 2
            y.backward(g, retain_graph=True)
        for i, before in zip(trained, first, strict=True):
            close(xs[i].grad, 2 * before)


@pytest.mark.parametrize("name", FUSED)
def test_a_gradient_that_is_recorded_goes_through_the_plain_form(name):
    """grad over raw inputs with a weight of ordinary training in the cotangent, and second order."""
    op, cases = FUSED[name]
    inputs, static = next(iter(cases(np.random.default_rng(3))))
    inputs = [None if a is None else a.astype(np.float64) for a in inputs]
    places = tuple(i for i, a in enumerate(inputs) if a is not None)
    results = []
    for form in (op, op.plain):
        w = mg.Tensor(np.random.default_rng(4).normal(size=form(*inputs, **static).shape), requires_grad=True)

        def scaled(*xs, form=form, w=w):
            return (form(*xs, **static) * w).sum()

        total = sum((g * g).sum() for g in mg.grad(scaled, places)(*inputs))
        total.backward()
        results.append((total.numpy(), w.grad))
    for found, wanted in zip(*results, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_every_kernel_and_every_fused_op_has_a_row():
    fused = set()
    for module in pkgutil.iter_modules(mg.ops.fused.__path__, "minigrad.ops.fused."):
        found = vars(importlib.import_module(module.name)).values()
        fused |= {f.__name__.lstrip("_") for f in found if getattr(f, "is_op", False) and f.plain is not None}
    assert fused == set(FUSED)
    for module in pkgutil.iter_modules(mg.kernels.__path__, "minigrad.kernels."):
        importlib.import_module(module.name)
    own = {name for name, kernel in KERNELS.items() if kernel.folder == mg.kernels.__name__}
    assert own == set(ROWS)


def test_arrays_that_were_pickled_are_served_too():
    x = pickle.loads(pickle.dumps(np.ones((2, 3), np.float32)))
    assert served([x, np.ones(3, np.float32)])
    assert served([np.ones(3, np.float32), x])
    assert not served([x, np.ones(3)])
    assert not served([x.astype(">f4")])


@numba_missing
def test_a_compiled_kernel_takes_an_array_that_was_pickled(monkeypatch):
    def never(*arrays):
        raise AssertionError("NumPy's form ran for float32")

    monkeypatch.setattr("minigrad.kernels.numpy.softmax.softmax", never)
    with use_kernels("numba"):
        KERNELS["softmax.softmax"](pickle.loads(pickle.dumps(np.ones((2, 3), np.float32))))


@numba_missing
def test_no_compiled_form_is_left_without_a_kernel():
    for file in provider.files():
        module = importlib.import_module(f"minigrad.kernels.numba.{file}")
        assert set(module.__all__) <= {k.name for k in KERNELS.values() if k.file == file}


def placed(arrays, rng):
    """Copies of the arrays close together in one piece of memory, in random order, a random few numbers apart."""
    memory = np.empty(sum(a.nbytes + 64 for a in arrays) + 64, np.uint8)
    copies, place = [None] * len(arrays), -memory.ctypes.data % 64
    for i in rng.permutation(len(arrays)):
        a = arrays[i]
        place += -place % a.itemsize + a.itemsize * int(rng.integers(0, 48 // a.itemsize + 1))
        copies[i] = memory[place : place + a.nbytes].view(a.dtype).reshape(a.shape)
        copies[i][...] = a
        place += a.nbytes
    return copies


@numba_missing
@pytest.mark.parametrize("name", ROWS)
def test_bits_of_a_compiled_kernel_do_not_depend_on_where_arrays_lie(name):
    """A loop made wide runs one by one where arrays may overlap: both must round alike, or a resumed run differs."""
    kernel, rng = KERNELS[name], np.random.default_rng(7)
    if "numba" not in kernel.forms():
        return
    run = kernel.forms()["numba"]
    for inputs in ROWS[name](np.random.default_rng(0)):
        outputs = list(kernel.outputs(*inputs))
        arrays = [a for a in (*inputs, *outputs) if isinstance(a, np.ndarray)]
        if sum(a.nbytes for a in arrays) > 50_000:
            continue
        results = set()
        for _ in range(12):
            copies = iter(placed(arrays, rng))
            values = [next(copies) if isinstance(a, np.ndarray) else a for a in (*inputs, *outputs)]
            with np.errstate(all="ignore"):
                run(*values)
            written = values if kernel.writes_inputs else values[len(inputs) :]
            results.add(b"".join(a.tobytes() for a in written if isinstance(a, np.ndarray)))
        assert len(results) == 1


def test_a_compiled_form_gets_copies_of_scattered_inputs_alone():
    seen = []

    def nothing(a, b):
        return ()

    declared = Kernel(nothing)
    try:
        declared._in_use = (lambda *_: pytest.fail("not NumPy's"), lambda *inputs: seen.extend(inputs))
        whole, scattered = np.ones((2, 3), np.float32), np.ones((3, 2), np.float32).T
        declared(whole, scattered)
    finally:
        KERNELS.pop(next(name for name, one in KERNELS.items() if one is declared))
    assert seen[0] is whole
    assert seen[1] is not scattered
    assert seen[1].flags.carray
