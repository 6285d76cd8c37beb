"""All normalisers beside each other: what the table of kinds says, statistics of every form, bad input."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.backend.strict import no_synchronisation
from minigrad.errors import DTypeError, ShapeError
from minigrad.nn import functional as F
from minigrad.nn.functional.standardize import KINDS
from minigrad.parallel import Single
from minigrad.tensor import raw

# Every form of batch normalisation of two channels, with a batch for it.
FORMS = {
    "BatchNorm1d": (nn.BatchNorm1d, (4, 2)),
    "BatchNorm2d": (nn.BatchNorm2d, (2, 2, 3, 2)),
    "BatchNorm3d": (nn.BatchNorm3d, (2, 2, 3, 1, 2)),
    "BatchRenorm": (nn.BatchRenorm, (3, 2, 4)),
    "SyncBatchNorm": (nn.SyncBatchNorm, (3, 2, 4)),
    "SyncBatchNorm of one": (lambda *a, **k: nn.SyncBatchNorm(*a, communicator=Single(), **k), (3, 2, 4)),
}
forms = pytest.mark.parametrize(("make", "shape"), FORMS.values(), ids=FORMS)


def batch(shape, shift=0.0):
    """Numbers without a pattern, the same each time."""
    return np.sin(np.arange(1, np.prod(shape) + 1) * 1.7).reshape(shape) * 2 + shift


def statistics(x):
    """Mean and unbiased variance of each channel."""
    flat = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
    return flat.mean(1), flat.var(1, ddof=1)


# -- the table ---------------------------------------------------------------------------------------------------------

OF_A_KIND = {
    "batch": nn.BatchNorm2d(4), "instance": nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
    "group": nn.GroupNorm(2, 4), "layer": nn.LayerNorm((4, 3, 5)), "rms": nn.RMSNorm((4, 3, 5)),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_layers_are_what_the_table_says(kind):
    layer, (axes, learned, centred, running) = OF_A_KIND[kind], KINDS[kind]
    x = batch((2, 4, 3, 5), 3.0)
    seen = x.reshape(2, 2, 2, 3, 5) if kind == "group" else x
    y = raw(layer.to(dtype="float64")(x)).reshape(seen.shape)
    averaged = tuple(axes(seen.ndim, 3))
    np.testing.assert_allclose((y * y).mean(axis=averaged), 1, rtol=1e-4)
    assert (np.abs(y.mean(axis=averaged)) < 1e-9).all() == centred
    assert layer.weight.shape == {"channel": (4,), "element": (4, 3, 5)}[learned]
    assert hasattr(layer, "running_mean") == running
    assert hasattr(layer, "bias") == centred  # a shift makes up for the mean that was taken


def test_normalisers_that_are_special_cases_of_others(device):
    x = device.tensor(batch((2, 4, 3, 3)))
    pairs = [
        (F.group_norm(x, 4), F.instance_norm(x)),
        (F.group_norm(x, 1), F.layer_norm(x, (4, 3, 3))),
        (F.instance_norm(x[:1]), F.batch_norm(x[:1], None, None, training=True)),
        (F.rms_norm(x - x.mean(axis=-1, keepdims=True), 3, eps=1e-5), F.layer_norm(x, 3)),
        (F.local_response_norm(x, 1, 0.0), x),
    ]
    for one, other in pairs:
        np.testing.assert_allclose(device.host(one), device.host(other), rtol=2e-5, atol=2e-6)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"^averaged_axes: the kind is one of batch, instance, .*got 'spectral'"):
        F.averaged_axes("spectral", 4)


# -- every form of batch normalisation ---------------------------------------------------------------------------------


@forms
def test_running_statistics(make, shape, device):
    batches = [batch(shape), batch(shape, 2.0), batch(shape) * 3]
    means, variances = zip(*map(statistics, batches), strict=True)
    mean, var = np.zeros(2), np.ones(2)
    for m, v in zip(means, variances, strict=True):
        mean, var = 0.75 * mean + 0.25 * m, 0.75 * var + 0.25 * v
    wanted = {"momentum": (mean, var), "decay": (mean, var), "none": (np.mean(means, 0), np.mean(variances, 0))}
    layers = {"momentum": make(2, momentum=0.25), "decay": make(2, decay=0.75), "none": make(2, momentum=None)}
    for name, layer in layers.items():
        for x in batches:
            layer(device.tensor(x))
        np.testing.assert_allclose(layer.running_mean.numpy(), wanted[name][0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(layer.running_var.numpy(), wanted[name][1], rtol=1e-5)
        assert layer.num_batches_tracked.item() == 3
    with pytest.raises(ValueError, match=r": momentum = 1 - decay, got 0.5 and 0.9; give one of the two"):
        make(2, momentum=0.5, decay=0.9)


@forms
def test_in_use_the_running_statistics_are_constants(make, shape, device):
    layer = make(2)
    layer(device.tensor(batch(shape, 5.0)))
    state = layer.eval().state_dict()
    x = batch(shape)[:1]
    along = (-1, *[1] * (len(shape) - 2))
    mean, var = (state[f"running_{name}"].reshape(along) for name in ("mean", "var"))
    np.testing.assert_allclose(device.host(layer(device.tensor(x))), (x - mean) / np.sqrt(var + 1e-5), rtol=1e-4)
    assert all((layer.state_dict()[name] == array).all() for name, array in state.items())


@forms
def test_one_value_per_channel_cannot_train_and_is_not_counted(make, shape, device):
    layer, few = make(2, momentum=None), (1, 2, *[1] * (len(shape) - 2))
    before = layer.state_dict()
    with pytest.raises(ShapeError, match=r"(?i)norm: one value per channel .*got \(1, 2.*model.eval\(\)"):
        layer(mg.ones(few))
    assert all((layer.state_dict()[name] == array).all() for name, array in before.items())
    layer.eval()(mg.ones(few))


@forms
def test_float16_sums_are_wide(make, shape, device):
    x = device.tensor(batch(shape) * 150, np.float16)  # squares beyond the largest float16
    layer = make(2).to(dtype="float16")
    for training in (True, False):
        y = layer.train(training)(x)
        assert str(y.dtype) == "float16"
        assert np.isfinite(device.host(y)).all()


@forms
@pytest.mark.parametrize("momentum", [0.1, None])
def test_training_waits_for_nothing(make, shape, momentum):
    with mg.use_backend("strict"):
        layer, x = make(2, momentum=momentum), mg.randn(*shape, requires_grad=True)
        with no_synchronisation():
            (layer(x) ** 2).sum().backward()
            layer.eval()(x)


@forms
def test_a_checkpoint_changes_nothing_but_memory(make, shape, device):
    results = []
    for run in (mg.checkpoint, lambda f, x: f(x)):
        layer = make(2)
        xs = [device.leaf(batch(shape, shift) * 0.7) for shift in (0.0, 0.5, -0.5)]
        sum((run(lambda x, layer=layer: layer(x) ** 3, x).sum() for x in xs), start=mg.zeros(())).backward()
        results.append([*(device.host(x.grad) for x in xs), *layer.state_dict().values()])
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@forms
def test_the_state_of_one_form_is_that_of_all(make, shape, device):
    source = nn.BatchNorm1d(2)
    source(device.tensor(batch((4, 2))))
    layer = make(2)
    assert layer.load_state_dict(source.state_dict()) == ([], [])
    np.testing.assert_array_equal(layer.running_mean.numpy(), source.running_mean.numpy())


# -- instances, vectors ------------------------------------------------------------------------------------------------


def test_an_empty_batch_has_no_statistics(device):
    layer = nn.InstanceNorm1d(2, track_running_stats=True)
    assert layer(mg.ones((0, 2, 3))).shape == (0, 2, 3)
    assert layer.running_mean.tolist() == [0.0, 0.0]
    assert F.group_norm(mg.ones((0, 4, 2)), 2).shape == (0, 4, 2)


def test_running_statistics_of_instances_through_a_checkpoint(device):
    one, other = (nn.InstanceNorm1d(2, track_running_stats=True) for _ in range(2))
    x = device.leaf(batch((3, 2, 4)))
    mg.checkpoint(one, x).sum().backward()
    other(x)
    np.testing.assert_array_equal(one.running_var.numpy(), other.running_var.numpy())
    assert one.num_batches_tracked.item() == 0  # as in PyTorch


def test_the_zero_vector_stays_zero(device):
    x = device.leaf([[0.0, 0.0], [3.0, 4.0]])
    y = F.normalize(x)
    y.sum().backward()
    np.testing.assert_allclose(device.host(y), [[0, 0], [0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(device.host(x.grad), [[1e12, 1e12], [0.2 * 0.16, -0.2 * 0.12]], rtol=1e-5)


@pytest.mark.parametrize(
    "f",
    [lambda x: F.rms_norm(x, 4), lambda x: F.group_norm(x, 2), lambda x: F.instance_norm(x.reshape(2, 2, 2)),
     F.normalize, lambda x: F.local_response_norm(x.reshape(1, 4, 2), 4, 1.0)],
)  # fmt: skip
def test_float16_of_each_example(f, device):
    x = device.leaf([[300.0, 500.0, 100.0, 400.0], [-200.0, 700.0, 900.0, 350.0]], np.float16)
    y = f(x)
    y.sum().backward()
    assert (str(y.dtype), str(x.grad.dtype)) == ("float16", "float16")
    wide = device.host(f(x.detach().astype("float32")))
    np.testing.assert_allclose(device.host(y), wide, rtol=2e-3, atol=2e-3)


def test_constant_features_do_no_harm(device):
    for layer in (nn.RMSNorm(4), nn.GroupNorm(2, 2), nn.InstanceNorm1d(2), nn.BatchRenorm(2)):
        x = device.leaf(np.zeros((3, 2, 4)))
        y = layer(x)
        (y * y).sum().backward()
        assert not device.host(y).any()
        assert np.isfinite(device.host(x.grad)).all()


# -- bad input ---------------------------------------------------------------------------------------------------------

BAD_LAYERS = [
    (lambda: nn.BatchNorm2d(0.5), r"BatchNorm2d: num_features must be a whole number, got 0.5"),
    (lambda: nn.BatchNorm3d(2, momentum=-0.1), r"BatchNorm3d: momentum is the weight .*got -0.1"),
    (lambda: nn.InstanceNorm2d(2, momentum=None), r"InstanceNorm2d: batches are not counted.*got momentum=None"),
    (lambda: nn.InstanceNorm2d(2, momentum=2), r"InstanceNorm2d: momentum is the weight .*got 2"),
    (lambda: nn.GroupNorm(3, 4), r"GroupNorm: num_groups must divide num_channels, got 3 and 4"),
    (lambda: nn.GroupNorm(0, 4), r"GroupNorm: num_groups must divide num_channels, got 0 and 4"),
    (lambda: nn.GroupNorm(2.0, 4), r"GroupNorm: num_groups must be a whole number, got 2.0"),
    (lambda: nn.LocalResponseNorm(0), r"LocalResponseNorm: size must be at least 1, got 0"),
    (lambda: nn.LocalResponseNorm(2, k=float("nan")), r"LocalResponseNorm: k must be a finite number, got nan"),
    (lambda: nn.BatchNorm2d(2, momentum="0.1"), r"BatchNorm2d: momentum is the weight .*got '0.1'"),
    (lambda: nn.RMSNorm("3"), r"RMSNorm: normalized_shape must be a whole number, got '3'"),
    (lambda: nn.SyncBatchNorm(2, communicator="mpi"), r"SyncBatchNorm: a communicator has rank, size .*got 'mpi'"),
    *((lambda m=make, e=eps: m(e), rf"{name}: eps must be a finite number from 0 up, got {eps}")
      for eps in (-1e-5, float("nan"), float("inf"), None)
      for name, make in {
          "BatchNorm1d": lambda e: nn.BatchNorm1d(2, e), "BatchNorm2d": lambda e: nn.BatchNorm2d(2, e),
          "BatchRenorm": lambda e: nn.BatchRenorm(2, eps=e), "SyncBatchNorm": lambda e: nn.SyncBatchNorm(2, e),
          "LayerNorm": lambda e: nn.LayerNorm(2, e), "GroupNorm": lambda e: nn.GroupNorm(1, 2, e),
          "InstanceNorm1d": lambda e: nn.InstanceNorm1d(2, e),
          "RMSNorm": lambda e: nn.RMSNorm(2, e),
      }.items() if not (name == "RMSNorm" and eps is None)),
]  # fmt: skip


@pytest.mark.parametrize(("make", "words"), BAD_LAYERS)
def test_layers_that_cannot_be(make, words):
    with pytest.raises((ValueError, TypeError), match=rf"^{words}"):
        make()


BAD_SHAPES = [
    (nn.BatchNorm2d(2), (4, 2, 3), r"BatchNorm2d: x must be \(N, C, H, W\) with C = 2, got \(4, 2, 3\)"),
    (nn.BatchNorm2d(2), (4, 3, 3, 3), r"BatchNorm2d: x must be .* with C = 2, got \(4, 3, 3, 3\); check num_f"),
    (nn.BatchNorm3d(2), (4, 2, 3, 3), r"BatchNorm3d: x must be \(N, C, D, H, W\) with C = 2, got \(4, 2, 3, 3\)"),
    (nn.BatchRenorm(2), (4, 3), r"BatchRenorm: x must be \(N, C, ...\) with C = 2, got \(4, 3\)"),
    (nn.SyncBatchNorm(2), (2,), r"SyncBatchNorm: x must be \(N, C, ...\) with C = 2, got \(2,\)"),
    (nn.InstanceNorm1d(2), (4, 3, 2), r"InstanceNorm1d: x must be \(C, L\) or \(N, C, L\) with C = 2, got \(4, 3, 2\)"),
    (nn.InstanceNorm2d(2), (4, 2), r"InstanceNorm2d: x must be \(C, H, W\) or .* got \(4, 2\)"),
    (nn.InstanceNorm3d(2), (2, 2, 2), r"InstanceNorm3d: x must be \(C, D, H, W\) or .* got \(2, 2, 2\)"),
    (nn.InstanceNorm2d(2), (4, 2, 1, 1), r"instance_norm: one value per channel of an example .*got \(4, 2, 1, 1\)"),
    (nn.InstanceNorm1d(2), (2, 1), r"instance_norm: one value per channel of an example .*got \(1, 2, 1\)"),
    (nn.GroupNorm(2, 4), (3, 6), r"GroupNorm: x must be \(N, C, ...\) with C = 4, got \(3, 6\)"),
    (nn.GroupNorm(4, 4), (3, 4), r"group_norm: one value per group has no variance, got \(3, 4\); take fewer groups"),
    (nn.RMSNorm((2, 3)), (3, 2), r"rms_norm: x must end with normalized_shape \(2, 3\), got \(3, 2\)"),
    (nn.LocalResponseNorm(2), (3, 2), r"local_response_norm: x must be .*three axes or more, got \(3, 2\)"),
]


@pytest.mark.parametrize(("layer", "shape", "words"), BAD_SHAPES)
def test_shapes_that_do_not_fit(layer, shape, words):
    with pytest.raises(ShapeError, match=rf"^{words}"):
        layer(mg.ones(shape))


def test_in_use_one_value_per_instance_will_do_where_statistics_are_kept():
    layer = nn.InstanceNorm2d(2, track_running_stats=True).eval()
    assert layer(mg.ones((4, 2, 1, 1))).shape == (4, 2, 1, 1)
    with pytest.raises(ShapeError, match="one value per channel of an example"):
        nn.InstanceNorm2d(2).eval()(mg.ones((4, 2, 1, 1)))


X = np.ones((2, 4, 3), np.float32)
BAD_CALLS = [
    (lambda: F.group_norm(X, 3), ShapeError, r"group_norm: x must be .* a multiple of num_groups 3, got \(2, 4, 3\)"),
    (lambda: F.group_norm(X, 0), ValueError, r"group_norm: num_groups must be at least 1, got 0"),
    (lambda: F.group_norm(X, 2, eps=-2), ValueError, r"group_norm: eps must be .*got -2"),
    (lambda: F.group_norm(X, 2, np.ones(2)), ShapeError, r"group_norm: weight must have shape \(4,\), got \(2,\)"),
    (lambda: F.batch_norm(X, None, None, training=True, eps=-0.5), ValueError, r"batch_norm: eps must be .*got -0.5"),
    (lambda: F.instance_norm(X, eps="small"), TypeError, r"instance_norm: eps must be .*got 'small'"),
    (lambda: F.instance_norm(X, use_input_stats=False), ShapeError, r"instance_norm: in use it needs running .*None"),
    (lambda: F.batch_norm(X, np.ones(1), np.ones(4)), ShapeError, r"batch_norm: running_mean .*\(4,\), got \(1,\)"),
    (lambda: F.batch_norm(X, None, np.ones(3), training=True), ShapeError, r"batch_norm: running_var .*got \(3,\)"),
    (lambda: F.batch_renorm(X, None, None, training=True), ShapeError, r"batch_renorm: it needs running .*got None"),
    *((lambda m=momentum: F.batch_norm(X, np.zeros(4), np.ones(4), training=True, momentum=m), ValueError,
       rf"batch_norm: momentum is the weight of the newest batch, .*got {momentum}")
      for momentum in (None, 1.5, -0.1, float("nan"))),
    (lambda: F.batch_renorm(X, None, None), ShapeError, r"batch_renorm: in use it needs running .*got None"),
    (lambda: F.instance_norm(np.ones(3)), ShapeError, r"instance_norm: x must be \(N, C, ...\), got \(3,\)"),
    (lambda: F.layer_norm(X, 3, eps=-1), ValueError, r"layer_norm: eps must be .*got -1"),
    (lambda: F.rms_norm(X, 4), ShapeError, r"rms_norm: x must end with normalized_shape \(4,\), got \(2, 4, 3\)"),
    (lambda: F.rms_norm(X, 3, np.ones(4)), ShapeError, r"rms_norm: weight must have shape \(3,\), got \(4,\)"),
    (lambda: F.normalize(X, 0), ValueError, r"normalize: p is the order of a norm, .*got 0"),
    (lambda: F.normalize(X, eps=float("nan")), ValueError, r"normalize: eps must be .*got nan"),
    (lambda: F.local_response_norm(X, 2, beta="a"), TypeError, r"local_response_norm: beta must be a finite .*got 'a'"),
    (lambda: F.local_response_norm(X, 1.5), TypeError, r"local_response_norm: size must be a whole number, got 1.5"),
    *((lambda call=call: call(np.arange(24).reshape(2, 4, 3)), DTypeError, rf"{name}: needs floating numbers, got int")
      for name, call in {
          "batch_norm": lambda x: F.batch_norm(x, None, None, training=True), "instance_norm": F.instance_norm,
          "batch_renorm": lambda x: F.batch_renorm(x, None, None), "layer_norm": lambda x: F.layer_norm(x, 3),
          "rms_norm": lambda x: F.rms_norm(x, 3), "group_norm": lambda x: F.group_norm(x, 2),
          "local_response_norm": lambda x: F.local_response_norm(x, 2), "normalize": F.normalize,
          "standardize": lambda x: F.standardize(x, (0,)),
      }.items()),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), BAD_CALLS)
def test_calls_that_mean_nothing(call, kind, words):
    with pytest.raises(kind, match=rf"^{words}"):
        call()
