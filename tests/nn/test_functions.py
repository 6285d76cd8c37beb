"""Every function of minigrad.nn.functional through every check of ops, on every device; what is special about some."""

import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import use_backend
from minigrad.backend.strict import no_synchronisation
from minigrad.errors import DeviceError, DTypeError, ShapeError
from minigrad.nn import functional as F
from minigrad.testing import CHECKS, check_gradients
from tests.nn.function_rows import ACTIVATIONS, ROWS

NO_INPUTS = {"averaged_axes"}


def applies(row, check):
    wanted = {"subsets": len(row.inputs) > 1, "broadcasting": False, "edges": bool(row.shapes), "points": False}
    return wanted.get(check, True)


CASES = [pytest.param(row, check, id=f"{row.id}-{check}") for row in ROWS for check in CHECKS if applies(row, check)]


@pytest.mark.parametrize(("row", "check"), CASES)
def test_function(row, check, device):
    with use_backend("numpy"):  # functions follow their inputs, wherever new Tensors are made
        row.check(device.name, check)


def test_every_function_has_a_row():
    assert {row.op for row in ROWS} | NO_INPUTS == set(F.__all__), "add a row to tests/nn/function_rows.py"
    names = [row.id for row in ROWS]
    assert len(names) == len(set(names)), sorted(n for n in set(names) if names.count(n) > 1)


@pytest.mark.parametrize("row", [r for r in ACTIVATIONS if len(r.inputs) == 1], ids=lambda row: row.id)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_overflow_nowhere(row, dtype, device):
    x = device.leaf([[-1000.0, -88.0, -20.0, 0.0], [20.0, 88.0, 710.0, 1000.0]], dtype)
    y = row.call(x, **row.static)  # a warning would be an error
    y.sum().backward()
    second = mg.grad(lambda z: (mg.grad(lambda t: row.call(t, **row.static).sum())(z) * 1.5).sum())(x.detach())
    for values in (y, x.grad, second):
        assert np.isfinite(device.host(values)).all()
        assert str(device.host(values).dtype) == dtype


@pytest.mark.parametrize(
    ("f", "value", "gradient"),
    [
        (F.relu, 0.0, 0.0), (F.leaky_relu, 0.0, 0.01), (F.elu, 0.0, 1.0), (F.celu, 0.0, 1.0), (F.hardtanh, 1.0, 0.0),
        (F.hardtanh, -1.0, 0.0), (F.hardswish, 3.0, 1.0), (F.hardswish, -3.0, 0.0), (F.softsign, 0.0, 1.0),
    ],
)  # fmt: skip
def test_gradients_at_kinks(f, value, gradient, device):
    x = device.leaf([value], np.float64)
    f(x).sum().backward()
    if f is F.hardswish:  # PyTorch's at 3 is 1 and at -3 is 0; the parabola's would be 1.5 and -0.5
        assert device.host(x.grad)[0] in (gradient, 0.5 * (value > 0) + (value > 0) * 0.5)
    else:
        assert device.host(x.grad).tolist() == [pytest.approx(gradient)]


# -- losses ------------------------------------------------------------------------------------------------------------

PAIRS = (
    "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div".split()
)


@pytest.mark.parametrize("name", PAIRS)
def test_shapes_are_strict(name, device):
    with pytest.raises(ShapeError, match=rf"^{name}: .*\(3, 1\) and \(3,\); reshape"):
        getattr(F, name)(mg.ones((3, 1)), mg.ones(3))


@pytest.mark.parametrize(
    ("name", "options"),
    [*((name, {}) for name in (*PAIRS, "cross_entropy", "nll_loss")), ("kl_div", {"reduction": "batchmean"}),
     ("cross_entropy", {"label_smoothing": 0.1}), ("cross_entropy", {"soft": True})],
)  # fmt: skip
def test_the_mean_of_nothing_is_nan_with_one_warning_and_its_sum_0(name, options, device):
    options = dict(options)
    soft = options.pop("soft", name in PAIRS)
    x = device.leaf(np.zeros((0, 3)))
    target = device.array(np.zeros((0, 3))) if soft else device.array(np.zeros(0), np.int64)
    with pytest.warns(RuntimeWarning, match=rf"^{name}: there is nothing to average, so that the mean is NaN$") as told:
        loss = getattr(F, name)(x, target, **options)
    assert len(told) == 1
    assert np.isnan(device.host(loss))
    assert getattr(F, name)(x, target, **{**options, "reduction": "sum"}).item() == 0
    loss.backward()
    assert x.grad.shape == (0, 3)


@pytest.mark.parametrize("name", [*PAIRS, "cross_entropy", "nll_loss"])
def test_unknown_reductions_are_refused(name, device):
    target = device.array([0, 1], np.int64) if name in ("cross_entropy", "nll_loss") else mg.ones((2, 2))
    with pytest.raises(ValueError, match=rf"^{name}: reduction must be one of none, mean.*'average'"):
        getattr(F, name)(mg.ones((2, 2)), target, reduction="average")


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_bad_labels(name, device):
    f, logits = getattr(F, name), mg.ones((3, 4))
    with pytest.raises(DTypeError, match=rf"^{name}: labels must be integers, got float32 of shape \(3,\); cast"):
        f(logits, device.array([0, 1, 2]))
    with pytest.raises(DTypeError, match=rf"^{name}: labels must be integers, got bool"):
        f(logits, device.array([True, False, True], bool))
    for shape in ((3, 1), (4,), ()):
        with pytest.raises(ShapeError, match=rf"^{name}: logits must be .*\(3, 4\) and \{str(shape)[:-1]}"):
            f(logits, device.array(np.zeros(shape), np.int64))
    with pytest.raises(
        ShapeError, match=r"\(2, 3, 4\) and \(2, 3\); if the classes come last, logits\.swapaxes\(1, -1\)$"
    ):
        f(mg.ones((2, 3, 4)), device.array(np.zeros((2, 3)), np.int64))
    with pytest.raises(ShapeError, match=r"\(2, 3, 4\) and \(2, 5\); reshape$"):
        f(mg.ones((2, 3, 4)), device.array(np.zeros((2, 5)), np.int64))
    with pytest.raises(ShapeError, match=rf"^{name}: needs one weight for each class, \(4,\), got \(3,\)"):
        f(logits, device.array([0, 1, 2], np.int64), weight=[1.0, 2.0, 3.0])


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_a_label_too_large_for_int64_is_not_taken_for_the_ignored_one(name):
    with pytest.raises(ShapeError, match=rf"^{name}: labels must lie in 0 to 3"):
        getattr(F, name)(mg.ones((2, 4)), np.array([0, 2**64 - 100], np.uint64))


@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize("label", [-1, 4, -99])
def test_a_label_that_names_no_class(name, label):
    with pytest.raises(ShapeError, match=rf"^{name}: labels must lie in 0 to 3, got .*{label}.*only ignore_index"):
        getattr(F, name)(mg.ones((2, 4)), np.array([0, label]))
    with mg.use_backend("strict"):
        x, labels = mg.ones((2, 4), requires_grad=True), mg.backend.move(np.array([0, label]), "strict")
        with no_synchronisation():
            loss = getattr(F, name)(x, labels)
            each = getattr(F, name)(x, labels, reduction="none")
            loss.backward()
        assert np.isnan(loss.item())
        assert np.isnan(each.numpy()).tolist() == [False, True]


def test_labels_of_another_device_are_refused():
    with pytest.raises(DeviceError, match=r"cross_entropy: .*two devices, got numpy and strict"):
        F.cross_entropy(mg.ones((1, 2)), mg.backend.move(np.array([0]), "strict"))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_all_ignored_is_nan_with_a_warning_and_no_gradient(smoothing):
    x = mg.ones((2, 3), requires_grad=True)
    with pytest.warns(RuntimeWarning, match="cross_entropy: every label is ignored"):
        loss = F.cross_entropy(x, np.array([-100, -100]), label_smoothing=smoothing)
    loss.backward()
    assert np.isnan(loss.item())
    assert x.grad.tolist() == [[0.0] * 3] * 2


def test_all_ignored_on_a_device_is_nan(device):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        loss = F.cross_entropy(mg.ones((2, 3)), device.array([-100, -100], np.int64))
    assert np.isnan(loss.item())


def test_labels_may_be_lists_and_of_any_integer_type(device):
    x = device.tensor([[1.0, 2.0, 0.5], [0.0, 1.0, 3.0]])
    losses = [F.cross_entropy(x, [1, 2]), *(F.cross_entropy(x, device.array([1, 2], t)) for t in ("uint8", "int32"))]
    assert len({loss.item() for loss in losses}) == 1


def test_an_infinite_logit_of_an_ignored_label_does_no_harm(device):
    x = device.leaf([[-np.inf, 0.0], [1.0, 0.0]])
    loss = F.cross_entropy(x, device.array([-100, 0], np.int64))
    loss.backward()
    assert np.isfinite(loss.item())
    assert np.isfinite(device.host(x.grad)).all()


def test_probabilities_outside_0_to_1_are_refused():
    with pytest.raises(
        ValueError, match=r"binary_cross_entropy: probabilities must lie in \[0, 1\], got .*with_logits"
    ):
        F.binary_cross_entropy(mg.Tensor([1.5]), mg.Tensor([1.0]))
    with mg.use_backend("strict"), np.errstate(invalid="ignore"):
        assert np.isnan(F.binary_cross_entropy(mg.Tensor([1.5]), mg.Tensor([1.0])).item())


def test_binary_cross_entropy_at_its_ends(device):
    x, t = device.leaf([0.0, 1.0, 0.0]), device.tensor([0.0, 1.0, 1.0])
    y = F.binary_cross_entropy(x, t, reduction="none")
    y.sum().backward()
    assert device.host(y).tolist() == [0.0, 0.0, 100.0]
    assert device.host(x.grad)[:2].tolist() == [0.0, 0.0]
    assert device.host(x.grad)[2] == pytest.approx(-1e12)


def test_weights_must_broadcast_to_the_input(device):
    for name, word in (("binary_cross_entropy", "weight"), ("binary_cross_entropy_with_logits", "pos_weight")):
        with pytest.raises(ShapeError, match=rf"^{name}: {word} must broadcast to \(2, 3\) of the input, got \(2,\)"):
            getattr(F, name)(mg.ones((2, 3)), mg.ones((2, 3)), **{word: mg.ones(2)})


def test_the_gradient_of_cross_entropy_is_probability_minus_one_hot():
    x = np.array([[1.0, 2.0, 0.5], [0.0, 1.0, 3.0]])
    t = mg.Tensor(x, requires_grad=True)
    F.cross_entropy(t, np.array([1, 2]), reduction="sum").backward()
    e = np.exp(x)
    np.testing.assert_allclose(t.grad, e / e.sum(1, keepdims=True) - np.eye(3)[[1, 2]], atol=1e-15)


# -- arguments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: F.gelu(mg.ones(2), "erf"), r"gelu: approximate must be 'none' or 'tanh', got 'erf'"),
        (lambda: F.hardtanh(mg.ones(2), 1, 1), r"hardtanh: min_val must lie below max_val, got 1.0 and 1.0"),
        (lambda: F.glu(mg.ones(3)), r"glu: the axis must have an even size .*\(3,\)"),
        (lambda: F.prelu(mg.ones((2, 3)), mg.ones(2)), r"prelu: .*each of the 3 channels .*\(2,\) for x \(2, 3\)"),
        (lambda: F.huber_loss(mg.ones(2), mg.ones(2), delta=0), r"huber_loss: delta must be a finite number above 0"),
        (lambda: F.smooth_l1_loss(mg.ones(2), mg.ones(2), beta=-1), r"smooth_l1_loss: beta must be .*from 0 up"),
        (lambda: F.dropout(mg.ones(2), 1.5), r"dropout: p is the probability of dropping, in \[0, 1\], got 1.5"),
        (lambda: F.dropout(mg.arange(3, dtype="int64")), r"dropout: needs floating numbers, got int64; cast"),
        (lambda: F.linear(mg.ones((2, 5)), mg.ones((3, 4))), r"linear: .*must be 4, .*\(3, 4\) says, got \(2, 5\)"),
        (lambda: F.bilinear(mg.ones((2, 3)), mg.ones((1, 2)), mg.ones((5, 3, 2))), r"bilinear: x1 must be \(..., 3\)"),
        (lambda: F.layer_norm(mg.ones((2, 3)), 4), r"layer_norm: x must end with .* \(4,\), got \(2, 3\)"),
        (lambda: F.layer_norm(mg.ones((2, 3)), 3, mg.ones(2)), r"layer_norm: weight must .* \(3,\), got \(2,\)"),
        (lambda: F.batch_norm(mg.ones((2, 3)), None, None), r"batch_norm: in use it needs .*, got None"),
        (lambda: F.batch_norm(mg.ones(3), None, None, training=True), r"batch_norm: x must be .*, got \(3,\)"),
        (lambda: F.cross_entropy(mg.ones((1, 2)), [0], label_smoothing=2), r"cross_entropy: label_smoothing must"),
    ],
)  # fmt: skip
def test_bad_arguments_by_message(call, words):
    with pytest.raises((ValueError, TypeError), match=rf"^{words}"):
        call()


def test_numpy_scalars_widen_nothing(device):
    x, s = device.tensor([[0.5, -1.0], [2.0, 0.1]]), np.float64(0.5)
    calls = [
        F.leaky_relu(x, s), F.elu(x, s), F.celu(x, s), F.hardtanh(x, -s, s), F.softplus(x, s), F.dropout(x, s),
        F.layer_norm(x, 2, eps=s), F.batch_norm(x, None, None, training=True, eps=s), F.huber_loss(x, x, delta=s),
        F.smooth_l1_loss(x, x, beta=s), F.cross_entropy(x, [0, 1], label_smoothing=s),
    ]  # fmt: skip
    assert {str(y.dtype) for y in calls} == {"float32"}


def test_float16_sums_are_wide(device):
    x = device.tensor([[300.0, 500.0, 100.0, 400.0]], np.float16)  # squares beyond the largest float16
    for y in (F.layer_norm(x, 4), F.batch_norm(x.reshape(4, 1), None, None, training=True)):
        assert str(y.dtype) == "float16"
        assert np.isfinite(device.host(y)).all()


def test_dropout_is_right_to_second_order():
    def f(x):
        mg.manual_seed(3)
        return F.dropout(x * x * x, 0.4)

    check_gradients(f, np.array([0.5, -1.0, 2.0, 1.5]), order=2)


def test_which_axes_are_averaged():
    assert [F.averaged_axes("batch", n) for n in (2, 3, 4)] == [(0,), (0, 2), (0, 2, 3)]
    assert F.averaged_axes("instance", 4) == (2, 3)
    assert F.averaged_axes("layer", 4, 2) == (2, 3)
