"""`ZClip`: clipping by what the norm of the gradient has been of late.

Builds on: `minigrad.optim.clip`, `minigrad.ewma`. Read next: `minigrad.optim.schedules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from minigrad.argument import Range, number, whole
from minigrad.backend import Array, move, namespace
from minigrad.errors import ShapeError
from minigrad.ewma import EWMA
from minigrad.optim.clip import above_zero, listed, total
from minigrad.optim.joined import gradients
from minigrad.optim.norms import bound
from minigrad.optim.state import check_entries
from minigrad.tensor import Tensor

__all__ = ["ZClip"]


class ZClip:
    """Scale gradients down where their common norm is a spike among those before; gives the norm before.

    z = (norm - m) / s;  z > z_thresh: norm' = m + z_thresh^2 s / z, else norm' = norm;  g = g norm' / norm;
    m = alpha m + (1 - alpha) norm';  s^2 = alpha s^2 + (1 - alpha) (norm' - m)^2

    Mean m and deviation s begin as those of the first `warmup_steps` norms, in which nothing is clipped. A norm that is
    not finite leaves them as they are; as long as s is 0, nothing is clipped. All of it stays on the device.

    Raises
    ------
    ValueError
        If `alpha` is not in [0, 1), `z_thresh` not above 0, or `warmup_steps` below 1.

    >>> p, clip = Tensor([1.0], requires_grad=True), ZClip(warmup_steps=2)
    >>> for g in (1.0, 2.0, 10.0):
    ...     p.grad = np.array([g], np.float32)
    ...     norm = clip([p])
    >>> norm, p.grad.round(4)
    (array(10., dtype=float32), array([1.6838], dtype=float32))

    Reference: Kumar et al., ZClip: Adaptive Spike Mitigation for LLM Pre-Training, 2025, algorithm 1.
    """

    def __init__(self, alpha: float = 0.97, z_thresh: float = 2.5, warmup_steps: int = 25) -> None:
        self.alpha = number("ZClip", "alpha", alpha, Range(0, 1, "[)", "0.97"))
        self.z_thresh = above_zero("ZClip", "z_thresh", z_thresh, "2.5")
        self.warmup_steps = whole("ZClip", "warmup_steps", warmup_steps, 1)
        self.mean, self.variance = EWMA(self.alpha), EWMA(self.alpha)

    def __call__(self, parameters: Iterable[Tensor]) -> Array:
        found = gradients(listed("ZClip", parameters))
        norm = total(found)
        if not found:
            return norm
        xp = namespace(norm)
        for average in (self.mean, self.variance):  # loaded ones come from the host
            average.value = average.value if isinstance(average.value, float) else move(average.value, xp.name)
        allowed = norm if self.mean.t < self.warmup_steps else self._allowed(norm)
        if allowed is not norm:
            scale = xp.where(allowed < norm, allowed / xp.where(norm > 0, norm, 1), 1)
            for g in found:
                bound(g, scale)
        self._take_in(xp.where(xp.isfinite(allowed), allowed, self.mean.value))
        return norm

    def _allowed(self, norm: Array) -> Array:
        """The norm itself, or where it is a spike what it is brought down to: z is not divided out, s may be 0."""
        xp, above, variance = namespace(norm), norm - self.mean.value, self.variance.value
        spike = (above > self.z_thresh * xp.sqrt(variance)) & (variance > 0)
        return xp.where(spike, self.mean.value + self.z_thresh**2 * variance / xp.where(spike, above, 1), norm)

    def _take_in(self, norm: Array) -> None:
        """A norm more: at first into the mean and variance of all so far, then into averages that forget."""
        t = self.mean.t + 1
        first = t <= self.warmup_steps
        self.mean.beta = self.variance.beta = 1 - 1 / t if first else self.alpha
        before = norm - self.mean.value
        after = norm - self.mean.update(norm).value
        self.variance.update((before if first else after) * after)

    def state_dict(self) -> dict[str, Any]:
        """What later calls go by: the averages, and how many norms they have seen."""
        parts = {"mean": self.mean, "variance": self.variance}
        host = {name: np.array(namespace(a.value).to_host(a.value)) for name, a in parts.items()}
        return {**host, "steps": self.mean.t}

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Go on from a saved state.

        Raises
        ------
        ShapeError
            If it is no such state; nothing is changed then.
        """
        call = "ZClip.load_state_dict"
        check_entries(call, saved, {"mean", "variance", "steps"}, "the state of a ZClip")
        try:
            float(saved["mean"]), float(saved["variance"])
        except (TypeError, ValueError):
            raise ShapeError(
                f"{call}: mean and variance are numbers, got {dict(saved)!r:.60}; pass a state_dict()"
            ) from None
        steps = whole(call, "steps", saved["steps"])
        for name, average in (("mean", self.mean), ("variance", self.variance)):
            average.t, average.value = steps, np.array(saved[name]) if steps else 0.0

    def __repr__(self) -> str:
        return f"ZClip(alpha={self.alpha}, z_thresh={self.z_thresh}, warmup_steps={self.warmup_steps})"
