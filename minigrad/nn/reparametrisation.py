"""Layers around a layer that compute its weight of something else: a length and a direction, say.

A wrapper stands at the path of the layer it wraps, so that the names of states are those of
`torch.nn.utils.parametrizations`: ``bias``, ``parametrizations.weight.original0``. Wrap before an optimizer is made:
the parameters are others afterwards.

Builds on: `minigrad.nn.layer`. Read next: `minigrad.nn.weight_norm`.
"""

from __future__ import annotations

import copy
from typing import Any

from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.modes import enable_grad
from minigrad.nn.layer import Layer, Parameter
from minigrad.nn.transposed import ConvTranspose1d, ConvTranspose2d
from minigrad.tensor import Tensor, raw

__all__ = ["Reparametrised", "outputs_axis", "with_part"]


def with_part(layer: Layer, name: str, value: Any) -> Layer:
    """The layer with another value in one of its attributes, for one call: everything else is shared with it.

    >>> from minigrad.nn import Linear
    >>> with_part(Linear(2, 1, bias=False), "weight", Tensor([[1.0, 2.0]]))([1.0, 1.0]).tolist()
    [3.0]
    """
    other = copy.copy(layer)  # not the layer itself: another thread may be calling it
    setattr(other, name, value)
    other._original = layer  # hooks and errors speak of that one
    return other


def outputs_axis(layer: Any) -> int:
    """Where the weight has its outputs: transposed kernels are (in, out / groups, *kernel)."""
    return 1 if isinstance(layer, (ConvTranspose1d, ConvTranspose2d)) else 0


class Reparametrised(Layer):
    """What the wrappers share: a subclass says in `weight` what the layer is called with.

    y = layer(x), with another weight in the place of its own

    >>> from minigrad.nn import Linear, WeightNorm
    >>> isinstance(WeightNorm(Linear(2, 2)), Reparametrised)
    True
    """

    layer: Layer
    name: str

    def _wrap(self, layer: Layer, name: str, axis: int | None) -> tuple[Tensor, int | None]:
        """Keep the layer; its weight, and the axis of outputs counted from 0."""
        kind = type(self).__name__
        if not isinstance(layer, Layer):
            raise DTypeError(f"{kind}: wraps a layer, got {type(layer).__name__}; {kind}(Linear(3, 4)), say")
        if isinstance(layer, Reparametrised):
            raise ArgumentError(f"{kind}: the layer is wrapped already, got {layer!r:.60}; choose one wrapper")
        weight = getattr(layer, name, None) if isinstance(name, str) else None
        if not isinstance(weight, Tensor):
            tensors = [key for key, part in layer.contents() if isinstance(part, Tensor)]
            raise ArgumentError(
                f"{kind}: the layer has no tensor {name!r}, got {layer!r:.60} with {tensors}; is it wrapped already? "
                "Else pass name=, or wrap the layer inside"
            )
        if axis is not None and (
            isinstance(axis, bool) or weight.ndim < 2 or axis not in range(-weight.ndim, weight.ndim)
        ):
            raise ShapeError(
                f"{kind}: needs a weight of two axes or more, and axis= as one of them, got shape {weight.shape} and "
                f"axis {axis!r}; wrap a layer like Linear or Conv2d"
            )
        self.layer, self.name = layer, name
        return weight, None if axis is None else int(axis) % weight.ndim

    @property
    def weight(self) -> Any:
        """The weight that the layer is called with now."""
        raise NotImplementedError(f"{type(self).__name__}: a wrapper says what its weight is")

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return with_part(self.layer, self.name, self.weight)(*args, **kwargs)

    def contents(self) -> list[tuple[str, Any]]:
        return [("", self.layer), *((name, part) for name, part in super().contents() if name != "layer")]

    def remove(self) -> Layer:
        """The layer by itself again, with the weight as it is now for a parameter; frozen if it was."""
        with enable_grad():
            weight = self.weight
        setattr(self.layer, self.name, Parameter(raw(weight).copy(), weight.requires_grad))
        return self.layer
