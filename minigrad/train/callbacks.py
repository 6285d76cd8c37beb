"""`Callback`: what is called while a training goes on. `EarlyStopping` and `WatchPlateau` are two.

Builds on: `minigrad.argument`. Read next: `minigrad.train.fit`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from minigrad.argument import AT_LEAST_0, number, whole
from minigrad.errors import ShapeError
from minigrad.optim.schedules import ReduceOnPlateau

__all__ = ["Callback", "EarlyStopping", "Monitor", "WatchPlateau"]


class Callback:
    """What is called while a training goes on; a subclass overrides what it needs.

    `run` has `model`, `optimizer`, `history`, `step` and `epoch` (both done so far), and ``run.stop(reason)`` ends the
    training after this step. A callback that keeps something over steps gives it in `state_dict`: it goes into the
    checkpoints. Reading ``history.steps`` in `on_step_end` shows what was read of the device so far.

    >>> class Count(Callback):
    ...     steps = 0
    ...
    ...     def on_step_end(self, run):
    ...         self.steps += 1
    """

    def on_fit_start(self, run: Any) -> None:
        """The training begins, or goes on from a checkpoint."""

    def on_step_end(self, run: Any) -> None:
        """The parameters have been updated."""

    def on_epoch_end(self, run: Any) -> None:
        """An epoch is over, and its figures stand in ``run.history.epochs[-1]``."""

    def on_fit_end(self, run: Any) -> None:
        """The training has ended, and its last checkpoint is written."""

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs of this callback: arrays, numbers, text."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""


class Monitor:
    """The best value so far of one figure of the epochs.

    Without a name it is "validation loss", or "loss" where nothing is validated. Losses, errors and perplexities should
    be small, all else large, unless `maximize` says otherwise.

    >>> best = Monitor("validation accuracy")
    >>> [best.improved({"validation accuracy": x}) for x in (0.5, 0.7, 0.6)]
    [True, True, False]
    """

    def __init__(self, name: str | None = None, maximize: bool | None = None, by: float = 0.0) -> None:
        self.name, self.maximize, self.by = name, maximize, by
        self.best: float | None = None

    def improved(self, row: Mapping[str, Any]) -> bool:
        """Whether this epoch is the best so far, by more than `by`."""
        name, value = self.figure(row)
        if math.isnan(value):
            return False
        upwards = self.maximize if self.maximize is not None else should_be_large(name)
        if upwards is None:
            raise ShapeError(f"fit: cannot tell whether to maximize {name!r}, got maximize=None; pass True or False")
        gain = math.inf if self.best is None else value - self.best if upwards else self.best - value
        if gain <= self.by:
            return False
        self.best = float(value)
        return True

    def figure(self, row: Mapping[str, Any]) -> tuple[str, float]:
        """The name and the value of the figure in the row of an epoch."""
        name = self.name or ("validation loss" if "validation loss" in row else "loss")
        value = row.get(name)
        if not isinstance(value, (int, float)):
            figures = [key for key, found in row.items() if isinstance(found, (int, float))]
            raise ShapeError(f"fit: no figure of the epoch has this name, got {name!r}; choose one of {figures}")
        return name, value


def should_be_large(name: str) -> bool | None:
    """Whether a figure of this name is good when it is large; None where nobody can tell."""
    if name.endswith(("accuracy", "top_k", "r2")):
        return True
    return False if name.endswith(("loss", "error", "perplexity", "mae", "mse", "rmse")) else None


class EarlyStopping(Callback):
    """End the training when `patience` epochs brought nothing better; at the end the best parameters are put back.

    stop when epochs since the best >= patience; better means by more than `by`

    Raises
    ------
    ShapeError
        If no figure of the epochs has the name `monitor`.
    ValueError, DTypeError
        If `patience` is no whole number above 0, or `by` no number from 0 up.

    >>> EarlyStopping(patience=5, monitor="validation accuracy").monitor.name
    'validation accuracy'

    Reference: Prechelt, Early Stopping - But When?, 1998.
    """

    def __init__(
        self, patience: int = 5, monitor: str | None = None, maximize: bool | None = None, by: float = 0.0
    ) -> None:
        self.patience = whole("EarlyStopping", "patience", patience, 1)
        self.monitor = Monitor(monitor, maximize, number("EarlyStopping", "by", by, AT_LEAST_0))
        self.waited, self.epoch, self.step = 0, 0, 0  # epoch and step: of the best
        self.best_state: dict[str, Any] | None = None

    def on_fit_start(self, run: Any) -> None:
        if run.step == 0:  # a training of its own, whatever this object has seen before
            self.waited, self.epoch, self.step, self.best_state, self.monitor.best = 0, 0, 0, None, None
        if self.waited >= self.patience:  # an earlier run had stopped here
            run.stop(f"no improvement in {self.waited} epochs")

    def on_epoch_end(self, run: Any) -> None:
        if self.monitor.improved(run.history.epochs[-1]):
            self.waited, self.epoch, self.step = 0, run.epoch, run.step
            self.best_state = run.model.state_dict()
            return
        self.waited += 1
        if self.waited >= self.patience:
            run.stop(f"no improvement in {self.waited} epochs")

    def on_fit_end(self, run: Any) -> None:
        if self.best_state is not None and self.step != run.step:
            run.model.load_state_dict(self.best_state)
            run.say(f"the parameters are those of epoch {self.epoch}, the best")

    def state_dict(self) -> dict[str, Any]:
        state = {"waited": self.waited, "epoch": self.epoch, "step": self.step, "best": self.monitor.best}
        return {**state, "model": self.best_state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.waited, self.epoch, self.step = state["waited"], state["epoch"], state["step"]
        self.monitor.best, self.best_state = state["best"], state["model"]


class WatchPlateau(Callback):
    """After each epoch, hand a figure to the schedule `ReduceOnPlateau` that the optimizer was given as its `lr`.

    schedule.step(figure of the epoch)

    Without `monitor` it is "validation loss", or "loss" where nothing is validated. The schedule's state goes into the
    checkpoints. A second `fit` goes on where the schedule stands, as the optimizer does.

    Raises
    ------
    ShapeError
        If what it is given is no such schedule, the optimizer does not use it, the schedule looks for small figures
        where large ones are good, or no figure of the epochs has the name `monitor`.

    >>> from minigrad.optim.schedules import ReduceOnPlateau
    >>> rate = ReduceOnPlateau(0.1, patience=3)  # SGD(model.parameters(), lr=rate); fit(..., callbacks=[watch])
    >>> watch = WatchPlateau(rate, "validation loss")
    """

    def __init__(self, schedule: ReduceOnPlateau, monitor: str | None = None) -> None:
        if not isinstance(schedule, ReduceOnPlateau):
            raise ShapeError(
                f"WatchPlateau: watches for a ReduceOnPlateau, got {schedule!r:.60}; other schedules need no callback"
            )
        self.schedule, self.monitor = schedule, Monitor(monitor)

    def on_fit_start(self, run: Any) -> None:
        if not any(group["lr"] is self.schedule for group in run.optimizer.param_groups):
            raise ShapeError(
                f"WatchPlateau: the optimizer has another lr than this, got {self.schedule!r}; make it with lr=schedule"
            )

    def on_epoch_end(self, run: Any) -> None:
        name, value = self.monitor.figure(run.history.epochs[-1])
        mode, large = self.schedule.options["mode"], should_be_large(name)
        if large is not None and large != (mode == "max"):
            good, right = ("large", "max") if large else ("small", "min")
            raise ShapeError(f"WatchPlateau: {name!r} should be {good}, got mode={mode!r}; pass mode={right!r}")
        self.schedule.step(value)

    def state_dict(self) -> dict[str, Any]:
        return self.schedule.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.schedule.load_state_dict(state)
