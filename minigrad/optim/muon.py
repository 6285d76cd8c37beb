"""Muon.

Builds on: `minigrad.optim.optimizer`, `minigrad.ewma`. Read next: `minigrad.optim.groups`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from minigrad.argument import whole
from minigrad.backend import Array, namespace
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.ewma import EWMA
from minigrad.optim.norms import norm
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import BETA, Group, LearningRate, Range

__all__ = ["Muon", "newton_schulz"]

SCALES = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    """Momentum made orthogonal: of each matrix of averaged gradients the singular values are brought near 1.

    m = momentum m + (1 - momentum) g;  u = (1 - momentum) g + momentum m (m itself without `nesterov`);
    p = p (1 - lr weight_decay) - lr s newton_schulz(u)

    s = sqrt(max(1, rows / columns)), or with ``adjust_lr_fn="match_rms_adamw"`` 0.2 sqrt(max(rows, columns)), so that
    rate and decay of AdamW suit. For the hidden matrices of a model alone: `minigrad.optim.muon_groups` finds them, and
    AdamW trains the rest. Computed in the dtype of the parameter.

    Raises
    ------
    ShapeError
        If a parameter is no matrix.

    >>> from minigrad import Tensor
    >>> p = Tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> Muon([p], lr=0.1, weight_decay=0.0).step()
    >>> p.numpy().round(2)
    array([[1.93, 0.  ],
           [0.  , 0.89]], dtype=float32)

    Reference: Jordan et al., Muon: An Optimizer for Hidden Layers in Neural Networks, 2024.
    """

    decoupled = True
    per_tensor = True
    ranges: ClassVar[Mapping[str, Range | None]] = {"momentum": BETA}

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
        maximize: bool = False,
    ) -> None:
        super().__init__(
            params,
            lr,
            weight_decay=weight_decay,
            momentum=momentum,
            nesterov=nesterov,
            ns_coefficients=ns_coefficients,
            eps=eps,
            ns_steps=ns_steps,
            adjust_lr_fn=adjust_lr_fn,
            maximize=maximize,
        )

    def check(self, o: Group) -> None:
        super().check(o)
        for p in o.params:
            if p.ndim != 2:
                raise ShapeError(
                    f"{self.name}: trains matrices alone, got a parameter of shape {p.shape}; give it to AdamW, "
                    "minigrad.optim.muon_groups splits a model in two"
                )
        if whole(self.name, "ns_steps", o.ns_steps, 1) > 99:
            raise ArgumentError(f"{self.name}: ns_steps must be at most 99, got {o.ns_steps}; 5 is usual")
        if o.adjust_lr_fn not in SCALES:
            raise DTypeError(f"{self.name}: adjust_lr_fn is one of {SCALES}, got {o.adjust_lr_fn!r}; choose one")
        three = isinstance(o.ns_coefficients, (tuple, list)) and len(o.ns_coefficients) == 3
        if not three or not all(c in Range(-100, 100) for c in o.ns_coefficients):
            raise DTypeError(
                f"{self.name}: ns_coefficients are three numbers, got {o.ns_coefficients!r}; "
                "(3.4445, -4.7750, 2.0315) is usual"
            )

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {"m": EWMA(o.momentum)}

    def direction(self, g: Array, o: Group, m: EWMA) -> Array:  # type: ignore[override]
        m.update(g)
        u = (1 - o.momentum) * g + o.momentum * m.value if o.nesterov else m.value
        rows, columns = g.shape
        scale = (
            0.2 * max(rows, columns) ** 0.5 if o.adjust_lr_fn == SCALES[2] else max(1, rows / max(columns, 1)) ** 0.5
        )
        return scale * newton_schulz(u, o.ns_coefficients, o.ns_steps, float(o.eps))


def newton_schulz(
    u: Array, coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315), steps: int = 5, eps: float = 1e-7
) -> Array:
    """A matrix with the singular vectors of `u` and singular values between about 0.7 and 1.2.

    x = u / norm u, then `steps` times x = a x + (b x x^T + c (x x^T)^2) x

    >>> import numpy as np
    >>> newton_schulz(np.diag([3.0, 0.3])).round(2)
    array([[0.7 , 0.  ],
           [0.  , 0.71]])
    """
    xp, (a, b, c) = namespace(u), coefficients
    tall = u.shape[0] > u.shape[1]
    x = u.T if tall else u  # the product x x^T is then the smaller one
    x = x / xp.maximum(norm(u), eps)
    for _ in range(steps):
        gram = xp.matmul(x, x.T)
        x = a * x + xp.matmul(b * gram + c * xp.matmul(gram, gram), x)
    return x.T if tall else x
