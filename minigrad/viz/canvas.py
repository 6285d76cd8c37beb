"""A sheet to draw on: figures that belong to nobody's session and are drawn by Agg.

Builds on: matplotlib. Read next: `minigrad.viz.curves`.
"""

from __future__ import annotations

import os
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

__all__ = ["INK", "finished", "sheet"]

INK = ("#2f6db3", "#d9622b", "#3a8f4d", "#8a4fa3", "#b8912b", "#4d4d4d", "#c23b5a", "#2a9d9d")


def sheet(width: float, height: float) -> Figure:
    """An empty figure of so many inches; without pyplot, which would keep it alive and look for a screen."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def finished(figure: Figure, path: str | os.PathLike[str] | None) -> Figure:
    """The figure, written to `path` if there is one."""
    if path is not None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)
    return figure
