"""The loop: what a step is, what the history says, what waits for the device, and what is refused."""

import functools
import json

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.strict import no_synchronisation, watch
from minigrad.data import ArrayDataset, DataLoader
from minigrad.errors import NonFiniteError, ShapeError
from minigrad.io import FileError, load_checkpoint
from minigrad.nn import BatchNorm1d, Buffer, Dropout, Linear, ReLU, Sequential
from minigrad.nn import functional as F
from minigrad.optim import SGD, Adam, ZClip, clip_grad_norm, clip_grad_value, schedules
from minigrad.train import (
    Callback,
    Checkpoints,
    EarlyStopping,
    accuracy,
    confusion,
    evaluate,
    fit,
    predict,
    update_batch_norm,
)
from tools.resume_trials import data, parts


def quiet(*args, **options):
    return fit(*args, progress_bar=False, **options)


def line(device, n=10):
    x = np.linspace(-1, 1, n, dtype=np.float32)[:, None]
    mg.manual_seed(0)
    return Linear(1, 1).to(device.name), [(x, 3 * x - 1)]


def test_it_learns_a_line(device):
    model, loader = line(device)
    history = quiet(model, loader, F.mse_loss, SGD(model.parameters(), lr=0.5), epochs=60)
    assert abs(model.weight.item() - 3) < 1e-3
    assert abs(model.bias.item() + 1) < 1e-3
    assert history.steps["loss"][-1] < 1e-6 < history.steps["loss"][0]
    assert history.steps["step"] == list(range(1, 61))
    assert [row["loss"] for row in history.epochs] == history.steps["loss"]
    assert history.stopped is None


def test_it_is_the_loop_one_would_write(device):
    model, loader, optimizer = parts(device.name)
    quiet(model, loader, F.cross_entropy, optimizer, epochs=2)
    by_hand, loader, optimizer = parts(device.name)
    for _ in range(2):
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(by_hand(mg.Tensor(x).to(device.name)), mg.Tensor(y).to(device.name)).backward()
            optimizer.step()
    for name, array in by_hand.state_dict().items():
        assert model.state_dict()[name].tobytes() == array.tobytes(), name


@pytest.mark.parametrize("cuts", [[4, 8, 12], [5, 9], [1], []])
def test_accumulated_batches_are_one_batch_of_all_their_samples(device, cuts):
    x, y = data()
    whole, _ = Linear(6, 2).to(device.name), mg.manual_seed(0)
    parted = Linear(6, 2).to(device.name)
    parted.load_state_dict(whole.state_dict())
    batches = list(zip(np.split(x[:16], cuts), np.split(y[:16], cuts), strict=True))
    one = quiet(whole, [(x[:16], y[:16])], F.cross_entropy, SGD(whole.parameters(), lr=1), clip=10.0)
    many = quiet(parted, batches, F.cross_entropy, SGD(parted.parameters(), lr=1), accumulate=len(batches), clip=10.0)
    for name in ("weight", "bias"):
        np.testing.assert_allclose(parted.state_dict()[name], whole.state_dict()[name], rtol=1e-5, atol=1e-6)
    for name in ("loss", "norm"):
        np.testing.assert_allclose(many.steps[name], one.steps[name], rtol=1e-5)
    assert many.steps["samples"] == [16]


def test_a_last_group_may_be_shorter():
    model, loader, optimizer = parts()
    history = quiet(model, loader, F.cross_entropy, optimizer, epochs=2, accumulate=4)
    assert history.steps["samples"] == [32, 20, 32, 20]


def test_clipping_bounds_the_step_and_records_the_norm(device):
    model, loader = line(device)
    before = model.state_dict()
    history = quiet(model, loader, F.mse_loss, SGD(model.parameters(), lr=1.0), clip=0.01)
    moved = np.concatenate([(model.state_dict()[name] - before[name]).ravel() for name in before])
    np.testing.assert_allclose(np.linalg.norm(moved), 0.01, rtol=1e-3)
    assert history.steps["norm"][0] > 1


def test_any_clip_and_the_share_of_clipped_steps(device):
    def clipped(clip):
        mg.manual_seed(0)
        model, loader, optimizer = parts(device.name)
        history = quiet(model, loader, F.cross_entropy, optimizer, epochs=2, clip=clip, log_every=3)
        return history, model.state_dict()

    free, _ = clipped(1e9)
    assert free.steps["clipped"] == [0.0] * 14
    assert [row["clipped"] for row in free.epochs] == [0.0, 0.0]
    bound = float(np.median(free.steps["norm"]))
    number, state = clipped(bound)
    np.testing.assert_array_equal(np.array(number.steps["norm"]) > bound, number.steps["clipped"])
    assert [row["clipped"] for row in number.epochs] == [np.mean(number.steps["clipped"][e * 7 :][:7]) for e in (0, 1)]
    assert 0 < sum(number.steps["clipped"]) < 14
    given, same = clipped(functools.partial(clip_grad_norm, max_norm=bound))
    assert given.steps == number.steps
    assert all((state[name] == same[name]).all() for name in state)
    values, _ = clipped(functools.partial(clip_grad_value, clip_value=1e-4))
    assert values.steps["clipped"] == [1.0] * 14
    spikes, _ = clipped(ZClip(warmup_steps=2, z_thresh=0.1))
    assert spikes.steps["clipped"][:2] == [0.0, 0.0]
    assert sum(spikes.steps["clipped"]) > 0


def test_the_learning_rate_of_each_step_is_recorded():
    model, loader, _ = parts()
    schedule = schedules.exponential_decay(0.1, 0.5)
    history = quiet(model, loader, F.cross_entropy, SGD(model.parameters(), lr=schedule), epochs=1)
    assert history.steps["lr"] == [schedule(step) for step in range(7)]


def test_no_step_waits_for_the_device():
    class Watch(Callback):
        def on_step_end(self, run):
            counts.append(watch.count)

    with mg.use_backend("strict"):
        model, loader, optimizer = parts("strict")
        counts = [watch.count]
        options = {"clip": 1.0, "callbacks": [Watch()], "metrics": {"accuracy": accuracy}, "accumulate": 2}
        quiet(model, loader, F.cross_entropy, optimizer, epochs=2, log_every=3, **options)
    waits = np.diff(counts).tolist()
    assert len(waits) == 8
    # Steps 3 and 6 read losses, norms and the metric's sums; step 5 comes after the reading at the end of epoch 1.
    assert [number for number, count in enumerate(waits, 1) if count] == [3, 5, 6]
    assert max(waits) <= 4


def test_whole_epochs_wait_for_nothing_between_two_readings():
    class Forbid(Callback):
        def on_fit_start(self, run):
            self.guard = no_synchronisation()
            self.guard.__enter__()

        def on_step_end(self, run):
            if run.step == 6:
                self.guard.__exit__(None, None, None)

    with mg.use_backend("strict"):
        model, loader, optimizer = parts("strict")
        history = quiet(model, loader, F.cross_entropy, optimizer, clip=1.0, callbacks=[Forbid()], log_every=1000)
    assert len(history) == 7


def test_validation_and_metrics_stand_in_the_history(device):
    model, loader, optimizer = parts(device.name)
    figures = {"accuracy": accuracy, "confusion": confusion}
    test = DataLoader(ArrayDataset(*data()), 20)
    history = quiet(model, loader, F.cross_entropy, optimizer, epochs=3, validation=test, metrics=figures, log_every=5)
    found = evaluate(model, test, F.cross_entropy, figures)
    last = history.epochs[-1]
    assert last["validation loss"] == found["loss"]
    assert last["validation accuracy"] == found["accuracy"]
    assert last["validation confusion"] == found["confusion"].tolist()
    assert np.array(found["confusion"]).sum() == 52
    seen = [step for step, value in enumerate(history.steps["accuracy"], 1) if value == value]
    assert seen == [5, 10, 15, 20]
    assert "confusion" not in history.steps


def test_evaluate_and_predict_leave_the_modes_as_they_were(device):
    model, loader, _ = parts(device.name)
    model[1].eval()
    modes = [layer.training for layer in model.layers()]
    first, again = (evaluate(model, loader, F.cross_entropy, {"accuracy": accuracy}) for _ in range(2))
    assert first["loss"] == pytest.approx(again["loss"])
    assert [layer.training for layer in model.layers()] == modes
    state = model.state_dict()
    outputs = predict(model, data()[0], batch_size=7)
    assert outputs.shape == (52, 2)
    np.testing.assert_allclose(predict(model, DataLoader(ArrayDataset(*data()), 9)), outputs, rtol=1e-5, atol=1e-6)
    assert type(outputs) is np.ndarray
    assert all((state[name] == array).all() for name, array in model.state_dict().items())
    assert accuracy(outputs, data()[1]) == first["accuracy"]


def test_frozen_layers_stay_in_evaluation_mode_and_a_forgotten_train_does_not_matter():
    model, loader, optimizer = parts()
    model[1].eval()
    before = model.state_dict()["1.running_mean"]
    quiet(model, loader, F.cross_entropy, optimizer)
    assert (model.state_dict()["1.running_mean"] == before).all()
    model.eval()
    quiet(model, loader, F.cross_entropy, optimizer)
    assert all(layer.training for layer in model.layers())


def test_batches_take_the_models_dtype_and_device(device):
    seen = []

    class Look(Linear):
        def forward(self, x):
            seen.append((x.dtype, x.backend))
            return super().forward(x)

    model = Look(1, 1).to(device.name)
    batch = (np.ones((3, 1)), np.ones((3, 1)))
    quiet(model, [batch, (device.tensor(batch[0]), device.array(batch[1]))], F.mse_loss, SGD(model.parameters(), 0.1))
    predict(model, batch[0].tolist())
    predict(model.requires_grad_(False), batch[0])  # frozen parameters say it too
    assert seen == [(np.float32, device.name)] * 4


def test_several_inputs():
    class Sum(Linear):
        def forward(self, a, b):
            return super().forward(a + b)

    model, x = Sum(2, 1), np.ones((4, 2), np.float32)
    quiet(model, [(x, x, np.ones((4, 1)))], F.mse_loss, SGD(model.parameters(), 0.1))
    assert predict(model, (x, x)).shape == (4, 1)
    assert predict(model, [(x, x, x)]).shape == (4, 1)


# -- the end of a training ---------------------------------------------------------------------------------------------


def test_early_stopping_puts_the_best_parameters_back(tmp_path):
    class Spoil(Callback):
        def on_epoch_end(self, run):
            states.append(run.model.state_dict())
            if run.epoch == 3:
                for group in run.optimizer.param_groups:
                    group["lr"] = 3.0

    states = []
    model, loader, _ = parts()
    stopping = EarlyStopping(patience=2, monitor="validation loss")
    history = quiet(
        model, loader, F.cross_entropy, Adam(model.named_parameters(), lr=0.01), epochs=50, validation=loader,
        callbacks=[Spoil(), stopping], checkpoints=tmp_path,
    )  # fmt: skip
    losses = [row["validation loss"] for row in history.epochs]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 < 50
    assert history.stopped == "no improvement in 2 epochs"
    assert all((states[best][name] == array).all() for name, array in model.state_dict().items())
    # The checkpoint holds the training as it was, not the parameters that were put back.
    saved = load_checkpoint(Checkpoints(tmp_path).latest())
    assert all((states[-1][name] == array).all() for name, array in saved["model"].items())


def test_the_last_few_checkpoints_and_the_best_are_kept(tmp_path):
    model, loader, optimizer = parts()
    kept = Checkpoints(tmp_path, every_steps=2, keep=2, monitor="validation accuracy")
    history = quiet(
        model, loader, F.cross_entropy, optimizer, epochs=3, validation=loader, metrics={"accuracy": accuracy},
        checkpoints=kept,
    )  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best.safetensors", "step-00000020.safetensors", "step-00000021.safetensors",
    ]  # fmt: skip
    best = int(np.argmax([row["validation accuracy"] for row in history.epochs]))
    assert load_checkpoint(kept.best)["epoch"] == best + 1
    assert load_checkpoint(kept.latest())["step"] == 21
    kept.clear()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("log_every", [1, 3, 100])
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(tmp_path, device, log_every):
    model, loader = line(device)
    x, y = loader[0]
    loader = [(x, y)] * 4 + [(x * np.float32(np.nan), y)] + [(x, y)] * 3
    with pytest.raises(NonFiniteError, match=r"^fit: the loss is no longer finite, got nan at step 13 \(epoch 2\)"):
        fit(
            model, Later(loader), F.mse_loss, SGD(model.parameters(), lr=0.01), epochs=9, log_every=log_every,
            log=tmp_path / "log.jsonl", checkpoints=Checkpoints(tmp_path / "kept", every_steps=2), progress_bar=False,
        )  # fmt: skip
    latest = load_checkpoint(Checkpoints(tmp_path / "kept").latest())
    assert latest["step"] == 12
    assert all(np.isfinite(array).all() for array in latest["model"].values())
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert "loss" not in next(row for row in rows if row["step"] == 13)


class Later:
    """Good batches in the first epoch, what is given in the next ones."""

    def __init__(self, batches):
        self.batches, self.rounds = batches, 0

    def __iter__(self):
        self.rounds += 1
        return iter([self.batches[0]] * 8 if self.rounds == 1 else self.batches)


def test_parameters_that_are_not_finite_are_never_saved(tmp_path):
    class Poison(Callback):
        def on_step_end(self, run):
            if run.step == 3:
                run.model[0].weight.data = np.full((16, 6), np.nan, np.float32)

    model, loader, optimizer = parts()
    kept = Checkpoints(tmp_path, every_steps=1)
    with pytest.raises(NonFiniteError, match=r"no longer finite, got nan in 0\.weight after step 3; "):
        quiet(model, loader, F.cross_entropy, optimizer, callbacks=[Poison()], checkpoints=kept)
    assert load_checkpoint(kept.latest())["step"] == 2


def test_statistics_that_are_nan_are_never_saved_and_masks_of_infinities_are(tmp_path):
    class Poison(Callback):
        def on_step_end(self, run):
            if run.step == 3:
                run.model[1].running_var.data = np.full(16, np.nan, np.float32)

    model, loader, optimizer = parts()
    model.mask = Buffer(np.array([0.0, -np.inf]))
    kept = Checkpoints(tmp_path, every_steps=1)
    with pytest.raises(NonFiniteError, match=r"no longer finite, got nan in 1\.running_var after step 3; lower"):
        quiet(model, loader, F.cross_entropy, optimizer, callbacks=[Poison()], checkpoints=kept)
    assert load_checkpoint(kept.latest())["step"] == 2


def test_a_stop_inside_an_epoch_puts_the_best_parameters_back():
    class Interrupt(Callback):
        def on_epoch_end(self, run):
            states.append(run.model.state_dict())

        def on_step_end(self, run):
            if run.step == 10:  # the third of the second epoch
                run.stop("interrupted")

    states = []
    model, loader, optimizer = parts()
    stopping = EarlyStopping(monitor="loss")
    quiet(model, loader, F.cross_entropy, optimizer, epochs=9, callbacks=[Interrupt(), stopping])
    assert len(states) == 1
    assert all((states[0][name] == array).all() for name, array in model.state_dict().items())


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_batches_that_cannot_be_used():
    model, optimizer = Linear(2, 1), None
    optimizer = SGD(model.parameters(), lr=0.1)
    x, y = np.ones((3, 2)), np.ones((3, 1))
    rows = {
        r"a batch is a tuple \(input, \.\.\., target\), got 1 parts": [(x,)],
        r"a batch is a tuple .* got ndarray": [x],
        r"the same number of each and at least one, got shapes \(3, 2\), \(2, 1\); correct": [(x, y[:2])],
        r"at least one, got shapes \(0, 2\), \(0, 1\)": [(x[:0], y[:0])],
        r"the loader gave no batch in epoch 1, got 0; pass one with samples": [],
        r"the loss must be one number, a Tensor of shape \(\), got Tensor of float32 and shape \(3, 1\); take": [
            (x, y)
        ],
    }
    for words, loader in rows.items():
        loss = (lambda a, b: (a - b) ** 2) if "the loss" in words else F.mse_loss
        with pytest.raises(ShapeError, match=rf"^fit: .*{words}"):
            quiet(model, loader, loss, optimizer)
    with pytest.raises(ShapeError, match=r"^fit: the loader gave no batch in epoch 2, got 0"):
        quiet(model, iter([(x, y)]), F.mse_loss, optimizer, epochs=2)
    with pytest.raises(ShapeError, match=r"^evaluate: the loader gave no batch, got 0"):
        evaluate(model, [], F.mse_loss)
    with pytest.raises(ShapeError, match=r"^predict: there is no sample, got 0"):
        predict(model, np.zeros((0, 2)))


def test_the_losses_refuse_labels_and_shapes_inside_fit():
    model, (x, y) = Linear(6, 2), data()
    optimizer = SGD(model.parameters(), lr=0.1)
    for target, loss, words in (
        (y + 5, F.cross_entropy, "labels must lie in 0 to 1, got 5 to 6"),
        (y - 1, F.cross_entropy, "labels must lie in 0 to 1, got -1 to 0"),
        (y.astype(np.float32), F.cross_entropy, "labels must be integers, got float32"),
        (y.astype(np.float32), lambda a, b: F.mse_loss(a[:, :1], b), r"\(52, 1\) and \(52,\)"),
    ):
        with pytest.raises((ShapeError, TypeError), match=words):
            quiet(model, [(x, target)], loss, optimizer)


def test_arguments_that_make_no_sense(tmp_path):
    model, loader, optimizer = parts()
    (tmp_path / "file").write_text("x")
    for option, words in (
        ({"epochs": -1}, r"^fit: epochs must be at least 0, got -1; "),
        ({"epochs": 1.5}, r"^fit: epochs must be a whole number, got 1\.5; "),
        ({"epochs": True}, r"^fit: epochs must be a whole number, got True; "),
        ({"accumulate": 0}, r"^fit: accumulate must be at least 1, got 0; "),
        ({"log_every": 0}, r"^fit: log_every must be at least 1, got 0; "),
        ({"clip": 0}, r"^fit: clip must be a finite number above 0, got 0; "),
        ({"clip": float("nan")}, r"^fit: clip must be a finite number above 0, got nan; "),
        ({"clip": "1"}, r"^fit: clip must be a finite number above 0, got '1'; "),
        ({"metrics": [accuracy]}, r"^metrics: .*got \[<"),
        ({"metrics": {"accuracy": 1}}, r"^metrics: must be functions by name, got 1; "),
        ({"validation": 3}, r"^fit: the validation gives batches .*, got int; pass a DataLoader"),
        ({"callbacks": EarlyStopping()}, r"^fit: callbacks are a list of objects of Callback, got <.*; pass \["),
        ({"callbacks": [twice := EarlyStopping(), twice]}, r"^fit: each callback comes once, got \[<"),
        ({"clip": lambda parameters: None}, r"^fit: a clip gives the norm before, got None; return grad_norm"),
        ({"metrics": {"kind": accuracy}}, r"^metrics: these names stand for what fit itself records, got \['kind'\]"),
        (
            {"metrics": {"a": lambda y, t: None}, "log_every": 1},
            r"^metrics: a metric gives a number .*, got None of <fu",
        ),
        ({"callbacks": [print]}, r"^fit: callbacks are a list of objects of Callback, got \[<built-in"),
        ({"checkpoints": tmp_path / "file"}, r"^Checkpoints: they need a folder, got the file .*file; name another"),
        ({"checkpoints": tmp_path / "file" / "a" / "b"}, r"^Checkpoints: they need a folder, got the file .*file; "),
        ({"checkpoints": 3}, r"^Checkpoints: a path is text or a Path, got 3; "),
        ({"log": tmp_path}, r"^History: the log is a file, got the folder .*; name a file in it"),
    ):
        with pytest.raises((ValueError, TypeError, OSError), match=words):
            quiet(model, loader, F.cross_entropy, optimizer, **option)
    for arguments, words in (
        ((len, loader, F.mse_loss, optimizer), "the model is a Layer, got builtin_function_or_method; wrap"),
        (
            (model, np.ones((3, 2)), F.mse_loss, optimizer),
            "the loader gives batches .*, got ndarray; pass a Data",
        ),
        (
            (model, loader, "mse", optimizer),
            r"the loss is a function of \(outputs, target\), got 'mse'; pass one",
        ),
        ((model, loader, F.mse_loss, 0.1), r"the optimizer is an Optimizer, got 0\.1; pass SGD"),
    ):
        with pytest.raises(TypeError, match=f"^fit: {words}"):
            quiet(*arguments)
    assert len(quiet(model, loader, F.cross_entropy, optimizer, epochs=np.int64(1), accumulate=np.int8(2))) == 4
    with pytest.raises(FileError, match=r"^fit: there is nothing to go on from, got resume=True without checkpoints"):
        quiet(model, loader, F.cross_entropy, optimizer, resume=True)
    with pytest.raises(ShapeError, match=r"^fit: no figure of the epoch has this name, got 'acc'; choose one of \['ep"):
        quiet(model, loader, F.cross_entropy, optimizer, callbacks=[EarlyStopping(monitor="acc")])
    for make, words in (
        (lambda: evaluate(len, loader, F.mse_loss), r"^evaluate: the model is a Layer, got builtin_fu.*; wrap"),
        (lambda: predict(len, np.ones((2, 6))), r"^predict: the model is a Layer, got builtin_fu.*; wrap"),
        (lambda: update_batch_norm(len, loader), r"^update_batch_norm: the model is a Layer, got builtin_fu.*; wrap"),
        (lambda: EarlyStopping(patience=0), r"^EarlyStopping: patience must be at least 1, got 0"),
        (lambda: EarlyStopping(patience=1.5), r"^EarlyStopping: patience must be a whole number, got 1.5"),
        (lambda: EarlyStopping(by="x"), r"^EarlyStopping: by must be a finite number from 0 up, got 'x'"),
        (lambda: Checkpoints(tmp_path, keep=0), r"^Checkpoints: keep must be at least 1, got 0"),
        (lambda: Checkpoints(tmp_path, keep=None), r"^Checkpoints: keep must be a whole number, got None"),
        (lambda: Checkpoints(tmp_path, every_steps=2.5), r"^Checkpoints: every_steps must be a whole number, got 2\.5"),
        (lambda: predict(model, np.ones((2, 6)), batch_size=0), r"^predict: batch_size must be at least 1, got 0"),
    ):
        with pytest.raises((ValueError, TypeError), match=words):
            make()


def test_the_model_in_the_examples_of_the_documentation():
    model = Sequential(Linear(6, 8), ReLU(), Dropout(0.1), BatchNorm1d(8), Linear(8, 2))
    history = quiet(model, DataLoader(ArrayDataset(*data()), 8), F.cross_entropy, Adam(model.parameters()), epochs=2)
    assert repr(history).startswith("History(14 steps, 2 epochs, the last: epoch 2, step 14, loss 0.")


def test_a_stopping_rule_that_is_used_again_begins_anew():
    rule, lengths = EarlyStopping(patience=1), []
    for lr in (5.0, 0.1):
        model = Linear(1, 1)
        x = np.linspace(-1, 1, 16, dtype=np.float32)[:, None]
        history = fit(
            model,
            [(x, 3 * x)],
            F.mse_loss,
            SGD(model.parameters(), lr=lr),
            epochs=5,
            callbacks=[rule],
            progress_bar=False,
        )
        lengths.append(len(history.epochs))
    assert lengths[1] == 5


def test_a_figure_of_unknown_direction_is_asked_for():
    x = np.ones((4, 1), np.float32)
    model = Linear(1, 1)
    with pytest.raises(ShapeError, match="cannot tell whether to maximize 'validation odd'"):
        fit(
            model, [(x, x)], F.mse_loss, SGD(model.parameters(), lr=0.1), validation=[(x, x)], progress_bar=False,
            metrics={"odd": lambda o, t: 1.0}, callbacks=[EarlyStopping(monitor="validation odd")],
        )  # fmt: skip


def test_an_optimizer_of_another_model_is_refused():
    x, model, other = np.ones((4, 1), np.float32), Linear(1, 1), Linear(1, 1)
    with pytest.raises(ShapeError, match=r"^fit: the optimizer trains none of the model's parameters, got SGD"):
        fit(model, [(x, x)], F.mse_loss, SGD(other.parameters(), lr=0.1), progress_bar=False)


@pytest.mark.parametrize("name", ["loss", "epoch", "step"])
def test_a_metric_takes_no_name_of_fits_own(name):
    x, model = np.ones((4, 1), np.float32), Linear(1, 1)
    with pytest.raises(ShapeError, match=r"^metrics: .*got"):
        evaluate(model, [(x, x)], F.mse_loss, {name: lambda o, t: 1.0})
