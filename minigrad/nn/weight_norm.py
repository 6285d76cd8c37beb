"""`WeightNorm`: length and direction of weights learned apart.

Builds on: `minigrad.nn.reparametrisation`, `minigrad.nn.functional.weight`. Read next: `minigrad.nn.spectral_norm`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import namespace
from minigrad.errors import ArgumentError
from minigrad.nn.functional.weight import lengths, weight_norm
from minigrad.nn.layer import Layer, Parameter
from minigrad.nn.reparametrisation import Reparametrised
from minigrad.tensor import raw

__all__ = ["WeightNorm"]


class WeightNorm(Reparametrised):
    """Weight normalisation around a layer: the length of each output's weights is learned apart from their direction.

    w = g v / ||v||, for each output

    At first g is the length of the layer's own weights, so that nothing changes. With ``axis=None`` there is one length
    for all outputs; transposed convolutions have their outputs on axis 1. State: parametrizations.weight.original0 (g)
    and original1 (v), as in PyTorch; the older names weight_g and weight_v are read too.

    Shapes: as the layer's; v as its weight, g 1 on every axis but `axis`.

    Raises
    ------
    ValueError
        If the layer has no such weight, is wrapped already, or an output's weights are all 0 and have no direction.

    >>> from minigrad.nn import Linear
    >>> layer = WeightNorm(Linear(3, 4))
    >>> [name for name, _ in layer.named_parameters()]
    ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']

    Reference: Salimans and Kingma, Weight Normalization, 2016, equation 2.
    """

    def __init__(self, layer: Layer, name: str = "weight", axis: int | None = 0) -> None:
        weight, self.axis = self._wrap(layer, name, axis)
        v = raw(weight).copy()
        g = lengths(v, self.axis).astype(v.dtype)
        if not namespace(g).to_host(g).all():
            raise ArgumentError(
                f"WeightNorm: weights that are all 0 have no direction, got such an output of {layer!r:.60}; "
                "initialise them first"
            )
        own = weight.requires_grad
        self.parametrizations = {name: {"original0": Parameter(g, own), "original1": Parameter(v, own)}}
        setattr(layer, name, None)

    @property
    def weight(self) -> Any:
        parts = self.parametrizations[self.name]
        return weight_norm(parts["original1"], parts["original0"], self.axis)

    def older_names(self) -> dict[str, str]:
        now = f"parametrizations.{self.name}.original"
        return {f"{self.name}_g": f"{now}0", f"{self.name}_v": f"{now}1"}
