"""The operators and methods of Tensor: one line each in the tables below.

Installed here and not written in `minigrad.tensor`, so that Tensor imports nothing from above, and called without a
look-up: ``a * b`` is the op itself.

Builds on: every file of this folder. Read next: `minigrad.autodiff`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, cast

from minigrad.errors import DTypeError, GraphError, ShapeError
from minigrad.explain import explain_forward
from minigrad.graph import Leaf, Node
from minigrad.manners import OPERATORS
from minigrad.modes import recording
from minigrad.ops import (
    arithmetic,
    arrange,
    cumulative,
    determinant,
    elementwise,
    index,
    linalg,
    piecewise,
    reduce,
    shape,
    sorting,
    systems,
    trigonometry,
)
from minigrad.tensor import Tensor, raw

# Python's name -> (op, NumPy's name for what `ndarray <operator> tensor` calls)
BINARY: dict[str, tuple[Callable[..., Any], str]] = {
    "add": (arithmetic.add, "add"),
    "sub": (arithmetic.subtract, "subtract"),
    "mul": (arithmetic.multiply, "multiply"),
    "truediv": (arithmetic.divide, "divide"),
    "floordiv": (arithmetic.floor_divide, "floor_divide"),
    "mod": (arithmetic.remainder, "remainder"),
    "pow": (arithmetic.power, "power"),
    "matmul": (linalg.matmul, "matmul"),
}
COMPARISON: dict[str, Callable[..., Any]] = {
    "eq": arithmetic.equal,
    "ne": arithmetic.not_equal,
    "lt": arithmetic.less,
    "le": arithmetic.less_equal,
    "gt": arithmetic.greater,
    "ge": arithmetic.greater_equal,
}
# Masks combine as plain arrays, like the comparisons that make them: Python's name -> (function, NumPy's name)
MASKS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "and": (operator.and_, "bitwise_and"),
    "or": (operator.or_, "bitwise_or"),
    "xor": (operator.xor, "bitwise_xor"),
}
METHODS: dict[str, Callable[..., Any]] = {
    "__abs__": piecewise.abs,
    "__contains__": lambda t, x: bool(reduce.any(arithmetic.equal(t, x))),
    "__getitem__": index.getitem,
    "__invert__": lambda t: ~raw(t),
    "__neg__": arithmetic.negative,
    "__pos__": lambda t: t,
    "__setitem__": lambda t, where, new: _setitem(t, where, new),
    "__round__": lambda t, decimals=0: piecewise.round(t, decimals),
    "all": reduce.all,
    "any": reduce.any,
    "argmax": reduce.argmax,
    "argmin": reduce.argmin,
    "argsort": sorting.argsort,
    "astype": piecewise.astype,
    "clip": piecewise.clip,
    "cumprod": cumulative.cumprod,
    "cumsum": cumulative.cumsum,
    "diagonal": linalg.diagonal,
    "dot": linalg.matmul,
    "flatten": shape.flatten,
    "max": reduce.max,
    "mean": reduce.mean,
    "min": reduce.min,
    "prod": cumulative.prod,
    "ravel": shape.flatten,
    "repeat": arrange.repeat,
    "reshape": shape.reshape,
    "round": piecewise.round,
    "squeeze": shape.squeeze,
    "std": reduce.std,
    "sum": reduce.sum,
    "swapaxes": shape.swapaxes,
    "take": index.take,
    "trace": linalg.trace,
    "transpose": shape.transpose,
    "var": reduce.var,
}
PROPERTIES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "T": (shape.transpose, "The axes in reverse order: a matrix transposed."),
    "mT": (lambda t: shape.swapaxes(t, -1, -2), "The last two axes swapped: a batch of matrices transposed."),
}


# What PyTorch calls some of NumPy's words.
WORDS = {"view": "reshape", "permute": "transpose", "unsqueeze": "expand_dims", "cat": "concatenate", "clone": "tensor"}
OPS = [
    arithmetic, arrange, cumulative, determinant, elementwise, index, linalg, piecewise, reduce, shape, sorting,
    systems, trigonometry,
]  # fmt: skip


class Advice:
    """Stands where a method is looked for that NumPy's arrays do not have, and says what to call.

    A `__getattr__` would say it too, and slow down every attribute of every Tensor.
    """

    def __init__(self, name: str, ours: str) -> None:
        self.name, self.ours = name, ours

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"Tensor: has no attribute {self.name!r}; call minigrad.{self.ours}(t)")


def install() -> None:
    """Give Tensor its operators and methods."""
    for name, (op, ufunc) in BINARY.items():
        setattr(Tensor, f"__{name}__", op)
        setattr(Tensor, f"__r{name}__", _reflected(op))
        setattr(Tensor, f"__i{name}__", _in_place(op, name))
        OPERATORS[ufunc] = op
    for name, op in COMPARISON.items():
        setattr(Tensor, f"__{name}__", op)
        OPERATORS[op.__name__] = op
    for name, (mask, ufunc) in MASKS.items():
        op = _on_arrays(mask)
        setattr(Tensor, f"__{name}__", op)
        setattr(Tensor, f"__r{name}__", _reflected(op))
        OPERATORS[ufunc] = op
    for name, op in METHODS.items():
        setattr(Tensor, name, op)
    for name, (op, sentence) in PROPERTIES.items():
        setattr(Tensor, name, property(op, doc=sentence))
    ours = {name: name for module in OPS for name in module.__all__}
    for name, word in (ours | WORDS).items():
        if name not in vars(Tensor):
            setattr(Tensor, name, Advice(name, word))


def _on_arrays(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: function(raw(a), raw(b))


def _reflected(op: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: op(other, self)


def _in_place(op: Callable[..., Any], name: str) -> Callable[..., Any]:
    def call(self: Tensor, other: Any) -> Tensor:
        """``t += x`` is ``t = t + x`` on the same Tensor object; a leaf's memory is written only under no_grad."""
        leaf = isinstance(self.node, Leaf)
        if leaf and recording(self.level):
            raise GraphError(
                f"__i{name}__: a leaf that requires gradients cannot change while ops are recorded, got shape "
                f"{self.shape}; write t = t {_SYMBOLS[name]} x for a new tensor, or change it under minigrad.no_grad()"
            )
        result = op(self, other)
        if result.level > self.level:
            return cast(Tensor, result)  # it met a value of a transform above: the name goes on with the result
        if result.shape != self.shape:
            raise ShapeError(
                f"__i{name}__: the result must keep the shape {self.shape}, got {result.shape}; write t = t "
                f"{_SYMBOLS[name]} x for a new tensor"
            )
        if result.dtype != self.dtype:
            raise DTypeError(
                f"__i{name}__: the result must keep the dtype {self.dtype}, got {result.dtype}; write t = t "
                f"{_SYMBOLS[name]} x for a new tensor, or cast"
            )
        if leaf:
            self.write(..., raw(result))
        else:
            self.value, self.node = result.value, result.node
        return self

    return call


_SYMBOLS = dict(zip(BINARY, "+ - * / // % ** @".split(), strict=True))


def _setitem(self: Tensor, where: Any, new: Any) -> None:
    """Write elements of a tensor that no gradient flows through, or of a leaf under no_grad."""
    if isinstance(self.node, Node) or (self.node is not None and recording(self.level)):
        raise GraphError(
            f"__setitem__: gradients flow through this tensor, got a write at {where!r:.40}; use minigrad.where, "
            "scatter_add or concatenate, or write under minigrad.no_grad() into a leaf"
        )
    if isinstance(new, Tensor) and new.node is not None and recording(new.level):
        raise GraphError(
            "__setitem__: the graph of the new values would be lost, got values that require gradients; "
            "build the result with minigrad.where or concatenate, or assign t.detach()"
        )
    try:
        value = new if isinstance(new, (int, float)) else raw(new) if hasattr(new, "dtype") else self.nearby(new)
        self.write(index.on_device(where, self), value)
    except Exception as error:
        explain_forward("__setitem__", (self, new), error)
        raise
