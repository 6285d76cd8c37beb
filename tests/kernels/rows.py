"""The table of kernels and fused ops: every file of rows beside this one, one for each family."""

import importlib
from pathlib import Path

FAMILIES = [importlib.import_module(f"tests.kernels.{p.stem}") for p in sorted(Path(__file__).parent.glob("*_rows.py"))]
ROWS = {name: inputs for family in FAMILIES for name, inputs in family.ROWS.items()}
FUSED = {name: row for family in FAMILIES for name, row in family.FUSED.items()}
