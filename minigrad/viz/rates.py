"""`rates`: learning rates over the steps.

Builds on: `minigrad.viz.canvas`. Read next: `minigrad.viz.curves`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from matplotlib.figure import Figure

from minigrad.viz.canvas import INK, finished, sheet

__all__ = ["rates"]


def rates(
    *schedules: Callable[[int], float],
    steps: int,
    path: str | os.PathLike[str] | None = None,
    labels: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Draw functions of the step, each at the steps 0 to ``steps - 1``; without labels by how they print.

    Raises
    ------
    ValueError
        If there is no schedule or no step, or there are not as many labels.

    >>> from minigrad.optim.schedules import cosine, linear
    >>> figure = rates(cosine(0.1, 50), linear(0.1, 50, 1.0, 0.0), steps=60)
    >>> len(figure.axes[0].get_lines())
    2
    """
    if not schedules or steps < 1:
        raise ValueError(
            f"rates: draws schedules over steps, got {len(schedules)} over {steps}; pass one, and steps=100"
        )
    words = list(map(repr, schedules)) if labels is None else list(labels)
    if len(words) != len(schedules):
        raise ValueError(
            f"rates: needs a label for each of {len(schedules)} schedules, got {len(words)}; pass them all"
        )
    figure = sheet(7, 4)
    axes = figure.subplots()
    for i, (schedule, word) in enumerate(zip(schedules, words, strict=True)):
        axes.plot(range(steps), [schedule(s) for s in range(steps)], color=INK[i % len(INK)], label=word)
    axes.set(xlabel="step", ylabel="learning rate", ylim=(0, None), title=title)
    axes.legend()
    return finished(figure, path)
