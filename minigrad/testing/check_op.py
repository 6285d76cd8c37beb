"""`check_op`: whether an op keeps every promise that ops make. The first tool for who adds one.

Builds on: `minigrad.testing.contracts`, `minigrad.testing.derivatives`, `minigrad.testing.dtypes`.
Read next: `minigrad.testing.differences`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.testing import contracts, derivatives, dtypes
from minigrad.testing.case import Array, Case, Domain, Point, Shape, draw
from minigrad.testing.probe import Probe
from minigrad.testing.report import Report
from minigrad.testing.running import run_checks, under_every_provider, usable_backends

__all__ = ["CHECKS", "check_op"]

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

    A fused op is checked with the kernels of every provider that is installed.

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
    chosen = [(check, CHECKS[check][0]) for check in checks or CHECKS if CHECKS[check][1] or differentiable]
    places = usable_backends() if backends is None else tuple(backends)

    def run() -> Report:
        return run_checks("check_op", name, chosen, lambda place, check: Probe(case, place, check), places)

    return run() if getattr(fn, "plain", None) is None else under_every_provider(run)


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
