"""What `DeviceArray` does with operators and methods; importing this installs them.

Builds on: `minigrad.backend.strict.array`. Read next: `minigrad.backend.strict.library`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend.strict.array import NAMES, SCALARS, DeviceArray, unwrap, wrap
from minigrad.backend.strict.watch import watch

__all__ = ["check_keywords"]


# -- operators: `device + other`, by CuPy's rules of who answers


def _foreign(device: DeviceArray, other: Any, ufunc: Any) -> Any:
    """The other operand is neither a device array nor a number: it answers, or nobody."""
    hook = getattr(other, "__array_ufunc__", _foreign)
    if hook is None or (hook is _foreign and getattr(other, "__array_priority__", 0) > DeviceArray.__array_priority__):
        return NotImplemented  # Python asks other.__radd__
    if ufunc in (np.equal, np.not_equal) and (other is None or "__eq__" not in _names(type(other))):
        return DeviceArray(np.full(device.shape, ufunc is np.not_equal))
    if hook is _foreign:
        raise TypeError(f"Unsupported type {type(other)}")
    return ufunc(device, other)  # NumPy asks other.__array_ufunc__, since the device array's says NotImplemented


def _names(kind: type) -> set[str]:
    """What a class and its bases define, but for `object`."""
    return {name for base in kind.__mro__[:-1] for name in vars(base)}


def _operators(name: str, compute: Callable[[Any, Any], Any], ufunc: Any) -> None:
    def forward(self: DeviceArray, other: Any) -> Any:
        kind = type(other)
        if kind is DeviceArray:
            other = other._a
        elif kind not in SCALARS:
            return _foreign(self, other, ufunc)
        result = compute(self._a, other)
        if watch.audit:
            watch.widened(result, self._a, other)
        return DeviceArray(result if type(result) is np.ndarray else np.asarray(result))

    def reflected(self: DeviceArray, other: Any) -> Any:
        other = unwrap(other)
        if type(other) not in SCALARS:  # the last chance: CuPy asks nobody else
            raise TypeError(f"Unsupported type {type(other)}")
        result = compute(other, self._a)
        if watch.audit:
            watch.widened(result, self._a, other)
        return DeviceArray(np.asarray(result))

    def inplace(self: DeviceArray, other: Any) -> Any:
        other = unwrap(other)
        if type(other) not in SCALARS and type(other) is not np.ndarray:  # CuPy does not ask other.__radd__ here
            raise TypeError(f"Unsupported type {type(other)}")
        ufunc(self._a, other, out=self._a)
        return self

    setattr(DeviceArray, f"__{name}__", forward)
    if compute in _COMPARISONS:
        return
    setattr(DeviceArray, f"__r{name}__", reflected)
    if name != "matmul":  # `a @= b` is a = a @ b, as in CuPy
        setattr(DeviceArray, f"__i{name}__", inplace)


_COMPARISONS = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)
_operators("add", operator.add, np.add)
_operators("sub", operator.sub, np.subtract)
_operators("mul", operator.mul, np.multiply)
_operators("truediv", operator.truediv, np.true_divide)
_operators("floordiv", operator.floordiv, np.floor_divide)
_operators("mod", operator.mod, np.remainder)
_operators("pow", operator.pow, np.power)
_operators("matmul", operator.matmul, np.matmul)
_operators("and", operator.and_, np.bitwise_and)
_operators("or", operator.or_, np.bitwise_or)
_operators("xor", operator.xor, np.bitwise_xor)
_operators("lshift", operator.lshift, np.left_shift)
_operators("rshift", operator.rshift, np.right_shift)
_operators("lt", operator.lt, np.less)
_operators("le", operator.le, np.less_equal)
_operators("eq", operator.eq, np.equal)
_operators("ne", operator.ne, np.not_equal)
_operators("gt", operator.gt, np.greater)
_operators("ge", operator.ge, np.greater_equal)


def _unary(name: str, compute: Callable[[Any], Any]) -> None:
    setattr(DeviceArray, name, lambda self: DeviceArray(np.asarray(compute(self._a))))


_unary("__neg__", operator.neg)
_unary("__pos__", operator.pos)
_unary("__abs__", operator.abs)
_unary("__invert__", operator.invert)


# -- methods: CuPy's names and keywords, NumPy's arithmetic

_KEYWORDS = {"reshape": ["order", "copy"], "ravel": ["order"], "flatten": ["order"], "view": ["dtype"]}


def check_keywords(name: str, given: dict[str, Any], known: Any) -> None:
    """Raise where CuPy would not take a keyword."""
    if wrong := [word for word in given if word not in known]:
        raise TypeError(f"{name}() got an unexpected keyword argument {wrong[0]!r} (CuPy)")


def _method(name: str) -> None:
    call, known = getattr(np.ndarray, name), _KEYWORDS.get(name, NAMES["sig"].get(f"cupy.{name}", ["a"])[1:])

    def method(self: DeviceArray, *args: Any, **kwargs: Any) -> Any:
        check_keywords(name, kwargs, known)
        if name == "take":  # indices may come from the host, as in a[...]
            args = tuple(np.asarray(a) if isinstance(a, (np.ndarray, list)) else unwrap(a) for a in args)
        else:
            args = tuple(map(unwrap, args))
        result = call(self._a, *args, **{word: unwrap(value) for word, value in kwargs.items()})
        if watch.audit:
            watch.widened(result, self._a)
        out = kwargs.get("out")
        return out if out is not None else wrap(result)

    method.__name__ = name
    setattr(DeviceArray, name, method)


for _name in """all any argmax argmin argsort clip conj cumprod cumsum diagonal dot fill flatten max mean min prod ravel
    repeat reshape round sort squeeze std sum swapaxes take trace transpose var view""".split():
    _method(_name)
