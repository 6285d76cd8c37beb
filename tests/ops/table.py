"""The table of ops: at least one row for every public op. Adding an op means adding a row to one of these files."""

from tests.ops.elementwise_rows import ROWS as ELEMENTWISE
from tests.ops.index_rows import ROWS as INDEX
from tests.ops.linalg_rows import ROWS as LINALG
from tests.ops.points import ROWS as POINTS
from tests.ops.reduce_rows import ROWS as REDUCE
from tests.ops.row import Row
from tests.ops.shape_rows import ROWS as SHAPE
from tests.ops.sorting_rows import ROWS as SORTING
from tests.ops.systems_rows import ROWS as SYSTEMS
from tests.ops.windows_rows import ROWS as WINDOWS

__all__ = ["POINTS", "ROWS"]

ROWS: list[Row] = [*ELEMENTWISE, *REDUCE, *SHAPE, *INDEX, *SORTING, *LINALG, *SYSTEMS, *WINDOWS]
