"""Clipping of gradients: an explicit call between backward and step.

Every clip is called as ``clip(parameters)``, with what else it needs given before (``functools.partial``, or `ZClip`),
and gives the common norm of all gradients before, a 0-d array on the device; nothing waits for it. What clips nothing
leaves every bit of the gradients, so a step was clipped where ``grad_norm(parameters) < before``.

Builds on: `minigrad.optim.joined`, `minigrad.optim.norms`. Read next: `minigrad.optim.zclip`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.argument import ABOVE_0, is_number, number
from minigrad.backend import Array, default_backend, namespace
from minigrad.errors import DTypeError, NonFiniteError
from minigrad.optim.joined import gradients
from minigrad.optim.norms import bound, norm, squares
from minigrad.tensor import Tensor

__all__ = ["adaptive_grad_clip", "clip_grad_norm", "clip_grad_norm_per_parameter", "clip_grad_value", "grad_norm"]


def grad_norm(parameters: Iterable[Tensor]) -> Array:
    """The common norm of all gradients, as a 0-d array on the device; 0 where there are none.

    norm = sqrt(sum of all g^2), in float32 at least

    >>> p = Tensor([3.0, 4.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> grad_norm([p])
    array(10., dtype=float32)
    """
    return total(gradients(listed("grad_norm", parameters)))


def clip_grad_norm(parameters: Iterable[Tensor], max_norm: float, error_if_nonfinite: bool = False) -> Array:
    """Scale all gradients together so that their common norm is at most `max_norm`; gives the norm before.

    g = g min(1, max_norm / (norm + 1e-6)), norm = sqrt(sum of all g^2)

    The norm is a 0-d array on the device; nothing waits for it, unless `error_if_nonfinite` asks to.

    Raises
    ------
    ValueError
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
    limit = above_zero("clip_grad_norm", "max_norm", max_norm, "1.0")
    found = gradients(listed("clip_grad_norm", parameters))
    before = total(found)
    if error_if_nonfinite and not bool(namespace(before).isfinite(before)):
        raise NonFiniteError(
            f"clip_grad_norm: the gradients have no finite norm, got {before}; lower lr, or look for NaN"
        )
    scale = limit / (before + 1e-6)
    for g in found:
        bound(g, scale)
    return before


def clip_grad_value(parameters: Iterable[Tensor], clip_value: float) -> Array:
    """Bring every element of every gradient into the interval from -clip_value to clip_value; gives the norm before.

    g = minimum(maximum(g, -clip_value), clip_value)

    Raises
    ------
    ValueError
        If `clip_value` is not above 0.

    >>> p = Tensor([3.0, -4.0], requires_grad=True)
    >>> (p * p).sum().backward()
    >>> clip_grad_value([p], 1.0)
    array(10., dtype=float32)
    >>> p.grad
    array([ 1., -1.], dtype=float32)
    """
    limit = above_zero("clip_grad_value", "clip_value", clip_value, "1.0")
    found = gradients(listed("clip_grad_value", parameters))
    before = total(found)
    for g in found:
        xp = namespace(g)
        g[...] = xp.minimum(xp.maximum(g, -limit), limit)
    return before


def clip_grad_norm_per_parameter(parameters: Iterable[Tensor], max_norm: float) -> Array:
    """Scale the gradient of each parameter by itself so that its norm is at most `max_norm`; gives the common norm.

    g = g min(1, max_norm / (norm g + 1e-6)), for each parameter

    The direction of the step changes, where `clip_grad_norm` keeps it. The norm that is given is that of all gradients
    together, before.

    Raises
    ------
    ValueError
        If `max_norm` is not above 0.

    >>> p, q = (Tensor([x], requires_grad=True) for x in (3.0, 4.0))
    >>> (p * p + q * 0.5).backward()
    >>> clip_grad_norm_per_parameter([p, q], 1.0)
    array(6.0208, dtype=float32)
    >>> p.grad, q.grad
    (array([1.], dtype=float32), array([0.5], dtype=float32))
    """
    limit = above_zero("clip_grad_norm_per_parameter", "max_norm", max_norm, "1.0")
    chosen = listed("clip_grad_norm_per_parameter", parameters)
    before = total(gradients(chosen))
    for p in chosen:
        if p.grad is not None:
            bound(p.grad, limit / (norm(p.grad) + 1e-6))
    return before


def adaptive_grad_clip(
    parameters: Iterable[Tensor], clip_factor: float = 0.01, eps: float = 1e-3, exempt: Iterable[Tensor] = ()
) -> Array:
    """Scale the gradient of each output unit to at most a share of the norm of its weights; gives the norm before.

    g = g min(1, clip_factor max(norm W, eps) / norm g), for each row W of a matrix, each kernel of a convolution

    What has fewer than two dimensions is one unit. `exempt` are parameters left as they are: those of the last layer,
    says the paper.

    Raises
    ------
    ValueError
        If `clip_factor` or `eps` is not above 0.
    DTypeError
        If something in `exempt` is no Tensor.

    >>> p = Tensor([[3.0, 4.0], [0.3, 0.4]], requires_grad=True)
    >>> (p * 0.03).sum().backward()
    >>> adaptive_grad_clip([p])
    array(0.06, dtype=float32)
    >>> p.grad.round(4)
    array([[0.03  , 0.03  ],
           [0.0035, 0.0035]], dtype=float32)

    Reference: Brock et al., High-Performance Large-Scale Image Recognition Without Normalization, 2021, equation 3.
    """
    share = above_zero("adaptive_grad_clip", "clip_factor", clip_factor, "0.01")
    least = above_zero("adaptive_grad_clip", "eps", eps, "1e-3")
    spared = {id(p) for p in listed("adaptive_grad_clip", exempt)}
    chosen = listed("adaptive_grad_clip", parameters)
    before = total(gradients(chosen))
    for p in chosen:
        if p.grad is None or id(p) in spared:
            continue
        axes = tuple(range(1, p.ndim)) if p.ndim > 1 else None
        limit = share * namespace(p.value).maximum(norm(p.value, axes, keepdims=True), least)
        # The quotient by the larger of the two is the minimum with 1, without a division by a norm of 0.
        bound(p.grad, limit / namespace(limit).maximum(norm(p.grad, axes, keepdims=True), limit))
    return before


def total(found: list[Array]) -> Array:
    """sqrt(sum of all squares) of these arrays."""
    if not found:
        return default_backend().zeros((), dtype=np.float32)
    xp = namespace(found[0])
    return xp.asarray(xp.sqrt(sum(map(squares, found))))


def listed(caller: str, parameters: Iterable[Any]) -> list[Tensor]:
    """The parameters themselves, of which there may be one alone."""
    several = isinstance(parameters, Iterable) and not isinstance(parameters, Tensor)
    chosen: list[Any] = list(parameters) if several else [parameters]
    for p in chosen:
        if not isinstance(p, Tensor):
            raise DTypeError(f"{caller}: takes Tensors, got {type(p).__name__}; pass model.parameters()")
    return chosen


def above_zero(caller: str, option: str, value: Any, usual: str) -> float:
    """The value as a Python number, which widens nothing; infinity clips nothing, and is allowed."""
    if is_number(value) and value == math.inf:
        return math.inf
    return number(caller, option, value, ABOVE_0._replace(usual=usual))
