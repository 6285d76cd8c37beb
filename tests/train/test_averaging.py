"""ModelEMA and SWA: their formulas, swapping in and out, statistics refreshed, and trainings that go on bit for bit."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.backend import use_backend
from minigrad.backend.random import default_generator
from minigrad.backend.strict import audit_float64, no_synchronisation
from minigrad.data import ArrayDataset, DataLoader
from minigrad.errors import ArgumentError, DeviceError, DTypeError, GraphError, ShapeError
from minigrad.io import load_checkpoint
from minigrad.nn import BatchNorm1d, Dropout, Flatten, InstanceNorm1d, Linear, ReLU, Sequential
from minigrad.nn import functional as F
from minigrad.train import SWA, Callback, Checkpoints, ModelEMA, evaluate, fit, update_batch_norm
from tests.train.stop import Stop
from tools.resume_trials import STEPS, data, parts, train


class Record(Callback):
    """The parameters after every step."""

    def __init__(self):
        self.seen = []

    def on_step_end(self, run):
        self.seen.append({name: p.numpy().copy() for name, p in run.model.named_parameters()})


def trained(backend, *make, **options):
    """A short training of the network with batch statistics and dropout, under averages made by `make(model)`."""
    model, loader, optimizer = parts(backend)
    start = {name: p.numpy().copy() for name, p in model.named_parameters()}
    averages, record = [each(model) for each in make], Record()
    fit(model, loader, F.cross_entropy, optimizer, epochs=2, callbacks=[*averages, record], progress_bar=False,
        **options)  # fmt: skip
    return model, start, record.seen, averages


def inside(average):
    with average.applied() as model:
        return {name: p.numpy().copy() for name, p in model.named_parameters()}


# -- formulas ----------------------------------------------------------------------------------------------------------


def test_the_exponential_average_begins_at_the_start_and_takes_in_every_step(device):
    _, start, seen, (ema,) = trained(device.name, lambda model: ModelEMA(model, decay=0.9))
    for name, p in start.items():
        v = p.astype(np.float64)
        for step in seen:
            v = 0.9 * v + 0.1 * step[name]
        np.testing.assert_allclose(inside(ema)[name], v, rtol=1e-5, atol=1e-7)
    assert ema.updates == len(seen) == 14


@pytest.mark.parametrize(("start", "every", "chosen"), [(1, 1, range(14)), (5, 1, range(4, 14)), (3, 4, [2, 6, 10])])
def test_the_mean_is_that_of_the_chosen_steps(start, every, chosen, device):
    _, _, seen, (swa,) = trained(device.name, lambda model: SWA(model, start, every))
    assert swa.updates == len(chosen)
    for name, value in inside(swa).items():
        mean = np.mean([seen[step][name].astype(np.float64) for step in chosen], axis=0)
        np.testing.assert_allclose(value, mean, rtol=1e-5, atol=1e-7)


def test_averages_in_float64_are_exact(device):
    p = device.leaf([1.0, -2.0], dtype=np.float64)
    model = Linear(2, 1, bias=False)
    model.weight = p
    ema, swa = ModelEMA(model, decay=0.999), SWA(model)
    v, seen = np.array([1.0, -2.0]), []
    for step in range(40):
        p.data = device.array([np.sin(step), step], dtype=np.float64)
        ema.update(), swa.update()
        v = 0.999 * v + 0.001 * device.host(p)
        seen.append(device.host(p).copy())
    np.testing.assert_allclose(inside(ema)["weight"], v, rtol=1e-13)
    np.testing.assert_allclose(inside(swa)["weight"], np.mean(seen, axis=0), rtol=1e-13)


def test_float16_is_averaged_in_float32(device):
    model = Linear(2, 1, bias=False).to(device.name, dtype="float16")
    ema, swa = ModelEMA(model, decay=0.999), SWA(model)
    model.weight.data = device.array([[1.0, 2.0]], np.float16)
    ema.begin()
    model.weight.data = device.array([[1.1, 2.1]], np.float16)
    for _ in range(2000):
        ema.update(), swa.update()
    for average in (ema, swa):
        assert {a.dtype for a in average.state_dict()["averages"].values()} == {np.dtype(np.float32)}
        assert inside(average)["weight"].dtype == np.float16
    np.testing.assert_allclose(inside(ema)["weight"], [[1 + 0.1 * (1 - 0.999**2000), 2.0865]], atol=2e-3)


def test_they_are_found_beside_the_optimizers():
    assert (optim.ModelEMA, optim.SWA) == (ModelEMA, SWA)
    assert {"ModelEMA", "SWA"} <= set(dir(optim))


# -- in and out --------------------------------------------------------------------------------------------------------


def test_weights_and_buffers_come_back(device):
    model, _, _, (ema,) = trained(device.name, lambda model: ModelEMA(model, decay=0.9))
    before = model.state_dict()
    loader = DataLoader(ArrayDataset(*data()), 20)
    own = evaluate(model, loader, F.cross_entropy)["loss"]
    with pytest.raises(KeyError, match="inside"), ema.applied() as same:  # noqa: PT012
        assert same is model
        assert model.state_dict()["0.weight"].tobytes() != before["0.weight"].tobytes()
        assert evaluate(model, loader, F.cross_entropy)["loss"] != own
        model.train()
        model(mg.tensor(data()[0]).to(device.name))  # changes the buffers
        with ema.applied():
            pass
        raise KeyError("inside")
    for name, array in model.state_dict().items():
        assert array.tobytes() == before[name].tobytes(), name


def test_training_goes_on_as_if_nobody_had_looked(device):
    class Look(Callback):
        def on_step_end(self, run):
            with self.ema.applied():
                run.model.eval()(mg.zeros((3, 6)).to(device.name))
                run.model.train()

    def run(look):
        model, loader, optimizer = parts(device.name)
        look.ema = ModelEMA(model, decay=0.5)
        callbacks = [look.ema, look] if isinstance(look, Look) else [look.ema]
        fit(model, loader, F.cross_entropy, optimizer, callbacks=callbacks, progress_bar=False)
        return {**model.state_dict(), **{f"ema {k}": v for k, v in look.ema.state_dict()["averages"].items()}}

    looked, plain = run(Look()), run(Callback())
    assert all(array.tobytes() == plain[name].tobytes() for name, array in looked.items())


def test_a_training_of_its_own_begins_anew(device):
    model, loader, optimizer = parts(device.name)
    ema = ModelEMA(model, decay=0.9)
    for _ in range(2):
        before = model.state_dict()["0.weight"]
        fit(model, loader, F.cross_entropy, optimizer, epochs=0, callbacks=[ema], progress_bar=False)
        np.testing.assert_array_equal(inside(ema)["0.weight"], before)
        fit(model, loader, F.cross_entropy, optimizer, callbacks=[ema], progress_bar=False)
        assert ema.updates == 7


def test_updates_wait_for_nothing_and_widen_nothing():
    with use_backend("strict"):
        model = parts("strict")[0]
        averages = [ModelEMA(model), SWA(model)]
        with no_synchronisation(), audit_float64():
            for average in averages:
                for _ in range(20):
                    average.update()
                with average.applied():
                    pass


# -- statistics --------------------------------------------------------------------------------------------------------


def direct(weight, bias, batches):
    """Mean, and unbiased variance, of each batch; the mean over the batches."""
    hidden = [x.astype(np.float64) @ weight.T + bias for x in batches]
    return np.mean([h.mean(axis=0) for h in hidden], axis=0), np.mean([h.var(axis=0, ddof=1) for h in hidden], axis=0)


def test_refreshed_statistics_are_those_of_the_averaged_weights(device):
    model, _, _, (swa,) = trained(device.name, SWA)
    before, bits = model.state_dict(), default_generator().state
    modes = [layer.training for layer in model.layers()]
    batches = np.split(data()[0], [8, 20, 44])
    swa.refresh([(x, None) for x in batches])
    assert default_generator().state == bits, "dropout was on"
    assert [layer.training for layer in model.layers()] == modes
    assert model[1].momentum == 0.1
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())
    with swa.applied():
        inner = model.state_dict()
    mean, var = direct(inner["0.weight"], inner["0.bias"], batches)
    np.testing.assert_allclose(inner["1.running_mean"], mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(inner["1.running_var"], var, rtol=1e-5)
    assert inner["1.num_batches_tracked"] == 4
    swa.update()  # other weights: the statistics are out of date
    with swa.applied():
        np.testing.assert_array_equal(model.state_dict()["1.running_mean"], before["1.running_mean"])


def test_statistics_stay_where_a_batch_fails_or_there_is_none(device):
    model = parts(device.name)[0]
    model[1].momentum = 0.3
    model(mg.tensor(data()[0]).to(device.name))
    before = model.state_dict()
    with pytest.raises(ShapeError, match=r"^update_batch_norm: the loader gave no batch, got 0; pass"):
        update_batch_norm(model, [])
    with pytest.raises(ShapeError):
        update_batch_norm(model, [data()[0], np.ones((3, 5))])
    assert all(array.tobytes() == before[name].tobytes() for name, array in model.state_dict().items())
    assert (model[1].momentum, model[1].training) == (0.3, True)


def test_a_model_without_batch_normalisation_needs_no_data(device):
    update_batch_norm(Sequential(Linear(2, 3), ReLU(), Dropout(0.5)).to(device.name), [])


def test_other_normalisers_keep_their_statistics():
    model = Sequential(InstanceNorm1d(2, track_running_stats=True), Flatten(), BatchNorm1d(6))
    before, x = model.state_dict(), np.random.default_rng(0).normal(size=(4, 2, 3)).astype(np.float32)
    update_batch_norm(model, [x])
    after = model.state_dict()
    assert {name for name, value in before.items() if not np.array_equal(value, after[name])} == {
        "2.running_mean", "2.running_var", "2.num_batches_tracked",
    }  # fmt: skip


# -- going on ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 9, STEPS - 1])
def test_a_resumed_training_has_the_same_averages(step, tmp_path, device):
    def run(folder, stop, **options):
        model, loader, optimizer = parts(device.name)
        averages = [ModelEMA(model, 0.9), SWA(model, start=4, every=3)]
        fit(
            model, loader, F.cross_entropy, optimizer, epochs=5, accumulate=2, callbacks=[*averages, Stop(stop)],
            checkpoints=Checkpoints(folder, every_steps=2), progress_bar=False, **options,
        )  # fmt: skip
        return [average.state_dict() for average in averages]

    wanted = run(tmp_path / "whole", 0)
    assert [state["updates"] for state in wanted] == [STEPS, 6]
    run(tmp_path / "cut", step)
    saved = load_checkpoint(Checkpoints(tmp_path / "cut").latest())["callbacks"]
    assert saved[0]["averages"].keys() == wanted[0]["averages"].keys()
    for state, found in zip(wanted, run(tmp_path / "cut", 0, resume=True), strict=True):
        assert found["updates"] == state["updates"]
        assert all(found["averages"][k].tobytes() == a.tobytes() for k, a in state["averages"].items())


def test_refreshed_statistics_are_saved(device):
    model, _, _, (swa,) = trained(device.name, SWA)
    swa.refresh([data()[0]])
    state = copy.deepcopy(swa.state_dict())
    swa.update()
    swa.load_state_dict(state)
    np.testing.assert_equal(swa.state_dict(), state)
    with swa.applied():
        np.testing.assert_array_equal(model.state_dict()["1.running_mean"], state["buffers"]["1.running_mean"])


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_the_state_of_another_model_is_refused_and_changes_nothing():
    ema = ModelEMA(Linear(2, 3))
    before = ema.state_dict()
    with pytest.raises(
        ShapeError, match=r"^ModelEMA.load_state_dict: the parameters differ, got \['weight', 'weight'\]"
    ):
        ema.load_state_dict(ModelEMA(Linear(4, 3)).state_dict())
    for state in (None, {}, {**before, "averages": 3}, {**before, "updates": -1}, {**before, "buffers": 3}):
        with pytest.raises(ValueError, match=r"^ModelEMA.load_state_dict: .*got .*; "):
            ema.load_state_dict(state)
    with pytest.raises(DTypeError, match=r"^ModelEMA: averages the parameters of a Layer, got int; "):
        ModelEMA(3)
    np.testing.assert_equal(ema.state_dict(), before)


def test_what_makes_no_sense_is_refused(tmp_path):
    model = Linear(6, 2)
    for decay in (1.0, -0.1, float("nan"), "a"):
        with pytest.raises(
            (ArgumentError, DTypeError),
            match=r"^ModelEMA: decay must be a finite number in \[0, 1\), got .*; 0.999 is usual",
        ):
            ModelEMA(model, decay)
    for options in ({"start": -1}, {"every": 0}, {"every": 1.5}):
        with pytest.raises((ArgumentError, DTypeError), match=r"^SWA: (start|every) must be .*, got .*; pass"):
            SWA(model, **options)
    for kind, wrong in ((ModelEMA, 3), (SWA, [model.weight])):
        with pytest.raises(
            DTypeError, match=rf"^{kind.__name__}: averages the parameters of a Layer, got (int|list); pass"
        ):
            kind(wrong)
    with pytest.raises(ShapeError, match=r"^SWA: averages the parameters of a model, got none that train; thaw some"):
        SWA(Linear(2, 1).requires_grad_(False))
    moved = Linear(6, 2)
    ema = ModelEMA(moved)
    moved.to("strict")
    for act in (ema.update, lambda: inside(ema)):
        with pytest.raises(DeviceError, match=r"^ModelEMA: the model was moved .*got weight on strict; make it after"):
            act()
    ema, swa = ModelEMA(model), SWA(model)
    with pytest.raises(GraphError, match=r"^SWA.applied: there is no mean of nothing, got 0 updates; "), swa.applied():
        pass
    with pytest.raises(GraphError, match=r"^ModelEMA.update: .*got a call inside applied\(\); leave"), ema.applied():
        ema.update()
    with pytest.raises(GraphError, match=r"^ModelEMA: averages the model that it was made with, got another in fit"):
        train(tmp_path, callbacks=[ema])
