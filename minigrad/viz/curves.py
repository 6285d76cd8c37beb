"""`curves`: one or several trainings, side by side in one picture.

Builds on: `minigrad.viz.canvas`. Read next: `minigrad.viz.confusion`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minigrad.viz.canvas import INK, finished, sheet

__all__ = ["curves"]

Rows = list[dict[str, Any]]
NO_FIGURES = {"kind", "step", "epoch", "samples", "seconds", "lr", "norm", "loss", "validation loss"}
PANELS = 3  # beside the loss
SHARES = {"clipped": "share of clipped steps"}  # drawn from 0 to 1: close up, nothing looks like much


def curves(
    *sources: Any, path: str | os.PathLike[str] | None = None, labels: Sequence[str] | None = None, title: str = ""
) -> Figure:
    """Draw the losses of trainings over their steps, and beside them what was found after each epoch.

    A source is a log file of JSON lines that `minigrad.train.fit` wrote, or a `History`. The faint line is the loss of
    each step, the strong one its mean over an epoch, the dashed one the validation's.

    Raises
    ------
    ValueError
        If there is no source, or a file holds no figures.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     log = Path(folder, "log.jsonl")
    ...     _ = log.write_text('{"kind": "step", "step": 1, "loss": 2.0}')
    ...     curves(log).axes[0].get_ylabel()
    'loss'
    """
    if not sources:
        raise ValueError("curves: needs a log file or a History, got none; pass fit(..., log=path)'s path")
    runs = [_rows(source) for source in sources]
    words = list(labels) if labels else _labels(sources)
    names = dict.fromkeys(
        name for _, epochs in runs for row in epochs for name, value in row.items() if _drawn(name, value)
    )
    panels = list(names)[:PANELS]
    figure = sheet(6 + 4.5 * len(panels), 4)
    axes = figure.subplots(1, 1 + len(panels), squeeze=False)[0]
    for number, ((steps, epochs), word) in enumerate(zip(runs, words, strict=True)):
        _losses(axes[0], steps, epochs, INK[number % len(INK)], word if len(runs) > 1 else "")
        for panel, name in zip(axes[1:], panels, strict=True):
            here = [row for row in epochs if name in row]
            ink = INK[number % len(INK)]
            panel.plot(_column(here, "step"), _column(here, name), ".-", color=ink, label=word)
            panel.set(xlabel="step", ylabel=SHARES.get(name, name))
    if len(runs) > 1 and any("validation loss" in row for _, epochs in runs for row in epochs):
        axes[0].plot([], [], "--", color="black", label="validation")  # one entry for all, or they hide the curves
    axes[0].legend()
    for panel, name in zip(axes, ["loss", *panels], strict=True):
        if name in SHARES:
            panel.set_ylim(-0.02, 1.02)  # with room for lines at 0 and at 1
        else:
            _look_closer(panel, may_be_log=panel is axes[0])
    figure.suptitle(title)
    return finished(figure, path)


def _losses(axes: Axes, steps: Rows, epochs: Rows, ink: str, word: str) -> None:
    """The first panel: the losses of one training."""
    axes.plot(_column(steps, "step"), _column(steps, "loss"), color=ink, alpha=0.3, linewidth=0.8)
    axes.plot(_column(epochs, "step"), _column(epochs, "loss"), color=ink, label=word or "training")
    seen = [row for row in epochs if "validation loss" in row]
    if seen:
        dashed = None if word else "validation"
        axes.plot(_column(seen, "step"), _column(seen, "validation loss"), "--", color=ink, label=dashed)
    axes.set(xlabel="step", ylabel="loss")


def _look_closer(axes: Axes, may_be_log: bool) -> None:
    """Choose the range so that most of it can be seen: a run that diverges leaves the picture."""
    drawn = [np.asarray(line.get_ydata(), np.float64) for line in axes.get_lines()]
    values = np.concatenate([y[np.isfinite(y)] for y in drawn] or [np.zeros(0)])
    if not values.size:
        return
    log = may_be_log and bool((values > 0).all())
    axes.set_yscale("log" if log else "linear")
    values = np.log(values) if log else values
    low, high = np.percentile(values, [5, 95])
    margin = 4 * (high - low) or abs(high) or 1.0
    bottom, top = max(values.min(), low - margin), min(values.max(), high + margin)
    bottom, top = bottom - 0.04 * (top - bottom), top + 0.04 * (top - bottom)
    if top > bottom:
        axes.set_ylim(*((np.exp(bottom), np.exp(top)) if log else (bottom, top)))


def _rows(source: Any) -> tuple[Rows, Rows]:
    """The rows of steps and of epochs of a log file or a History."""
    if hasattr(source, "epochs"):
        columns = zip(*source.steps.values(), strict=True)
        steps = [dict(zip(source.steps, row, strict=True)) for row in columns]
        return steps, list(source.epochs)
    rows: Rows = []
    for line in Path(source).read_text("utf-8").splitlines():
        try:
            row = json.loads(line)
        except ValueError:  # the last line of a run that was killed
            continue
        if isinstance(row, Mapping):
            rows.append(dict(row))
    found = [row for row in rows if row.get("kind") == "step"], [row for row in rows if row.get("kind") == "epoch"]
    if not any(found):
        raise ValueError(f"curves: {source} holds no figures of a training, got {len(rows)} rows; pass a log of fit")
    return found


def _labels(sources: Sequence[Any]) -> list[str]:
    """Names short enough for a legend: of the files, or of their folders where the files are called alike."""
    paths = [None if hasattr(source, "epochs") else Path(source) for source in sources]
    stems = [path.stem for path in paths if path]
    alike = len(set(stems)) < len(stems)
    return [
        f"run {number}" if path is None else path.resolve().parent.name if alike else path.stem
        for number, path in enumerate(paths, 1)
    ]


def _drawn(name: str, value: Any) -> bool:
    return name not in NO_FIGURES and isinstance(value, (int, float))


def _column(rows: Rows, name: str) -> list[float]:
    return [row.get(name, math.nan) for row in rows]
