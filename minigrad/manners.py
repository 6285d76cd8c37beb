"""What Python and NumPy ask of an array, answered for a Tensor: conversion, length, iteration, formatting, ufuncs.

Either the right thing happens, or an error says what to call instead; a graph is never dropped in silence.

Builds on: `minigrad.errors`. Read next: `minigrad.tensor`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.errors import DTypeError, GraphError

__all__ = ["OPERATORS", "Manners"]

# ufunc name -> op, filled in by minigrad.ops: what an ndarray on the left of an operator turns to.
OPERATORS: dict[str, Callable[..., Any]] = {}


class Manners:
    """The conversions and protocols of Tensor, and for type checkers the operators that `minigrad.ops` installs."""

    __slots__ = ()

    if TYPE_CHECKING:
        value: Any
        node: Any

        @property
        def shape(self) -> tuple[int, ...]: ...
        @property
        def dtype(self) -> Any: ...
        @property
        def backend(self) -> str: ...
        def item(self) -> float | int | bool: ...
        def numpy(self) -> np.ndarray[Any, Any]: ...
        def backward(self, gradient: Any = None, *, retain_graph: bool = False, create_graph: bool = False) -> None: ...
        def __dlpack__(
            self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
        ) -> Any: ...
        def __dlpack_device__(self) -> tuple[int, int]: ...
        def __neg__(self) -> Any: ...
        def __abs__(self) -> Any: ...
        def __getitem__(self, index: Any) -> Any: ...
        def __setitem__(self, index: Any, new: Any) -> None: ...
        def __add__(self, other: Any) -> Any: ...
        def __radd__(self, other: Any) -> Any: ...
        def __sub__(self, other: Any) -> Any: ...
        def __rsub__(self, other: Any) -> Any: ...
        def __mul__(self, other: Any) -> Any: ...
        def __rmul__(self, other: Any) -> Any: ...
        def __truediv__(self, other: Any) -> Any: ...
        def __rtruediv__(self, other: Any) -> Any: ...
        def __pow__(self, other: Any) -> Any: ...
        def __rpow__(self, other: Any) -> Any: ...
        def __matmul__(self, other: Any) -> Any: ...
        def __rmatmul__(self, other: Any) -> Any: ...
        def __lt__(self, other: Any) -> Any: ...
        def __le__(self, other: Any) -> Any: ...
        def __gt__(self, other: Any) -> Any: ...
        def __ge__(self, other: Any) -> Any: ...

        T: Any
        mT: Any
        all: Any
        any: Any
        argmax: Any
        argmin: Any
        argsort: Any
        astype: Any
        clip: Any
        cumprod: Any
        cumsum: Any
        diagonal: Any
        dot: Any
        flatten: Any
        max: Any
        mean: Any
        min: Any
        prod: Any
        ravel: Any
        repeat: Any
        reshape: Any
        round: Any
        squeeze: Any
        std: Any
        sum: Any
        swapaxes: Any
        take: Any
        trace: Any
        transpose: Any
        var: Any

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise DTypeError(f"index: only an integer tensor is an index, got {self.dtype}; use int(t)")
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len: a 0-d tensor has no length; use .size, or float(t) for its value")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iter: a 0-d tensor cannot be iterated; use float(t) for its value")
        return (self[i] for i in range(self.shape[0]))

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.node is not None:
            raise GraphError(
                "numpy.asarray: gradients flow through this tensor and would be lost in silence; "
                "use t.numpy() for its values, or a minigrad op"
            )
        if self.backend != "numpy":
            raise TypeError(f"numpy.asarray: the values lie on {self.backend}; use t.numpy() to copy them to the host")
        return np.array(self.value, dtype=dtype, copy=True) if copy else np.asarray(self.numpy(), dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        # ndarray + tensor arrives here as np.add(ndarray, tensor): the operators work, the rest is advised.
        operator = OPERATORS.get(ufunc.__name__)
        if operator is not None and method == "__call__" and not options:
            return operator(*inputs)
        if "out" in options:
            raise TypeError(f"numpy.{ufunc.__name__}: a Tensor cannot be written into an array in place; use t.numpy()")
        return self.__array_function__(ufunc, (), (), {})

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        name = function.__name__
        raise TypeError(
            f"numpy.{name}: called on a minigrad Tensor, whose graph it would drop; "
            f"use minigrad.{name} if there is one, or numpy.{name}(t.numpy()) for the values alone"
        )
