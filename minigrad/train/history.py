"""`History`: the figures of a training, per step and per epoch, and the log file that grows with it.

The log has one JSON object a line: ``{"kind": "step", "step": 12, "loss": 0.31, ...}`` and
``{"kind": "epoch", "epoch": 1, "validation loss": 0.28, ...}``. `minigrad.viz.curves` draws one or several.

Builds on: `minigrad.io`. Read next: `minigrad.train.callbacks`.
"""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.argument import path_of
from minigrad.io import replacing

__all__ = ["History"]

COUNTS = {"step", "epoch", "samples"}


class History:
    """The figures of a training.

    ``history.steps["loss"]`` is the loss of every step; other columns are step, epoch, samples, lr, with clipping the
    norm before it and clipped, 1 or 0, and metrics, NaN where none was computed. ``history.epochs`` is one dict per
    epoch. ``stopped`` says why the training ended before its last epoch, or is None.

    >>> history = History()
    >>> history.add_steps([{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25, "accuracy": 0.9}])
    >>> history.steps["loss"], history.steps["accuracy"]
    ([0.5, 0.25], [nan, 0.9])
    """

    def __init__(self, log: str | os.PathLike[str] | None = None) -> None:
        self.steps: dict[str, list[float]] = {}
        self.epochs: list[dict[str, Any]] = []
        self.stopped: str | None = None
        self.log = None if log is None else path_of("History", log)
        if self.log is not None and self.log.is_dir():
            raise IsADirectoryError(f"History: the log is a file, got the folder {log}; name a file in it")

    def add_steps(self, rows: Iterable[Mapping[str, float]]) -> None:
        """Append the figures of steps, and to the log."""
        rows = list(rows)
        for row in rows:
            length = len(self)
            for name in row:
                self.steps.setdefault(name, [math.nan] * length)
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

    def start_log(self, keep: bool = True) -> Path | None:
        """Write the log anew, as far as the history goes: what a killed run wrote after its last checkpoint is gone.

        With `keep` a file that is not the log of this very training is kept under another name, which is returned.
        """
        if self.log is None:
            return None
        self.log.parent.mkdir(parents=True, exist_ok=True)
        names = list(self.steps)
        rows: list[dict[str, Any]] = [
            {"kind": "step", **{name: value for name, value in zip(names, row, strict=True) if not math.isnan(value)}}
            for row in zip(*self.steps.values(), strict=True)
        ]
        rows += [{"kind": "epoch", **row} for row in self.epochs]
        rows.sort(key=lambda row: (row.get("step", 0), row["kind"] == "epoch"))
        lines, kept = [_line(row) for row in rows], None
        if keep and self.log.exists() and not _begins(self.log, lines):
            kept = next(path for n in itertools.count(1) if not (path := _numbered(self.log, n)).exists())
            os.replace(self.log, kept)
        with replacing(self.log) as partial:
            partial.write_text("".join(lines), encoding="utf-8")
        return kept

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


def _begins(path: Path, lines: list[str]) -> bool:
    """Whether a log begins with these lines, of which there is one at least; or is empty."""
    found = path.read_text(encoding="utf-8", errors="replace").splitlines()
    try:
        same = [json.loads(line) for line in found[: len(lines)]] == [json.loads(line) for line in lines]
    except ValueError:
        same = False
    return not found or (same and bool(lines))


def _numbered(path: Path, number: int) -> Path:
    """log.jsonl -> log.1.jsonl"""
    return path.with_name(f"{path.stem}.{number}{path.suffix}")


def _line(row: Mapping[str, Any]) -> str:
    plain = {name: _plain(name, value) for name, value in row.items()}
    return json.dumps({name: value for name, value in plain.items() if value == value}) + "\n"  # JSON has no NaN


def _plain(name: str, value: Any) -> Any:
    """Arrays as lists, counts as whole numbers."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    return int(value) if name in COUNTS else value
