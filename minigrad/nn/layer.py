"""`Layer`, the base of every layer, and `walk`, the one way to find what a model is made of.

A layer is a plain Python object. Its parameters, buffers and sub-layers are whatever stands in its attributes, and in
the lists, tuples and dicts among them, in the order of definition. `super().__init__()` need not be called.

Builds on: `minigrad.nn.parameter`, `minigrad.nn.state`, `minigrad.nn.describe`. Read next: `minigrad.nn.linear`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from reprlib import recursive_repr
from typing import Any

from minigrad.backend import Array
from minigrad.errors import add_note
from minigrad.graph import Leaf
from minigrad.nn.describe import constructor_call
from minigrad.nn.parameter import Buffer, Parameter, place
from minigrad.nn.state import Unmatched, load, renamed
from minigrad.tensor import Tensor

__all__ = ["Buffer", "Layer", "Parameter", "walk"]

_HOOKS = ("_pre_hooks", "_forward_hooks")  # attributes that hold functions, no parts of the model


def walk(root: Any, path: str = "", aliases: bool = False) -> Iterator[tuple[str, Any]]:
    """Every layer and Tensor in `root` with its path, depth first in the order of definition.

    What is shared comes once, under its first path; with `aliases` under each of its paths. Cycles end the walk.
    A part without a name, '' in `contents`, stands at the path of what holds it: so wrappers change no path.

    >>> class Pair(Layer):
    ...     def __init__(self):
    ...         self.weights = [Parameter([1.0]), Parameter([2.0])]
    >>> [name for name, _ in walk(Pair())]
    ['', 'weights.0', 'weights.1']
    """
    seen: set[int] = set()

    def visit(value: Any, path: str) -> Iterator[tuple[str, Any]]:
        if not isinstance(value, (Layer, Tensor, list, tuple, dict)) or id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, (Layer, Tensor)):
            yield path, value
        for name, part in _parts(value):
            yield from visit(part, f"{path}.{name}" if path and name else path or name)
        if aliases:  # only what lies above is barred: that is what makes a cycle
            seen.discard(id(value))

    yield from visit(root, path)


def _parts(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Layer):
        return value.contents()
    if isinstance(value, dict):
        return [(str(key), part) for key, part in value.items()]
    return [(str(i), part) for i, part in enumerate(value)] if isinstance(value, (list, tuple)) else []


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
    _pre_hooks: dict[Any, Callable[..., Any]] | None = None
    _forward_hooks: dict[Any, Callable[..., Any]] | None = None
    _original: Layer | None = None  # whom a copy that is made for one call stands for

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The formula of the layer; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__}: a layer defines forward(self, x)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`forward` between the hooks; an error inside learns the path of the layer that it arose in."""
        this = self if self._original is None else self._original
        try:
            for before in tuple(self._pre_hooks.values()) if self._pre_hooks else ():
                changed = before(this, args)
                args = args if changed is None else changed if isinstance(changed, tuple) else (changed,)
            y = self.forward(*args, **kwargs)
            for after in tuple(self._forward_hooks.values()) if self._forward_hooks else ():
                changed = after(this, args, y)
                y = y if changed is None else changed
            return y
        except Exception as error:
            _locate(error, this)
            raise

    # -- what it is made of --------------------------------------------------------------------------------------------

    def contents(self) -> list[tuple[str, Any]]:
        """The attributes by name, where `walk` looks. Containers answer with what they contain."""
        return [(name, part) for name, part in vars(self).items() if name not in _HOOKS]

    def named_layers(self) -> Iterator[tuple[str, Layer]]:
        """Paths and layers: this one, with the empty path, and all inside it."""
        return ((path, part) for path, part in walk(self) if isinstance(part, Layer))

    def layers(self) -> Iterator[Layer]:
        """This layer and all inside it."""
        return (part for _, part in self.named_layers())

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Paths and parameters: every Tensor inside that requires gradients. What is frozen is left out."""
        return ((path, part) for path, part in walk(self) if is_parameter(part) and part.requires_grad)

    def parameters(self) -> list[Tensor]:
        """What training changes: what an optimizer is made of. What is frozen is left out."""
        return [parameter for _, parameter in self.named_parameters()]

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Paths and buffers: state that is saved and moved, and not trained."""
        return ((path, part) for path, part in walk(self) if isinstance(part, Buffer))

    def buffers(self) -> list[Buffer]:
        """State that is saved and moved, and not trained."""
        return [buffer for _, buffer in self.named_buffers()]

    # -- what is done to all of it -------------------------------------------------------------------------------------

    def apply(self, function: Callable[[Layer], Any]) -> Layer:
        """Call a function with every layer inside, the innermost first, this one last."""
        for layer in reversed(list(self.layers())):
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

    def requires_grad_(self, on: bool = True) -> Layer:
        """Freeze (False) or thaw all parameters inside, before an optimizer is made; frozen ones stay in the state."""
        for _, part in walk(self):
            if is_parameter(part):
                part.requires_grad = on
        return self

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for parameter in self.parameters():
            parameter.grad = None

    def to(self, backend: str | None = None, dtype: Any = None) -> Layer:
        """Move every Tensor inside to another backend, or make the floating ones of another dtype, in place.

        >>> from minigrad.nn import Linear
        >>> Linear(2, 1).to(dtype="float64").weight.dtype
        dtype('float64')
        """
        for path, part in walk(self):
            if isinstance(part, Tensor):
                place(part, path, backend, dtype)
        return self

    # -- its state -----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Tensor]:
        """Parameters and buffers themselves by path; what is shared stands under each of its paths, as in PyTorch."""
        return {p: t for p, t in walk(self, aliases=True) if isinstance(t, Buffer) or is_parameter(t)}

    def state_dict(self) -> dict[str, Array]:
        """Copies of parameters and buffers as NumPy arrays, by path."""
        return {path: part.numpy().copy() for path, part in self.state().items()}

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> Unmatched:
        """Copy values in, by path; they take the dtype and device of what is there.

        Returns the paths that are missing from `state` and those it has too many, which `strict` refuses.

        Raises
        ------
        ShapeError
            If a shape differs, or, with `strict`, keys are missing or unexpected. Nothing is changed then.
        DTypeError
            If an entry is no array of real numbers. Nothing is changed then.
        ValueError
            If what is shared comes with different values under its paths. Nothing is changed then.
        """
        layers = ((path, part) for path, part in walk(self, aliases=True) if isinstance(part, Layer))
        return load(self.state(), renamed(layers, state), strict)

    def older_names(self) -> dict[str, str]:
        """Names that parts of this layer have in older states, and their names now; such states load as well."""
        return {}

    # -- hooks ---------------------------------------------------------------------------------------------------------

    def register_forward_hook(self, hook: Callable[[Layer, tuple[Any, ...], Any], Any]) -> Callable[[], None]:
        """Call ``hook(layer, args, output)`` after forward; what it returns, if anything, takes the output's place.

        Returns a function that removes the hook.
        """
        self._forward_hooks, remove = _add(self, "_forward_hooks", hook)
        return remove

    def register_forward_pre_hook(self, hook: Callable[[Layer, tuple[Any, ...]], Any]) -> Callable[[], None]:
        """Call ``hook(layer, args)`` before forward; what it returns, if anything, takes the place of the arguments.

        Returns a function that removes the hook.
        """
        self._pre_hooks, remove = _add(self, "_pre_hooks", hook)
        return remove

    @recursive_repr()
    def __repr__(self) -> str:
        return constructor_call(self)


def is_parameter(part: Any) -> bool:
    """Whether training may change it: a `Parameter`, or another Tensor for as long as it is a leaf."""
    return isinstance(part, Parameter) or (isinstance(part, Tensor) and isinstance(part.node, Leaf))


def _add(layer: Layer, name: str, hook: Callable[..., Any]) -> tuple[dict[Any, Callable[..., Any]], Callable[[], None]]:
    token = object()

    def remove() -> None:
        (getattr(layer, name) or {}).pop(token, None)

    return {**(getattr(layer, name) or {}), token: hook}, remove


def _locate(error: Exception, outer: Layer) -> None:
    """Say in the error where it arose, as far as is known from `outer`: ``in Sequential.2 (Linear)``.

    The error passes all layers that are being called, the innermost first, and each puts its longer path in place of
    the shorter one.
    """
    before, inner = getattr(error, "__layer__", ("", outer))
    path = next((path for path, part in walk(outer) if part is inner), None)
    if path is None:  # made on the way: no path leads there
        return
    note = f"in {type(outer).__name__}" + (f".{path} ({type(inner).__name__})" if path else "")
    error.__layer__ = note, inner  # type: ignore[attr-defined]
    notes = getattr(error, "__notes__", [])
    if before in notes:
        notes[notes.index(before)] = note
    elif before and error.args and isinstance(error.args[0], str):  # Python 3.10: notes stand in the message
        error.args = (error.args[0].removesuffix(before) + note, *error.args[1:])
    else:
        add_note(error, note)
