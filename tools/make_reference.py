"""Writes tests/reference/ops.npz: what PyTorch says of every row of tools/op_rows, in float64.

    python tools/make_reference.py

tools/op_rows/stored.py says how the file is laid out. Run it with `make reference`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.op_rows import ROWS, stored

TARGET = Path(__file__).parents[1] / "tests" / "reference" / "ops.npz"


def main() -> None:
    content = stored.content(ROWS)
    TARGET.write_bytes(content)
    print(f"{TARGET.name}: {len(ROWS)} rows, {len(content) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
