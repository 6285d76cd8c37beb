"""A fused op is written twice, and means one thing: as kernels for speed, and as a plain form of other ops.

The kernels run on arrays of the host alone. Everything else, arrays of another device, half precision, and all that a
higher derivative asks for, goes to the plain form: it is the documentation, the oracle of the tests, and the fallback.

Builds on: `minigrad.backward`, `minigrad.modes`. Read next: `minigrad.tape`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec, Protocol

from minigrad.backend import namespace
from minigrad.backward import walk
from minigrad.graph import Leaf, Vjp, joint, public_name
from minigrad.kernels import served
from minigrad.modes import new_level
from minigrad.tensor import Nested, Tensor

__all__ = ["Op", "Result", "Value", "either", "served"]

P = ParamSpec("P")

Value = Any  # an array of any backend, or a Tensor where a body runs one level above it
Result = tuple[Value, tuple[Vjp, ...]]  # what the body of an op returns


class Op(Protocol[P]):
    """What `op` returns: a function with the parameters of its body."""

    body: Callable[..., Result]
    plain: Callable[..., Value] | None  # of a fused op
    is_op: bool
    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Value: ...


def either(
    vjps: Sequence[Vjp],
    plain: Callable[..., Any],
    values: Sequence[Any],
    rest: Sequence[Any],
    static: Mapping[str, Any],
) -> tuple[Vjp, ...]:
    """vjps of the kernels for a gradient that is an array, and of the plain form for one that is a Tensor.

    Inside a transform a gradient can be recorded where the inputs are plain arrays. The plain form then runs on them
    once more, as leaves of a level of their own, and its graph is walked with the recorded gradient.
    """

    def again(g: Any) -> list[Any]:
        level = new_level()
        inputs = [None if v is None else Nested(v, level, Leaf(v)) for v in values]
        y = plain(*inputs, *rest, **static)
        found: dict[Any, Any] = {}

        def deposit(leaf: Any, h: Any) -> None:
            found[leaf] = found[leaf] + h if leaf in found else h

        walk(y.node, g, deposit)
        return [None if x is None else found.get(x.node, namespace(x.value).zeros_like(x.value)) for x in inputs]

    again.__name__ = public_name(plain.__name__)
    return tuple(_one_of(*pair) for pair in zip(vjps, joint(len(vjps), again), strict=True))


def _one_of(of_kernels: Vjp, of_plain: Vjp) -> Vjp:
    @functools.wraps(of_kernels)
    def vjp(g: Any) -> Any:
        return of_plain(g) if isinstance(g, Tensor) else of_kernels(g)

    return vjp
