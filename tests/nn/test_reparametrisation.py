"""Layers around a layer: what they compute, whose names their states have, and what is refused."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.inspect import summary
from minigrad.nn import functional as F
from minigrad.optim import SGD

X = np.array([[-1.5, 0.3, 2.0], [0.7, -0.2, 1.1]], np.float32)
WRAPPERS = [nn.WeightNorm, nn.SpectralNorm, nn.WeightStandardization]


@pytest.fixture(autouse=True)
def seed():
    mg.manual_seed(5)


def test_weight_norm_changes_nothing_at_first_and_then_learns_lengths_apart():
    layer = nn.Linear(3, 4)
    wanted, weight = layer(X).numpy(), layer.weight.numpy().copy()
    around = nn.WeightNorm(layer)
    np.testing.assert_allclose(around(X).numpy(), wanted, rtol=1e-6)
    g, v = (around.parametrizations["weight"][f"original{i}"] for i in (0, 1))
    np.testing.assert_allclose(g.numpy()[:, 0], np.linalg.norm(weight, axis=1), rtol=1e-6)
    (around(X) ** 2).sum().backward()
    # A gradient of v turns it and changes no length: it stands at right angles to v. Salimans and Kingma, equation 4.
    np.testing.assert_allclose((v.grad * v.numpy()).sum(axis=1), 0, atol=1e-5)
    g.data = 2 * g.numpy()
    np.testing.assert_allclose(around.weight.numpy(), 2 * weight, rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 8), (8, 3), (5, 5)], ids=str)
def test_spectral_norm_finds_the_largest_singular_value(shape):
    layer = nn.SpectralNorm(nn.Linear(*shape)).to(dtype="float64")
    for _ in range(400):
        layer(np.zeros((1, shape[0])))
    assert np.linalg.norm(layer.weight.numpy(), 2) == pytest.approx(1, rel=1e-9)


def test_spectral_norm_follows_the_weight_in_training_alone():
    layer = nn.SpectralNorm(nn.Linear(3, 4))
    inside = layer.parametrizations["weight"]
    u, v = inside["0"]["_u"], inside["0"]["_v"]
    inside["original"].data = mg.randn(4, 3).numpy()
    before = u.numpy().copy(), v.numpy().copy()
    layer.eval()(X)
    assert (u.numpy() == before[0]).all()
    assert (v.numpy() == before[1]).all()
    layer.train()(X)
    w = inside["original"].numpy()
    wanted = w @ before[1] / np.linalg.norm(w @ before[1])
    np.testing.assert_allclose(u.numpy(), wanted, rtol=1e-5)
    np.testing.assert_allclose(v.numpy(), w.T @ wanted / np.linalg.norm(w.T @ wanted), rtol=1e-5)


def test_spectral_norm_second_order_in_use():
    """With u and v at rest, all orders are those of w / (u^T W v)."""
    layer = nn.SpectralNorm(nn.Linear(2, 2, bias=False)).to(dtype="float64").eval()
    inside = layer.parametrizations["weight"]
    u, v, x = inside["0"]["_u"].numpy(), inside["0"]["_v"].numpy(), np.array([[0.3, -0.7]])

    def value(w):
        return (nn.functional.tanh(F.linear(x, w / (w * np.outer(u, v)).sum()))).sum()

    def layered(w):
        other = copy.deepcopy(layer, {id(inside["original"]): w})
        return nn.functional.tanh(other(x)).sum()

    w, d = mg.Tensor(inside["original"].numpy()), np.array([[0.5, 1.0], [-0.3, 0.2]])
    np.testing.assert_allclose(mg.hvp(layered, w, d).numpy(), mg.hvp(value, w, d).numpy(), rtol=1e-10)


def test_a_checkpoint_turns_u_and_v_once():
    plain, recomputed = (copy.deepcopy(layer) for layer in [nn.SpectralNorm(nn.Linear(3, 4))] * 2)
    x, y = mg.Tensor(X, requires_grad=True), mg.Tensor(X, requires_grad=True)
    (plain(x) ** 2).sum().backward()
    (mg.checkpoint(recomputed, y) ** 2).sum().backward()
    for (name, a), b in zip(plain.state().items(), recomputed.state().values(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=name)
        if a.requires_grad:
            np.testing.assert_array_equal(a.grad, b.grad, err_msg=name)
    np.testing.assert_array_equal(x.grad, y.grad)


def test_a_checkpoint_computes_again_with_the_u_and_v_of_its_own_call():
    layer = nn.SpectralNorm(nn.Linear(3, 4))
    other = copy.deepcopy(layer)
    y = mg.checkpoint(layer, mg.Tensor(X, requires_grad=True))
    layer(2 * X)  # turns u and v once more before the second run
    (y**2).sum().backward()
    (other(X) ** 2).sum().backward()
    for p, q in zip(layer.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.grad, q.grad)


def test_the_weight_of_a_pending_backward_is_not_overwritten():
    layer = nn.SpectralNorm(nn.Linear(3, 4))
    other = copy.deepcopy(layer)
    y = layer(X)
    layer(2 * X)  # turns u and v once more
    (y**2).sum().backward()
    (other(X) ** 2).sum().backward()
    for p, q in zip(layer.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(p.grad, q.grad)


def test_weight_standardisation_takes_mean_and_scale_away():
    layer = nn.Linear(30, 4)
    around = nn.WeightStandardization(layer)
    w = around.weight.numpy()
    np.testing.assert_allclose(w.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(w.var(axis=1), 1, rtol=2e-3)  # eps, beside a variance of 1/90
    layer.weight.data = 50 * layer.weight.numpy() + 3
    np.testing.assert_allclose(around.weight.numpy(), w, rtol=2e-3, atol=1e-4)


def test_outputs_of_transposed_kernels_stand_on_axis_1():
    layer = nn.ConvTranspose2d(5, 4, 3)
    w = nn.WeightStandardization(layer, eps=0.0).weight.numpy()
    np.testing.assert_allclose(w.mean(axis=(0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(w.var(axis=(0, 2, 3)), 1, rtol=1e-5)
    assert nn.SpectralNorm(layer).state()["parametrizations.weight.0._u"].shape == (4,)


# -- in models ---------------------------------------------------------------------------------------------------------


def model():
    return nn.Sequential(
        nn.WeightNorm(nn.Linear(3, 4)),
        nn.Tanh(),
        nn.SpectralNorm(nn.Linear(4, 3)),
        nn.WeightStandardization(nn.Linear(3, 2)),
    )


def test_names_are_those_of_pytorch():
    assert list(model().state_dict()) == [
        "0.bias", "0.parametrizations.weight.original0", "0.parametrizations.weight.original1",
        "2.bias", "2.parametrizations.weight.original", "2.parametrizations.weight.0._u",
        "2.parametrizations.weight.0._v", "3.weight", "3.bias",
    ]  # fmt: skip
    recurrent = nn.WeightNorm(nn.Bilinear(2, 2, 2), "weight")
    assert list(recurrent.state_dict())[-1] == "parametrizations.weight.original1"


OLDER = {
    "0.parametrizations.weight.original0": "0.weight_g", "0.parametrizations.weight.original1": "0.weight_v",
    "2.parametrizations.weight.original": "2.weight_orig", "2.parametrizations.weight.0._u": "2.weight_u",
    "2.parametrizations.weight.0._v": "2.weight_v",
}  # fmt: skip


def test_states_under_older_names_load():
    ours, theirs = model(), model()
    older = {OLDER.get(name, name): array for name, array in theirs.state_dict().items()}
    assert ours.load_state_dict(older) == ([], [])
    for name, array in theirs.state_dict().items():
        np.testing.assert_array_equal(ours.state_dict()[name], array)


def test_an_older_name_beside_the_newer_one_is_unexpected():
    ours = model()
    state = ours.state_dict()
    with pytest.raises(ShapeError, match=r"unexpected \['0.weight_g'\]"):
        ours.load_state_dict({**state, "0.weight_g": state["0.parametrizations.weight.original0"]})
    missing = {OLDER.get(name, name): array for name, array in state.items() if "original1" not in name}
    with pytest.raises(ShapeError, match=r"missing \['0.parametrizations.weight.original1'\] and unexpected \[\]"):
        ours.load_state_dict(missing)


def test_a_plain_state_loads_where_weights_are_standardised():
    plain = nn.Linear(3, 2)
    assert nn.WeightStandardization(nn.Linear(3, 2)).load_state_dict(plain.state_dict()) == ([], [])


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapped_model_trains_prints_and_is_summed_up(wrapper):
    net = nn.Sequential(wrapper(nn.Linear(3, 4)), nn.Tanh(), wrapper(nn.Linear(4, 1)))
    assert repr(net[0]) == f"{wrapper.__name__}(Linear(3, 4))"
    table = summary(net, (2, 3))
    assert table.parameters == sum(p.size for p in net.parameters()) == sum(row.parameters for row in table.rows)
    optimizer, losses = SGD(net.named_parameters(), lr=0.1), []
    for _ in range(40):
        optimizer.zero_grad()
        loss = F.mse_loss(net(X), np.array([[0.5], [-0.5]], np.float32))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4
    assert not net.eval()[0].layer.training


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_remove_gives_a_plain_layer_that_computes_the_same(wrapper):
    around = wrapper(nn.Linear(3, 4)).eval()
    wanted = around(X).numpy()
    layer = around.remove()
    assert sorted(layer.state_dict()) == ["bias", "weight"]
    assert layer.weight.requires_grad
    np.testing.assert_array_equal(layer(X).numpy(), wanted)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_what_is_frozen_stays_frozen(wrapper):
    around = wrapper(nn.Linear(3, 4).requires_grad_(False))
    assert around.parameters() == around.remove().parameters() == []


def test_a_call_leaves_the_layer_inside_as_it_was_and_errors_name_its_path():
    around = nn.WeightNorm(nn.Linear(3, 4))
    with pytest.raises(ShapeError, match="linear: the last axis of x must be 3") as caught:
        nn.Sequential(nn.Tanh(), around)(X[:, :2])
    assert "in Sequential.1" in "".join([*getattr(caught.value, "__notes__", []), *map(str, caught.value.args)])
    around(X)
    assert around.layer.weight is None


def test_hooks_of_the_layer_inside_are_given_that_layer():
    around, seen = nn.WeightNorm(nn.Linear(3, 4)), []
    around.layer.register_forward_pre_hook(lambda layer, args: seen.append(layer))
    around.layer.register_forward_hook(lambda layer, args, y: seen.append(layer))
    around(X)
    assert seen == [around.layer] * 2


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_layers_that_cannot_be_wrapped_are_refused(wrapper):
    name, linear = wrapper.__name__, nn.Linear(3, 4)
    for inner in WRAPPERS:
        with pytest.raises(
            ArgumentError, match=rf"^{name}: the layer is wrapped already, got {inner.__name__}\(Linear"
        ):
            wrapper(inner(nn.Linear(3, 4)))
    with pytest.raises(
        ArgumentError, match=rf"^{name}: the layer has no tensor 'weight', got Tanh\(\) with \[\]; is it"
    ):
        wrapper(nn.Tanh())
    with pytest.raises(
        ArgumentError, match=rf"^{name}: the layer has no tensor 'kernel', got .* with \['weight', 'bias'\]"
    ):
        wrapper(linear, name="kernel")
    with pytest.raises(DTypeError, match=rf"^{name}: wraps a layer, got function; {name}\(Linear"):
        wrapper(F.relu)
    with pytest.raises(
        ShapeError, match=rf"^{name}: needs a weight of two axes or more, .*got shape \(1,\) and axis 0"
    ):
        wrapper(nn.PReLU())
    with pytest.raises(ShapeError, match=rf"^{name}: needs a weight of two axes .*got shape \(4, 3\) and axis 2"):
        wrapper(linear, axis=2)
    with pytest.raises(ArgumentError, match=rf"^{name}: the layer has no tensor 3, got"):
        wrapper(linear, name=3)
    with pytest.raises(ShapeError, match=rf"^{name}: needs a weight of two axes .*got shape \(4, 3\) and axis True"):
        wrapper(linear, axis=True)
    with pytest.raises(ShapeError, match=rf"^{name}: needs a weight of two axes .*got shape \(4, 3\) and axis 0.5"):
        wrapper(linear, axis=0.5)
    assert linear.weight is not None


@pytest.mark.parametrize("wrapper", WRAPPERS[:2])
def test_the_same_layer_cannot_be_wrapped_from_two_sides(wrapper):
    layer = nn.Linear(3, 4)
    wrapper(layer)
    with pytest.raises(
        ArgumentError, match=rf"^{wrapper.__name__}: the layer has no tensor 'weight'.*is it wrapped already"
    ):
        wrapper(layer)


def zero_row(shape):
    return np.eye(*shape, dtype=np.float32)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.WeightNorm(nn.Linear(2, 3, init=zero_row)), "WeightNorm: weights that are all 0 have no direction"),
        (lambda: nn.SpectralNorm(nn.Linear(2, 3, init=nn.init.zeros)), "SpectralNorm: a weight of zeros has no direc"),
        (lambda: nn.SpectralNorm(nn.Linear(2, 3), n_power_iterations=0), "SpectralNorm: n_power_iterations must be at"),
        (lambda: nn.SpectralNorm(nn.Linear(2, 3), n_power_iterations=1.5), "SpectralNorm: n_power_iterations must be"),
        (lambda: nn.SpectralNorm(nn.Linear(2, 3), eps=-1), "SpectralNorm: eps must be a finite number from 0"),
        (lambda: nn.WeightStandardization(nn.Linear(2, 3), eps="a"), "WeightStandardization: eps must be a finite"),
        (lambda: nn.ScaledWSLinear(2, 3, eps=float("nan")), "ScaledWSLinear: eps must be .*got nan"),
        (lambda: nn.WeightStandardization(nn.Linear(1, 3)), "WeightStandardization: one weight per output has no var"),
        (lambda: nn.ScaledWSLinear(1, 3), "ScaledWSLinear: one weight per output has no variance, got fan_in 1; stand"),
        (lambda: nn.ScaledWSConv2d(4, 4, 1, groups=4), "ScaledWSConv2d: one weight per output has no variance"),
    ],
)  # fmt: skip
def test_weights_without_direction_or_variance_are_refused(make, words):
    with pytest.raises((ArgumentError, DTypeError, ShapeError), match=f"^{words}"):
        make()


def test_wrappers_move_and_compute_on_the_device(device):
    for wrapper in WRAPPERS:
        with mg.use_backend("numpy"):
            around = wrapper(nn.Linear(3, 4))
        wanted = copy.deepcopy(around)(X).numpy()
        moved = copy.deepcopy(around).to(device.name)
        np.testing.assert_allclose(device.host(moved(device.tensor(X))), wanted, rtol=1e-5, atol=1e-6)
        on_device = wrapper(nn.Linear(3, 4).to(device.name))
        assert {t.backend for t in on_device.state().values()} == {device.name}


def test_float16_weights_of_large_numbers_do_not_overflow():
    for wrapper in WRAPPERS:
        layer = nn.Linear(3, 4, init=lambda shape: 300 * nn.init.normal(shape)).to(dtype="float16")
        w = wrapper(layer).weight
        assert w.dtype == np.float16
        assert np.isfinite(w.numpy()).all()
