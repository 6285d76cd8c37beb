"""`History`: the figures of a training, per step and per epoch, and the log file that grows with it.

The log has one JSON object a line: ``{"kind": "step", "step": 12, "loss": 0.31, ...}`` and
``{"kind": "epoch", "epoch": 1, "validation loss": 0.28, ...}``. `minigrad.viz.curves` draws one or several.

Builds on: `minigrad.io`. Read next: `minigrad.train.callbacks`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.io import replacing

__all__ = ["History"]

COUNTS = {"step", "epoch", "samples"}


class History:
    """The figures of a training.

    ``history.steps["loss"]`` is the loss of every step; other columns are step, epoch, samples, lr, with clipping the
    norm before it, and metrics, NaN where none was computed. ``history.epochs`` is one dict per epoch. ``stopped`` says
    why the training ended before its last epoch, or is None.

    >>> history = History()
    >>> history.add_steps([{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25, "accuracy": 0.9}])
    >>> history.steps["loss"], history.steps["accuracy"]
    ([0.5, 0.25], [nan, 0.9])
    """

    def __init__(self, log: str | os.PathLike[str] | None = None) -> None:
        self.steps: dict[str, list[float]] = {}
        self.epochs: list[dict[str, Any]] = []
        self.stopped: str | None = None
        self.log = None if log is None else Path(log)

    def add_steps(self, rows: Iterable[Mapping[str, float]]) -> None:
        """Append the figures of steps, and to the log."""
        rows = list(rows)
        for row in rows:
            length = len(self)
            for name in row.keys() - self.steps.keys():
                self.steps[name] = [math.nan] * length
            for name, column in self.steps.items():
                column.append(row.get(name, math.nan))
        self._append({"kind": "step", **row} for row in rows)

    def add_epoch(self, row: Mapping[str, Any]) -> None:
        """Append the figures of an epoch, and to the log."""
        self.epochs.append({name: _plain(name, value) for name, value in row.items()})
        self._append([{"kind": "epoch", **row}])

    def __len__(self) -> int:
        return len(next(iter(self.steps.values()), []))

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {value}" for name, value in (self.epochs or [{}])[-1].items())
        return f"History({len(self)} steps, {len(self.epochs)} epochs{', the last: ' if last else ''}{last})"

    def start_log(self) -> None:
        """Write the log anew, as far as the history goes: what a killed run wrote after its last checkpoint is gone."""
        if self.log is None:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        names = list(self.steps)
        rows: list[dict[str, Any]] = [
            {"kind": "step", **{name: value for name, value in zip(names, row, strict=True) if not math.isnan(value)}}
            for row in zip(*self.steps.values(), strict=True)
        ]
        rows += [{"kind": "epoch", **row} for row in self.epochs]
        rows.sort(key=lambda row: (row.get("step", 0), row["kind"] == "epoch"))
        with replacing(self.log) as partial:
            partial.write_text("".join(map(_line, rows)), encoding="utf-8")

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw the loss over the steps, and what was found per epoch; needs matplotlib. Gives the figure."""
        from minigrad.viz import curves

        return curves(self, path=path)

    def state_dict(self) -> dict[str, Any]:
        """All figures; the columns as arrays."""
        return {"steps": {name: np.array(column) for name, column in self.steps.items()}, "epochs": self.epochs}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over saved figures in the place of these."""
        self.steps = {name: column.tolist() for name, column in state["steps"].items()}
        self.epochs = list(state["epochs"])

    def _append(self, rows: Iterable[Mapping[str, Any]]) -> None:
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write("".join(map(_line, rows)))


def _line(row: Mapping[str, Any]) -> str:
    plain = {name: _plain(name, value) for name, value in row.items()}
    return json.dumps({name: value for name, value in plain.items() if value == value}) + "\n"  # JSON has no NaN


def _plain(name: str, value: Any) -> Any:
    """Arrays as lists, counts as whole numbers."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    return int(value) if name in COUNTS else value
