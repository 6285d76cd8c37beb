"""Adafactor.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`, `minigrad.optim.norms`. Read next: `minigrad.optim.muon`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from minigrad.backend import Array, namespace
from minigrad.errors import DTypeError
from minigrad.ewma import EWMA
from minigrad.optim.norms import rms
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import EPS, Group, LearningRate, Range
from minigrad.promote import wide

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Steps by the mean squared gradient, of which for a matrix only the means of rows and columns are kept.

    beta = 1 - t^beta2_decay;  r, c = averages of g^2 by beta over columns, over rows;  v = r c / max(mean r, eps1)
    u = g / sqrt(max(v, eps1^2));  p = p (1 - lr weight_decay) - a max(eps2, rms p) u / max(1, rms u / d),
    a = min(lr, 1 / sqrt(t))

    For n m numbers n + m are kept; what has fewer than two dimensions keeps v whole. rms is the root of the mean
    square; `eps` is (eps1, eps2), and eps1 = None the rounding unit of the dtype.

    >>> from minigrad import Tensor
    >>> p = Tensor([[1.0, 1.0]], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> Adafactor([p], lr=0.1).step()
    >>> p.numpy().round(4)
    array([[0.9, 0.9]], dtype=float32)

    Reference: Shazeer and Stern, Adafactor: Adaptive Learning Rates with Sublinear Memory Cost, 2018, algorithms 4, 5.
    """

    per_tensor = True
    ranges: ClassVar[Mapping[str, Range | None]] = {
        "beta2_decay": Range(high=0, usual="-0.8"),
        "eps": None,
        "d": Range(1, usual="1.0"),
    }

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params, lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay, maximize=maximize
        )

    def check(self, o: Group) -> None:
        super().check(o)
        pair = isinstance(o.eps, (tuple, list)) and len(o.eps) == 2
        if not (pair and o.eps[1] in EPS and (o.eps[0] is None or o.eps[0] in EPS)):
            raise DTypeError(f"{self.name}: eps are two numbers from 0 up, got {o.eps!r}; (None, 1e-3) is usual")

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"row_var": EWMA(0.0), "col_var": EWMA(0.0), "variance": EWMA(0.0)}

    def kept_shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        if len(shape) < 2:
            return shape if name == "variance" else None
        return {"row_var": (*shape[:-1], 1), "col_var": (*shape[:-2], 1, shape[-1])}.get(name)

    def move(self, p: Array, g: Array, o: Group, lr: float, **kept: Any) -> None:
        if not p.size:
            return
        xp = namespace(p)
        eps1 = float(np.finfo(p.dtype).eps) if o.eps[0] is None else o.eps[0]
        v, t = self._mean_square(wide(g) ** 2, o, eps1, **kept)
        u = g / xp.sqrt(xp.maximum(v, eps1 * eps1))
        rate = min(lr, t**-0.5) * xp.maximum(rms(p), o.eps[1])  # of p before it decays
        if o.weight_decay:
            p *= 1 - lr * float(o.weight_decay)
        p -= (rate / xp.maximum(rms(u) / o.d, 1)).astype(p.dtype) * u

    def _mean_square(
        self, square: Array, o: Group, eps1: float, row_var: EWMA, col_var: EWMA, variance: EWMA | None
    ) -> tuple[Array, int]:
        """The averaged g^2, put together from its factors where it is kept in factors; and t."""

        def take_in(average: EWMA, now: Array) -> Array:
            average.beta = 1 - (average.t + 1) ** float(o.beta2_decay)
            return average.update(now).value

        if variance is not None:
            return take_in(variance, square), variance.t
        rows = take_in(row_var, square.mean(axis=-1, keepdims=True))  # (..., n, 1)
        columns = take_in(col_var, square.mean(axis=-2, keepdims=True))  # (..., 1, m)
        mean = rows.mean(axis=-2, keepdims=True)
        return rows * columns / namespace(mean).maximum(mean, eps1), row_var.t
