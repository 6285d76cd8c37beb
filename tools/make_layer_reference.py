"""Writes tests/reference/layers.npz: what PyTorch says of every row of tools/layer_rows.py, in float64.

    python tools/make_layer_reference.py

Functions: one vector per row, its value, a gradient per input, a second derivative per input. Layers: outputs of the
training batches and of use, gradients, and the state at the end. The same rows give the same bytes. Run it with
`make reference`.
"""

import io
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.layer_results import torch_layer_results
from tools.layer_rows import LAYERS, ROWS
from tools.op_rows.with_torch import torch_results

TARGET = Path(__file__).parents[1] / "tests" / "reference" / "layers.npz"


def reference() -> bytes:
    """The file's content."""
    import torch

    arrays, shapes = {}, {}
    for row in ROWS:
        results = torch_results(row)
        arrays[row.name] = np.concatenate([part.ravel().astype(np.float64) for part in results])
        shapes[row.name] = results[0].shape
    assert len(arrays) == len(ROWS), "names of rows are unique"
    for layer in LAYERS:
        results_by_name = torch_layer_results(layer)
        arrays.update({f"{layer.id}: {name}": array for name, array in results_by_name.items()})
    about = np.array(json.dumps({"torch": torch.__version__, "shapes": shapes}))
    content = io.BytesIO()
    np.savez_compressed(content, about=about, **arrays)
    return content.getvalue()


def main() -> None:
    content = reference()
    TARGET.write_bytes(content)
    print(f"{TARGET.name}: {len(ROWS)} functions, {len(LAYERS)} layers, {len(content) / 1024:.0f} KB")


if __name__ == "__main__":
    main()
