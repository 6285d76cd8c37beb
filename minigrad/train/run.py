"""`Run`: where a training is, and all that has to be saved so that it goes on as if nothing had happened.

Builds on: `minigrad.train.history`, `minigrad.train.checkpoints`. Read next: `minigrad.train.fit`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from minigrad.backend import Array
from minigrad.backend.random import default_generator
from minigrad.errors import NonFiniteError, ShapeError
from minigrad.io import FileError
from minigrad.train.batches import groups
from minigrad.train.checkpoints import Checkpoints
from minigrad.train.history import History
from minigrad.train.mean import Mean, read
from minigrad.train.metric import Totals
from minigrad.train.progress import Silence

__all__ = ["Run"]


NONE_KEPT = ("No checkpoint was kept; pass checkpoints=folder", "No checkpoint had been written yet; save more often")


class Run:
    """Where a training is: what callbacks are given.

    ``step`` and ``epoch`` count what is done. The losses of the last steps wait on the device in `unread` until they
    are needed: for a log line, a checkpoint, the end of an epoch.
    """

    def __init__(
        self,
        model: Any,
        loader: Any,
        optimizer: Any,
        mean: Mean,
        clip: Any,
        validation: Any,
        history: History,
        callbacks: Sequence[Any],
        checkpoints: Checkpoints | None,
        show: Silence,
    ) -> None:
        self.model, self.loader, self.optimizer, self.validation = model, loader, optimizer, validation
        self.mean, self.clip = mean, clip
        self.history, self.callbacks, self.checkpoints, self.show = history, callbacks, checkpoints, show
        self.step, self.epoch = 0, 0
        self.batches, self.exhausted = 0, False  # of this epoch: how many are done, whether they were all
        self.counts: list[float] = []  # of the steps of this epoch that are read
        self.position = _position(loader)  # the run's own: callbacks and validation may iterate the loader too
        self.stopped: str | None = None
        self.unread: list[tuple[dict[str, float], Array, Any, dict[str, Array]]] = []
        self.saved = (-1, -1)
        self.began = time.perf_counter()

    def goes_on(self, epochs: int) -> bool:
        """Whether epochs are left and nobody has stopped the run."""
        return self.epoch < epochs and self.stopped is None

    def stop(self, reason: str) -> None:
        """End the training after the step that is going on."""
        self.stopped = reason

    def say(self, text: str) -> None:
        """Tell the user something, beside the progress bar."""
        self.show.say(text)

    def tell(self, what: str) -> None:
        """Call this method of every callback."""
        for callback in self.callbacks:
            getattr(callback, what)(self)

    # -- through an epoch ----------------------------------------------------------------------------------------------

    def groups(self, size: int) -> Iterator[list[Any]]:
        """The batches of this epoch that are not done yet, in lists of `size`, one for each step."""
        total = -(-len(self.loader) // size) if hasattr(self.loader, "__len__") else None
        self.show.epoch_begins(self.epoch + 1, -(-self.batches // size), total)
        self.began = time.perf_counter()
        if self.exhausted:
            return
        _go_to(self.loader, self.position)
        remembers = self.position is not None  # then it goes on from there
        batches = iter(self.loader) if remembers else islice(self.loader, self.batches, None)
        for group in groups(batches, size):
            self.batches += len(group)
            self.exhausted = len(group) < size
            self.position = _position(self.loader)
            yield group
        if not self.exhausted:  # the last group was full, and the end of the epoch is seen only now
            self.position = _position(self.loader)

    def step_done(self, row: dict[str, float], loss: Array, count: Any, figures: dict[str, Array]) -> None:
        """Count a step; its loss, and other figures such as the norm of its gradient, stay on the device."""
        self.step += 1
        self.unread.append(({"step": self.step, "epoch": self.epoch + 1, **row}, loss, count, figures))
        self.show.step()

    def read(self, outputs: Any = None, targets: Any = None, metrics: Any = None) -> None:
        """Wait for the device and write down the figures of the last steps; a loss that is not finite ends it all."""
        if not self.unread:
            return
        rows, losses, counts, figures = (list(column) for column in zip(*self.unread, strict=True))
        names = list(figures[0])
        columns = read(losses, counts, *([each[name] for each in figures] for name in names))
        self.counts += columns.pop(1).tolist()
        self.unread = []
        for name, values in zip(["loss", *names], columns, strict=True):
            for row, value in zip(rows, values.tolist(), strict=True):
                row[name] = value
        if metrics:
            totals = Totals(metrics)
            totals.add(outputs, targets)
            rows[-1].update({name: value for name, value in totals.values().items() if isinstance(value, float)})
        self.history.add_steps(rows)
        self.show.figures(rows[-1])
        if not np.isfinite(columns[0]).all():
            self._refuse(int(np.flatnonzero(~np.isfinite(columns[0]))[0]), rows)

    def _refuse(self, first: int, rows: list[dict[str, float]]) -> None:
        kept = self.checkpoints.latest() if self.checkpoints else None
        raise NonFiniteError(
            f"fit: the loss is no longer finite, got {rows[first]['loss']} at step {rows[first]['step']:.0f} (epoch "
            f"{rows[first]['epoch']:.0f}); lower lr, clip, or look at the data with minigrad.debug(). "
            + (f"The last good checkpoint is {kept}" if kept else NONE_KEPT[self.checkpoints is not None])
        )

    def epoch_done(self, figures: Mapping[str, Any]) -> None:
        """Count an epoch and write down its figures: the mean loss, and what the validation found."""
        steps = self.history.steps
        here = np.array(steps.get("epoch", [])) == self.epoch + 1
        if not here.any():
            raise ShapeError(
                f"fit: the loader gave no batch in epoch {self.epoch + 1}, got 0; pass one with samples that can be "
                "iterated again, a DataLoader or a list"
            )
        loss = self.mean.total(np.array(steps["loss"])[here], np.array(self.counts))
        self.epoch, self.batches, self.exhausted, self.counts = self.epoch + 1, 0, False, []
        if "clipped" in steps:
            figures = {**figures, "clipped": float(np.mean(np.array(steps["clipped"])[here]))}
        seconds = round(time.perf_counter() - self.began, 3)
        row = {"epoch": self.epoch, "step": self.step, "loss": loss, **figures, "seconds": seconds}
        self.history.add_epoch(row)
        self.show.epoch_ends(self.history.epochs[-1])

    # -- saving and going on -------------------------------------------------------------------------------------------

    def save(self, best: bool = False) -> None:
        """Write a checkpoint, once every loss up to here is known to be finite."""
        if self.checkpoints is None:
            return
        self.read()
        if not best:
            self.saved = self.step, self.epoch
        self.checkpoints.save(self.state_dict(), [name for name, _ in self.model.named_parameters()], best)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the steps to come depend on, and the history."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "loader": self.position,
            "validation": _position(self.validation),
            "generator": list(default_generator().state),
            "clip": self.clip.state_dict() if hasattr(self.clip, "state_dict") else None,
            "callbacks": [callback.state_dict() for callback in self.callbacks],
            "history": self.history.state_dict(),
            "best": None if self.checkpoints is None else self.checkpoints.monitor.best,
            "step": self.step,
            "epoch": self.epoch,
            "batches": self.batches,
            "exhausted": self.exhausted,
            "counts": np.array(self.counts),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to a saved place; where that fails, everything is as it was before."""
        before = self.state_dict()
        missing = sorted(before.keys() - state.keys())
        if missing or len(state["callbacks"]) != len(self.callbacks):
            got = f"no {missing}" if missing else f"{len(state['callbacks'])} callbacks for {len(self.callbacks)}"
            raise FileError(f"fit: the checkpoint is of another kind of training, got {got}; resume with the same call")
        try:
            self._take_over(state)
        except Exception as error:
            self._take_over(before)
            if not isinstance(error, (KeyError, TypeError, AttributeError)):
                raise
            raise FileError(
                f"fit: the checkpoint is of another kind of training, got {type(error).__name__} {error}; resume with "
                "the same call"
            ) from error

    def _take_over(self, state: Mapping[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        for loader, position in ((self.validation, state["validation"]), (self.loader, state["loader"])):
            _go_to(loader, position)
        if state["clip"] is not None:
            self.clip.load_state_dict(state["clip"])
        for callback, kept in zip(self.callbacks, state["callbacks"], strict=True):
            callback.load_state_dict(kept)
        self.history.load_state_dict(state["history"])
        default_generator().set_state(state["generator"])
        if self.checkpoints is not None:
            self.checkpoints.monitor.best = state["best"]
        self.step, self.epoch = state["step"], state["epoch"]
        self.batches, self.exhausted, self.counts = state["batches"], state["exhausted"], state["counts"].tolist()
        self.position = state["loader"]
        self.saved = self.step, self.epoch


def _position(loader: Any) -> Any:
    """Where a loader is, for those that can say it and go there."""
    return loader.state_dict() if hasattr(loader, "state_dict") and hasattr(loader, "load_state_dict") else None


def _go_to(loader: Any, position: Any) -> None:
    if position is not None and _position(loader) not in (None, position):
        loader.load_state_dict(position)
