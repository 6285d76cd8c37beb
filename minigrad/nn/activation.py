"""Activations as layers.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional`. Read next: `minigrad.nn.container`.
"""

from __future__ import annotations

from typing import Any

from minigrad.nn.functional import relu
from minigrad.nn.layer import Layer

__all__ = ["ReLU"]


class ReLU(Layer):
    """Rectified linear unit, elementwise.

    y = max(x, 0)

    >>> ReLU()([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return relu(x)
