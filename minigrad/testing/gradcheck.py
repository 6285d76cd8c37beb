"""`check_gradients`: the gradient of any function of arrays against finite differences.

Builds on: `minigrad.testing.differences`, `minigrad.autodiff`. Read next: `minigrad.testing.case`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.testing.case import Case
from minigrad.testing.derivatives import check_gradient, check_second
from minigrad.testing.probe import Probe
from minigrad.testing.report import CheckError

__all__ = ["check_gradients"]


def check_gradients(f: Callable[..., Any], *xs: Any, order: int = 2, backend: str = "numpy") -> None:
    """Compare the derivatives of any function of arrays with finite differences, in float64, to second order.

    For losses, layers and whole models: whatever takes arrays or Tensors and returns one of them.

    Raises
    ------
    CheckError
        If a derivative is wrong: which input, what was expected, what came.

    >>> check_gradients(lambda x: (x**3).sum(), np.array([1.0, 2.0]))
    """
    arrays = tuple(np.asarray(x, dtype=np.float64) for x in xs)
    case = Case(getattr(f, "__name__", "f"), lambda *inputs: ops.add(f(*inputs), 0.0), arrays, ((-2.0, 2.0),) * len(xs))
    failures = []
    for check, run in [("gradient", check_gradient), ("second", check_second)][:order]:
        probe = Probe(case, backend, check)
        run(probe)
        failures += probe.failures
    if failures:
        raise CheckError(f"check_gradients({case.name})", failures)
