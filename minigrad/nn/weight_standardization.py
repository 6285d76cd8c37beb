"""`WeightStandardization`: weights of mean 0 and variance 1.

Builds on: `minigrad.nn.reparametrisation`, `minigrad.nn.functional.weight`. Read next: `minigrad.nn.scaled`.
"""

from __future__ import annotations

from typing import Any

from minigrad.errors import ShapeError
from minigrad.nn.argument import check_eps
from minigrad.nn.functional.weight import standardize_weight
from minigrad.nn.layer import Layer
from minigrad.nn.reparametrisation import Reparametrised, outputs_axis

__all__ = ["WeightStandardization", "check_spread"]


class WeightStandardization(Reparametrised):
    """Weight standardisation around a layer: each output's weights get mean 0 and variance 1 before they are used.

    w^ = (w - mean) / sqrt(var + eps), for each output, with the biased variance

    The layer keeps its own weight, under its own name: states of plain layers load. Meant for layers before a
    normaliser, which takes away the length of what comes out. The outputs stand on `axis`, found as in `SpectralNorm`
    where that is None.

    Shapes: as the layer's.

    Raises
    ------
    ValueError
        If the layer has no such weight or is wrapped already, or an output has one weight, whose variance is 0.

    >>> from minigrad.nn import Linear
    >>> layer = WeightStandardization(Linear(30, 2))
    >>> abs(layer.weight.numpy().var(axis=1) - 1).max() < 0.01
    np.True_

    Reference: Qiao et al., Micro-Batch Training with Batch-Channel Normalization and Weight Standardization, 2019,
    section 3.
    """

    def __init__(self, layer: Layer, name: str = "weight", axis: int | None = None, eps: float = 1e-5) -> None:
        weight, outputs = self._wrap(layer, name, outputs_axis(layer) if axis is None else axis)
        self.axis, self.eps = axis, check_eps(type(self).__name__, eps)
        self._outputs = outputs or 0
        check_spread("WeightStandardization", weight.size // max(weight.shape[self._outputs], 1))

    @property
    def weight(self) -> Any:
        return standardize_weight(getattr(self.layer, self.name), self._outputs, self.eps)


def check_spread(name: str, fan_in: int) -> None:
    """Refuse weights whose variance is 0 whatever they are."""
    if fan_in < 2:
        raise ShapeError(
            f"{name}: one weight per output has no variance, got fan_in {fan_in}; standardise layers of more inputs"
        )
