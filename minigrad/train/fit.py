"""`fit`: the training loop.

Three functions to read in one go: `training_step` is what happens to a batch, `train` is the loop, and `fit` puts the
pieces together that make it bearable: saving, going on, ending cleanly.

Builds on: `minigrad.train.run`, `minigrad.train.evaluate`. Read next: `examples/mlp.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.backend import Array
from minigrad.errors import ShapeError
from minigrad.io import FileError
from minigrad.optim import clip_grad_norm
from minigrad.tensor import Tensor, raw
from minigrad.train.batches import Batch, place, scalar
from minigrad.train.callbacks import Callback
from minigrad.train.checkpoints import Checkpoints
from minigrad.train.evaluate import evaluate
from minigrad.train.history import History
from minigrad.train.interrupt import deferred_interrupt
from minigrad.train.progress import progress
from minigrad.train.run import Run

__all__ = ["fit", "training_step"]

Loss = Callable[[Any, Any], Tensor]
Metrics = Mapping[str, Callable[..., Any]]


class Outcome(NamedTuple):
    """What a step found; everything lies on the device."""

    loss: Array  # of all batches of the step, as if they were one
    norm: Array | None  # of the gradient before it was clipped
    outputs: Array  # of the last batch
    target: Array


def training_step(model: Any, batches: Sequence[Batch], loss: Loss, optimizer: Any, clip: float | None) -> Outcome:
    """Update the parameters once, with the gradient of the mean loss over all samples of these batches.

    g = sum over batches of (n_batch / n) gradient(loss of the batch), scaled down to the norm `clip`
    """
    n, total = sum(batch.samples for batch in batches), 0.0
    optimizer.zero_grad()
    if any(group.get("look_ahead") for group in optimizer.param_groups):
        optimizer.look()
    for batch in batches:
        outputs = model(*batch.inputs)
        part = scalar("fit", loss(outputs, batch.target))
        if batch.samples < n:
            part = part * (batch.samples / n)
        part.backward()
        total = total + raw(part)
    norm = None
    if clip is not None:
        norm = clip_grad_norm([p for group in optimizer.param_groups for p in group["params"]], clip)
    optimizer.step()
    return Outcome(total, norm, raw(outputs), raw(batch.target))


def train(
    run: Run, epochs: int, loss: Loss, metrics: Metrics | None, accumulate: int, clip: float | None, log_every: int
) -> None:
    """Go through the epochs that are left, until somebody stops the run."""
    while run.goes_on(epochs):
        for group in run.groups(accumulate):
            batches = [place("fit", batch, run.model) for batch in group]
            lr = learning_rate(run.optimizer)
            outcome = training_step(run.model, batches, loss, run.optimizer, clip)
            run.step_done({"samples": sum(b.samples for b in batches), "lr": lr}, outcome.loss, outcome.norm)
            if run.step % log_every == 0:
                run.read(outcome.outputs, outcome.target, metrics)
            run.tell("on_step_end")
            if run.checkpoints and run.checkpoints.after_step(run.step):
                run.save()
            if run.stopped:
                break
        else:
            end_epoch(run, loss, metrics)


def end_epoch(run: Run, loss: Loss, metrics: Metrics | None) -> None:
    """Validate, write the figures down, keep what is worth keeping."""
    run.read()
    found = {} if run.validation is None else evaluate(run.model, run.validation, loss, metrics)
    run.epoch_done({f"validation {name}": value for name, value in found.items()})
    run.tell("on_epoch_end")
    if run.checkpoints:
        if run.checkpoints.monitor.improved(run.history.epochs[-1]):
            run.save(best=True)
        if run.checkpoints.after_epoch(run.epoch):
            run.save()


def fit(
    model: Any,
    loader: Iterable[Any],
    loss: Loss,
    optimizer: Any,
    *,
    epochs: int = 1,
    validation: Iterable[Any] | None = None,
    metrics: Metrics | None = None,
    accumulate: int = 1,
    clip: float | None = None,
    callbacks: Sequence[Callback] = (),
    checkpoints: Checkpoints | str | os.PathLike[str] | None = None,
    resume: bool = False,
    log: str | os.PathLike[str] | None = None,
    log_every: int = 50,
    progress_bar: bool = True,
) -> History:
    """Train a model: for each batch the loss, its gradient, and a step of the optimizer.

    p = step(p, gradient of mean loss(model(x), y)), for all batches (x, y) of all epochs

    Parameters
    ----------
    loader
        Batches (input, ..., target), of a `DataLoader` or anything that can be iterated anew for each epoch. They are
        moved to the model's device, their floating parts to its dtype.
    loss
        A function or layer of (outputs, target) that gives the mean over the samples as a Tensor.
    validation, metrics
        Batches that are evaluated after each epoch, and what to compute beside the loss: functions of (outputs,
        target) by name, `minigrad.train.accuracy` for one.
    accumulate, clip
        How many batches make one step, whose gradient is exactly that of one batch of all their samples; and the norm
        that its gradient is scaled down to.
    checkpoints, resume
        A `Checkpoints`, or the name of its folder. With `resume` the training goes on from the newest one there, bit
        for bit as if it had never stopped; where there is none it begins.
    log, log_every
        A file of JSON lines, and after how many steps to wait for the device and read the losses.

    Ctrl-C ends the training after the step that is going on, saves, and returns; a second one interrupts at once.

    Raises
    ------
    NonFiniteError
        If a loss or a parameter is NaN or infinite; the message names the step and the last good checkpoint.
    ShapeError
        If the loader gives no batch, the parts of a batch differ in length, or the loss is no single number.
    FileError
        If the folder holds checkpoints and `resume` is off, or a checkpoint is damaged or of another training.

    >>> from minigrad.nn import Linear, functional as F
    >>> from minigrad.optim import SGD
    >>> model, batch = Linear(1, 1), (np.array([[1.0], [2.0]]), np.array([[3.0], [5.0]]))
    >>> history = fit(model, [batch], F.mse_loss, SGD(model.parameters(), lr=0.2), epochs=200, progress_bar=False)
    >>> round(model.weight.item(), 2), round(model.bias.item(), 2)
    (2.0, 1.0)
    """
    for name, value, least in (("epochs", epochs, 0), ("accumulate", accumulate, 1), ("log_every", log_every, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ShapeError(f"fit: {name} must be a whole number from {least} up, got {value!r}; correct it")
    folder = checkpoints if isinstance(checkpoints, Checkpoints) or checkpoints is None else Checkpoints(checkpoints)
    show = progress(progress_bar, epochs)
    run = Run(model, loader, optimizer, validation, History(log), callbacks, folder, show)
    if not model.training:  # layers that stand in evaluation mode inside a training model stay there: frozen
        model.train()
    try:
        # Overflow shows in the loss, and `read` says so once and with the step; NumPy's warnings would only repeat it.
        with np.errstate(over="ignore", invalid="ignore"), deferred_interrupt(lambda: run.stop("interrupted")):
            begin(run, resume)
            train(run, epochs, loss, metrics, accumulate, clip, log_every)
            finish(run)
    finally:
        show.close()
    return run.history


def begin(run: Run, resume: bool) -> None:
    """Go to where an earlier run was saved, if that is wanted and there is one."""
    own = {id(p) for p in run.model.parameters()}
    if not any(id(p) in own for group in run.optimizer.param_groups for p in group["params"]):
        raise ShapeError(
            f"fit: the optimizer trains none of the model's parameters, got {run.optimizer!r:.60}; make it from "
            "model.parameters()"
        )
    if run.checkpoints:
        latest = run.checkpoints.latest()
        if latest and not resume:
            raise FileError(
                f"fit: the folder holds checkpoints of an earlier training, got {latest}; pass resume=True to go on, "
                "another folder, or call Checkpoints(folder).clear() first"
            )
        if latest:
            run.load_state_dict(run.checkpoints.load() or {})
            run.say(f"going on after step {run.step}, from {latest}")
        run.checkpoints.tidy()
    elif resume:
        raise FileError("fit: there is nothing to go on from, got resume=True without checkpoints; name their folder")
    run.history.start_log()
    run.tell("on_fit_start")


def finish(run: Run) -> None:
    """Save the last state as training left it, then let the callbacks have the last word."""
    run.read()
    if run.saved != (run.step, run.epoch):
        run.save()
    run.history.stopped = run.stopped
    if run.stopped:
        where = run.checkpoints.latest() if run.checkpoints else None
        run.say(f"stopped after step {run.step}: {run.stopped}{f'; saved as {where}' if where else ''}")
    run.tell("on_fit_end")


def learning_rate(optimizer: Any) -> float:
    """The rate of the optimizer's first group at its next step."""
    lr = optimizer.param_groups[0]["lr"]
    return float(lr(optimizer.steps) if callable(lr) else lr)
