"""The table of kernels and fused ops: one file of rows for each family."""

from tests.kernels import cross_entropy_rows, linear_rows, softmax_rows

FAMILIES = [cross_entropy_rows, linear_rows, softmax_rows]
ROWS = {name: inputs for family in FAMILIES for name, inputs in family.ROWS.items()}
FUSED = {name: row for family in FAMILIES for name, row in family.FUSED.items()}
