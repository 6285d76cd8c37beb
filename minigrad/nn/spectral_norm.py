"""`SpectralNorm`: weights whose largest singular value is 1.

Builds on: `minigrad.nn.reparametrisation`, `minigrad.nn.functional.weight`.
Read next: `minigrad.nn.weight_standardization`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import whole
from minigrad.backend import move, namespace
from minigrad.errors import ArgumentError
from minigrad.modes import recomputing, remembered
from minigrad.nn.argument import check_eps
from minigrad.nn.functional.weight import matrix, power_iteration, spectral_norm
from minigrad.nn.init import normal
from minigrad.nn.layer import Buffer, Layer, Parameter
from minigrad.nn.reparametrisation import Reparametrised, outputs_axis
from minigrad.tensor import raw

__all__ = ["SpectralNorm"]


class SpectralNorm(Reparametrised):
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
        n_power_iterations = whole("SpectralNorm", "n_power_iterations", n_power_iterations, 1)
        weight, outputs = self._wrap(layer, name, outputs_axis(layer) if axis is None else axis)
        self.axis, self.n_power_iterations, self.eps = axis, n_power_iterations, check_eps(type(self).__name__, eps)
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
        u, v = remembered(lambda: (parts["0"]["_u"].value, parts["0"]["_v"].value))  # what a later call turns further
        return spectral_norm(parts["original"], u, v, self._outputs)

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
