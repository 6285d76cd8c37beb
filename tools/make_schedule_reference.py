"""Writes the rates that PyTorch's schedulers give for tools/schedule_rows.py to tests/reference/schedules.npz.

    python tools/make_schedule_reference.py

Needs PyTorch. The suite compares minigrad with the stored numbers, so that it needs none.
"""

import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.schedule_rows import PLATEAUS, ROWS, torch_plateau, torch_rates

TARGET = Path(__file__).resolve().parents[1] / "tests" / "reference" / "schedules.npz"


def main() -> None:
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # SequentialLR steps its parts by their numbers and warns of it
        found = {row.id: torch_rates(row) for row in ROWS} | {row.id: torch_plateau(row) for row in PLATEAUS}
    ends = np.cumsum([len(rates) for rates in found.values()])
    rates = np.concatenate(list(found.values()))
    np.savez_compressed(TARGET, ids=np.array(list(found)), ends=ends, rates=rates, torch=torch.__version__)
    print(f"wrote {len(found)} rows of torch {torch.__version__} to {TARGET.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main()
