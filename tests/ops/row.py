"""What a row of the op table is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import minigrad
from minigrad.testing import Point, Report, check_op


@dataclass(frozen=True)
class Row:
    """One way to call one public op, and what is true of it; the fields are `check_op`'s arguments."""

    op: str
    inputs: Sequence[Any]
    oracle: Callable[..., Any] | None = None
    variant: str = ""
    call: Callable[..., Any] | None = None  # where the op takes lists, index arrays and the like beside its inputs
    static: dict[str, Any] = field(default_factory=dict)
    domain: Any = (-2.0, 2.0)
    differentiable: bool = True
    broadcasts: bool | None = None
    integers: str | None = "kept"
    half: bool = True
    synchronises: bool = False
    shapes: Sequence[Sequence[tuple[int, ...]]] = ()
    points: Sequence[Point] = ()

    @property
    def id(self) -> str:
        return f"{self.op}[{self.variant}]" if self.variant else self.op

    def check(self, backend: str, check: str) -> Report:
        options = {
            name: getattr(self, name)
            for name in "static domain differentiable broadcasts integers half synchronises shapes points".split()
        }
        fn = self.call or getattr(minigrad, self.op)
        return check_op(fn, self.inputs, self.oracle, name=self.id, backends=[backend], checks=[check], **options)


UNARY = [[()], [(0,)], [(2, 0, 3)], [(1,)]]
BINARY = [[(), ()], [(0, 3), (0, 3)], [(0, 3), ()], [(1,), (1,)]]
MATRIX = [(2, 3)]
