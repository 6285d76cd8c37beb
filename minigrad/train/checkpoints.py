"""`Checkpoints`: the folder that a training saves itself to, the newest few and the best.

Builds on: `minigrad.io`. Read next: `minigrad.train.run`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.argument import path_of, whole
from minigrad.errors import NonFiniteError
from minigrad.io import FileError, load_checkpoint, partial_files, save_checkpoint
from minigrad.train.callbacks import Monitor

__all__ = ["Checkpoints"]


class Checkpoints:
    """A folder of checkpoints: one every so many steps or epochs, of which the last `keep` stay, and the best.

    ``step-00000120.safetensors`` is the training after 120 steps, ``best.safetensors`` that after the epoch with the
    best figure, chosen as `Monitor` says. What is saved has been looked at: parameters are finite, buffers are not NaN.
    A training that begins refuses a folder that holds checkpoints of an earlier one; with `overwrite` they are removed,
    once everything else has been found in order, and the log is written anew.

    Raises
    ------
    ValueError, DTypeError
        If a number is below 1, or no whole number.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoints = Checkpoints(folder, every_steps=100, keep=2)
    ...     checkpoints.latest() is None
    True
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every_steps: int | None = None,
        every_epochs: int | None = 1,
        keep: int = 3,
        monitor: str | None = None,
        maximize: bool | None = None,
        overwrite: bool = False,
    ) -> None:
        for name, value in (("every_steps", every_steps), ("every_epochs", every_epochs), ("keep", keep)):
            if name == "keep" or value is not None:
                whole("Checkpoints", name, value, 1)
        self.folder, self.keep, self.overwrite = path_of("Checkpoints", folder), keep, overwrite
        there = next((place for place in (self.folder, *self.folder.parents) if place.exists()), self.folder)
        if there.exists() and not there.is_dir():
            raise FileError(f"Checkpoints: they need a folder, got the file {there}; name another place")
        self.every_steps, self.every_epochs = every_steps, every_epochs
        self.monitor = Monitor(monitor, maximize)

    @property
    def best(self) -> Path:
        """Where the best one lies, if there is one."""
        return self.folder / "best.safetensors"

    def all(self) -> list[Path]:
        """The checkpoints by step, the oldest first."""
        found = {path: re.fullmatch(r"step-(\d+)\.safetensors", path.name) for path in self.folder.glob("step-*")}
        return sorted((path for path, name in found.items() if name), key=lambda path: int(found[path][1]))  # type: ignore[index]

    def latest(self) -> Path | None:
        """The newest one; the best where it is the only one."""
        return next(reversed(self.all()), self.best if self.best.exists() else None)

    def load(self) -> dict[str, Any] | None:
        """The parts of the newest one; None where there is none."""
        latest = self.latest()
        return None if latest is None else load_checkpoint(latest)

    def clear(self) -> None:
        """Remove every checkpoint, and what killed writers left, so that a training can begin anew."""
        self.tidy()
        self.monitor.best = None
        for path in [*self.all(), self.best]:
            path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what killed writers left half-written; what somebody is writing stays."""
        for path in partial_files(self.folder):
            path.unlink(missing_ok=True)

    def after_step(self, step: int) -> bool:
        """Whether one is due after this step."""
        return self.every_steps is not None and step % self.every_steps == 0

    def after_epoch(self, epoch: int) -> bool:
        """Whether one is due after this epoch."""
        return self.every_epochs is not None and epoch % self.every_epochs == 0

    def save(self, state: Mapping[str, Any], parameters: list[str], best: bool = False) -> Path:
        """Write a training's state, as the newest or as the best; older ones beyond `keep` go."""
        step = state["step"]
        for name, array in state["model"].items():
            # A buffer may hold infinities for good, as masks of attention do; NaN it holds by accident.
            wrong = ~np.isfinite(array) if name in parameters else np.isnan(array)
            if wrong.any():
                raise NonFiniteError(
                    f"fit: the model is no longer finite, got {array[wrong][0]} in {name} after step {step}; lower lr "
                    f"or clip. The last good checkpoint is {self.latest()}"
                )
        path = save_checkpoint(self.best if best else self.folder / f"step-{step:08}.safetensors", **state)
        for old in self.all()[: -self.keep]:
            old.unlink()
        return path
