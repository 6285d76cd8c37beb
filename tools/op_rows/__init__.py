"""The ops of minigrad beside the functions of PyTorch that mean the same: one table, read by three users.

`tools/make_reference.py` stores what PyTorch says of every row, `tests/reference/test_ops.py` holds minigrad to it, and
`tools/bench_ops.py` times the first row of each op on both sides. A row calls either library through the module it is
handed (`m` is minigrad, `t` is torch), so nothing here imports PyTorch.

Inputs come from a formula and not from a random generator, so that they are the same in every version of NumPy.
"""

from tools.op_rows.elementwise import ELEMENTWISE
from tools.op_rows.matrices import MATRICES, SORTING
from tools.op_rows.reduction import REDUCTIONS
from tools.op_rows.row import Row
from tools.op_rows.structure import LAYERS, MOVING, PRODUCTS

__all__ = ["ROWS", "WITHOUT_TORCH", "Row", "by_op"]

ROWS: list[Row] = [*ELEMENTWISE, *REDUCTIONS, *MOVING, *SORTING, *PRODUCTS, *MATRICES, *LAYERS]

# Public names of minigrad.ops that no row compares, and why.
WITHOUT_TORCH = {
    **dict.fromkeys("zeros ones full arange eye zeros_like ones_like full_like".split(), "they make constants"),
    **dict.fromkeys("rand randn rand_like randn_like".split(), "they draw from minigrad's own stream"),
}


def by_op() -> dict[str, Row]:
    """The first row of each op."""
    first: dict[str, Row] = {}
    for row in ROWS:
        first.setdefault(row.op, row)
    return first
