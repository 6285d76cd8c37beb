"""Batch renormalisation against the paper: gradients with r and d held fixed, schedules, what becomes of it in use."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.strict import no_synchronisation
from minigrad.nn import BatchNorm1d, BatchRenorm
from minigrad.nn import functional as F
from minigrad.testing import check_gradients
from minigrad.testing.tolerance import close

X = np.array([[1.0, 4.0], [2.0, 0.0], [6.0, -1.0], [3.0, 1.0]])
MEAN, VAR = np.array([2.5, -3.0]), np.array([4.0, 0.5])
WEIGHT, BIAS = np.array([0.5, -1.5]), np.array([0.1, 0.7])


def corrections(x, mean_run, var_run, rmax, dmax, eps=1e-5):
    """r and d of algorithm 1, channel by channel."""
    r, d = [], []
    for c in range(x.shape[1]):
        sigma, sigma_run = np.sqrt(x[:, c].var() + eps), np.sqrt(var_run[c] + eps)
        r.append(min(max(sigma / sigma_run, 1 / rmax), rmax))
        d.append(min(max((x[:, c].mean() - mean_run[c]) / sigma_run, -dmax), dmax))
    return np.array(r), np.array(d)


def paper(x, weight, bias, r, d, eps=1e-5):
    """The value of algorithm 1 for given r and d: of arrays or Tensors."""
    mean = x.mean(axis=0, keepdims=True)
    sigma = (((x - mean) ** 2).mean(axis=0, keepdims=True) + eps) ** 0.5
    return ((x - mean) / sigma * r + d) * weight + bias


@pytest.mark.parametrize(("rmax", "dmax"), [(3.0, 5.0), (1.2, 0.5), (1.0, 0.0), (1.0, 5.0), (float("inf"), np.inf)])
def test_value_and_gradients_with_r_and_d_held_fixed(rmax, dmax, device):
    r, d = corrections(X, MEAN, VAR, rmax, dmax)
    values = [device.array(v, np.float64) for v in (MEAN, VAR)]
    xs = [device.leaf(v, np.float64) for v in (X, WEIGHT, BIAS)]
    y = F.batch_renorm(xs[0], *values, *xs[1:], True, 0.0, rmax=rmax, dmax=dmax)
    np.testing.assert_allclose(device.host(y), paper(X, WEIGHT, BIAS, r, d), rtol=1e-12)
    (y**3).sum().backward()
    for i, x in enumerate((X, WEIGHT, BIAS)):
        for place in np.ndindex(x.shape):
            ends = []
            for h in (1e-6, -1e-6):
                moved = [X.copy(), WEIGHT.copy(), BIAS.copy()]
                moved[i][place] += h
                ends.append((paper(*moved, r, d) ** 3).sum())
            assert close(device.host(xs[i].grad)[place], np.asarray((ends[0] - ends[1]) / 2e-6), 1e-6)


def test_second_order_with_r_and_d_held_fixed():
    r, d = corrections(X, MEAN, VAR, 1.2, 0.5)
    f = lambda x, w: (F.batch_renorm(x, MEAN, VAR, w, BIAS, True, 0.0, rmax=1.2, dmax=0.5) ** 3).sum()  # noqa: E731
    g = lambda x, w: (paper(x, w, BIAS, r, d) ** 3).sum()  # noqa: E731
    check_gradients(g, X, WEIGHT, order=2)  # what it is held against is right itself
    way = np.cos(np.arange(8.0)).reshape(4, 2)
    for k in (0, 1):
        found = [mg.grad(lambda x, w, h=h: (mg.grad(h)(x, w) * way).sum(), k)(mg.Tensor(X), mg.Tensor(WEIGHT))
                 for h in (f, g)]  # fmt: skip
        np.testing.assert_allclose(found[0].numpy(), found[1].numpy(), rtol=1e-9, atol=1e-9)


def test_unclipped_training_is_what_use_is(device):
    layer = BatchRenorm(2, rmax=np.inf, dmax=np.inf)
    layer.running_mean.data, layer.running_var.data = (device.array(v) for v in (MEAN, VAR))
    used = device.host(layer.eval()(device.tensor(X)))
    np.testing.assert_allclose(device.host(layer.train()(device.tensor(X))), used, rtol=1e-5, atol=1e-5)


def test_closed_it_is_batch_normalisation(device):
    one, other = BatchRenorm(2, 1, 0), BatchNorm1d(2)
    for shift in (0.0, 2.0):
        y, z = (layer(device.tensor(X + shift)) for layer in (one, other))
        np.testing.assert_allclose(device.host(y), device.host(z), rtol=1e-6, atol=1e-6)
    assert all((one.state_dict()[name] == array).all() for name, array in other.state_dict().items())


def test_bounds_may_be_set_and_may_depend_on_the_batches_seen(device):
    layer, seen = BatchRenorm(2), []

    def opening(t):
        seen.append(t)
        return 1 + t * 0.1

    layer.rmax, layer.dmax = opening, lambda t: t * 0.25
    for step in range(3):
        state = layer.state_dict()
        r, d = corrections(X, state["running_mean"], state["running_var"], 1 + 0.1 * step, 0.25 * step)
        y = layer(device.tensor(X))
        np.testing.assert_allclose(device.host(y), paper(X, 1, 0, r, d), rtol=2e-5, atol=1e-5)
    assert [float(device.host(t)) for t in seen] == [0.0, 1.0, 2.0]
    layer.eval()(device.tensor(X))
    assert len(seen) == 3  # use corrects nothing


def test_schedules_of_arithmetic_wait_for_nothing():
    with mg.use_backend("strict"):
        layer, x = BatchRenorm(2, lambda t: 1 + t / 10, lambda t: t / 10, momentum=None), mg.randn(4, 2)
        with no_synchronisation():
            for _ in range(2):
                layer(x).sum().backward()


@pytest.mark.parametrize("bad", [0, 0.5, -1, float("nan"), "3", None])
def test_bounds_that_allow_nothing(bad, device):
    with pytest.raises(ValueError, match=rf"^BatchRenorm: rmax must be a number from 1 on, got {bad!r}"):
        BatchRenorm(2, rmax=bad)
    layer = BatchRenorm(2)
    layer.rmax = bad
    with pytest.raises(ValueError, match=rf"^batch_renorm: rmax must be a number from 1 on, got {bad!r}"):
        layer(mg.ones((3, 2)))
    assert layer.num_batches_tracked.item() == 0
    if bad not in (0, 0.5):
        with pytest.raises(ValueError, match=rf"^BatchRenorm: dmax must be a number from 0 on, got {bad!r}"):
            BatchRenorm(2, dmax=bad)


def test_float32_stays_float32(device):
    layer = BatchRenorm(2, np.float64(3.0), np.float64(5.0))
    assert str(layer(device.tensor(X)).dtype) == "float32"
    layer.rmax = np.float32(2.0)
    assert str(layer(device.tensor(X)).dtype) == "float32"
