"""`fit`: the training loop.

Three functions to read in one go: `training_step` is what happens to a batch, `train` is the loop, and `fit` puts the
pieces together that make it bearable: saving, going on, ending cleanly.

Builds on: `minigrad.train.run`, `minigrad.train.evaluate`. Read next: `examples/mlp.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minigrad.argument import ABOVE_0, number, whole
from minigrad.backend import Array
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.io import FileError
from minigrad.nn.use import check_model
from minigrad.optim import clip_grad_norm
from minigrad.optim.clip import grad_norm
from minigrad.tensor import Tensor, raw
from minigrad.train.batches import Batch, place
from minigrad.train.callbacks import Callback
from minigrad.train.checkpoints import Checkpoints
from minigrad.train.evaluate import evaluate
from minigrad.train.history import History
from minigrad.train.interrupt import deferred_interrupt
from minigrad.train.mean import Mean
from minigrad.train.metric import Totals
from minigrad.train.progress import Silence, progress
from minigrad.train.run import Run
from minigrad.tuning import tune, tuned

__all__ = ["fit", "training_step"]

Loss = Callable[[Any, Any], Tensor]
Metrics = Mapping[str, Callable[..., Any]]
Clip = Callable[[list[Tensor]], Array]


class Outcome(NamedTuple):
    """What a step found; everything lies on the device."""

    loss: Array  # of all batches of the step, as if they were one
    count: Any  # what it counts beside other steps
    figures: dict[str, Array]  # with clipping: the norm of the gradient before, and whether it was clipped
    outputs: Array  # of the last batch
    target: Array


def training_step(model: Any, batches: Sequence[Batch], loss: Mean, optimizer: Any, clip: Clip | None) -> Outcome:
    """Update the parameters once, with the gradient of the mean loss over all samples of these batches.

    g = sum over batches of (count of the batch / count of all) gradient(loss of the batch), then clipped
    """
    counts = [loss.count(batch.target, batch.samples) for batch in batches]
    n, total = sum(counts), 0.0
    optimizer.zero_grad()
    if any(group.get("look_ahead") for group in optimizer.param_groups):
        optimizer.look()
    for batch, count in zip(batches, counts, strict=True):
        outputs = model(*batch.inputs)
        alone = len(batches) == 1
        part = loss(outputs, batch.target) if alone else loss.part(outputs, batch.target, count, n)
        part.backward()
        total = total + raw(part)
    figures = {}
    if clip is not None:
        trained = [p for group in optimizer.param_groups for p in group["params"]]
        norm = clip(trained)
        if not hasattr(norm, "dtype") and not isinstance(norm, float):
            raise DTypeError(f"fit: a clip gives the norm before, got {norm!r:.60}; return grad_norm(parameters)")
        figures = {"norm": norm, "clipped": grad_norm(trained) < norm}
    optimizer.step()
    return Outcome(total, n, figures, raw(outputs), raw(batch.target))


def train(run: Run, epochs: int, metrics: Metrics | None, accumulate: int, log_every: int) -> None:
    """Go through the epochs that are left, until somebody stops the run."""
    while run.goes_on(epochs):
        for group in run.groups(accumulate):
            batches = [place("fit", batch, run.model) for batch in group]
            lr = learning_rate(run.optimizer)
            outcome = training_step(run.model, batches, run.mean, run.optimizer, run.clip)
            row = {"samples": sum(batch.samples for batch in batches), "lr": lr}
            run.step_done(row, outcome.loss, outcome.count, outcome.figures)
            if run.step % log_every == 0:
                run.read(outcome.outputs, outcome.target, metrics)
            run.tell("on_step_end")
            if run.checkpoints and run.checkpoints.after_step(run.step):
                run.save()
            if run.stopped:
                break
        else:
            end_epoch(run, metrics)


def end_epoch(run: Run, metrics: Metrics | None) -> None:
    """Validate, write the figures down, keep what is worth keeping."""
    run.read()
    found = {} if run.validation is None else evaluate(run.model, run.validation, run.mean.loss, metrics)
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
    clip: float | Clip | None = None,
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
        A function or layer of (outputs, target) that gives the mean over the samples as a Tensor. Where labels are
        ignored or weighted, what a batch counts is what that mean divides by; a sum stays a sum.
    validation, metrics
        Batches that are evaluated after each epoch, and what to compute beside the loss: functions of (outputs,
        target) by name, `minigrad.train.accuracy` for one.
    accumulate, clip
        How many batches make one step, whose gradient is exactly that of one batch of all their samples; and the norm
        that its gradient is scaled down to, or any clip of `minigrad.optim` that is called with the parameters alone,
        ``ZClip()`` for one. The norm before and whether it was clipped stand in the history, the share of clipped steps
        among the figures of each epoch.
    checkpoints, resume
        A `Checkpoints`, or the name of its folder. With `resume` the training goes on from the newest one there, bit
        for bit as if it had never stopped; where there is none it begins.
    log, log_every
        A file of JSON lines, and after how many steps to wait for the device and read the losses. The log of an
        earlier training is kept under another name, log.1.jsonl.

    It calls `minigrad.tune` first, which sets two switches of the process for speed, and says so; MINIGRAD_TUNE=0
    leaves them alone.
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
    epochs, accumulate, log_every = (
        whole("fit", name, value, least)
        for name, value, least in (("epochs", epochs, 0), ("accumulate", accumulate, 1), ("log_every", log_every, 1))
    )
    if clip is not None and not callable(clip):
        clip = partial(clip_grad_norm, max_norm=number("fit", "clip", clip, ABOVE_0))
    check(model, loader, optimizer, validation, metrics, callbacks)
    folder = checkpoints if isinstance(checkpoints, Checkpoints) or checkpoints is None else Checkpoints(checkpoints)
    show, mean = progress(progress_bar, epochs), Mean("fit", loss)
    tuning(show)
    run = Run(model, loader, optimizer, mean, clip, validation, History(log), callbacks, folder, show)
    if not model.training:  # layers that stand in evaluation mode inside a training model stay there: frozen
        model.train()
    try:
        # Overflow shows in the loss, and `read` says so once and with the step; NumPy's warnings would only repeat it.
        with np.errstate(over="ignore", invalid="ignore"), deferred_interrupt(lambda: run.stop("interrupted")):
            begin(run, resume)
            train(run, epochs, metrics, accumulate, log_every)
            finish(run)
    finally:
        show.close()
    return run.history


def tuning(show: Silence) -> None:
    """Set the switches of the process, and say so if that has not been done before."""
    if not tuned() and (switched := tune()):
        show.say(f"minigrad.tune: {', '.join(switched.values())}")


def check(model: Any, loader: Any, optimizer: Any, validation: Any, metrics: Any, callbacks: Any) -> None:
    """Refuse what is no training, before anything is written."""
    check_model("fit", model)
    for name, batches in (("loader", loader), ("validation", validation)):
        if isinstance(batches, (Tensor, np.ndarray)) or not (batches is None or hasattr(batches, "__iter__")):
            raise DTypeError(
                f"fit: the {name} gives batches (input, ..., target), got {type(batches).__name__}; pass a DataLoader "
                "or a list"
            )
    if not isinstance(callbacks, (list, tuple)) or not all(isinstance(each, Callback) for each in callbacks):
        raise DTypeError(f"fit: callbacks are a list of objects of Callback, got {callbacks!r:.60}; pass [Callback()]")
    if len(set(map(id, callbacks))) < len(callbacks):
        raise ArgumentError(
            f"fit: each callback comes once, got {callbacks!r:.60}; it would be called twice for a step"
        )
    Totals(metrics)
    if not hasattr(optimizer, "param_groups"):
        raise DTypeError(f"fit: the optimizer is an Optimizer, got {optimizer!r:.60}; pass SGD(model.parameters())")
    own = {id(p) for p in model.parameters()}
    if not any(id(p) in own for group in optimizer.param_groups for p in group["params"]):
        raise ShapeError(
            f"fit: the optimizer trains none of the model's parameters, got {optimizer!r:.60}; make it from "
            "model.parameters()"
        )


def begin(run: Run, resume: bool) -> None:
    """Go to where an earlier run was saved, if that is wanted and there is one."""
    overwrite = run.checkpoints is not None and run.checkpoints.overwrite and not resume
    latest = None
    if run.checkpoints:
        latest = run.checkpoints.latest()
        if latest and resume:
            run.load_state_dict(run.checkpoints.load() or {})
            run.say(f"going on after step {run.step}, from {latest}")
        elif latest and not overwrite:
            raise FileError(
                f"fit: the folder holds checkpoints of an earlier training, got {latest}; pass resume=True to go on, "
                "another folder, or Checkpoints(folder, overwrite=True)"
            )
    elif resume:
        raise FileError("fit: there is nothing to go on from, got resume=True without checkpoints; name their folder")
    run.tell("on_fit_start")  # callbacks may refuse, and what an earlier training left must still be there then
    if run.checkpoints:
        if latest and resume:
            run.checkpoints.tidy()
        else:  # nothing is there, or it is to be overwritten; what was the best is no longer
            run.checkpoints.clear()
        run.checkpoints.folder.mkdir(parents=True, exist_ok=True)  # now, and not after an epoch's work
    earlier = run.history.start_log(keep=not overwrite)
    if earlier:
        run.say(f"the log of an earlier training is now {earlier}")


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
