"""Losses of probabilities: yes or no for each element, and the divergence between two distributions.

Builds on: `minigrad.nn.functional.reduction`. Read next: `minigrad.nn.functional.standardize`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import Array, backend, namespace
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.nn.functional.reduction import check_reduction, pair, reduced
from minigrad.ops import exp, log, multiply, softplus, subtract, where
from minigrad.tape import Result, Value, composite, op
from minigrad.tensor import as_value, raw

__all__ = ["binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div"]


@op
def _binary_cross_entropy(x: Value, t: Value) -> Result:
    yes, no = _clamped_log(x), _clamped_log(1 - x)

    def of_input(g: Value) -> Value:  # as PyTorch: the logarithm is clamped, its slope is bounded
        spread = namespace(x).maximum((1 - x) * x, 1e-12)
        return g * (x - t) / spread

    return (t - 1) * no - t * yes, (of_input, lambda g: g * (no - yes))


def _clamped_log(x: Value) -> Value:
    """ln x, and -100 where it is less."""
    xp, values = namespace(x), raw(x)
    safe = xp.where(values > 0, x, 1)
    y = xp.where(values == 0, -100.0, xp.maximum(xp.log(safe), -100.0))
    return xp.where(values < 0, float("nan"), y)  # no probability


@composite
def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Negative log-likelihood of yes or no under probabilities; logarithms are clamped at -100.

    y = mean -w (target ln input + (1 - target) ln(1 - input))

    Shapes: input and target the same, weight broadcasts to them. On a device a probability outside [0, 1] gives NaN.

    Raises
    ------
    ShapeError
        If the shapes differ.
    ValueError
        If probabilities lie outside [0, 1]: logits want `binary_cross_entropy_with_logits`.

    >>> binary_cross_entropy([0.5, 0.25], [1.0, 0.0])
    array(0.4904, dtype=float32)
    """
    name = "binary_cross_entropy"
    input, target = pair(name, input, target)
    values = raw(input)
    if namespace(values) is backend("numpy") and values.size and not ((values >= 0) & (values <= 1)).all():
        raise ArgumentError(
            f"{name}: probabilities must lie in [0, 1], got {values.min()} to {values.max()}; "
            "apply a sigmoid, or use binary_cross_entropy_with_logits"
        )
    loss = _binary_cross_entropy(input, target)
    return reduced(name, loss if weight is None else multiply(loss, _beside(name, "weight", weight, input)), reduction)


@composite
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """Negative log-likelihood of yes or no under logits, without overflow.

    y = mean w ((1 - target) input + (1 + (pos_weight - 1) target) ln(1 + e^-input))

    Shapes: input and target the same; weight and pos_weight broadcast to them.

    Raises
    ------
    ShapeError
        If the shapes differ.

    >>> binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0])
    array(0.3466, dtype=float32)
    """
    name = "binary_cross_entropy_with_logits"
    input, target = pair(name, input, target)
    surprise = softplus(-input)
    if pos_weight is not None:
        more = subtract(_beside(name, "pos_weight", pos_weight, input), 1)
        surprise = multiply(multiply(more, target) + 1, surprise)
    loss = multiply(1 - target, input) + surprise
    return reduced(name, loss if weight is None else multiply(loss, _beside(name, "weight", weight, input)), reduction)


@composite
def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """Divergence of the target distribution from the one whose log-probabilities are the input, element by element.

    y = mean target (ln target - input), and with `log_target` mean e^target (target - input)

    'batchmean' divides the sum by N and is the divergence itself; 'mean' divides by the number of elements.

    Shapes: input and target the same.

    Raises
    ------
    ShapeError
        If the shapes differ.

    >>> kl_div([[-0.6931, -0.6931]], [[1.0, 0.0]], reduction="batchmean")
    array(0.6931, dtype=float32)

    Reference: Kullback and Leibler, On Information and Sufficiency, 1951.
    """
    input, target = pair("kl_div", input, target)
    check_reduction("kl_div", reduction, ("none", "mean", "sum", "batchmean"))
    if log_target:
        loss = multiply(exp(target), subtract(target, input))
    else:
        positive = raw(target) > 0  # 0 ln 0 = 0
        loss = where(positive, multiply(target, log(where(positive, target, 1))), 0) - multiply(target, input)
    if reduction == "batchmean" and loss.size:
        return loss.sum() / (input.shape[0] if input.ndim else 1)
    return reduced("kl_div", loss, reduction.removeprefix("batch"))


def _beside(name: str, what: str, weight: Any, input: Any) -> Array:
    """A weight that broadcasts to the input, refused if it would make it larger."""
    weight = as_value(weight)
    shape = (1,) * (input.ndim - weight.ndim) + tuple(weight.shape)
    if weight.ndim > input.ndim or any(n not in (1, m) for n, m in zip(shape, input.shape, strict=True)):
        raise ShapeError(f"{name}: {what} must broadcast to {input.shape} of the input, got {weight.shape}; reshape it")
    return weight
