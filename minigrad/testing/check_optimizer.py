"""`check_optimizer`: whether an optimizer keeps every promise that optimizers make. The first tool for who writes one.

Builds on: `minigrad.testing.optimizer_steps`, `minigrad.testing.optimizer_contracts`.
Read next: `minigrad.testing.check_op`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from minigrad.testing import optimizer_contracts, optimizer_steps
from minigrad.testing.optimizer_case import SHAPES, OptimizerCase, OptimizerProbe, Step
from minigrad.testing.report import Report
from minigrad.testing.running import run_checks, usable_backends

__all__ = ["OPTIMIZER_CHECKS", "check_optimizer"]

# Every check by its name. Where the first fails, the others are not run.
OPTIMIZER_CHECKS: dict[str, Callable[[OptimizerProbe], None]] = {
    "made": optimizer_contracts.check_made,
    "formula": optimizer_steps.check_formula,
    "missing": optimizer_steps.check_missing,
    "groups": optimizer_steps.check_groups,
    "state": optimizer_contracts.check_state,
    "flat": optimizer_steps.check_flat,
    "schedule": optimizer_steps.check_schedule,
    "maximize": optimizer_steps.check_maximize,
    "dtypes": optimizer_contracts.check_dtypes,
    "converges": optimizer_contracts.check_converges,
    "device": optimizer_contracts.check_device,
}
FIRST = ("made",)


def check_optimizer(
    make: Callable[..., Any],
    oracle: Step | None = None,
    *,
    name: str | None = None,
    backends: Sequence[str] | None = None,
    checks: Sequence[str] | None = None,
    variants: Sequence[Mapping[str, Any]] = ({},),
    steps: int = 300,
    within: float = 0.05,
    synchronises: bool = False,
    shapes: Sequence[tuple[int, ...]] = SHAPES,
) -> Report:
    """Check everything an optimizer promises: its formula, missing gradients, groups, state, storage, dtypes, devices.

    Parameters
    ----------
    make
        A function of the parameters that gives the optimizer: its class, or a lambda that names a learning rate. The
        parameters come as Tensors, as pairs of name and Tensor, or as groups; hand them on.
    oracle
        One step of one parameter in NumPy, ``oracle(p, g, kept, t, o)``: the new p from p and its gradient; `kept` is
        a dict of its own to keep averages in, t is 1 at its first step, o holds the options. None leaves the formula
        unchecked.
    backends
        Names; by default all that can be used here.
    checks
        Names out of `OPTIMIZER_CHECKS`; by default all.
    variants
        Options to try the formula with, each a dict.
    steps, within
        A quadratic bowl is to be descended in so many steps to that share of the distance.
    synchronises
        Whether a step has to wait for the device.
    shapes
        Those of the four parameters that are trained, where it takes not all.

    Raises
    ------
    CheckError
        If anything is not as it should be: one message with every failure, on which backend, what was expected, what
        came, and what to look at.

    >>> from minigrad.optim import SGD
    >>> report = check_optimizer(lambda params: SGD(params, lr=0.1), lambda p, g, kept, t, o: p - o["lr"] * g)
    >>> sorted(report.counts)[:3]
    ['converges', 'device', 'dtypes']
    """
    unknown = sorted(set(checks or ()) - set(OPTIMIZER_CHECKS))
    if unknown:
        raise ValueError(f"check_optimizer: there are no checks {unknown}; there are {', '.join(OPTIMIZER_CHECKS)}")
    name = name or str(getattr(make, "__name__", "optimizer"))
    case = OptimizerCase(name, make, oracle, tuple(variants), steps, within, synchronises, tuple(shapes))
    chosen = [(check, run) for check, run in OPTIMIZER_CHECKS.items() if checks is None or check in checks]
    places = usable_backends() if backends is None else tuple(backends)
    title = "check_optimizer"
    return run_checks(title, name, chosen, lambda place, check: OptimizerProbe(case, place, check), places, FIRST)
