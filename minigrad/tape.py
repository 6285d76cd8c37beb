"""The tape: `op` records what is computed.

An op is one ordinary function of values. It computes its result and hands back one small function per differentiable
input, its vjp (vector-Jacobian product), which turns the gradient of the result into the gradient of that input::

    @op
    def multiply(a, b):
        return a * b, (lambda g: g * b, lambda g: g * a)

Why levels? `grad` (in `minigrad.autodiff`) opens a level of its own and runs the body of each op on the values one
level down. Those may be Tensors again, so the body and its vjps record themselves: that is all of higher derivatives.

Builds on: `minigrad.tensor`, `minigrad.modes`, `minigrad.promote`, `minigrad.explain`, `minigrad.fused`. Read next:
`minigrad.backward`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, cast, overload

import numpy as np

from minigrad.errors import DTypeError
from minigrad.explain import explain_forward
from minigrad.fused import Op, P, Result, Value, either, served
from minigrad.graph import Leaf, Node, Vjp, public_name, tick
from minigrad.modes import paused, recording
from minigrad.promote import below, constant, constants, floating, promote, settle
from minigrad.tensor import FIRST, Nested, Tensor

__all__ = ["Op", "Result", "Value", "composite", "make", "op", "record"]

ndarray = np.ndarray
NUMBERS = frozenset([float, int])
ALL = -1  # the inputs of an op that takes any number of them
new = object.__new__


@overload
def op(body: Callable[P, Result]) -> Op[P]: ...
@overload
def op(*, plain: Callable[..., Value]) -> Callable[[Callable[..., Result]], Op[...]]: ...
def op(body: Any = None, *, plain: Callable[..., Value] | None = None) -> Any:
    """Make a differentiable op of a function that returns its result and one vjp per input.

    Parameters before a ``/`` are the differentiable inputs, those after it are static; without a ``/`` all positional
    parameters are inputs. A body takes functions from `namespace(x)`, and in a vjp from `namespace(g)`, so that it runs
    on arrays of every backend and on Tensors. It never writes into an input, and need not think of broadcasting: the
    engine sums each gradient to the shape of its input.

    On plain arrays it returns plain arrays. The function under the op is its `.body`. A body that can do no more than
    call kernels names a `plain` form, which stands in for it (see `minigrad.fused`).

    >>> @op
    ... def cube(x):
    ...     return x * x * x, (lambda g: g * 3 * x * x,)
    >>> x = Tensor([2.0], requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    array([12.], dtype=float32)
    """
    if body is None:
        return functools.partial(op, plain=plain)
    code = body.__code__  # the signature, without `inspect`, whose import takes longer than all of minigrad's
    variadic = bool(code.co_flags & 0x04)
    inputs = code.co_posonlyargcount or (ALL if variadic else code.co_argcount)
    name = public_name(body.__name__)
    if inputs != ALL and len(body.__defaults__ or ()) > code.co_argcount - inputs:
        raise DTypeError(f"{name}: a parameter with a default is static, got it among the inputs; write a / before it")
    wrapped = _general(body, name, inputs, plain)
    if plain is not None:
        wrapped = _fused(body, name, inputs, wrapped)
    elif code.co_argcount + code.co_kwonlyargcount + variadic == inputs in FAST:  # nothing static: worth a fast path
        wrapped = FAST[inputs](body, name, wrapped)
    elif inputs == 1:
        wrapped = _unary_static(body, name, wrapped)
    call = cast("Op[...]", functools.wraps(body)(wrapped))
    call.body, call.plain, call.is_op = body, plain, True
    return call


def composite(function: Callable[P, Value]) -> Callable[P, Value]:
    """Make an op of a plain function of other ops: nothing is recorded for it, and its errors begin with its name.

    >>> @composite
    ... def mean_square(x):
    ...     return (x * x).mean()
    >>> mean_square(Tensor([1.0, 3.0])).item()
    5.0
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Value:
        try:
            return settle(function(*args, **kwargs))
        except Exception as error:
            arrays = [x for part in args for x in (part if isinstance(part, (list, tuple)) else [part])]
            explain_forward(function.__name__, [x for x in arrays if hasattr(x, "dtype")], error)
            raise

    return call


def _unary(body: Any, name: str, general: Any) -> Any:
    """One input of level 1 that needs a gradient: no loop, no look at levels, no promotion."""

    def call(x: Any, /) -> Any:
        if type(x) in FIRST and (node := x.node) is not None and (not paused or recording()):
            try:
                y, vjps = body(x.value)
                (_,) = vjps  # one for the one input
            except Exception as error:
                explain_forward(name, (x,), error)
                raise
            return make(y, (node,), vjps)
        return general(x)

    return call


def _unary_static(body: Any, name: str, general: Any) -> Any:
    """One input that `_unary` serves, and parameters beside it."""

    def call(x: Any, /, *rest: Any, **static: Any) -> Any:
        if type(x) in FIRST and x.node is not None and (not paused or recording()):
            return _unary(lambda value: body(value, *rest, **static), name, None)(x)
        return general(x, *rest, **static)

    return call


def _binary(body: Any, name: str, general: Any) -> Any:
    """Two inputs of level 1 that need gradients, or one of them and a constant: a number, or an array of its dtype."""

    def call(a: Any, b: Any, /) -> Any:
        if type(a) in FIRST and (m := a.node) is not None and (not paused or recording()):
            value, n = a.value, None
            if type(b) in FIRST and (n := b.node) is not None:
                other = b.value
            elif type(b) in NUMBERS:
                other = b if type(value) is not ndarray else constants.get((b, value.dtype))
            else:
                other = b.value if type(b) in FIRST else b
                if type(other) is not type(value) or other.dtype is not value.dtype:
                    return general(a, b)
            try:
                y, vjps = body(value, constant(b, value.dtype) if other is None else other)
                to_a, _ = vjps  # one for each input
            except Exception as error:
                explain_forward(name, (a, b), error)
                raise
            return make(y, (m,), (to_a,)) if n is None else make(y, (m, n), vjps)
        return general(a, b)

    return call


def _fused(body: Any, name: str, inputs: int, general: Any) -> Any:
    """Inputs of level 1 and arrays that kernels serve."""

    def call(*args: Any, **static: Any) -> Any:
        values, nodes, places = list(args), [], []
        for i, x in enumerate(args[:inputs]):
            if type(x) in FIRST:
                values[i] = x.value
                if x.node is not None:
                    nodes.append(x.node)
                    places.append(i)
        if not nodes or (paused and not recording()) or not served(values[:inputs]):
            return general(*args, **static)
        try:
            y, vjps = body(*values, **static)
            vjps = tuple([vjps[i] for i in places])
        except Exception as error:
            explain_forward(name, [x for x in args[:inputs] if x is not None], error)
            raise
        return make(y, tuple(nodes), vjps)

    return call


FAST: dict[int, Callable[..., Any]] = {1: _unary, 2: _binary}


def _general(body: Any, name: str, inputs: int, plain: Any = None) -> Any:
    """Any number of inputs of any level: the rule that the fast paths are shortcuts of."""

    def call(*args: Any, **static: Any) -> Any:
        xs, rest = (args, ()) if inputs == ALL else (args[:inputs], args[inputs:])
        level = max([x.level for x in xs if isinstance(x, Tensor)], default=0)
        try:
            values = promote(name, [below(x, level) for x in xs])
            if plain is not None and not served(values):
                settled = [x if isinstance(x, Tensor) else v for x, v in zip(xs, values, strict=True)]
                return plain(*settled, *rest, **static)
            y, vjps = body(*values, *rest, **static)
            if not isinstance(vjps, tuple) or len(vjps) != len(values):
                raise ValueError("unpack: another number of vjps")
        except Exception as error:
            explain_forward(name, xs if plain is None else [x for x in xs if x is not None], error)
            raise
        if plain is not None and level > 1:
            vjps = either(vjps, plain, values, rest, static)
        if not level:
            floating(name, y, values)
            return settle(y)
        return record(y, level, xs, vjps, name, values)

    return call


def record(y: Any, level: int, xs: Sequence[Any], vjps: Sequence[Vjp], name: str = "", values: Any = ()) -> Any:
    """A Tensor of `level` with value `y`, behind it a node with an edge to each of `xs` that needs a gradient."""
    edges = []
    if recording(level):
        edges = [
            (x.node, vjp)
            for x, vjp in zip(xs, vjps, strict=True)
            if isinstance(x, Tensor) and x.level == level and x.node is not None
        ]
    if edges:
        out = make(y, *zip(*edges, strict=True))
    else:
        floating(name, y, values)
        out = make_bare(y, name)
    return out if level == 1 else Nested(out.value, level, out.node)


def make(y: Any, parents: tuple[Node | Leaf, ...], vjps: tuple[Vjp, ...]) -> Tensor:
    """A Tensor with value `y`, and the node behind it: the one place that makes nodes, and debug mode's way in."""
    node = new(Node)
    node.tick = tick()
    node.shape = y.shape
    node.parents = parents
    node.vjps = vjps
    node.watch = None
    out = new(Tensor)
    out.value = y if type(y) is ndarray else settle(y)
    out.node = node
    return out


def make_bare(y: Any, name: str) -> Tensor:
    """A Tensor with value `y` and no graph: what op `name` gives where no gradient is asked for."""
    out = new(Tensor)
    out.value, out.node = settle(y), None
    return out
