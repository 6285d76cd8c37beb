"""Clipping: an explicit call between backward and step.

Builds on: `minigrad.tensor`. Read next: `minigrad.optim.schedules`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.argument import is_number
from minigrad.backend import Array, default_backend, namespace
from minigrad.errors import DTypeError, GraphError, NonFiniteError
from minigrad.tensor import Tensor

__all__ = ["clip_grad_norm", "clip_grad_value"]


def clip_grad_norm(params: Iterable[Tensor], max_norm: float, error_if_nonfinite: bool = False) -> Array:
    """Scale all gradients together so that their common norm is at most `max_norm`; gives the norm before.

    g = g min(1, max_norm / (norm + 1e-6)), norm = sqrt(sum of all g^2)

    The norm is a 0-d array on the device; nothing waits for it, unless `error_if_nonfinite` asks to.

    Raises
    ------
    DTypeError
        If `max_norm` is not above 0.
    NonFiniteError
        If the norm is infinite or NaN and `error_if_nonfinite`.

    >>> p = Tensor([3.0, 4.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> clip_grad_norm([p], 1.0)
    array(10., dtype=float32)
    >>> p.grad
    array([0.6, 0.8], dtype=float32)

    Reference: Pascanu, Mikolov and Bengio, On the Difficulty of Training Recurrent Neural Networks, 2013, algorithm 1.
    """
    if not (is_number(max_norm) and max_norm > 0):
        raise DTypeError(f"clip_grad_norm: max_norm must be a number above 0, got {max_norm!r}; 1.0 is usual")
    gradients = _gradients("clip_grad_norm", params)
    if not gradients:
        return default_backend().zeros((), dtype=np.float32)
    xp = namespace(gradients[0])
    wide = [g.astype(np.float32) if g.dtype == np.float16 else g for g in gradients]  # 256^2 is too much for float16
    norm = xp.sqrt(sum((g * g).sum() for g in wide))
    if error_if_nonfinite and not bool(xp.isfinite(norm)):
        raise NonFiniteError(
            f"clip_grad_norm: the gradients have no finite norm, got {norm}; lower lr, or look for NaN"
        )
    scale = xp.minimum(float(max_norm) / (norm + 1e-6), 1)
    for g in gradients:
        g *= scale.astype(g.dtype)
    return xp.asarray(norm)


def clip_grad_value(params: Iterable[Tensor], max_value: float) -> None:
    """Bring every element of every gradient into the interval from -max_value to max_value.

    g = minimum(maximum(g, -max_value), max_value)

    >>> p = Tensor([3.0, -4.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> clip_grad_value([p], 1.0)
    >>> p.grad
    array([ 1., -1.], dtype=float32)
    """
    if not (is_number(max_value) and max_value > 0):
        raise DTypeError(f"clip_grad_value: max_value must be a number above 0, got {max_value!r}; 1.0 is usual")
    for g in _gradients("clip_grad_value", params):
        xp = namespace(g)
        g[...] = xp.minimum(xp.maximum(g, -float(max_value)), float(max_value))


def _gradients(name: str, params: Iterable[Any]) -> list[Array]:
    params = [params] if isinstance(params, Tensor) else params
    try:
        return [p.grad for p in params if p.grad is not None]
    except (TypeError, AttributeError):
        raise GraphError(f"{name}: takes Tensors, got {params!r:.60}; pass model.parameters()") from None
