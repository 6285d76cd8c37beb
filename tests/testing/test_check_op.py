"""`check_op` must be able to fail: one deliberately wrong op for each kind of defect, caught by the right check."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend import namespace
from minigrad.kernels import provider, provider_in_use
from minigrad.ops import greater
from minigrad.tape import op
from minigrad.tensor import Tensor, raw
from minigrad.testing import CHECKS, TOLERANCE, CheckError, Point, check_gradients, check_op, usable_backends

X = [(2, 3)]


def softsign_oracle(x):
    return x / (1 + np.abs(x))


@op
def softsign(x):
    """A right one, for comparison: y = x / (1 + |x|)."""
    xp = namespace(x)
    d = 1 + xp.abs(x)
    return x / d, (lambda g: g / (d * d),)


@op
def wrong_factor(x):
    y = namespace(x).tanh(x)
    return y, (lambda g: g * (1 - y),)


@op
def wrong_value(x):
    y = namespace(x).tanh(x)
    return y * 1.001, (lambda g: g * (1 - y * y) * 1.001,)


@op
def saved_as_constant(x):
    y = namespace(x).tanh(x)
    saved = raw(y)
    return y, (lambda g: g * (1 - saved * saved),)


@op
def writes_into_its_input(x):
    raw(x)[...] = raw(x) * 2
    return x / 2, (lambda g: g,)


@op
def writes_in_backward(x):
    def vjp(g):
        if not isinstance(g, Tensor):
            g *= 3  # what came in belongs to others
            return g / 3 * 2
        return g * 2

    return x * 2, (vjp,)


@op
def widens(x):
    return x * np.float64(2), (lambda g: g * 2,)


@op
def widens_by_an_array(x):
    return x + namespace(x).zeros(x.shape, dtype=np.float64), (lambda g: g,)


@op
def numpy_on_the_device(x):
    y = np.tanh(x)
    return y, (lambda g: g * (1 - y * y),)


@op
def reshapes_the_gradient(a, b):
    return a * b, (lambda g: g * b, lambda g: (g * a).reshape(-1)[: b.size].reshape(b.shape))


@op
def gradient_of_another_dtype(x):
    return x * 2, (lambda g: (g * 2).astype(np.float64),)


@op
def forwards_namespace(x):
    xp = namespace(x)
    positive = greater(x, 0)
    return xp.where(positive, x, 0), (lambda g: xp.where(positive, g, 0),)


@op
def waits_for_the_device(x):
    scale = 2 if bool((raw(x) < 100).all()) else 1
    return x * scale, (lambda g: g * scale,)


@op
def leaves_the_device(x):
    xp = namespace(raw(x))
    host = xp.to_host(raw(x)) if hasattr(xp, "to_host") else raw(x)
    return np.tanh(host), (lambda g: g,)


@op
def depends_on_memory_order(x):
    if isinstance(x, Tensor) or namespace(x).name != "numpy":
        return x * 1, (lambda g: g,)
    return np.frombuffer(x.tobytes("A"), x.dtype).reshape(x.shape), (lambda g: g,)


@op
def not_for_0d(x):
    return x[None, :][0] * 2, (lambda g: g * 2,)


@op
def forgets_the_other(a, b):
    return a * b, (lambda g: g * b, lambda g: g * 0.0)


def integers_become_floats(x):
    return Tensor(raw(x) * 0.5) if raw(x).dtype.kind == "i" else x * 0.5


@op
def relu(x):
    y = namespace(x).maximum(x, 0)
    return y, (lambda g: namespace(g).where(raw(x) >= 0, g, 0),)


def drops_the_graph(x):
    return Tensor(raw(x) * 2) if isinstance(x, Tensor) else x * 2


def returns_a_tensor_for_arrays(x):
    return Tensor(raw(x)) * 2


# the op, its inputs, its oracle, options; the check and the backend that must catch it, and what the message must say
WRONG = [
    (wrong_factor, X, np.tanh, {}, "gradient", "numpy", "the vjp of that input, its factor"),
    (wrong_value, X, np.tanh, {}, "value", "numpy", "the forward formula"),
    (saved_as_constant, X, np.tanh, {}, "second", "numpy", "a saved value that the vjp treats as a constant"),
    (writes_into_its_input, X, None, {}, "memory", "numpy", "bytes of array 1 after the forward"),
    (writes_into_its_input, X, None, {}, "layouts", "numpy", "read-only"),
    (writes_in_backward, X, None, {}, "memory", "numpy", "bytes of array 2 after backward"),
    (widens, X, lambda x: 2 * x, {}, "value", "numpy", "expected float32"),
    (widens_by_an_array, X, lambda x: x, {}, "value", "numpy", "use Python numbers"),
    (widens, X, None, {}, "device", "strict", "a float64 array was made from float32"),
    (numpy_on_the_device, X, np.tanh, {}, "value", "strict", "np.tanh was called on a device array"),
    (reshapes_the_gradient, [*X, *X], np.multiply, {}, "broadcasting", "numpy", "the engine sums it"),
    (gradient_of_another_dtype, X, None, {}, "dtypes", "numpy", "a vjp that answers in another dtype"),
    (forwards_namespace, X, None, {}, "cotangent", "numpy", "inside a vjp use namespace(g)"),
    (waits_for_the_device, X, None, {}, "device", "strict", "waits for the device"),
    (leaves_the_device, X, np.tanh, {}, "value", "strict", "functions must come from namespace(x)"),
    (depends_on_memory_order, X, lambda x: x, {}, "layouts", "numpy", "transposed inputs"),
    (not_for_0d, X, None, {"shapes": [[()]]}, "edges", "numpy", "shapes ()"),
    (forgets_the_other, [*X, *X], np.multiply, {}, "gradient", "numpy", "got      [0, -0, 0, -0"),
    (integers_become_floats, X, None, {}, "dtypes", "numpy", "integers, or DTypeError"),
    (relu, X, None, {"points": [Point("kink", [0.0], 0.0, [0.0])]}, "points", "numpy", "point 'kink'"),
    (drops_the_graph, X, None, {}, "gradient", "numpy", "no graph hangs on this tensor"),
    (returns_a_tensor_for_arrays, X, None, {}, "value", "numpy", "a plain array"),
    (softsign, X, np.tanh, {}, "value", "numpy", "expected ["),
    (softsign, X, softsign_oracle, {"integers": "kept"}, "dtypes", "numpy", "integers kept"),
    (mg.abs, X, np.abs, {"integers": "refused"}, "dtypes", "numpy", "DTypeError that says: cast to float32"),
    (mg.tanh, X, np.tanh, {"differentiable": False}, "value", "numpy", "Tensors in"),
    (mg.argmax, X, np.argmax, {"differentiable": True}, "value", "numpy", "Tensors in"),
    (mg.log, X, None, {"domain": (-2.0, -1.0)}, "value", "numpy", "RuntimeWarning: invalid value"),
]


@pytest.mark.parametrize(
    ("wrong", "inputs", "oracle", "options", "check", "backend", "words"),
    [pytest.param(*row, id=f"{row[0].__name__}-{row[4]}") for row in WRONG],
)
def test_a_wrong_op_is_caught(wrong, inputs, oracle, options, check, backend, words):
    with pytest.raises(CheckError) as caught:
        check_op(wrong, inputs, oracle, backends=["numpy", "strict"], **options)
    blamed = [f for f in caught.value.failures if f.check == check and f.backend == backend]
    assert blamed, f"not caught by {check} on {backend}:\n{caught.value}"
    assert any(words in str(failure) for failure in blamed), "\n".join(map(str, blamed))


# What a defect must not be blamed for: the checks that a wrong op passes, so that a message leads to the right place.
INNOCENT = [
    (wrong_factor, np.tanh, ["value", "memory", "layouts", "device"]),
    (saved_as_constant, np.tanh, ["value", "gradient", "memory", "layouts", "device", "dtypes"]),
    (gradient_of_another_dtype, None, ["value", "gradient", "second", "cotangent", "layouts", "memory"]),
    (forwards_namespace, None, ["value", "layouts", "memory", "device", "dtypes"]),
    (waits_for_the_device, None, ["value", "gradient", "second", "cotangent", "layouts", "memory", "dtypes"]),
]


@pytest.mark.parametrize(("wrong", "oracle", "checks"), INNOCENT, ids=[row[0].__name__ for row in INNOCENT])
def test_a_wrong_op_passes_the_checks_that_it_keeps(wrong, oracle, checks):
    check_op(wrong, X, oracle, checks=checks)


def test_numpy_on_the_device_passes_where_numpy_is_the_device():
    check_op(numpy_on_the_device, X, np.tanh, backends=["numpy"], checks=["value", "gradient", "memory", "device"])


def test_a_right_op_passes_everything():
    report = check_op(softsign, X, softsign_oracle, shapes=[[()], [(0, 2)]], points=[Point("0", [0.0], 0.0, [1.0])])
    assert report.backends == usable_backends()
    assert set(report.counts) == set(CHECKS) - {"broadcasting"}
    assert all(report.counts.values())
    assert str(report).startswith(f"softsign: {sum(report.counts.values())} comparisons on numpy, strict")


def test_every_failure_is_told_in_one_error():
    with pytest.raises(CheckError) as caught:
        check_op(wrong_factor, X, np.sinh, backends=["numpy", "strict"])
    found = {(failure.check, failure.backend) for failure in caught.value.failures}
    assert {("value", "numpy"), ("value", "strict"), ("gradient", "numpy"), ("gradient", "strict")} <= found
    text = str(caught.value)
    assert text.startswith(f"check_op(wrong_factor): {len(caught.value.failures)} checks failed\n1. value on numpy: ")
    assert isinstance(caught.value, AssertionError)


def test_a_failure_says_where_what_and_what_to_look_at():
    with pytest.raises(CheckError) as caught:
        check_op(wrong_factor, [np.array([0.5, 1.0])], backends=["numpy"], checks=["gradient"])
    first = caught.value.failures[0]
    assert (first.check, first.backend) == ("gradient", "numpy")
    assert first.about == ".backward(), input 1 of 1 [0.5, 1] of shape (2,) float64"
    right, wrong = 1 - math.tanh(0.5) ** 2, 1 - math.tanh(0.5)
    weight = float(first.expected[1:].split(",")[0]) / right
    assert float(first.got[1:].split(",")[0]) == pytest.approx(wrong * weight, rel=1e-5)
    assert first.hint.startswith("the vjp of that input")


def test_no_more_than_asked_is_checked():
    report = check_op(softsign, X, backends=["numpy"], checks=["value", "second"])
    assert list(report.counts) == ["value", "second"]
    assert report.backends == ("numpy",)


def test_no_gradient_is_asked_of_what_has_none():
    report = check_op(mg.greater, [(2, 3), (2, 3)], np.greater, differentiable=False)
    assert not {"gradient", "second", "cotangent", "subsets"} & set(report.counts)
    assert {"value", "broadcasting", "device"} <= set(report.counts)


def test_inputs_of_different_shapes_are_not_made_to_broadcast():
    assert "broadcasting" not in check_op(mg.matmul, [(2, 3), (3, 2)], np.matmul).counts


def test_one_domain_per_input():
    with pytest.raises(ValueError, match="one domain per input, got 1 for 2 inputs"):
        check_op(mg.add, [(2,), (2,)], domain=[(0.0, 1.0)])


def test_tolerances_are_in_order():
    assert [TOLERANCE[name].value for name in ("float64", "float32", "float16")] == sorted(
        t.value for t in TOLERANCE.values()
    )


# -- any function ------------------------------------------------------------------------------------------------------


def test_check_gradients_of_any_function():
    check_gradients(lambda x, w: mg.logsumexp(x @ w) ** 2, np.arange(6.0).reshape(2, 3) / 7, np.ones((3, 2)))


def test_check_gradients_finds_a_wrong_first_order():
    with pytest.raises(CheckError, match=r"check_gradients\(wrong_factor\).*\n1. gradient on numpy"):
        check_gradients(wrong_factor, np.array([0.3, -0.4]))


def test_check_gradients_finds_a_wrong_second_order():
    check_gradients(saved_as_constant, np.array([0.3, -0.4]), order=1)
    with pytest.raises(CheckError, match="second on numpy"):
        check_gradients(saved_as_constant, np.array([0.3, -0.4]))


@op(plain=softsign)
def wrong_when_compiled(x, /):
    """What kernels of numba might do, which serve float32 alone."""
    wrong = provider_in_use() == "numba" and x.dtype == np.float32
    d = 1 + np.abs(x)
    return x / d * (1.001 if wrong else 1), (lambda g: g / (d * d),)


def test_a_fused_op_is_checked_with_the_kernels_of_every_provider(monkeypatch):
    monkeypatch.setattr(provider, "installed", lambda: False)
    alone = check_op(wrong_when_compiled, X, softsign_oracle)
    monkeypatch.setattr(provider, "installed", lambda: True)
    with pytest.raises(CheckError, match="value on numpy") as caught:
        check_op(wrong_when_compiled, X, softsign_oracle)
    assert "with kernels by numba" in "".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert check_op(softsign, X, softsign_oracle).counts == alone.counts  # no kernels, so once
