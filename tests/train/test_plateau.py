"""A schedule that follows a figure of the epochs: in `fit`, through checkpoints, and what is refused."""

import numpy as np
import pytest

from minigrad.errors import ShapeError
from minigrad.nn import Linear
from minigrad.nn import functional as F
from minigrad.optim import SGD
from minigrad.optim.schedules import ReduceOnPlateau, constant
from minigrad.train import Callback, WatchPlateau, fit

X = np.linspace(-1, 1, 8, dtype=np.float32)[:, None]
BATCH = [(X, 3 * X - 1)]


class Lead(Callback):
    """Puts figures of its own into the rows of the epochs, before others look at them."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def on_epoch_end(self, run):
        run.history.epochs[-1][self.name] = self.values[run.epoch - 1]


class Stop(Callback):
    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, run):
        if run.epoch == self.epoch:
            run.stop("enough")


def train(values, name="validation loss", monitor=None, more=(), epochs=None, **options):
    rate = ReduceOnPlateau(0.08, factor=0.5, patience=1, mode=options.pop("mode", "min"))
    model = Linear(1, 1)
    callbacks = [Lead(name, values), WatchPlateau(rate, monitor), *more]
    optimizer = SGD(model.parameters(), lr=rate)
    history = fit(
        model,
        BATCH,
        F.mse_loss,
        optimizer,
        epochs=epochs or len(values),
        callbacks=callbacks,
        progress_bar=False,
        **options,
    )
    return history.steps["lr"], rate


@pytest.mark.parametrize(("name", "monitor", "mode"), [("validation loss", None, "min"), ("loss", None, "min"),
    ("validation accuracy", "validation accuracy", "max"), ("odd", "odd", "max")])  # fmt: skip
def test_the_rate_falls_when_the_figure_stands_still(name, monitor, mode):
    sign = 1 if mode == "min" else -1
    values = [1 - sign * x for x in (0.0, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3)]
    rates, rate = train(values, name, monitor, mode=mode)
    assert rates == [
        0.08,
        0.08,
        0.08,
        0.08,
        0.04,
        0.04,
        0.04,
    ]  # the rate of an epoch is that found after the one before
    assert rate(0) == 0.02


def test_it_goes_on_from_a_checkpoint(tmp_path):
    values = [1.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.8, 0.8, 0.8]
    whole, _ = train(values)
    for stop in range(1, len(values)):
        folder = tmp_path / str(stop)
        train(values, more=[Stop(stop)], checkpoints=folder)
        assert train(values, more=[Stop(0)], checkpoints=folder, resume=True)[0] == whole


def test_a_second_training_goes_on_where_the_rate_stands():
    rate, model = ReduceOnPlateau(0.08, factor=0.5, patience=0), Linear(1, 1)
    optimizer = SGD(model.parameters(), lr=rate)
    for wanted in ([0.08, 0.08], [0.04, 0.02]):
        callbacks = [Lead("loss", [1.0, 1.0]), WatchPlateau(rate)]
        history = fit(model, BATCH, F.mse_loss, optimizer, epochs=2, callbacks=callbacks, progress_bar=False)
        assert history.steps["lr"] == wanted


def test_it_watches_what_the_validation_finds():
    rate, model = ReduceOnPlateau(0.0, patience=0), Linear(1, 1)
    options = {"validation": BATCH, "callbacks": [WatchPlateau(rate)], "progress_bar": False, "epochs": 2}
    history = fit(model, BATCH, F.mse_loss, SGD(model.parameters(), lr=rate), **options)
    assert rate.best == history.epochs[0]["validation loss"]


def test_what_cannot_be_watched_is_refused():
    model = Linear(1, 1)
    with pytest.raises(ShapeError, match=r"^WatchPlateau: watches for a ReduceOnPlateau, got constant\(0.1\)"):
        WatchPlateau(constant(0.1))
    watch = WatchPlateau(ReduceOnPlateau(0.1))
    with pytest.raises(ShapeError, match=r"^WatchPlateau: the optimizer has another lr than this, got ReduceOnPlateau"):
        fit(model, BATCH, F.mse_loss, SGD(model.parameters(), lr=0.1), callbacks=[watch], progress_bar=False)
    with pytest.raises(ShapeError, match=r"^fit: no figure of the epoch has this name, got 'acc'"):
        train([1.0], monitor="acc")
    with pytest.raises(ShapeError, match=r"^WatchPlateau: 'validation accuracy' should be large, got mode='min'; pass"):
        train([1.0], "validation accuracy", "validation accuracy")
    with pytest.raises(ShapeError, match=r"^WatchPlateau: 'validation loss' should be small, got mode='max'; pass"):
        train([1.0], mode="max")
