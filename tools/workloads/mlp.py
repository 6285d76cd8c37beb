"""W1: a multilayer perceptron with ReLU, cross-entropy and Adam."""

from itertools import pairwise
from typing import Any

from tools.workloads.floor import linear, products
from tools.workloads.start import labelled, side, weights
from tools.workloads.training import trained

__all__ = ["mlp"]


def mlp(peer: str, widths: tuple[int, ...], batch: int) -> Any:
    """One step of training on the same batch."""
    pairs = list(pairwise(widths))
    if peer == "gemm":
        return products(part for k, (i, o) in enumerate(pairs) for part in linear(batch, i, o, to_x=k > 0))
    x, y = labelled((batch, widths[0]), widths[-1])
    if peer == "jax":
        return of_jax(pairs, x, y)
    nn = side(peer).library.nn
    layers = []
    for i, o in pairs:
        layers += [nn.Linear(i, o), nn.ReLU()]
    return trained(peer, nn.Sequential(*layers[:-1]), x, y)


def of_jax(pairs: list[tuple[int, int]], x: Any, y: Any) -> Any:
    """The same with jit; weights have the names of the layers in a Sequential."""
    import jax

    from tools.workloads.with_jax import cross_entropy, training

    shapes = {}
    for k, (i, o) in enumerate(pairs):
        shapes |= {f"{2 * k}.weight": (o, i), f"{2 * k}.bias": (o,)}

    def loss(p: Any, buffers: Any, x: Any, y: Any) -> Any:
        for k in range(len(pairs)):
            x = (jax.nn.relu(x) if k else x) @ p[f"{2 * k}.weight"].T + p[f"{2 * k}.bias"]
        return cross_entropy(x, y), buffers

    return training(loss, weights(shapes), {}, (x, y))
