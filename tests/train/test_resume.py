"""A training that was stopped or killed ends with the bits of one that was not."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigrad.backend.random import default_generator
from minigrad.errors import ShapeError
from minigrad.io import FileError, load_checkpoint, replacing
from minigrad.nn import BatchRenorm, Linear, ReLU, Sequential, SpectralNorm, SyncBatchNorm
from minigrad.nn import functional as F
from minigrad.optim import NAG, SWA, Adam, ModelEMA, ZClip
from minigrad.optim.schedules import ReduceOnPlateau
from minigrad.train import Callback, Checkpoints, EarlyStopping, WatchPlateau, fit
from tests.testing.optimizer_rows import ROWS as OPTIMIZERS
from tests.train.stop import Stop
from tools.resume_trials import STEPS, bits, data, parts, train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """What a training makes that nobody stops, by backend, accumulation and threads."""
    made = {}

    def get(*key):
        if key not in made:
            backend, accumulate, workers = key
            folder = tmp_path_factory.mktemp("unbroken")
            made[key] = bits(*train(folder, backend, [Stop(0)], accumulate=accumulate, workers=workers))
        return made[key]

    return get


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_stopped_after_any_step(tmp_path, step, unbroken):
    _, _, history = train(tmp_path, callbacks=[Stop(step)])
    assert (history.stopped, len(history)) == ("interrupted", step)
    assert bits(*train(tmp_path, callbacks=[Stop(0)], resume=True)) == unbroken("numpy", 2, 0)


@pytest.mark.parametrize(("accumulate", "workers"), [(1, 0), (1, 2), (3, 2), (5, 0), (7, 0), (9, 2)])
def test_stopped_under_every_accumulation_and_with_threads(tmp_path, device, accumulate, workers, unbroken):
    total = 5 * -(-7 // accumulate)
    for part, step in enumerate(sorted({1, total // 3, total // 2, total - 1} - {0})):  # again and again
        train(tmp_path, device.name, [Stop(step)], accumulate=accumulate, workers=workers, resume=part > 0)
    made = train(tmp_path, device.name, [Stop(0)], accumulate=accumulate, workers=workers, resume=True)
    assert bits(*made) == unbroken(device.name, accumulate, workers)


def test_going_on_after_the_end_changes_nothing_and_more_epochs_go_on(tmp_path, unbroken):
    train(tmp_path, callbacks=[Stop(0)])
    assert bits(*train(tmp_path, callbacks=[Stop(0)], resume=True)) == unbroken("numpy", 2, 0)
    _, _, history = train(tmp_path, callbacks=[Stop(0)], resume=True, epochs=7)
    assert [row["epoch"] for row in history.epochs] == [1, 2, 3, 4, 5, 6, 7]
    (tmp_path / "other").mkdir()
    train(tmp_path / "other", callbacks=[Stop(0)], epochs=7)
    states = [load_checkpoint(Checkpoints(folder).latest())["model"] for folder in (tmp_path, tmp_path / "other")]
    assert all((states[0][name] == array).all() for name, array in states[1].items())


def test_a_training_that_stopped_early_stays_stopped(tmp_path):
    def run(**options):
        model, loader, optimizer = parts()
        options = {"progress_bar": False, "checkpoints": tmp_path, "epochs": 60, **options}
        stopping = EarlyStopping(patience=1, monitor="loss", by=0.05)
        return model, fit(model, loader, F.cross_entropy, optimizer, callbacks=[stopping], **options)

    (model, history), (again, longer) = run(), run(resume=True)
    assert history.stopped == longer.stopped == "no improvement in 1 epochs"
    assert len(history.epochs) == len(longer.epochs) < 60
    assert all((model.state_dict()[name] == array).all() for name, array in again.state_dict().items())


def test_a_list_of_batches_goes_on_where_it_was(tmp_path):
    x, y = data()
    batches = list(zip(np.split(x, 4), np.split(y, 4), strict=True))

    def run(folder, step, **options):
        model, _, optimizer = parts()
        fit(
            model, batches, F.cross_entropy, optimizer, epochs=3, callbacks=[Stop(step)], accumulate=3,
            checkpoints=Checkpoints(folder, every_steps=1), progress_bar=False, **options,
        )  # fmt: skip
        return model.state_dict()

    wanted = run(tmp_path / "unbroken", 0)
    for step in range(1, 7):
        run(tmp_path / str(step), step)
        found = run(tmp_path / str(step), 0, resume=True)
        assert all((found[name] == array).all() for name, array in wanted.items()), step


def test_the_log_of_a_resumed_run_is_that_of_an_unbroken_one(tmp_path):
    def rows(name):
        lines = (tmp_path / name).read_text().splitlines()
        return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]

    train(tmp_path / "a", callbacks=[Stop(0)], log=tmp_path / "a.jsonl")
    train(tmp_path / "b", callbacks=[Stop(6)], log=tmp_path / "b.jsonl", every_steps=4)
    with (tmp_path / "b.jsonl").open("a") as file:
        file.write('{"kind": "step", "step": 7, "loss": 0.1}\n{"kind": "st')  # of a run that was killed
    train(tmp_path / "b", callbacks=[Stop(0)], log=tmp_path / "b.jsonl", resume=True)
    assert rows("b.jsonl") == rows("a.jsonl")
    assert [row["step"] for row in rows("a.jsonl") if row["kind"] == "step"] == list(range(1, STEPS + 1))


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize(("backend", "trials"), [("numpy", 2), ("strict", 1)])
def test_killed_trainings_end_with_the_same_bits(backend, trials):
    command = [sys.executable, "-W", "error", str(ROOT / "tools" / "resume_trials.py"), "--trials", str(trials)]
    done = subprocess.run([*command, "--backend", backend], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{trials} of {trials} trainings bit-equal after ")


def test_a_clip_that_remembers_goes_on_too(tmp_path):
    def run(folder, step, **options):
        model, loader, optimizer = parts()
        history = fit(
            model, loader, F.cross_entropy, optimizer, epochs=3, callbacks=[Stop(step)], progress_bar=False,
            clip=ZClip(warmup_steps=3, z_thresh=0.2), checkpoints=Checkpoints(tmp_path / folder), **options,
        )  # fmt: skip
        return model.state_dict(), history

    wanted, history = run("unbroken", 0)
    assert sum(history.steps["clipped"]) > 0
    for step in (2, 5, 11):
        run(str(step), step)
        found, again = run(str(step), 0, resume=True)
        assert all((found[name] == array).all() for name, array in wanted.items()), step
        assert again.steps == history.steps


def goes_on_bit_for_bit(folder, make_optimizer, make_model=None, watch=lambda model, optimizer: (), **options):
    """Whether a training with these parts ends with the same bits when it is stopped and goes on."""

    def run(name, step, **how):
        model, loader, _ = parts()  # the seed is set there
        model = make_model() if make_model else model
        optimizer = make_optimizer(model)
        watchers = watch(model, optimizer)
        fit(
            model, loader, F.cross_entropy, optimizer, epochs=3, callbacks=[*watchers, Stop(step)], progress_bar=False,
            checkpoints=Checkpoints(folder / name), **options, **how,
        )  # fmt: skip
        kept = [repr(watcher.state_dict()) for watcher in watchers]
        return {name: array.tobytes() for name, array in model.state_dict().items()}, kept

    wanted, found = run("unbroken", 0), []
    for step in (2, 7):  # in the first epoch and in the last
        run(str(step), step)
        found.append(run(str(step), 0, resume=True) == wanted)
    return found == [True, True]


@pytest.mark.parametrize("row", OPTIMIZERS, ids=[row.name for row in OPTIMIZERS])
def test_every_optimizer_goes_on(tmp_path, row):
    def matrices():  # Muon takes nothing else
        return Sequential(Linear(6, 8, bias=False), ReLU(), Linear(8, 2, bias=False))

    assert goes_on_bit_for_bit(tmp_path, lambda model: row.make(model.parameters()), matrices, accumulate=3)


@pytest.mark.parametrize(
    "layer",
    [lambda: BatchRenorm(6), lambda: SyncBatchNorm(6), lambda: SpectralNorm(Linear(6, 6))],
    ids=["BatchRenorm", "SyncBatchNorm", "SpectralNorm"],
)
def test_layers_that_remember_go_on(tmp_path, layer):
    assert goes_on_bit_for_bit(
        tmp_path, lambda model: Adam(model.parameters()), lambda: Sequential(layer(), Linear(6, 2)), accumulate=3
    )


@pytest.mark.parametrize(
    ("make_optimizer", "watch"),
    [
        (lambda model: NAG(model.parameters(), lr=0.05, look_ahead=True), lambda model, optimizer: []),
        (lambda model: Adam(model.parameters()), lambda model, optimizer: [ModelEMA(model, 0.9), SWA(model, start=2)]),
        (
            lambda model: Adam(model.parameters(), lr=ReduceOnPlateau(0.05, factor=0.5, patience=0)),
            lambda model, optimizer: [WatchPlateau(optimizer.param_groups[0]["lr"])],
        ),
    ],
    ids=["looking ahead", "averages of the weights", "plateau"],
)
def test_what_else_remembers_goes_on(tmp_path, make_optimizer, watch):
    assert goes_on_bit_for_bit(tmp_path, make_optimizer, watch=watch, accumulate=3)


def test_callbacks_and_validation_may_iterate_the_training_loader(tmp_path):
    """The order of the samples, and the place where a resumed run goes on, are the run's own."""

    class Iterate(Callback):
        def on_fit_start(self, run):
            next(iter(run.loader))

        def on_step_end(self, run):
            next(iter(run.loader))
            if run.step % 3 == 0:
                list(run.loader)

        def on_epoch_end(self, run):
            list(run.loader)

    def run(folder, *callbacks, **options):
        model, loader, optimizer = parts()
        validation = loader if options.pop("itself", False) else None
        fit(
            model, loader, F.cross_entropy, optimizer, epochs=3, accumulate=2, callbacks=callbacks,
            validation=validation, checkpoints=Checkpoints(tmp_path / folder, every_steps=1), progress_bar=False,
            **options,
        )  # fmt: skip
        return model.state_dict()

    wanted = run("plain")
    for found in (run("iterated", Iterate()), run("itself", itself=True)):
        assert all((found[name] == array).all() for name, array in wanted.items())
    for step in (1, 3, 4, 6, 9):
        run(str(step), Iterate(), Stop(step))
        found = run(str(step), Iterate(), Stop(0), resume=True)
        assert all((found[name] == array).all() for name, array in wanted.items()), step


def test_the_log_of_an_earlier_training_is_kept(tmp_path):
    log = tmp_path / "log.jsonl"
    train(tmp_path / "a", callbacks=[Stop(3)], log=log)
    first = log.read_text()
    for number in (1, 2):
        train(tmp_path / str(number), callbacks=[Stop(2)], log=log)
        assert (tmp_path / f"log.{number}.jsonl").exists()
    assert (tmp_path / "log.1.jsonl").read_text() == first
    # A run that goes on keeps its own log, and one of another run as that run left it.
    second = log.read_text()
    train(tmp_path / "2", callbacks=[Stop(5)], log=log, resume=True)
    assert log.read_text().startswith(second)
    assert not (tmp_path / "log.3.jsonl").exists()
    log.write_text('{"kind": "step", "step": 1, "loss": 9.0}\n')  # of another training
    train(tmp_path / "a", callbacks=[Stop(4)], log=log, resume=True)
    assert (tmp_path / "log.3.jsonl").read_text() == '{"kind": "step", "step": 1, "loss": 9.0}\n'
    assert log.read_text().startswith(first)


# -- Ctrl-C ------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_ctrl_c_saves_and_ends_cleanly(tmp_path, unbroken, interruptible):
    class Press(Callback):
        def on_step_end(self, run):
            if run.step == 6:
                signal.raise_signal(signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    _, _, history = train(tmp_path, callbacks=[Press()], every_steps=None)
    assert (history.stopped, len(history)) == ("interrupted", 6)
    assert load_checkpoint(Checkpoints(tmp_path).latest())["step"] == 6
    assert signal.getsignal(signal.SIGINT) is handler
    assert bits(*train(tmp_path, callbacks=[Stop(0)], resume=True)) == unbroken("numpy", 2, 0)


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_a_second_ctrl_c_interrupts_at_once(tmp_path, interruptible):
    class Press(Callback):
        def on_step_end(self, run):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, callbacks=[Press()])
    assert signal.getsignal(signal.SIGINT) is handler


@pytest.fixture
def interruptible():
    """Python's own handler of Ctrl-C; a process that was started in the background may have none."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_an_earlier_training_is_not_overwritten(tmp_path):
    train(tmp_path, callbacks=[Stop(2)])
    with pytest.raises(FileError, match=r"^fit: the folder holds checkpoints of an earlier .*02\.safetensors; pass"):
        train(tmp_path)


def test_a_checkpoint_of_another_model_loader_or_call(tmp_path):
    train(tmp_path, callbacks=[Stop(2)])
    model, loader, optimizer = parts()
    other = Linear(6, 2)
    options = {"checkpoints": tmp_path, "resume": True, "progress_bar": False}
    with pytest.raises(FileError, match=r"^fit: the checkpoint is of another kind of training, got 2 callbacks for 0"):
        fit(model, loader, F.cross_entropy, optimizer, **options)
    options["callbacks"] = [EarlyStopping(), Stop(0)]
    with pytest.raises(ShapeError, match=r"missing \['weight', 'bias'\] and unexpected \['0\.weight'"):
        fit(other, loader, F.cross_entropy, Adam(other.parameters()), **options)
    with pytest.raises(ShapeError, match=r"Adam\.load_state_dict: the state is of another optimizer, got one of AdamW"):
        fit(model, loader, F.cross_entropy, Adam(model.parameters()), **options)
    loader.batch_size = 4
    with pytest.raises(ValueError, match=r"DataLoader\.load_state_dict: the position belongs to another loader"):
        fit(model, loader, F.cross_entropy, optimizer, **options)


def test_a_refused_checkpoint_changes_nothing(tmp_path):
    class Foreign(Callback):
        of = "another kind"

        def state_dict(self):
            return {"of": self.of}

        def load_state_dict(self, state):
            if state["of"] != self.of:
                raise KeyError("of")

    train(tmp_path, callbacks=[Foreign()], epochs=1)
    Foreign.of = "this kind"
    model, loader, optimizer = parts()
    before = {**model.state_dict(), **loader.state_dict(), "optimizer": optimizer.state_dict()}
    random, rule = default_generator().state, EarlyStopping()
    for callbacks, wrong in (([rule, Foreign()], optimizer), ([rule, Stop(0)], Adam(model.named_parameters()))):
        with pytest.raises(
            (FileError, ShapeError), match=r"of another (kind of training, got KeyError 'of'|optimizer)"
        ):
            fit(
                model, loader, F.cross_entropy, wrong, checkpoints=tmp_path, resume=True, callbacks=callbacks,
                progress_bar=False,
            )  # fmt: skip
        after = {**model.state_dict(), **loader.state_dict(), "optimizer": optimizer.state_dict()}
        np.testing.assert_equal(after, before)
        assert default_generator().state == random
        assert (rule.monitor.best, rule.waited, rule.best_state) == (None, 0, None)


def test_checkpoints_that_are_used_again_forget_the_best_of_before(tmp_path):
    kept = Checkpoints(tmp_path)
    for _ in range(2):
        model, loader, optimizer = parts()
        fit(model, loader, F.cross_entropy, optimizer, checkpoints=kept, progress_bar=False)
        assert kept.best.exists()
        for path in tmp_path.iterdir():
            path.unlink()


def test_overwriting_waits_until_everything_else_is_in_order(tmp_path):
    train(tmp_path, callbacks=[Stop(2)])
    model, loader, optimizer = parts()
    kept, names = Checkpoints(tmp_path, overwrite=True), sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"^fit: epochs must be at least 0, got -1"):
        fit(model, loader, F.cross_entropy, optimizer, epochs=-1, checkpoints=kept)
    other = Linear(6, 2)
    with pytest.raises(ShapeError, match=r"^fit: the optimizer trains none"):
        fit(other, loader, F.cross_entropy, optimizer, checkpoints=kept)
    log, watch = tmp_path / "log.jsonl", WatchPlateau(ReduceOnPlateau(0.1))
    log.write_text("of an earlier run")
    with pytest.raises(ShapeError, match=r"^WatchPlateau: the optimizer has another lr"):
        fit(model, loader, F.cross_entropy, optimizer, checkpoints=kept, log=log, callbacks=[watch])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["log.jsonl", *names])
    assert log.read_text() == "of an earlier run"
    fit(model, loader, F.cross_entropy, optimizer, checkpoints=kept, log=log, progress_bar=False)
    names = ["best.safetensors", "log.jsonl", "step-00000007.safetensors"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


@pytest.mark.skipif(os.name == "nt", reason="Windows has no locks of this kind: there the age of a file decides")
def test_what_somebody_is_writing_is_no_leftover(tmp_path):
    with replacing(tmp_path / "a.safetensors") as partial:
        partial.write_bytes(b"half")
        (tmp_path / ".b.safetensors.1-1.partial").touch()  # of a writer that was killed
        Checkpoints(tmp_path).tidy()
        assert [path.name for path in tmp_path.iterdir()] == [partial.name]
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_damaged_checkpoint_is_named(tmp_path):
    train(tmp_path, callbacks=[Stop(3)])
    latest = Checkpoints(tmp_path).latest()
    latest.write_bytes(latest.read_bytes()[:-9])
    with pytest.raises(FileError, match=r"^load_checkpoint: .*step-00000003\.safetensors is damaged.*; take an"):
        train(tmp_path, callbacks=[Stop(0)], resume=True)
    latest.unlink()
    (tmp_path / ".step-00000003.safetensors.1-1.partial").touch()  # of a writer that was killed
    _, _, history = train(tmp_path, callbacks=[Stop(0)], resume=True)
    assert len(history) == STEPS
    assert not list(tmp_path.glob(".*"))
