"""Layers that hold layers.

Builds on: `minigrad.nn.layer`. Read next: `minigrad.nn.linear`.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from minigrad.errors import DTypeError
from minigrad.nn.describe import call_of, one_a_line
from minigrad.nn.layer import Layer

__all__ = ["Identity", "LayerDict", "LayerList", "Residual", "Sequential"]


class LayerList(Layer):
    """A list of layers, all of them found by `walk`; plain Python lists are found as well.

    y_i = f_i, and nothing is computed: a loop in `forward` says how

    >>> from minigrad.nn import Linear
    >>> blocks = LayerList(Linear(2, 2) for _ in range(3))
    >>> len(blocks), [name for name, _ in blocks.named_parameters()][:2]
    (3, ['0.weight', '0.bias'])
    """

    def __init__(self, layers: Iterable[Any] = ()) -> None:
        self._list = list(layers)

    def contents(self) -> list[tuple[str, Any]]:
        inside = [(str(i), layer) for i, layer in enumerate(self._list)]
        return inside + [(name, part) for name, part in super().contents() if name != "_list"]

    def __len__(self) -> int:
        return len(self._list)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._list)

    def __getitem__(self, index: Any) -> Any:
        return self._of(self._list[index]) if isinstance(index, slice) else self._list[index]

    def __setitem__(self, index: int, layer: Any) -> None:
        self._list[index] = layer

    def __delitem__(self, index: Any) -> None:
        del self._list[index]

    def append(self, layer: Any) -> Any:
        """Put one more layer at the end."""
        self._list.append(layer)
        return self

    def extend(self, layers: Iterable[Any]) -> Any:
        """Put more layers at the end."""
        self._list.extend(layers)
        return self

    def insert(self, index: int, layer: Any) -> Any:
        """Put a layer before the one at `index`."""
        self._list.insert(index, layer)
        return self

    def _of(self, layers: list[Any]) -> LayerList:
        """A container of the same kind and mode with these layers."""
        out = LayerList(layers)
        out.training = self.training
        return out

    def __repr__(self) -> str:
        return f"LayerList([{one_a_line([repr(layer) for layer in self])}])"


class Sequential(LayerList):
    """Layers one after the other; an index gives a layer, a slice a shorter Sequential.

    y = f_n(... f_2(f_1(x)))

    >>> from minigrad.nn import Linear, ReLU
    >>> model = Sequential(Linear(2, 3), ReLU(), Linear(3, 1))
    >>> [name for name, _ in model.named_parameters()]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> model[:2]
    Sequential(
        Linear(2, 3),
        ReLU(),
    )
    """

    def __init__(self, *layers: Any) -> None:
        for layer in layers:
            if not callable(layer):
                kind = type(layer).__name__
                raise DTypeError(f"Sequential: takes layers one by one, got {kind}; unpack a list, *layers")
        super().__init__(layers)

    def forward(self, x: Any) -> Any:
        for layer in self._list:
            x = layer(x)
        return x

    def _of(self, layers: list[Any]) -> Sequential:
        out = Sequential(*layers)
        out.training = self.training
        return out

    def __repr__(self) -> str:
        return call_of(self, self._list, {})


class LayerDict(Layer):
    """Layers by name.

    y_k = f_k, and nothing is computed: `forward` of the layer around it picks

    >>> from minigrad.nn import Linear
    >>> heads = LayerDict({"age": Linear(4, 1), "class": Linear(4, 3)})
    >>> [name for name, _ in heads.named_parameters()]
    ['age.weight', 'age.bias', 'class.weight', 'class.bias']
    """

    def __init__(self, layers: Mapping[str, Any] | None = None) -> None:
        self._dict = dict(layers or {})

    def contents(self) -> list[tuple[str, Any]]:
        return [*self._dict.items(), *((name, part) for name, part in super().contents() if name != "_dict")]

    def __len__(self) -> int:
        return len(self._dict)

    def __iter__(self) -> Iterator[str]:
        return iter(self._dict)

    def __contains__(self, name: str) -> bool:
        return name in self._dict

    def __getitem__(self, name: str) -> Any:
        return self._dict[name]

    def __setitem__(self, name: str, layer: Any) -> None:
        self._dict[name] = layer

    def __delitem__(self, name: str) -> None:
        del self._dict[name]

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._dict.keys()

    def values(self) -> ValuesView[Any]:
        """The layers."""
        return self._dict.values()

    def items(self) -> ItemsView[str, Any]:
        """Names and layers."""
        return self._dict.items()

    def __repr__(self) -> str:
        return f"LayerDict({{{one_a_line([f'{name!r}: {layer!r}' for name, layer in self.items()])}}})"


class Identity(Layer):
    """What comes in goes out; it stands where a layer may be left out.

    y = x

    >>> Identity()(3.0)
    3.0
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        return x


class Residual(Layer):
    """A layer with a way around it.

    y = x + f(x), or g(x) + f(x) with a shortcut g that brings x to the shape of f(x)

    >>> from minigrad import ones
    >>> from minigrad.nn import Linear, ReLU, Sequential
    >>> Residual(Sequential(Linear(3, 3), ReLU()))(ones((2, 3))).shape
    (2, 3)

    Reference: He et al., Deep Residual Learning for Image Recognition, 2016, equation 1.
    """

    def __init__(self, layer: Any, shortcut: Any = None) -> None:
        self.layer, self.shortcut = layer, shortcut

    def forward(self, x: Any) -> Any:
        return (x if self.shortcut is None else self.shortcut(x)) + self.layer(x)
