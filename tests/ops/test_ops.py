"""Every row of the op table through every check, on every device: each its own case."""

import pytest

from minigrad import ops, use_backend
from minigrad.ops import creation
from minigrad.testing import CHECKS
from tests.ops.table import POINTS, ROWS

CREATION = set(creation.__all__)  # they have no inputs to check; see test_creation.py


def applies(row, check):
    """Whether a check has anything to do for a row."""
    plain = CHECKS[check][1]
    wanted = {
        "subsets": len(row.inputs) > 1,
        "broadcasting": len(row.inputs) > 1 and row.broadcasts is not False,
        "edges": bool(row.shapes),
        "points": False,
    }
    return (plain or row.differentiable) and wanted.get(check, True)


CASES = [pytest.param(row, check, id=f"{row.id}-{check}") for row in ROWS for check in CHECKS if applies(row, check)]


@pytest.mark.parametrize(("row", "check"), CASES)
def test_op(row, check, device):
    with use_backend("numpy"):  # ops follow their inputs, wherever new Tensors are made
        row.check(device.name, check)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.id}-{row.points[0].name}") for row in POINTS])
def test_special_points(row, device):
    row.check(device.name, "points")


def test_every_public_op_has_a_row():
    missing = set(ops.__all__) - {row.op for row in ROWS} - CREATION
    assert not missing, f"no row in tests/ops for {sorted(missing)}; add one"


def test_every_row_names_a_public_op():
    unknown = {row.op for row in [*ROWS, *POINTS]} - set(ops.__all__)
    assert not unknown, f"rows of tests/ops name no public op: {sorted(unknown)}"


def test_no_two_rows_have_one_name():
    names = [row.id for row in ROWS]
    assert len(names) == len(set(names)), sorted(n for n in set(names) if names.count(n) > 1)
