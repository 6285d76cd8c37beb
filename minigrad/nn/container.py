"""Layers that hold layers.

Builds on: `minigrad.nn.layer`. Read next: `minigrad.nn.linear`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigrad.nn.layer import Layer

__all__ = ["Sequential"]


class Sequential(Layer):
    """Layers one after the other.

    y = f_n(... f_2(f_1(x)))

    >>> from minigrad.nn import Linear, ReLU
    >>> [name for name, _ in Sequential(Linear(2, 3), ReLU(), Linear(3, 1)).named_parameters()]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    def __init__(self, *layers: Any) -> None:
        for i, layer in enumerate(layers):
            setattr(self, str(i), layer)

    def __iter__(self) -> Iterator[Any]:
        return (part for name, part in vars(self).items() if name.isdigit())

    def forward(self, x: Any) -> Any:
        for layer in self:
            x = layer(x)
        return x

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self))})"
