"""Which library computes: `namespace(x)` answers by the type of the value, with one dictionary look-up.

A NumPy array answers with the NumPy backend, a CuPy array with the CuPy backend, a Tensor with minigrad's own ops. That
last answer is the whole secret of higher derivatives: an op's body that runs on Tensors records itself.

CuPy is imported only when a CuPy array turns up or somebody asks for it. A new backend is one file and one line in
`LIBRARIES`, or from outside one call of `register`.

Builds on: `minigrad.errors`, `minigrad.backend.vocabulary`. Read next: `minigrad.backend.numpy`.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from minigrad.backend.numpy import NumPy
from minigrad.backend.vocabulary import LINALG, SHARED, Array, Backend
from minigrad.errors import DeviceError

__all__ = [
    "Array",
    "Backend",
    "LIBRARIES",
    "LINALG",
    "SHARED",
    "backend",
    "default_backend",
    "move",
    "namespace",
    "register",
    "register_values",
    "use_backend",
    "why_not",
]

# name -> the module whose load() makes the backend; loaded when first asked for.
LIBRARIES: dict[str, str] = {
    "numpy": "minigrad.backend.numpy",
    "cupy": "minigrad.backend.cupy",
    "strict": "minigrad.backend.strict",
}

_backends: dict[str, Backend] = {}
_unusable: dict[str, str] = {}  # name -> why; asked once, since finding out may take a second
_by_type: dict[type, Any] = {}  # type of a value -> its namespace
_tracing: dict[type, Any] = {}  # the types that outrank arrays: Tensors, recorded values
_SCALARS = frozenset([bool, int, float, complex])  # they go wherever the arrays beside them are


def register(backend: Backend) -> None:
    """Make a backend known: its name to `use_backend`, the types of its arrays to `namespace`.

    >>> register(backend("numpy"))
    """
    if not isinstance(backend, Backend):
        raise DeviceError(f"register: not a backend, got {backend!r}; pass an instance of a subclass of Backend")
    _backends[backend.name] = backend
    _unusable.pop(backend.name, None)
    for kind in backend.array_types:
        _by_type[kind] = backend


def register_values(kind: type, ops: Any) -> None:
    """Let `namespace` answer `ops` for values of type `kind`; how Tensors join in, and recorded values.

    >>> class Recorded: ...
    >>> register_values(Recorded, "the ops of recorded values")
    >>> namespace(Recorded(), np.ones(3))
    'the ops of recorded values'
    """
    _by_type[kind] = ops
    _tracing[kind] = ops


def namespace(*values: Any) -> Any:
    """The functions that fit these values: those of their library, or minigrad's own where one of them is a Tensor.

    Raises
    ------
    DeviceError
        If the values are arrays of two libraries, or nothing that a backend computes with.

    >>> import numpy as np
    >>> namespace(np.ones(3)).name
    'numpy'
    """
    if len(values) == 1:
        try:
            return _by_type[type(values[0])]
        except KeyError:
            return _find(values[0])
    found, loose = None, True
    for value in values:
        kind = type(value)
        if kind in _SCALARS or value is None:
            continue
        own = _by_type.get(kind) or _find(value)
        if kind in _tracing:
            return own
        if loose:  # nothing yet but NumPy's scalars, which go along with any array, as Python's do
            found, loose = own, isinstance(value, np.generic)
        elif own is not found and not isinstance(value, np.generic):
            _refuse_mixture(values)
    return found or _by_type[np.ndarray]


def _find(value: Any) -> Any:
    """The slow half of `namespace`: subclasses, NumPy's scalars, and libraries that are not loaded yet."""
    kind = type(value)
    for base in kind.__mro__:
        name = getattr(base, "__backend__", base.__module__.partition(".")[0])
        if base not in _by_type and name in LIBRARIES:
            backend(name)
        if base in _by_type:
            if base in _tracing:
                _tracing[kind] = _tracing[base]
            _by_type[kind] = _by_type[base]
            return _by_type[kind]
    raise DeviceError(
        f"namespace: no backend computes with values of type {kind.__module__}.{kind.__qualname__}; "
        "pass an array, a Tensor or a number, or register a backend for the type"
    )


def _refuse_mixture(values: tuple[Any, ...]) -> None:
    """Raise for arrays of two libraries, unless a Tensor among the values is going to answer for all of them."""
    kinds = [type(value) for value in values if type(value) not in _SCALARS and value is not None]
    if any(kind in _tracing for kind in kinds):
        return
    names = sorted({_by_type[kind].name for kind in kinds if not issubclass(kind, np.generic)})
    raise DeviceError(
        f"namespace: arrays of two libraries in one call, got {' and '.join(names)}; "
        f'move one of them first, with .to("{names[0]}") or minigrad.backend.move(array, "{names[0]}")'
    )


def backend(name: str) -> Backend:
    """The backend of that name, loaded if need be.

    Raises
    ------
    DeviceError
        If the name is unknown, or the library cannot be used here; the message says why.

    >>> backend("numpy").name
    'numpy'
    """
    if name not in _backends:
        if name not in LIBRARIES:
            known = ", ".join(sorted({*LIBRARIES, *_backends}))
            raise DeviceError(f"backend: no backend has this name, got {name!r}; known: {known}")
        if name in _unusable:
            raise DeviceError(_unusable[name])
        try:
            register(importlib.import_module(LIBRARIES[name]).load())
        except DeviceError as error:
            _unusable[name] = str(error)
            raise
    return _backends[name]


def why_not(name: str) -> str | None:
    """Why a backend cannot be used here; None where it can. Finding out loads it.

    >>> why_not("numpy") is None
    True
    """
    try:
        backend(name)
    except DeviceError as error:
        return str(error)
    return None


def move(array: Array, name: str) -> Array:
    """The array on another device; itself where it is there already.

    >>> move(np.ones(2), "numpy")
    array([1., 1.])
    """
    source, target = namespace(array), backend(name)
    return array if source is target else target.from_host(source.to_host(array))


register(NumPy())
for _kind in (*_SCALARS, np.generic):
    _by_type[_kind] = _by_type[np.ndarray]

_default: list[Backend] = [_by_type[np.ndarray]]


def default_backend() -> Backend:
    """Where new Tensors are made: NumPy unless `use_backend` says otherwise.

    >>> default_backend().name
    'numpy'
    """
    return _default[0]


class use_backend:
    """Make new Tensors on this backend, from now on, or inside a ``with`` block.

    >>> with use_backend("numpy"):
    ...     default_backend().name
    'numpy'
    """

    def __init__(self, name: str) -> None:
        self.previous, self.chosen = _default[0], backend(name)
        _default[0] = self.chosen

    def __enter__(self) -> Backend:
        _default[0] = self.chosen
        return self.chosen

    def __exit__(self, *exc: object) -> None:
        _default[0] = self.previous
