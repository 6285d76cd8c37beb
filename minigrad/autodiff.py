"""Derivatives of functions, of every order: `grad` and its family.

Each transform takes a function and gives a function, so they nest: ``grad(grad(f))``, ``grad`` of something that
calls ``grad``, the Jacobian of a Hessian-vector product. All of them are `vjp`, which does three things: it opens a
level of its own, runs the function on the inputs wrapped at that level, and walks the graph back. The walk runs
ordinary ops on the values one level down; if those are Tensors, the walk is recorded, and can be differentiated in
its turn.

Builds on: `minigrad.tape`, `minigrad.backward`, `minigrad.ops`. Read next: `minigrad.nn.layer`.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.backward import walk
from minigrad.errors import DeviceError, DTypeError, GraphError, ShapeError
from minigrad.graph import Leaf, Node
from minigrad.modes import new_level, open_levels
from minigrad.ops import stack
from minigrad.tensor import Nested, Tensor, as_array, as_value, raw

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]

Argnums = int | Sequence[int]


def vjp(f: Callable[..., Any], *xs: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of `f`, and the function that sends a gradient of it back to the inputs.

    y = f(x), and v -> v^T dy/dx

    Returns
    -------
    y, pullback
        ``pullback(v)`` gives one array per input, Tensors for Tensors. It may be called many times.

    Raises
    ------
    DTypeError
        If an input is no floating array.
    GraphError
        If `f` does not return one Tensor or array.

    >>> y, pullback = vjp(lambda x: x * x, np.array([1.0, 2.0, 3.0]))
    >>> pullback(np.array([1.0, 0.0, 1.0]))
    (array([2., 0., 6.]),)
    """
    return _vjp("vjp", f, xs)


def _vjp(name: str, f: Callable[..., Any], xs: Sequence[Any]) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """`vjp`, under the name that its errors begin with."""
    level = new_level()
    inputs = [_nest(name, x, level) for x in xs]
    open_levels.add(level)
    try:
        result = f(*inputs)
    finally:
        open_levels.discard(level)
    y, node = _unnest(name, result, level)
    wants_tensor = any(isinstance(x, Tensor) for x in xs)
    y = Tensor(y) if wants_tensor and not isinstance(y, Tensor) else y
    shape = y.shape

    def pullback(v: Any) -> tuple[Any, ...]:
        v = as_value(v)
        if v.shape != shape:
            raise ShapeError(
                f"{name}: the gradient must have the shape {shape} of the result, got {v.shape}; reshape it"
            )
        if namespace(raw(v)) is not namespace(raw(y)):
            here, there = namespace(raw(y)).name, namespace(raw(v)).name
            raise DeviceError(f"{name}: the gradient must lie on {here} like the result, got {there}; move it")
        if raw(v).dtype.kind not in "fiub":
            raise DTypeError(f"{name}: the gradient must hold real numbers, got {raw(v).dtype}; take its real part")
        v = v if v.dtype == y.dtype else v.astype(y.dtype)
        found: dict[Any, Any] = {}

        def deposit(leaf: Leaf, g: Any) -> None:
            found[leaf] = found[leaf] + g if leaf in found else g

        if node is not None:
            walk(node, v, deposit, keep=True)
        return tuple(_answer(found.get(x.node), x.value, wants_tensor) for x in inputs)

    return y, pullback


def _nest(name: str, x: Any, level: int) -> Nested:
    x = as_value(x)
    if raw(x).dtype.kind != "f":
        raise DTypeError(
            f"{name}: only floating arrays have gradients, got {raw(x).dtype}; cast first, .astype('float32')"
        )
    if isinstance(x, Tensor) and x.node is None:
        x = x.value
    if isinstance(x, np.generic):
        x = np.asarray(x)
    return Nested(x, level, Leaf(x))


def _unnest(name: str, y: Any, level: int) -> tuple[Any, Node | Leaf | None]:
    """The value one level below `level`, and the place of the result in that level's graph."""
    if not hasattr(y, "dtype"):
        if isinstance(y, (int, float)):
            return as_array(y), None
        kind = type(y).__name__
        raise GraphError(f"{name}: the function must return one Tensor or array, got {kind}; return that alone")
    while isinstance(y, Tensor) and y.level > level:  # it escaped from a transform inside f: a constant here
        y = y.value
    if isinstance(y, Tensor) and y.level == level:
        return y.value, y.node
    return y, None


def _answer(g: Any, x: Any, wants_tensor: bool) -> Any:
    """The gradient in the dtype of its input; zeros where nothing arrived."""
    if g is None:
        g = namespace(raw(x)).zeros_like(raw(x))
    elif not isinstance(g, Tensor):
        g = namespace(g).array(g, dtype=x.dtype)  # memory of its own: it may be a view, or the input's
    elif g.dtype != x.dtype:
        g = g.astype(x.dtype)
    return Tensor(g) if wants_tensor and not isinstance(g, Tensor) else g


def value_and_grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., tuple[Any, Any]]:
    """A function that gives the value of `f` and its gradient.

    x -> f(x), df/dx

    Parameters
    ----------
    argnums
        Which positional arguments to differentiate: a number gives one gradient, a sequence a tuple of them.

    Raises
    ------
    GraphError
        If the value is not one number.

    >>> value_and_grad(lambda x: (x * x).sum())(np.array([1.0, 2.0]))
    (array(5.), array([2., 4.]))
    """
    return _value_and_grad("value_and_grad", f, argnums)


def _places(name: str, argnums: Argnums, count: int) -> list[int]:
    """Which of `count` arguments are meant, counted from 0."""
    numbers = tuple(argnums) if isinstance(argnums, Sequence) else (operator.index(argnums),)
    places = [n % count if -count <= n < count else -1 for n in numbers]
    if -1 in places or len(set(places)) < len(places):
        raise GraphError(
            f"{name}: argnums {argnums} must name arguments that are there, none twice, got {count} arguments; "
            "count from 0"
        )
    return places


def _value_and_grad(name: str, f: Callable[..., Any], argnums: Argnums) -> Callable[..., tuple[Any, Any]]:
    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        places = _places(name, argnums, len(args))

        def of_chosen(*chosen: Any) -> Any:
            full = list(args)
            for place, x in zip(places, chosen, strict=True):
                full[place] = x
            return f(*full, **kwargs)

        y, pullback = _vjp(name, of_chosen, [args[n] for n in places])
        if y.size != 1:
            raise GraphError(f"{name}: the function must return one number, got shape {y.shape}; use sum, or jacobian")
        gradients = pullback(namespace(raw(y)).ones(y.shape, dtype=y.dtype))
        return y, gradients if isinstance(argnums, Sequence) else gradients[0]

    return call


def grad(f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """A function that gives the gradient of `f`, a function with one number as its value.

    x -> df/dx

    Parameters
    ----------
    argnums
        Which positional arguments to differentiate: a number gives one gradient, a sequence a tuple of them.

    >>> grad(lambda x: x**3)(2.0)
    array(12., dtype=float32)
    >>> grad(grad(lambda x: x**3))(2.0)
    array(12., dtype=float32)
    """
    return _grad("grad", f, argnums)


def _grad(name: str, f: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    both = _value_and_grad(name, f, argnums)

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return call


def jvp(f: Callable[..., Any], xs: Any, vs: Any) -> tuple[Any, Any]:
    """The value of `f` and its derivative along a direction.

    y = f(x), and dy/dx v

    The pullback of `f` is linear in what it sends back, u -> u^T dy/dx; so its own pullback at any u is dy/dx v. Two
    walks back make one step forward.

    >>> jvp(lambda x: x * x, [np.array([1.0, 2.0])], [np.array([1.0, 0.0])])
    (array([1., 4.]), array([2., 0.]))
    """
    if not isinstance(xs, Sequence) or not isinstance(vs, Sequence):
        got = f"{type(xs).__name__} and {type(vs).__name__}"
        raise DTypeError(f"jvp: inputs and directions come as two lists, got {got}; pass [x] and [v]")
    xs, vs = [as_value(x) for x in xs], [as_value(v) for v in vs]
    if [x.shape for x in xs] != [v.shape for v in vs]:
        raise ShapeError(
            f"jvp: each direction must have its input's shape, got inputs {[x.shape for x in xs]} and directions "
            f"{[v.shape for v in vs]}; pass one direction per input"
        )
    y, pullback = _vjp("jvp", f, xs)

    def along(u: Any) -> Any:
        return sum(((g * v).sum() for g, v in zip(pullback(u), vs, strict=True)), start=0.0)

    zeros = namespace(raw(y)).zeros(y.shape, dtype=y.dtype)
    zeros = Tensor(zeros) if isinstance(y, Tensor) else zeros
    return y, zeros if y.dtype.kind != "f" else _grad("jvp", along)(zeros)


def jacobian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """A function that gives all first derivatives of `f`.

    J[i, j] = dy_i / dx_j

    Shapes: that of y, then that of x. One walk back per element of y.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if isinstance(argnum, Sequence):
            raise GraphError(f"jacobian: takes one argument at a time, got argnum={argnum!r}; call it once for each")
        (place,) = _places("jacobian", argnum, len(args))
        y, pullback = _vjp("jacobian", lambda x: f(*args[:place], x, *args[place + 1 :], **kwargs), [args[place]])
        xp = namespace(raw(y))
        rows = [pullback(row.reshape(y.shape))[0] for row in xp.eye(y.size, dtype=y.dtype)]
        x = args[place] if hasattr(args[place], "shape") else as_array(args[place])
        if not rows:
            return xp.zeros((*y.shape, *x.shape), dtype=y.dtype)
        return stack(rows).reshape((*y.shape, *x.shape))

    return call


def hessian(f: Callable[..., Any], argnum: int = 0) -> Callable[..., Any]:
    """A function that gives all second derivatives of `f`, a function with one number as its value.

    H[i, j] = d^2 f / dx_i dx_j

    >>> hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(_grad("hessian", f, argnum), argnum)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of `f` times a vector, without the Hessian.

    H v = d/dx (df/dx . v)

    >>> hvp(lambda x: (x**3).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    x, v = as_value(x), as_value(v)
    if x.shape != v.shape:
        raise ShapeError(f"hvp: the vector must have the shape {x.shape} of x, got {v.shape}; reshape it")
    inner = _grad("hvp", f)
    return _grad("hvp", lambda z: (inner(z) * v).sum())(x)
