"""The extension kit: what shows that an op, a layer or an optimizer, yours or minigrad's, keeps its promises.

Builds on: everything of minigrad that is public. Read next: `minigrad.testing.check_op`.
"""

from __future__ import annotations

from minigrad.testing.case import Point
from minigrad.testing.check_layer import LAYER_CHECKS, check_layer
from minigrad.testing.check_op import CHECKS, check_op
from minigrad.testing.check_optimizer import OPTIMIZER_CHECKS, check_optimizer
from minigrad.testing.gradcheck import check_gradients
from minigrad.testing.report import CheckError, Failure, Report
from minigrad.testing.running import usable_backends
from minigrad.testing.tolerance import TOLERANCE, Tolerance

__all__ = [
    "CHECKS", "LAYER_CHECKS", "OPTIMIZER_CHECKS", "TOLERANCE", "CheckError", "Failure", "Point", "Report", "Tolerance",
    "check_gradients", "check_layer", "check_op", "check_optimizer", "usable_backends",
]  # fmt: skip
