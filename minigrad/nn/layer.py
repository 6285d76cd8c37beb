"""`Layer`, the base of every layer, and `walk`, the one way to find what a model is made of.

A layer is a plain Python object. Its parameters, buffers and sub-layers are whatever stands in its attributes, and in
the lists, tuples and dicts among them, in the order they were defined. Nothing is registered, and `forward` is the
formula.

Builds on: `minigrad.tensor`. Read next: `minigrad.nn.linear`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from minigrad.backend import Array, move
from minigrad.errors import ShapeError
from minigrad.tensor import Tensor

__all__ = ["Layer", "Parameter", "walk"]


class Parameter(Tensor):
    """A Tensor that training changes.

    >>> Parameter([1.0, 2.0]).requires_grad
    True
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(data, requires_grad)


def walk(root: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer and Tensor in `root` with its path, depth first in the order of definition, shared ones once.

    >>> class Pair(Layer):
    ...     def __init__(self):
    ...         self.weights = [Parameter([1.0]), Parameter([2.0])]
    >>> [name for name, _ in walk(Pair())]
    ['', 'weights.0', 'weights.1']
    """
    seen: set[int] = set()

    def visit(value: Any, path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(value, (Layer, Tensor)):
            if id(value) in seen:
                return
            seen.add(id(value))
            yield path, value
        for name, part in _parts(value):
            yield from visit(part, f"{path}.{name}" if path else name)

    yield from visit(root, path)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Layer):
        yield from vars(value).items()
    elif isinstance(value, dict):
        yield from ((str(key), part) for key, part in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((str(i), part) for i, part in enumerate(value))


class Layer:
    """The base of every layer: write `forward`, keep parameters in attributes.

    >>> class Scale(Layer):
    ...     def __init__(self, factor):
    ...         self.factor = Parameter(factor)
    ...
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale([2.0, 3.0])(Tensor([1.0, 1.0])).tolist()
    [2.0, 3.0]
    """

    training: bool = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The formula of the layer; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__}: a layer defines forward(self, x)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Paths and parameters: every Tensor inside that requires gradients."""
        return ((path, part) for path, part in walk(self) if isinstance(part, Tensor) and part.requires_grad)

    def parameters(self) -> list[Tensor]:
        """What training changes."""
        return [parameter for _, parameter in self.named_parameters()]

    def layers(self) -> Iterator[Layer]:
        """This layer and all inside it."""
        return (part for _, part in walk(self) if isinstance(part, Layer))

    def apply(self, function: Callable[[Layer], Any]) -> Layer:
        """Call a function with every layer inside, this one included."""
        for layer in self.layers():
            function(layer)
        return self

    def train(self, on: bool = True) -> Layer:
        """Behave as in training, or (False) as in use; for this layer and all inside it."""
        for layer in self.layers():
            layer.training = on
        return self

    def eval(self) -> Layer:
        """Behave as in use: the same as ``train(False)``."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def to(self, name: str) -> Layer:
        """Move every Tensor inside to another backend, in place."""
        for _, part in walk(self):
            if isinstance(part, Tensor):
                part.value = move(part.value, name)
                part.grad = None if part.requires_grad else part.grad
        return self

    def state_dict(self) -> dict[str, Array]:
        """Copies of all Tensors inside, as NumPy arrays, by path."""
        return {path: part.numpy().copy() for path, part in walk(self) if isinstance(part, Tensor)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Copy values in, by path.

        Raises
        ------
        ShapeError
            If keys are missing or unexpected, or a shape differs; nothing is changed then.
        """
        own = {path: part for path, part in walk(self) if isinstance(part, Tensor)}
        missing, unexpected = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
        if missing or unexpected:
            raise ShapeError(
                f"load_state_dict: the keys differ, got missing {missing} and unexpected {unexpected}; "
                "is it the state of another architecture?"
            )
        for path, part in own.items():
            if state[path].shape != part.shape:
                raise ShapeError(f"load_state_dict: {path} must have shape {part.shape}, got {state[path].shape}")
        for path, part in own.items():
            part.data = move(state[path], part.backend)

    def __repr__(self) -> str:
        shown = (Layer, list, tuple, int, float)
        inside = ", ".join(f"{k}={v!r}" for k, v in vars(self).items() if isinstance(v, shown))
        return f"{type(self).__name__}({inside})"
