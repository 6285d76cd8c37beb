"""Layers around a layer that compute its weight of something else: a length and a direction, say.

A wrapper stands at the path of the layer it wraps, so that the names of states are those of
`torch.nn.utils.parametrizations`: ``bias``, ``parametrizations.weight.original0``. Wrap before an optimizer is made:
the parameters are others afterwards.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.weight`. Read next: `minigrad.nn.scaled`.
"""

from __future__ import annotations

import copy
from typing import Any

from minigrad.backend import move, namespace
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.modes import recomputing
from minigrad.nn.functional.weight import (
    lengths,
    matrix,
    power_iteration,
    spectral_norm,
    standardize_weight,
    weight_norm,
)
from minigrad.nn.init import normal
from minigrad.nn.layer import Buffer, Layer, Parameter
from minigrad.nn.transposed import ConvTranspose1d, ConvTranspose2d
from minigrad.tensor import Tensor, raw

__all__ = ["SpectralNorm", "WeightNorm", "WeightStandardization", "with_part"]


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


class _Reparametrised(Layer):
    """What the wrappers share; a subclass says in `weight` what the layer is called with."""

    layer: Layer
    name: str

    def _wrap(self, layer: Layer, name: str, axis: int | None) -> tuple[Tensor, int | None]:
        """Keep the layer; its weight, and the axis of outputs counted from 0."""
        kind = type(self).__name__
        if not isinstance(layer, Layer):
            raise DTypeError(f"{kind}: wraps a layer, got {type(layer).__name__}; {kind}(Linear(3, 4)), say")
        if isinstance(layer, _Reparametrised):
            raise ArgumentError(f"{kind}: the layer is wrapped already, got {layer!r:.60}; choose one wrapper")
        weight = getattr(layer, name, None)
        if not isinstance(weight, Tensor):
            tensors = [key for key, part in layer.contents() if isinstance(part, Tensor)]
            raise ArgumentError(
                f"{kind}: the layer has no tensor {name!r}, got {layer!r:.60} with {tensors}; is it wrapped already? "
                "Else pass name=, or wrap the layer inside"
            )
        if axis is not None and (weight.ndim < 2 or not -weight.ndim <= axis < weight.ndim):
            raise ShapeError(
                f"{kind}: needs a weight of two axes or more, and axis= as one of them, got shape {weight.shape} and "
                f"axis {axis}; wrap a layer like Linear or Conv2d"
            )
        self.layer, self.name = layer, name
        return weight, None if axis is None else axis % weight.ndim

    @property
    def weight(self) -> Any:
        """The weight that the layer is called with now."""
        raise NotImplementedError(f"{type(self).__name__}: a wrapper says what its weight is")

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return with_part(self.layer, self.name, self.weight)(*args, **kwargs)

    def contents(self) -> list[tuple[str, Any]]:
        return [("", self.layer), *((name, part) for name, part in super().contents() if name != "layer")]

    def remove(self) -> Layer:
        """The layer by itself again, with the weight as it is now for a parameter."""
        setattr(self.layer, self.name, Parameter(raw(self.weight).copy()))
        return self.layer


class WeightNorm(_Reparametrised):
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


class SpectralNorm(_Reparametrised):
    """Spectral normalisation around a layer: its weight is divided by its largest singular value.

    w / sigma, sigma = u^T W v;  before it, in training, u = W v / ||W v||, v = W^T u / ||W^T u||

    Each training step turns u and v once more (`n_power_iterations`), so that they follow W; in use they rest. They are
    buffers, start random and are turned 15 times. The outputs stand on `axis`: where that is None on axis 1 of a
    transposed convolution, else on axis 0. State: parametrizations.weight.original (w), parametrizations.weight.0._u
    and ._v, as in PyTorch; the older names weight_orig, weight_u and weight_v are read too.

    Gradient: through w and sigma; none through u and v.

    Shapes: as the layer's; u (outputs,), v (everything else,).

    Raises
    ------
    ValueError
        If the layer has no such weight or is wrapped already, its weight is all 0, or there is no iteration.

    >>> from minigrad.nn import Linear
    >>> layer = SpectralNorm(Linear(3, 4))
    >>> layer.requires_grad_(False).eval().weight.shape
    (4, 3)

    Reference: Miyato et al., Spectral Normalization for Generative Adversarial Networks, 2018, algorithm 1.
    """

    def __init__(
        self,
        layer: Layer,
        name: str = "weight",
        n_power_iterations: int = 1,
        eps: float = 1e-12,
        axis: int | None = None,
    ) -> None:
        if n_power_iterations < 1:
            raise ArgumentError(f"SpectralNorm: n_power_iterations is 1 or more, got {n_power_iterations}; 1 is usual")
        weight, outputs = self._wrap(layer, name, outputs_axis(layer) if axis is None else axis)
        self.axis, self.n_power_iterations, self.eps = axis, n_power_iterations, float(eps)
        self._outputs = outputs or 0
        w = raw(weight).copy()
        if not namespace(w).to_host(w).any():
            raise ArgumentError(f"SpectralNorm: a weight of zeros has no direction, got {layer!r:.60}; initialise it")
        flat = matrix(w, self._outputs)
        u, v = (move(normal((n,), dtype=w.dtype), weight.backend) for n in flat.shape)
        u, v = power_iteration(w, u, v, self._outputs, 15, self.eps)
        kept = {"_u": Buffer(u), "_v": Buffer(v)}
        self.parametrizations = {name: {"original": Parameter(w, weight.requires_grad), "0": kept}}
        setattr(layer, name, None)

    @property
    def weight(self) -> Any:
        parts: Any = self.parametrizations[self.name]
        return spectral_norm(parts["original"], parts["0"]["_u"].value, parts["0"]["_v"].value, self._outputs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        if self.training and not recomputing():  # a checkpoint's second run of a batch must find the first one's sigma
            self._turn()
        return super().forward(*args, **kwargs)

    def _turn(self) -> None:
        parts: Any = self.parametrizations[self.name]
        w, u, v = (raw(part) for part in (parts["original"], parts["0"]["_u"], parts["0"]["_v"]))
        # New arrays: a graph that waits for its backward still holds the old ones.
        u, v = power_iteration(w, u, v, self._outputs, self.n_power_iterations, self.eps)
        parts["0"]["_u"].value, parts["0"]["_v"].value = u, v

    def older_names(self) -> dict[str, str]:
        now = f"parametrizations.{self.name}"
        return {
            f"{self.name}_orig": f"{now}.original",
            f"{self.name}_u": f"{now}.0._u",
            f"{self.name}_v": f"{now}.0._v",
        }


class WeightStandardization(_Reparametrised):
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
        self.axis, self.eps = axis, float(eps)
        self._outputs = outputs or 0
        check_spread("WeightStandardization", weight.size // max(weight.shape[self._outputs], 1))

    @property
    def weight(self) -> Any:
        return standardize_weight(getattr(self.layer, self.name), self._outputs, self.eps)


def outputs_axis(layer: Any) -> int:
    """Where the weight has its outputs: transposed kernels are (in, out / groups, *kernel)."""
    return 1 if isinstance(layer, (ConvTranspose1d, ConvTranspose2d)) else 0


def check_spread(name: str, fan_in: int) -> None:
    """Refuse weights whose variance is 0 whatever they are."""
    if fan_in < 2:
        raise ShapeError(
            f"{name}: one weight per output has no variance, got fan_in {fan_in}; standardise layers of more inputs"
        )
