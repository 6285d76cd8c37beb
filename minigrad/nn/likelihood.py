"""Losses of classes: negative log-likelihoods, of many classes or of yes and no, by the names of `torch.nn`.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional`. Read next: `minigrad.nn.functional.classification`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from minigrad.argument import SHARE, number
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn.functional.labels import check_ignored, check_weights
from minigrad.nn.functional.reduction import check_reduction
from minigrad.nn.layer import Buffer, Layer

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "NLLLoss"]


def _kept(weight: Any) -> Buffer | None:
    """Weights of a loss as a buffer, so that they move with it; saved with it, as in PyTorch."""
    return None if weight is None else Buffer(weight)


def _per_class(name: str, weight: Any) -> Buffer | None:
    """Weights of classes as a buffer, refused where they can be none."""
    buffer = _kept(weight)
    if buffer is not None:
        if buffer.ndim != 1:
            raise ShapeError(f"{name}: weight must be one number per class, (C,), got {buffer.shape}; flatten it")
        check_weights(name, buffer.value)
    return buffer


class CrossEntropyLoss(Layer):
    """Negative log-likelihood of labels, or of probabilities, under logits.

    y = sum_n w_t(n) (-log softmax(input_n)[t(n)]) / sum_n w_t(n), over the labels that are kept

    Shapes: input (N, C, ...) or (C,); target (N, ...) or (), integers from 0 to C - 1, or `ignore_index`; weight (C,).

    Raises
    ------
    DTypeError
        If labels are no integers.
    ShapeError
        If shapes do not fit, or a label names no class; on a device such a label makes the loss NaN instead.

    Labels that equal `ignore_index` count for nothing. Label smoothing e puts 1 - e + e/C on the label's class and e/C
    on the others. Targets may be probabilities of the input's shape instead; their mean divides by N.

    >>> import numpy as np
    >>> CrossEntropyLoss()(np.zeros((2, 4), np.float32), np.array([0, 3]))
    array(1.3863, dtype=float32)

    Reference: Szegedy et al., Rethinking the Inception Architecture, 2016, section 7 (label smoothing).
    """

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        check_reduction("CrossEntropyLoss", reduction)
        self.weight = _per_class("CrossEntropyLoss", weight)
        self.ignore_index = check_ignored("CrossEntropyLoss", ignore_index)
        self.reduction = reduction
        self.label_smoothing = number("CrossEntropyLoss", "label_smoothing", label_smoothing, SHARE)

    def bound(self) -> Callable[..., Any]:
        """The function with these options."""
        return partial(
            F.cross_entropy, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip

    def forward(self, input: Any, target: Any) -> Any:
        return self.bound()(input, target)


class NLLLoss(Layer):
    """Negative log-likelihood of integer labels under log-probabilities.

    y = sum_n w_t(n) (-input_n[t(n)]) / sum_n w_t(n), over the labels that are kept

    Shapes: input (N, C, ...) or (C,); target (N, ...) or (), integers from 0 to C - 1, or `ignore_index`; weight (C,).

    Raises
    ------
    DTypeError
        If labels are no integers.
    ShapeError
        If shapes do not fit, or a label names no class; on a device such a label makes the loss NaN instead.

    >>> import numpy as np
    >>> NLLLoss()(np.log(np.array([[0.25, 0.75]], np.float32)), np.array([0]))
    array(1.3863, dtype=float32)
    """

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        check_reduction("NLLLoss", reduction)
        self.weight = _per_class("NLLLoss", weight)
        self.ignore_index = check_ignored("NLLLoss", ignore_index)
        self.reduction = reduction

    def bound(self) -> Callable[..., Any]:
        """The function with these options."""
        return partial(F.nll_loss, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)

    def forward(self, input: Any, target: Any) -> Any:
        return self.bound()(input, target)


class BCELoss(Layer):
    """Negative log-likelihood of yes or no under probabilities; logarithms are clamped at -100.

    y = mean -w (target ln input + (1 - target) ln(1 - input))

    Shapes: input and target the same; weight broadcasts to them.

    Raises
    ------
    ShapeError
        If the shapes differ, (N, 1) against (N,) for instance.
    ValueError
        If probabilities lie outside [0, 1]; on a device they give NaN instead.

    >>> BCELoss()([0.5, 0.25], [1.0, 0.0])
    array(0.4904, dtype=float32)
    """

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        check_reduction("BCELoss", reduction)
        self.weight = _kept(weight)
        self.reduction = reduction

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(Layer):
    """Negative log-likelihood of yes or no under logits, without overflow.

    y = mean w ((1 - target) input + (1 + (pos_weight - 1) target) ln(1 + e^-input))

    Shapes: input and target the same; weight and pos_weight broadcast to them.

    Raises
    ------
    ShapeError
        If the shapes differ, (N, 1) against (N,) for instance.

    >>> BCEWithLogitsLoss()([0.0, 1000.0], [1.0, 1.0])
    array(0.3466, dtype=float32)
    """

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        check_reduction("BCEWithLogitsLoss", reduction)
        self.weight = _kept(weight)
        self.reduction = reduction
        self.pos_weight = _kept(pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)
