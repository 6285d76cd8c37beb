"""Writes tests/reference/layers.npz: what PyTorch says of every row of tools/layer_rows.py, in float64.

    python tools/make_layer_reference.py

Functions: as tools/op_rows/stored.py says. Layers: outputs of the training batches and of use, gradients, and the
buffers at the end. Run it with `make reference`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.layer_results import torch_layer_results
from tools.layer_rows import LAYERS, ROWS
from tools.op_rows import stored

TARGET = Path(__file__).parents[1] / "tests" / "reference" / "layers.npz"


def main() -> None:
    content = stored.content(ROWS, {row.id: torch_layer_results(row) for row in LAYERS})
    TARGET.write_bytes(content)
    print(f"{TARGET.name}: {len(ROWS)} functions, {len(LAYERS)} layers, {len(content) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
