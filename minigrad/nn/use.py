"""`in_use`: a model in evaluation mode for as long as a block lasts.

Builds on: `minigrad.nn.layer`. Read next: `minigrad.train.evaluate`, `minigrad.models.language_model`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from minigrad.errors import DTypeError
from minigrad.nn.layer import Layer

__all__ = ["check_model", "in_use"]


def check_model(name: str, model: Any) -> None:
    """Refuse what is no model, for the public function `name`."""
    if not isinstance(model, Layer):
        raise DTypeError(f"{name}: the model is a Layer, got {type(model).__name__}; wrap the function in one")


@contextmanager
def in_use(name: str, model: Any) -> Iterator[None]:
    """The model in evaluation mode; afterwards every layer has the mode it had before.

    >>> from minigrad.nn import Linear
    >>> model = Linear(2, 1)
    >>> with in_use("example", model):
    ...     model.training
    False
    >>> model.training
    True
    """
    check_model(name, model)
    modes = [(layer, layer.training) for layer in model.layers()]
    model.eval()
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training
