"""How close is close: the one table of tolerances, and the one comparison.

Builds on: nothing. Read next: ``tests/ops/row.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["TOLERANCE", "Tolerance", "close"]


class Tolerance(NamedTuple):
    """Relative errors: of a value against its oracle, of a gradient against a more exact one.

    >>> TOLERANCE["float32"].value < TOLERANCE["float16"].value
    True
    """

    value: float
    gradient: float


# Values against an oracle in float64. Gradients: in float64 against finite differences, in the narrow types against the
# gradient in float64. A few dozen roundings are allowed for, not a wrong formula.
TOLERANCE: dict[str, Tolerance] = {
    "float64": Tolerance(1e-12, 1e-6),
    "float32": Tolerance(5e-6, 5e-5),
    "float16": Tolerance(1e-2, 4e-2),
}

Array = np.ndarray[Any, Any]


def close(got: Array, expected: Array, tolerance: float) -> bool:
    """Whether two host arrays have one shape, and elements equal but for `tolerance` relative to the larger ones.

    Infinities and NaN must stand in the same places. An error is measured against the largest expected element (at
    least 1) too: where terms of that size cancel, no more can be asked.
    """
    if got.shape != expected.shape:
        return False
    if expected.size == 0:
        return True
    finite = np.isfinite(expected)
    if not np.array_equal(got[~finite], expected[~finite], equal_nan=expected.dtype.kind == "f"):
        return False
    got, expected = got[finite].astype(np.float64), expected[finite].astype(np.float64)
    if expected.size == 0:
        return True
    if not np.isfinite(got).all():
        return False
    scale = max(1.0, float(np.abs(expected).max()))
    return bool((np.abs(got - expected) <= tolerance * scale).all())
