"""`confusion`: which classes are taken for which.

Builds on: `minigrad.viz.canvas`. Read next: `minigrad.viz.mistakes`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from minigrad.viz.canvas import finished, sheet

__all__ = ["confusion"]

LARGE = 25  # from so many classes on, numbers would not be readable


def confusion(
    matrix: Any, path: str | os.PathLike[str] | None = None, labels: Sequence[str] | None = None, title: str = ""
) -> Figure:
    """Draw a confusion matrix: rows are the true classes, columns the predicted ones; colours are shares of a row.

    Shapes: matrix (classes, classes), whole numbers.

    Raises
    ------
    ValueError
        If the matrix is not square, or there are not as many labels.

    >>> confusion([[5, 1], [0, 4]], labels=["cat", "dog"]).axes[0].get_xlabel()
    'predicted class'
    """
    counts = np.asarray(matrix)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"confusion: needs a square matrix, got shape {counts.shape}; see minigrad.train.confusion")
    words = [str(number) for number in range(len(counts))] if labels is None else list(map(str, labels))
    if len(words) != len(counts):
        raise ValueError(f"confusion: needs a label for each of {len(counts)} classes, got {len(words)}; pass them all")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = min(max(4.5, 0.55 * len(counts) + 1.5), 14)
    figure = sheet(size + 0.6, size)
    axes = figure.subplots()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="predicted class", ylabel="true class", title=title)
    if len(counts) <= LARGE:
        axes.set_xticks(range(len(counts)), words, rotation=90 if max(map(len, words)) > 3 else 0)
        axes.set_yticks(range(len(counts)), words)
        for (i, j), count in np.ndenumerate(counts):
            if count:
                axes.text(j, i, str(count), ha="center", va="center", color="white" if share[i, j] > 0.5 else "black")
    figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.85)
    return finished(figure, path)
