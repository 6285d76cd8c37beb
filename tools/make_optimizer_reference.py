"""Writes what PyTorch's optimizers do with the rows of tools/optimizer_rows.py to tests/reference/optimizers.npz.

    python tools/make_optimizer_reference.py

Needs PyTorch. The suite compares minigrad with the stored numbers, so that it needs none.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.optimizer_rows import ROWS, torch_path

TARGET = Path(__file__).resolve().parents[1] / "tests" / "reference" / "optimizers.npz"


def main() -> None:
    import torch

    paths = {row.id: torch_path(row) for row in ROWS}
    np.savez_compressed(
        TARGET, ids=np.array(list(paths)), paths=np.stack(list(paths.values())), torch=torch.__version__
    )
    print(f"wrote {len(paths)} rows of torch {torch.__version__} to {TARGET.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
