"""Batch and layer normalisation: statistics and their conventions, second order, bad input."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.strict import no_synchronisation
from minigrad.errors import ShapeError
from minigrad.nn import BatchNorm1d, LayerNorm, Linear, Sequential
from minigrad.nn import functional as F
from minigrad.testing import check_gradients

X = np.array([[1.0, 4.0], [2.0, 0.0], [6.0, -1.0], [3.0, 1.0]])


def trained(layer, device, *batches):
    for batch in batches:
        layer(device.tensor(batch))
    return layer


def test_running_statistics_are_an_ewma_with_the_unbiased_variance(device):
    layer = trained(BatchNorm1d(2), device, X, X + 1)
    mean = 0.9 * (0.1 * X.mean(0)) + 0.1 * (X.mean(0) + 1)
    var = 0.9 * (0.9 + 0.1 * X.var(0, ddof=1)) + 0.1 * X.var(0, ddof=1)
    np.testing.assert_allclose(layer.running_mean.numpy(), mean, rtol=1e-6)
    np.testing.assert_allclose(layer.running_var.numpy(), var, rtol=1e-6)
    assert layer.num_batches_tracked.item() == 2


@pytest.mark.parametrize("examples", [1000, 20000])
def test_many_examples_far_from_zero(examples, device):
    """Sums over the batch are sums of float32 numbers of which each is 10,000."""
    x = (1e4 + np.random.default_rng(0).normal(size=(examples, 3))).astype(np.float32)
    layer, wide = BatchNorm1d(3, momentum=1.0).to(device.name), x.astype(np.float64)
    y = layer(device.tensor(x)).numpy()
    np.testing.assert_allclose(y, (wide - wide.mean(0)) / wide.std(0), atol=4e-3)  # the mean is a float32: 1e-3 apart
    np.testing.assert_allclose(layer.running_mean.numpy(), wide.mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.running_var.numpy(), wide.var(0, ddof=1), rtol=1e-4)


def test_many_examples_have_the_gradient_of_few():
    x = np.random.default_rng(0).normal(size=(1030, 2))
    g = np.random.default_rng(1).normal(size=x.shape)
    whole = mg.Tensor(x, requires_grad=True)
    (F.batch_norm(whole, None, None, training=True) * g).sum().backward()
    y, r = (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), 1 / np.sqrt(x.var(0) + 1e-5)
    np.testing.assert_allclose(whole.grad, (g - g.mean(0) - y * (g * y).mean(0)) * r, rtol=1e-9, atol=1e-12)


def test_no_momentum_is_the_mean_of_all_batches(device):
    layer = trained(BatchNorm1d(2, momentum=None), device, X, X + 3, X * 2)
    means = [batch.mean(0) for batch in (X, X + 3, X * 2)]
    np.testing.assert_allclose(layer.running_mean.numpy(), np.mean(means, 0), rtol=1e-6)


def test_decay_is_another_word_for_momentum(device):
    one, other = (trained(layer, device, X) for layer in (BatchNorm1d(2, momentum=0.25), BatchNorm1d(2, decay=0.75)))
    assert (one.running_mean.numpy() == other.running_mean.numpy()).all()
    with pytest.raises(ValueError, match=r"^BatchNorm1d: momentum = 1 - decay, got 0.1 and 0.9; give one"):
        BatchNorm1d(2, momentum=0.1, decay=0.9)
    with pytest.raises(ValueError, match=r"^BatchNorm1d: momentum is the weight of the newest batch, .*got 1.5"):
        BatchNorm1d(2, momentum=1.5)


def test_momentum_0_keeps_and_1_replaces(device):
    kept, replaced = (trained(BatchNorm1d(2, momentum=m), device, X) for m in (0.0, 1.0))
    assert kept.running_mean.tolist() == [0.0, 0.0]
    np.testing.assert_allclose(replaced.running_mean.numpy(), X.mean(0), rtol=1e-6)


def test_in_training_the_batch_counts_and_in_use_the_running_statistics(device):
    layer = trained(BatchNorm1d(2), device, X)
    y = device.host(layer(device.tensor(X)))
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(0), 1, atol=1e-4)
    state = layer.eval().state_dict()
    y = device.host(layer(device.tensor(X[:1])))  # a batch of one will do
    np.testing.assert_allclose(y, (X[:1] - state["running_mean"]) / np.sqrt(state["running_var"] + 1e-5), rtol=1e-5)
    assert all((layer.state_dict()[name] == array).all() for name, array in state.items())


def test_without_tracking_the_batch_counts_always(device):
    layer = BatchNorm1d(2, track_running_stats=False, affine=False).eval()
    assert layer.state_dict() == {}
    np.testing.assert_allclose(device.host(layer(device.tensor(X))).mean(0), 0, atol=1e-6)


@pytest.mark.parametrize(("shape", "words"), [((1, 2), r"\(1, 2\)"), ((1, 2, 1), r"\(1, 2, 1\)")])
def test_one_value_per_channel_cannot_train(shape, words, device):
    layer = BatchNorm1d(2)
    with pytest.raises(ShapeError, match=rf"^batch_norm: one value per channel .*{words}.*model.eval\(\)"):
        layer(mg.ones(shape))
    assert layer.running_mean.tolist() == [0.0, 0.0]
    layer(mg.ones((1, 2, 3)))  # three values per channel


@pytest.mark.parametrize("shape", [(4, 3), (4,), (4, 2, 3, 3)])
def test_wrong_channels_are_named(shape):
    with pytest.raises(ShapeError, match=r"^BatchNorm1d: x must be \(N, C\) or \(N, C, L\) with C = 2, got"):
        BatchNorm1d(2)(mg.ones(shape))


def test_statistics_of_a_graph_that_waits_are_not_overwritten(device):
    layer = trained(BatchNorm1d(2), device, X).eval()
    x = device.leaf(X)
    y = layer(x)
    before = layer.running_var.numpy().copy()
    layer.train()(device.tensor(X * 5))
    y.sum().backward()
    np.testing.assert_allclose(device.host(x.grad), np.tile(1 / np.sqrt(before + 1e-5), (4, 1)), rtol=1e-5)


@pytest.mark.parametrize("momentum", [0.1, None])
def test_training_waits_for_nothing(momentum):
    with mg.use_backend("strict"):
        model, x = Sequential(Linear(2, 3), BatchNorm1d(3, momentum=momentum), LayerNorm(3)), mg.randn(4, 2)
        with no_synchronisation():
            (model(x) ** 2).sum().backward()


def test_the_derivative_goes_through_the_statistics_to_second_order():
    w = np.array([0.5, -1.5])
    check_gradients(lambda x, w: F.batch_norm(x, None, None, w, training=True) ** 3, X, w, order=2)
    check_gradients(lambda x: F.layer_norm(x, 2) ** 3, X * np.array([1.0, 0.3]), order=2)
    layer = BatchNorm1d(2, affine=False).to(dtype="float64")
    check_gradients(lambda x: layer(x) ** 3, X, order=2)


def test_constant_features_do_no_harm(device):
    x = device.leaf(np.full((4, 2), 3.0))
    for y in (BatchNorm1d(2)(x), LayerNorm(2)(x)):
        y.sum().backward()
        assert device.host(y).tolist() == [[0.0, 0.0]] * 4
    assert np.isfinite(device.host(x.grad)).all()


def test_a_momentum_that_rounds_to_nothing_moves_nothing():
    layer = BatchNorm1d(2, momentum=1e-17)
    layer(np.array([[1.0, 2.0], [3.0, 5.0]], np.float32))
    assert layer.running_mean.tolist() == [0, 0]


def test_running_averages_do_not_decay_into_denormals():
    layer = BatchNorm1d(1, momentum=0.9)
    layer.running_mean.data = np.array([1e-30], np.float32)
    for _ in range(20):
        layer(mg.Tensor([[1.0], [-1.0]]))
    assert layer.running_mean.tolist() == [0.0]


def test_the_worked_number_of_layer_norm():
    y = LayerNorm(3)
    y.bias.data = np.full(3, 3.0, np.float32)
    assert y(mg.Tensor([2.0, 4.0, 12.0])).numpy().round(2).tolist() == [
        pytest.approx(v) for v in (2.07, 2.54, 4.39)
    ]  # an article prints 2.08


def test_layer_norm_of_one_example_and_of_several_axes(device):
    layer = LayerNorm((2, 3))
    assert (layer.normalized_shape, layer.weight.shape) == ((2, 3), (2, 3))
    y = device.host(layer(mg.randn(2, 3)))
    assert abs(y.mean()) < 1e-6
    with pytest.raises(ShapeError, match=r"^layer_norm: x must end with normalized_shape \(2, 3\), got \(3, 2\)"):
        layer(mg.ones((3, 2)))


def test_a_checkpoint_counts_a_batch_once(device):
    layer, x = BatchNorm1d(2), mg.randn(4, 2, requires_grad=True)
    mg.checkpoint(lambda t: layer(t), x).sum().backward()
    assert layer.num_batches_tracked.item() == 1
    plain = BatchNorm1d(2)
    plain(x.detach())
    np.testing.assert_array_equal(device.host(layer.running_mean), device.host(plain.running_mean))


def test_a_batch_that_is_refused_is_not_counted(device):
    layer = BatchNorm1d(1, momentum=None)
    with pytest.raises(ShapeError):
        layer(device.array([[1.0]]))
    layer(device.array([[9.0], [11.0]]))
    assert (layer.running_mean.item(), layer.num_batches_tracked.item()) == (10.0, 1)
