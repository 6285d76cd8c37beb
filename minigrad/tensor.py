"""`Tensor`: an array that remembers how it was computed.

A Tensor is a value (an array) and, if gradients flow through it, a place in the graph: a `Leaf` where the user asked
for a gradient, a `Node` where an op was recorded. `Nested` is the same one level up, inside `minigrad.grad`: ordinary
training is level 1, each transform opens a level above all before it, and an op runs at the highest among its inputs.

Two pieces are installed by the files that own them, so that this one imports nothing from above: `minigrad.backward`
adds `Tensor.backward`, `minigrad.ops` the operators and the methods that NumPy's arrays have.

Builds on: `minigrad.graph`, `minigrad.manners`. Read next: `minigrad.tape`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import Array, default_backend, move, namespace
from minigrad.errors import DeviceError, DTypeError, GraphError, ShapeError
from minigrad.graph import KEEP, Hook, Leaf, Node
from minigrad.manners import Manners
from minigrad.modes import open_levels

__all__ = ["FIRST", "Nested", "Tensor", "as_array", "as_value", "raw", "tensor"]

# The classes of level 1: ordinary Tensors and what users derive from them, all that a fast path has to look up.
FIRST: set[type] = set()


class Tensor(Manners):
    """An array that remembers how it was computed.

    ``Tensor(data, requires_grad=False)``: lists and numbers become float32 on the default backend; arrays keep their
    dtype and their memory (`tensor` copies).

    Raises
    ------
    DTypeError
        If `data` is no numbers, or integers are asked for gradients.

    >>> x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    array([2., 4., 6.], dtype=float32)
    """

    __slots__ = ("__weakref__", "node", "value")

    level: int = 1
    value: Any
    node: Node | Leaf | None

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        _no_graph(data)
        if not isinstance(requires_grad, bool):
            raise DTypeError(
                f"Tensor: requires_grad is True or False, got {requires_grad!r:.40}; zeros makes one of a shape"
            )
        self.value = as_array(data)
        self.node = None
        if requires_grad:
            self.requires_grad = True

    def __init_subclass__(cls) -> None:
        if cls.level == 1:  # what users derive is of level 1; Nested has a level for each instance
            FIRST.add(cls)

    # -- what it is ----------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self.value.shape  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value.ndim  # type: ignore[no-any-return]

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.value.size  # type: ignore[no-any-return]

    @property
    def dtype(self) -> Any:
        """The type of the elements, a NumPy dtype."""
        return self.value.dtype

    @property
    def backend(self) -> str:
        """The name of the library that holds the values."""
        return namespace(raw(self)).name  # type: ignore[no-any-return]

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow here. Setting it makes a leaf, or (False) forgets the graph."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        if not on:
            self.node = None
        elif self.node is None:
            if self.dtype.kind != "f":
                raise DTypeError(
                    f"requires_grad: only floating tensors have gradients, got {self.dtype}; "
                    "cast to float32 first, .astype('float32')"
                )
            self.node = Leaf(self.value)

    def requires_grad_(self, on: bool = True) -> Tensor:
        """Set `requires_grad` and return the tensor."""
        self.requires_grad = on
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op made it."""
        return not isinstance(self.node, Node)

    def __repr__(self) -> str:
        values = np.array2string(_host(self), separator=", ", prefix="Tensor(", threshold=100)
        origin = f", op={self.node.op}" if isinstance(self.node, Node) else ", requires_grad=True" if self.node else ""
        return f"Tensor({values}, shape={self.shape}, dtype={self.dtype}, backend={self.backend}{origin})"

    # -- its values ----------------------------------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        """The array, as a view that refuses writes. Assigning copies into the tensor's own memory."""
        array = raw(self)
        return namespace(array).readonly(array)

    @data.setter
    def data(self, new: Any) -> None:
        array = as_array(new) if hasattr(new, "dtype") else self.nearby(new)
        if array.shape != self.shape:
            raise ShapeError(f"data: the shape must stay {self.shape}, got {array.shape}; make a new Tensor instead")
        self._same_device("data", array)
        if isinstance(self.node, Node):
            raise GraphError(f"data: a graph hangs on this tensor, made by {self.node.op}; make a new tensor instead")
        self.write(..., array)

    def nearby(self, data: Any) -> Array:
        """Numbers and lists as an array on this tensor's device."""
        return move(as_array(data), self.backend)

    def _same_device(self, name: str, array: Array) -> None:
        if namespace(array) is not namespace(raw(self)):
            there = namespace(array).name
            raise DeviceError(
                f"{name}: must lie on {self.backend}, got {there}; move it there with .to({self.backend!r})"
            )

    def write(self, index: Any, new: Array) -> None:
        """Write into the memory, noting it for the backward walks that may still need what stood there."""
        if self.level > 1:
            raise GraphError("write: a value under a transform is the caller's, got a write into it; compute a new one")
        if isinstance(self.node, Leaf):
            if not getattr(getattr(self.value, "flags", None), "writeable", True):
                self.value = self.value.copy()
            self.value[index] = new
            self.node.stamp(self.value)
        else:  # somebody else may hold this memory, a vjp's closure perhaps: write into a copy
            self.value = self.value.copy()
            self.value[index] = new

    def numpy(self) -> np.ndarray[Any, Any]:
        """The values as a NumPy array: a read-only view on the host, a copy from a device."""
        return namespace(raw(self)).readonly(raw(self)) if self.backend == "numpy" else _host(self)

    def item(self) -> float | int | bool:
        """The one element, as a Python number."""
        if self.size != 1:
            raise ShapeError(f"item: exactly one element makes a number, got shape {self.shape}; index or reduce first")
        return _host(self).item()  # type: ignore[no-any-return]

    def tolist(self) -> Any:
        """The elements as nested Python lists."""
        return _host(self).tolist()

    def detach(self) -> Tensor:
        """The same values, cut off from the graph."""
        return Tensor(raw(self))

    def to(self, name: str) -> Tensor:
        """The tensor on another backend; a leaf gives a leaf, and no gradient flows through the move."""
        if isinstance(self.node, Node) or self.level > 1:
            raise GraphError(f"to: gradients flow through this tensor, {self._origin()}; move the inputs, or detach()")
        return _rebuild(type(self), move(raw(self), name), self.requires_grad, None, self._extras())

    __hash__ = object.__hash__  # by identity: == compares elements

    def __reduce__(self) -> Any:  # pickle, copy and deepcopy all ask this
        if isinstance(self.node, Node) or self.level > 1:
            raise GraphError(f"copy: gradients flow through this tensor, {self._origin()}; copy t.detach() instead")
        return _rebuild, (type(self), raw(self), self.requires_grad, self.grad, self._extras())

    def _origin(self) -> str:
        return f"got one made by {self.node.op}" if isinstance(self.node, Node) else "got the input of a transform"

    def _extras(self) -> dict[str, Any]:
        """The attributes that a subclass has added."""
        added = [kind for kind in type(self).__mro__ if kind not in Tensor.__mro__]
        slots = [
            s for kind in added for s in np.atleast_1d(vars(kind).get("__slots__", ())).tolist() if hasattr(self, s)
        ]
        return {**getattr(self, "__dict__", {}), **{slot: getattr(self, slot) for slot in slots}}

    # -- its gradient --------------------------------------------------------------------------------------------------

    @property
    def grad(self) -> Array | None:
        """The gradient, a plain array like the value; None where none has arrived, and for results of ops unless
        `retain_grad` was called. Assigning copies."""
        if isinstance(self.node, Leaf):
            return self.node.grad
        return getattr(self.node, "kept", None)

    @grad.setter
    def grad(self, new: Any) -> None:
        if not isinstance(self.node, Leaf):
            raise GraphError("grad: only a leaf has one to assign, got none; set requires_grad=True first")
        if new is None:
            self.node.grad = None
            return
        g = raw(new)
        if getattr(g, "shape", None) != self.shape:
            raise ShapeError(
                f"grad: must have the tensor's shape {self.shape}, got {getattr(g, 'shape', type(g).__name__)}; reshape"
            )
        if g.dtype != self.dtype:
            raise DTypeError(f"grad: must have the tensor's dtype {self.dtype}, got {g.dtype}; cast with .astype")
        self._same_device("grad", g)
        self.node.grad = None
        self.node.deposit(g)

    def register_hook(self, hook: Hook) -> Callable[[], None]:
        """Call `hook(gradient)` when the walk has the whole gradient of this tensor; what it returns, if anything,
        takes the gradient's place. Returns a function that removes the hook."""
        if self.node is None:
            raise GraphError("register_hook: no gradient flows through this tensor; set requires_grad=True first")
        if not callable(hook):
            raise DTypeError(f"register_hook: a hook is a function of the gradient, got {hook!r:.40}; pass one")
        node, token = self.node, object()
        node.watch = {**(node.watch or {}), token: hook}

        def remove() -> None:
            node.watch = {other: f for other, f in (node.watch or {}).items() if other is not token} or None

        return remove

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate tensor in `.grad` at the next backward."""
        if isinstance(self.node, Node):
            self.node.watch = {**(self.node.watch or {}), KEEP: lambda g: None}
        elif self.node is None:
            raise GraphError("retain_grad: no gradient flows through this tensor; set requires_grad=True first")


FIRST.add(Tensor)


class Nested(Tensor):
    """A value under a functional transform (`minigrad.grad` and its family), above the level of ordinary training.

    Its `value` may be an array or a Tensor of a lower level; every transform opens a level of its own, higher than all
    before it, so that nested derivatives never mix.
    """

    __slots__ = ("level",)

    def __init__(self, value: Any, level: int, node: Node | Leaf | None = None) -> None:
        self.value, self.level, self.node = value, level, node

    def __float__(self) -> float:
        if self.level in open_levels and self.node is not None:  # math.sin(x) would have a derivative of 0, silently
            raise GraphError(
                "float: the value is being differentiated, and a Python number would drop its graph, got a conversion; "
                "use minigrad's functions, or .item() for the number alone"
            )
        return super().__float__()


def raw(x: Any) -> Any:
    """The array under a Tensor of any level; anything else as it is."""
    while isinstance(x, Tensor):
        x = x.value
    return x


def as_array(data: Any) -> Array:
    """An array from whatever a user may hand in: arrays as they are, everything else float32 on the default backend."""
    data = raw(data)
    if type(data) is np.ndarray and data.dtype.kind in "fiub":  # the ordinary case
        return data
    if isinstance(data, (bool, int, float, complex, list, tuple)) and not isinstance(data, np.generic):
        return default_backend().from_host(_from_python(data))
    try:
        namespace(data)
    except DeviceError:  # no library of ours: pandas, torch and others can still hand over an array
        if not hasattr(data, "__array__"):
            kind = type(data).__name__
            raise DTypeError(f"Tensor: not made of numbers, got {kind} {data!r:.60}; pass an array or a list") from None
        data = np.asarray(data)
    if isinstance(data, np.ma.MaskedArray):
        raise DTypeError("Tensor: a mask would be lost, got a masked array; fill it, or use minigrad.where")
    if isinstance(data, (np.ndarray, np.generic)):  # NumPy's scalars and subclasses become plain arrays
        data = np.asarray(data)
    if data.dtype.kind not in "fiub":
        raise DTypeError(f"Tensor: holds real numbers, got dtype {data.dtype}; convert it, for instance to float32")
    return data


def _no_graph(data: Any) -> None:
    if isinstance(data, Tensor) and (isinstance(data.node, Node) or data.level > 1):
        raise GraphError("Tensor: the graph would be lost, got a Tensor with one; use it as it is, or its detach()")


def _from_python(data: Any) -> np.ndarray[Any, Any]:
    """Numbers and nested lists of numbers as float32; strings and None are no numbers, whatever NumPy makes of them."""
    if isinstance(data, (list, tuple)) and any(isinstance(part, Tensor) for part in data):
        raise DTypeError("Tensor: a list of Tensors would lose their graphs, got one; use minigrad.stack")
    try:
        array = np.array(data)
    except ValueError:  # lists of unequal lengths
        array = np.array(None)
    if array.dtype.kind not in "fiub":
        raise DTypeError(
            f"Tensor: needs a rectangle of real numbers, got {data!r:.60}; no strings, None, complex, ragged rows"
        )
    return array.astype(np.float32)


def as_value(x: Any) -> Any:
    """An array or Tensor as it is, anything else as an array: what a composite op does to its arguments."""
    if type(x) in FIRST or type(x) is np.ndarray:
        return x
    return x if hasattr(x, "dtype") and not isinstance(x, np.generic) else as_array(x)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A Tensor on a copy of the data.

    >>> import numpy as np
    >>> a = np.zeros(2)
    >>> t = tensor(a)
    >>> a[0] = 1
    >>> t.tolist()
    [0.0, 0.0]
    """
    _no_graph(data)
    array = as_array(data)
    return Tensor(namespace(array).array(array, dtype=dtype or array.dtype), requires_grad)


def _host(t: Tensor) -> np.ndarray[Any, Any]:
    array = raw(t)
    return namespace(array).to_host(array)  # type: ignore[no-any-return]


def _rebuild(kind: type[Tensor], value: Array, requires_grad: bool, grad: Any, extras: dict[str, Any]) -> Tensor:
    """A tensor of this class with these contents; its constructor, which may ask for anything, is not called."""
    out = object.__new__(kind)
    out.value, out.node = value, Leaf(value) if requires_grad else None
    for name, part in extras.items():
        setattr(out, name, part)
    if grad is not None:
        out.grad = grad
    return out
