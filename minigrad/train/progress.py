"""How a training tells where it is: a bar by tqdm on a terminal, plain lines elsewhere.

Builds on: nothing. Read next: `minigrad.train.fit`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any

__all__ = ["Bar", "Lines", "Silence", "progress", "worded"]

PATIENCE = 10.0  # seconds between two lines inside one epoch
BAR = "{desc} |{bar}| {n_fmt}/{total_fmt}, {remaining} left, {rate_fmt}{postfix}"  # with loss and a metric 80 columns


class Silence:
    """Tells nothing, and counts steps: what the other two build on."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def epoch_begins(self, epoch: int, done: int, total: int | None) -> None:
        """Epoch number `epoch` (from 1) begins, or goes on after `done` of `total` steps."""
        self.title = f"epoch {epoch:{len(str(self.epochs))}}/{self.epochs}"
        self.began, self.steps = time.perf_counter(), 0

    def step(self) -> None:
        """One step more."""
        self.steps += 1

    def figures(self, row: Mapping[str, Any]) -> None:
        """What the last step gave, as far as it was read."""

    def epoch_ends(self, row: Mapping[str, Any]) -> None:
        """What the epoch gave."""

    def say(self, text: str) -> None:
        """A remark."""

    def close(self) -> None:
        """The training is over."""

    def line(self, row: Mapping[str, Any]) -> str:
        """Where the training is, its figures, and the steps per second in this epoch."""
        speed = self.steps / max(time.perf_counter() - self.began, 1e-9)
        return f"{self.title}  step {row['step']}  {worded(row)}  {speed:,.0f} steps/s"


class Lines(Silence):
    """A line per epoch on the standard output, and inside long epochs one every ten seconds."""

    def __init__(self, epochs: int) -> None:
        super().__init__(epochs)
        self.last = time.perf_counter()

    def figures(self, row: Mapping[str, Any]) -> None:
        if time.perf_counter() - self.last > PATIENCE:
            self.say(self.line(row))

    def epoch_ends(self, row: Mapping[str, Any]) -> None:
        self.say(self.line(row))

    def say(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
        self.last = time.perf_counter()


class Bar(Silence):
    """A bar while an epoch lasts, and the line that stays of it, on the standard error."""

    bar: Any = None

    def epoch_begins(self, epoch: int, done: int, total: int | None) -> None:
        from tqdm import tqdm

        super().epoch_begins(epoch, done, total)
        self.close()
        self.bar = tqdm(
            total=total, initial=done, desc=self.title, unit=" steps", dynamic_ncols=True, bar_format=BAR, leave=False
        )

    def step(self) -> None:
        super().step()
        self.bar.update()

    def figures(self, row: Mapping[str, Any]) -> None:
        self.bar.set_postfix_str(worded(row), refresh=False)

    def epoch_ends(self, row: Mapping[str, Any]) -> None:
        self.close()
        self.say(self.line(row))

    def say(self, text: str) -> None:
        from tqdm import tqdm

        tqdm.write(text, file=sys.stderr)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()


def progress(show: bool, epochs: int) -> Silence:
    """The bar on a terminal, plain lines where the output goes to a file or a pipe, nothing where nothing is wanted."""
    if not show:
        return Silence(epochs)
    terminal = sys.stderr is not None and sys.stderr.isatty() and sys.stdout.isatty()
    return Bar(epochs) if terminal else Lines(epochs)


def worded(row: Mapping[str, Any]) -> str:
    """The figures that are single numbers, but for counts.

    >>> worded({"step": 3, "loss": 0.123456, "accuracy": 0.5, "confusion": [[1, 0], [0, 1]]})
    'loss 0.1235  accuracy 0.5000'
    """
    left_out = {"step", "epoch", "samples", "seconds", "lr", "norm"}
    numbers = {k: v for k, v in row.items() if k not in left_out and isinstance(v, (int, float))}
    return "  ".join(f"{name} {value:.4f}" for name, value in numbers.items())
