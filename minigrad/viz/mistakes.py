"""`mistakes`: the pictures that a classifier gets wrong and is surest of.

Builds on: `minigrad.viz.canvas`. Read next: `examples/mlp.py`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from minigrad.viz.canvas import finished, sheet

__all__ = ["mistakes"]

COLUMNS = 6


def mistakes(
    images: Any,
    labels: Any,
    predictions: Any,
    probabilities: Any,
    path: str | os.PathLike[str] | None = None,
    count: int = 18,
    names: Sequence[str] | None = None,
) -> Figure:
    """Draw the wrongly classified images, the most confident mistake first.

    Shapes: images (N, H, W), (N, H, W, 3) or square ones laid out flat (N, H H); labels and predictions (N,);
    probabilities of the predicted class (N,), or of all classes (N, classes).

    Raises
    ------
    ValueError
        If the lengths differ, or flat images are not square.

    >>> figure = mistakes(np.zeros((2, 9)), [3, 1], [8, 1], [0.75, 0.5])
    >>> figure.axes[0].get_title()
    '3, taken for 8\\n75.0 %'
    """
    images, labels, found, sure = (np.asarray(x) for x in (images, labels, predictions, probabilities))
    if len({len(images), len(labels), len(found), len(sure)}) != 1:
        sizes = f"{len(images)}, {len(labels)}, {len(found)} and {len(sure)}"
        raise ValueError(f"mistakes: needs as many images, labels, predictions and probabilities, got {sizes}; correct")
    if images.ndim == 2:
        side = math.isqrt(images.shape[1])
        if side * side != images.shape[1]:
            raise ValueError(f"mistakes: flat images are square, got {images.shape[1]} pixels; reshape to (N, H, W)")
        images = images.reshape(-1, side, side)
    if sure.ndim == 2:
        sure = sure.max(axis=1)
    wrong = np.flatnonzero(labels != found)
    shown = wrong[np.argsort(-sure[wrong], kind="stable")][:count]
    columns = min(max(len(shown), 3), COLUMNS)  # three leave room for the title
    rows = max(1, -(-len(shown) // columns))
    figure = sheet(1.5 * columns, 1.9 * rows + 0.5)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel in panels:
        panel.axis("off")
    for panel, i in zip(panels, shown, strict=False):
        panel.imshow(images[i], cmap="gray_r")
        true, read = (names[k] if names is not None else k for k in (labels[i], found[i]))
        panel.set_title(f"{true}, taken for {read}\n{100 * sure[i]:.1f} %", fontsize=9)
    word = "mistake" if len(wrong) == 1 else "mistakes"
    figure.suptitle(f"{len(wrong)} {word} among {len(labels)}" + ("" if len(wrong) else ": nothing to show"))
    return finished(figure, path)
