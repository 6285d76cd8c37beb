"""Writes tests/reference/layers.npz: what PyTorch says of every row of tools/layer_rows.py, in float64.

    python tools/make_layer_reference.py

Functions: as tools/op_rows/stored.py says. Layers: outputs of the training batches and of use, gradients, and the
buffers at the end. Run it with `make reference`.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.layer_results import torch_layer_results
from tools.layer_rows import LAYERS, ROWS
from tools.op_rows import stored

TARGET = Path(__file__).parents[1] / "tests" / "reference" / "layers.npz"


def layers() -> dict[str, np.ndarray]:
    """{"layer: name": array} of every layer's results."""
    return {f"{row.id}: {name}": array for row in LAYERS for name, array in torch_layer_results(row).items()}


def main() -> None:
    content = stored.content(ROWS, layers())
    TARGET.write_bytes(content)
    print(f"{TARGET.name}: {len(ROWS)} functions, {len(LAYERS)} layers, {len(content) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
