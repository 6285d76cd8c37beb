"""`check_op`: whether an op keeps every promise that ops make. The first tool for who adds one.

Builds on: `minigrad.testing.contracts`, `minigrad.testing.derivatives`, `minigrad.testing.dtypes`.
Read next: `minigrad.testing.differences`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.backend import why_not
from minigrad.testing import contracts, derivatives, dtypes
from minigrad.testing.case import Array, Case, Domain, Point, Shape, draw
from minigrad.testing.probe import Probe
from minigrad.testing.report import CheckError, Failure, Report

__all__ = ["CHECKS", "check_op", "usable_backends"]

# Every check by its name: what it does, and whether it makes sense where there is nothing to differentiate.
CHECKS: dict[str, tuple[Callable[[Probe], None], bool]] = {
    "value": (contracts.check_value, True),
    "gradient": (derivatives.check_gradient, False),
    "subsets": (derivatives.check_subsets, False),
    "second": (derivatives.check_second, False),
    "cotangent": (derivatives.check_cotangent, False),
    "broadcasting": (derivatives.check_broadcasting, True),
    "dtypes": (dtypes.check_dtypes, True),
    "layouts": (contracts.check_layouts, True),
    "memory": (contracts.check_memory, True),
    "device": (contracts.check_device, True),
    "edges": (contracts.check_edges, True),
    "points": (contracts.check_points, True),
}


def usable_backends() -> tuple[str, ...]:
    """The names of the backends to check on: NumPy, the device double, and CuPy where a GPU is at hand.

    >>> usable_backends()[:2]
    ('numpy', 'strict')
    """
    return ("numpy", "strict") if why_not("cupy") else ("numpy", "strict", "cupy")


def check_op(
    fn: Callable[..., Any],
    inputs: Sequence[Any],
    oracle: Callable[..., Any] | None = None,
    *,
    domain: Any = (-2.0, 2.0),
    static: dict[str, Any] | None = None,
    name: str | None = None,
    backends: Sequence[str] | None = None,
    checks: Sequence[str] | None = None,
    differentiable: bool = True,
    broadcasts: bool | None = None,
    integers: str | None = "either",
    half: bool = True,
    synchronises: bool = False,
    shapes: Sequence[Sequence[Shape]] = (),
    points: Sequence[Point] = (),
) -> Report:
    """Check everything an op promises: values, derivatives by every route, dtypes, memory, devices, edges.

    Parameters
    ----------
    fn
        The op, yours or minigrad's: a function of arrays or Tensors with one result.
    inputs
        One shape or one example array per input. Inputs of a shape are drawn from `domain`.
    oracle
        The same function of float64 NumPy arrays, by another way; None leaves values unchecked.
    domain
        (low, high) for all inputs, or one such pair per input: where the op is defined and smooth.
    static
        Keyword arguments that both functions get.
    backends
        Names; by default all that can be used here.
    checks
        Names out of `CHECKS`; by default all.
    differentiable
        Whether gradients flow; else plain arrays are expected even for Tensors.
    broadcasts
        Whether inputs of different shapes broadcast; by default where several inputs have one shape.
    integers
        What integers give: "kept", "refused", "either", or None for not checked.
    half
        Whether float16 is checked too.
    synchronises
        Whether the op has to wait for the device, as boolean masks as an index do.
    shapes
        Other shapes to try, 0-d and empty ones: one tuple of shapes for each try.
    points
        Special points, with what is expected there.

    Raises
    ------
    CheckError
        If anything is not as it should be: one message with every failure, on which backend, with which input, what
        was expected, what came, and what to look at.

    >>> from minigrad import ops
    >>> report = check_op(ops.tanh, [(2, 3)], np.tanh, integers="refused", shapes=[[()], [(0, 3)]])
    >>> sorted(report.counts)[:3]
    ['cotangent', 'device', 'dtypes']
    """
    arrays, domains = _inputs(inputs, domain)
    if broadcasts is None:
        broadcasts = len(arrays) > 1 and len({x.shape for x in arrays}) == 1
    name = name or str(getattr(fn, "__name__", "op"))
    case = Case(
        name, fn, arrays, domains, oracle, static or {}, differentiable, broadcasts, integers, half, synchronises,
        tuple(tuple(s) for s in shapes), tuple(points),
    )  # fmt: skip
    return _run(case, usable_backends() if backends is None else tuple(backends), checks or tuple(CHECKS))


def _run(case: Case, backends: Sequence[str], checks: Sequence[str]) -> Report:
    """Every check on every backend; the failures of all of them in one error."""
    failures: list[Failure] = []
    counts: dict[str, int] = {}
    for check in checks:
        run, plain = CHECKS[check]
        for backend in backends if plain or case.differentiable else ():
            probe = Probe(case, backend, check)
            with probe.step("the check as a whole"):
                run(probe)
            failures += probe.failures
            if probe.count:
                counts[check] = counts.get(check, 0) + probe.count
    if failures:
        raise CheckError(f"check_op({case.name})", failures)
    return Report(case.name, tuple(backends), counts)


def _inputs(inputs: Sequence[Any], domain: Any) -> tuple[tuple[Array, ...], tuple[Domain, ...]]:
    """The example inputs in float64, and the interval that more of each are drawn from."""
    pairs = [tuple(d) for d in domain] if len(domain) and not np.isscalar(domain[0]) else [tuple(domain)] * len(inputs)
    if len(pairs) != len(inputs):
        raise ValueError(f"check_op: one domain per input, got {len(pairs)} for {len(inputs)} inputs; pass as many")
    shapes = [x if isinstance(x, tuple) else np.shape(x) for x in inputs]
    drawn = draw(shapes, pairs)
    given = [isinstance(x, tuple) for x in inputs]
    arrays = [d if shape else np.asarray(x, np.float64) for x, d, shape in zip(inputs, drawn, given, strict=True)]
    return tuple(arrays), tuple(pairs)
