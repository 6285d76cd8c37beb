"""The extension kit: what shows that an op, yours or minigrad's, keeps its promises.

Builds on: everything of minigrad that is public. Read next: `minigrad.testing.check_op`.
"""

from __future__ import annotations

from minigrad.testing.case import Point
from minigrad.testing.check_op import CHECKS, check_op, usable_backends
from minigrad.testing.gradcheck import check_gradients
from minigrad.testing.report import CheckError, Failure, Report
from minigrad.testing.tolerance import TOLERANCE, Tolerance

__all__ = [
    "CHECKS", "TOLERANCE", "CheckError", "Failure", "Point", "Report", "Tolerance", "check_gradients", "check_op",
    "usable_backends",
]  # fmt: skip
