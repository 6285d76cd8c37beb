"""A loss over several batches is the loss of all their samples, whatever each batch counts."""

import functools
from functools import partial

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.strict import no_synchronisation
from minigrad.nn import CrossEntropyLoss, Linear, MSELoss, NLLLoss
from minigrad.nn import functional as F
from minigrad.optim import SGD, clip_grad_norm
from minigrad.train import evaluate, fit
from minigrad.train.batches import place
from minigrad.train.fit import training_step
from minigrad.train.mean import Mean

WEIGHT = np.array([0.2, 1.0, 3.0], np.float32)


def rows():
    """Twelve samples of three classes, of which many in the first batch are ignored."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 4)).astype(np.float32), rng.integers(0, 3, 12)
    y[[0, 1, 3, 8]] = -100
    return x, y


LOSSES = {
    "function": F.cross_entropy,
    "partial": partial(F.cross_entropy, weight=WEIGHT, label_smoothing=0.1),
    "layer": CrossEntropyLoss(),
    "layer with weights": CrossEntropyLoss(WEIGHT),
    "layer that ignores a class": CrossEntropyLoss(ignore_index=2),
    "layer of log-probabilities": NLLLoss(),
    "layer that sums": CrossEntropyLoss(WEIGHT, reduction="sum"),
    "function that sums": partial(F.cross_entropy, reduction="sum"),
}
CUTS = [[4, 8], [2, 3, 11], [1], []]


def batches(x, y, cuts):
    return list(zip(np.split(x, cuts), np.split(y, cuts), strict=True))


@pytest.mark.parametrize("cuts", CUTS, ids=str)
@pytest.mark.parametrize("name", LOSSES)
def test_accumulating_and_evaluating(name, cuts, device):
    loss, (x, y) = LOSSES[name], rows()
    if "ignores a class" in name:
        y = np.where(y < 0, 2, y)
    if isinstance(loss, CrossEntropyLoss):
        loss = CrossEntropyLoss(loss.weight, loss.ignore_index, loss.reduction).to(device.name)
    if isinstance(loss, partial) and "weight" in loss.keywords:
        loss = partial(loss.func, **{**loss.keywords, "weight": device.array(WEIGHT)})
    mg.manual_seed(0)
    whole = Linear(4, 3).to(device.name)
    parted = Linear(4, 3).to(device.name)
    parted.load_state_dict(whole.state_dict())
    wanted = float(loss(whole(mg.Tensor(x).to(device.name)), mg.Tensor(y).to(device.name)).numpy())
    assert evaluate(whole, batches(x, y, cuts), loss)["loss"] == pytest.approx(wanted, rel=1e-6)

    options = {"progress_bar": False, "clip": 1e9, "validation": batches(x, y, cuts)}
    one = fit(whole, [(x, y)], loss, SGD(whole.parameters(), lr=0.1), **options)
    many = fit(parted, batches(x, y, cuts), loss, SGD(parted.parameters(), lr=0.1), accumulate=len(cuts) + 1, **options)
    for part in ("weight", "bias"):
        np.testing.assert_allclose(parted.state_dict()[part], whole.state_dict()[part], rtol=1e-5, atol=1e-6)
    assert one.steps["loss"] == [pytest.approx(wanted, rel=1e-6)]
    np.testing.assert_allclose(many.steps["loss"], one.steps["loss"], rtol=1e-6)
    np.testing.assert_allclose(many.steps["norm"], one.steps["norm"], rtol=1e-5)
    assert many.epochs[0]["validation loss"] == pytest.approx(one.epochs[0]["validation loss"], rel=1e-6)


class Tenfold(CrossEntropyLoss):
    """A loss of somebody's own, made of one that is there."""

    def forward(self, input, target):
        return super().forward(input, target) * 10


@functools.wraps(F.cross_entropy)
def wrapped(input, target):
    """Another, that looks like the function it calls."""
    return F.cross_entropy(input, target) * 10


def hooked():
    """A layer that a hook makes another loss of."""
    loss = CrossEntropyLoss()
    loss.register_forward_hook(lambda layer, args, y: y * 10)
    return loss


@pytest.mark.parametrize(
    "loss", [Tenfold(), wrapped, partial(wrapped), hooked()], ids=["subclass", "wrapped", "partial", "hooked"]
)
def test_what_is_made_of_a_loss_is_called_and_not_the_loss_inside(loss):
    x, y = rows()
    y, model, twin = np.maximum(y, 0), Linear(4, 3), Linear(4, 3)
    twin.load_state_dict(model.state_dict())
    wanted = 10 * F.cross_entropy(model(x), y).item()
    assert evaluate(model, batches(x, y, [6]), loss)["loss"] == pytest.approx(wanted, rel=1e-6)
    fit(model, batches(x, y, [6]), loss, SGD(model.parameters(), lr=0.1), accumulate=2, progress_bar=False)
    fit(twin, [(x, y)], F.cross_entropy, SGD(twin.parameters(), lr=1.0), progress_bar=False)
    np.testing.assert_allclose(model.weight.numpy(), twin.weight.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", [F.cross_entropy, CrossEntropyLoss(WEIGHT), CrossEntropyLoss(reduction="sum")])
def test_the_figure_of_an_epoch_is_the_loss_of_its_samples(loss):
    """With a rate of 0 the training loss of an epoch is what `evaluate` finds, mid-epoch groups and all."""
    x, y = rows()
    model = Linear(4, 3)
    given = batches(x, y, [2, 3, 7])
    history = fit(model, given, loss, SGD(model.parameters(), lr=0.0), accumulate=3, progress_bar=False, log_every=1)
    assert history.epochs[0]["loss"] == pytest.approx(evaluate(model, given, loss)["loss"], rel=1e-6)


def test_a_batch_without_any_kept_label_counts_for_nothing(device):
    x, y = rows()
    model = Linear(4, 3).to(device.name)
    given = [(x, y), (x[:2], np.array([-100, -100]))]
    wanted = evaluate(model, given[:1], F.cross_entropy)["loss"]
    assert evaluate(model, given, F.cross_entropy)["loss"] == pytest.approx(wanted, rel=1e-6)
    history = fit(model, given, F.cross_entropy, SGD(model.parameters(), 0.1), accumulate=2, progress_bar=False)
    assert history.steps["loss"] == [pytest.approx(wanted, rel=1e-6)]
    assert np.isnan(evaluate(model, given[1:], F.cross_entropy)["loss"])


def test_probabilities_count_as_samples_and_other_losses_too():
    x, _ = rows()
    model, q = Linear(4, 3), np.full((12, 3), 1 / 3, np.float32)
    for loss in (F.cross_entropy, MSELoss(), F.mse_loss):
        whole = evaluate(model, [(x, q)], loss)["loss"]
        assert evaluate(model, batches(x, q, [1, 5]), loss)["loss"] == pytest.approx(whole, rel=1e-6)


def test_counting_waits_for_nothing():
    with mg.use_backend("strict"):
        model = Linear(4, 3)
        x, y = rows()
        optimizer = SGD(model.parameters(), lr=0.1)
        given = [place("fit", batch, model) for batch in batches(x, y, [4, 8])]
        clip = partial(clip_grad_norm, max_norm=1.0)
        with no_synchronisation():
            training_step(model, given, Mean("fit", CrossEntropyLoss(WEIGHT).to("strict")), optimizer, clip)


def test_a_wrong_label_is_the_losss_own_affair():
    x, y = rows()
    y[0] = 7
    model = Linear(4, 3)
    with pytest.raises(ValueError, match=r"^cross_entropy: labels must lie in 0 to 2, got 1 to 7; "):
        evaluate(model, batches(x, y, [4]), CrossEntropyLoss(WEIGHT))
