"""`ReduceOnPlateau`: a rate that falls when a figure no longer gets better.

Builds on: `minigrad.optim.schedules.argument`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

from minigrad.errors import ArgumentError, DTypeError
from minigrad.optim.schedules.argument import argument, choice

__all__ = ["ReduceOnPlateau"]


class ReduceOnPlateau:
    """A rate that falls by a factor when a figure has not become better for more than `patience` times.

    lr = max(factor lr, min_lr), once there were more than `patience` figures since the best one

    Hand it to an optimizer as `lr`, and each new figure to `step`; in `fit` the callback `WatchPlateau` does that, and
    keeps its state in the checkpoints. With ``mode="min"`` small figures are good: one is better below
    best (1 - threshold), or with ``threshold_mode="abs"`` below best - threshold. NaN is never better. After a fall it
    waits for `cooldown` figures before it counts again. A change of `eps` or less is left. PyTorch's ReduceLROnPlateau.

    Raises
    ------
    ValueError
        If a number is out of range, factor not between 0 and 1 for one, min_lr is above lr, or a mode is unknown.

    >>> rate = ReduceOnPlateau(0.1, factor=0.5, patience=1)
    >>> for loss in (1.0, 0.5, 0.5, 0.6):
    ...     rate.step(loss)
    >>> rate(0), rate
    (0.05, ReduceOnPlateau(0.1, factor=0.5, patience=1))
    """

    def __init__(
        self,
        lr: float,
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        mode: str = "min",
        eps: float = 1e-8,
    ) -> None:
        numbers = {"lr": lr, "factor": factor, "patience": patience, "threshold": threshold}
        numbers |= {"cooldown": cooldown, "min_lr": min_lr, "eps": eps}
        wrong = choice("ReduceOnPlateau", "mode", mode, ["min", "max"])
        wrong = wrong or choice("ReduceOnPlateau", "threshold_mode", threshold_mode, ["rel", "abs"])
        self.options: dict[str, Any] = {n: argument("ReduceOnPlateau", n, value) for n, value in numbers.items()}
        if min_lr > lr:
            wrong = f"ReduceOnPlateau: min_lr must not be above lr, got {min_lr} and {lr}; exchange them"
        if wrong:
            raise ArgumentError(wrong)
        self.options |= {"mode": mode, "threshold_mode": threshold_mode}
        self.lr: float = self.options["lr"]
        self.best: float | None = None
        self.waited, self.cooling = 0, 0

    def __call__(self, step: int) -> float:
        """The rate as it is now, at whichever step."""
        return self.lr

    def step(self, figure: Any) -> None:
        """Take in the next figure, a number or an array of one, which is waited for."""
        try:
            value = float(figure)
        except (TypeError, ValueError):
            raise DTypeError(
                f"ReduceOnPlateau.step: a figure is one number, got {figure!r:.60}; pass the mean validation loss"
            ) from None
        if self.better(value):
            self.best, self.waited = value, 0
        else:
            self.waited += 1
        if self.cooling:
            self.cooling, self.waited = self.cooling - 1, 0
        if self.waited > self.options["patience"]:
            self.waited, self.cooling = 0, int(self.options["cooldown"])
            lower = max(self.options["factor"] * self.lr, self.options["min_lr"])
            if self.lr - lower > self.options["eps"]:
                self.lr = lower

    def better(self, value: float) -> bool:
        """Whether a figure is better than the best by more than the threshold."""
        upwards, best = self.options["mode"] == "max", self.best
        if best is None:
            return value > -math.inf if upwards else value < math.inf
        margin: float = self.options["threshold"] * (1.0 if self.options["threshold_mode"] == "abs" else best)
        return value > best + margin if upwards else value < best - margin

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs: the rate, and what was seen."""
        return {"lr": self.lr, "best": self.best, "waited": self.waited, "cooling": self.cooling}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        missing = sorted(self.state_dict().keys() - state.keys())
        if missing:
            raise ArgumentError(f"ReduceOnPlateau.load_state_dict: the state is of another kind, got no {missing}")
        self.lr, self.best = float(state["lr"]), None if state["best"] is None else float(state["best"])
        self.waited, self.cooling = int(state["waited"]), int(state["cooling"])

    def __repr__(self) -> str:
        defaults = {name: p.default for name, p in inspect.signature(ReduceOnPlateau).parameters.items()}
        words = [f"{name}={v!r}" for name, v in self.options.items() if v != defaults[name]]
        return f"ReduceOnPlateau({', '.join(words).removeprefix('lr=')})"
