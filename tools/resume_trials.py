"""Kills trainings at random and counts how many end, once resumed, with the same bits as one that was never killed.

    python tools/resume_trials.py --trials 20 [--backend strict] [--seed 0]

The training has all that resuming can get wrong: a shuffled loader with threads, a short last batch, dropout, batch
statistics, a schedule, accumulation, clipping, early stopping. In every trial a process of its own is killed (SIGKILL)
one to three times, at random steps or at random moments, and started again; then its parameters, buffers, averages and
history are compared with those of the run that was left in peace. Ends with 0 if all trials are bit-equal.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import minigrad as mg
from minigrad.data import ArrayDataset, DataLoader
from minigrad.nn import BatchNorm1d, Dropout, Linear, ReLU, Sequential
from minigrad.nn import functional as F
from minigrad.optim import AdamW, schedules
from minigrad.train import Callback, Checkpoints, EarlyStopping, accuracy, fit

SAMPLES, BATCH, EPOCHS, ACCUMULATE = 52, 8, 5, 2  # seven batches in an epoch, the last of four; four steps
STEPS = EPOCHS * 4


def data():
    """Features and classes: which two of six features have the same sign."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, 6)).astype(np.float32)
    return x, (x[:, 0] * x[:, 1] > 0).astype(np.int64)


def parts(backend="numpy", workers=0):
    """Model, loader and optimizer."""
    mg.manual_seed(1)
    model = Sequential(Linear(6, 16), BatchNorm1d(16), ReLU(), Dropout(0.3), Linear(16, 2)).to(backend)
    loader = DataLoader(ArrayDataset(*data()), BATCH, shuffle=True, workers=workers)
    optimizer = AdamW(model.named_parameters(), lr=schedules.warmup_cosine(0.02, 4, STEPS))
    return model, loader, optimizer


def train(folder, backend="numpy", callbacks=(), every_steps=1, accumulate=ACCUMULATE, workers=0, **options):
    """A training with all of it; gives the model, the optimizer and the history."""
    model, loader, optimizer = parts(backend, workers)
    history = fit(
        model, loader, F.cross_entropy, optimizer, validation=DataLoader(ArrayDataset(*data()), 20, True, seed=5),
        metrics={"accuracy": accuracy}, accumulate=accumulate, clip=0.5, log_every=3, progress_bar=False,
        callbacks=[EarlyStopping(patience=9), *callbacks], checkpoints=Checkpoints(folder, every_steps=every_steps),
        **{"epochs": EPOCHS, **options},
    )  # fmt: skip
    return model, optimizer, history


def bits(model, optimizer, history):
    """Everything that a training has made, as bytes by name; but for the seconds it took."""
    found = {f"model {name}": array.tobytes() for name, array in model.state_dict().items()}
    for name, kept in optimizer.state_dict()["state"].items():
        found |= {f"optimizer {name} {key}": np.asarray(value).tobytes() for key, value in kept.items()}
    found |= {f"history {name}": np.array(column).tobytes() for name, column in history.steps.items()}
    for number, row in enumerate(history.epochs):
        found |= {f"epoch {number} {name}": repr(row[name]).encode() for name in row if name != "seconds"}
    return found


class Killer(Callback):
    """Kills its own process after a step, before the checkpoint of that step is written; and takes its time."""

    def __init__(self, step):
        self.step = step

    def on_fit_start(self, run):
        print("begun", flush=True)

    def on_step_end(self, run):
        time.sleep(0.005)  # so that random moments fall into the training
        if run.step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def work(folder, backend, kill_at):
    """What a process of a trial does: go on, and print what came of it."""
    made = bits(*train(folder, backend, [Killer(kill_at)], every_steps=3, workers=2, resume=True))
    print(hashlib.sha256(b"".join(name.encode() + made[name] for name in sorted(made))).hexdigest())


def launch(folder, backend, kill_at, moment=None):
    """Run one process until it ends or, after `moment` seconds of training, is killed; gives what it printed last."""
    command = [sys.executable, __file__, "--work", str(folder), "--backend", backend, "--kill-at", str(kill_at)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        if moment is not None:
            try:
                process.wait(moment)
            except subprocess.TimeoutExpired:
                process.kill()
        said = (process.stdout.readlines() or [said])[-1].strip()
    if process.returncode not in (0, -signal.SIGKILL):
        sys.exit(f"resume_trials: the training failed with {process.returncode}; see above")
    return said if process.returncode == 0 else None


def trial(folder, backend, rng):
    """Kill and start again until the training is through; gives its digest, and how often it was killed."""
    kills = 0
    for _ in range(rng.randint(1, 3)):
        by_step = rng.random() < 0.5
        moment = None if by_step else rng.uniform(0, STEPS * 0.008)
        found = launch(folder, backend, rng.randint(1, STEPS) if by_step else 0, moment)
        if found is not None:  # it was through before its time had come
            return found, kills
        kills += 1
    return launch(folder, backend, 0), kills


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--backend", default="numpy")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--kill-at", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.work:
        return work(args.work, args.backend, args.kill_at)
    rng, equal, kills = random.Random(args.seed), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wanted = launch(folder / "unbroken", args.backend, 0)
        for number in range(args.trials):
            found, killed = trial(folder / str(number), args.backend, rng)
            equal, kills = equal + (found == wanted), kills + killed
    print(f"{equal} of {args.trials} trainings bit-equal after {kills} kills on {args.backend}")
    return 0 if equal == args.trials else 1


if __name__ == "__main__":
    sys.exit(main())
