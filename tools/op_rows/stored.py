"""The file of stored results: one vector per row, and what is needed to cut it into arrays again."""

import io
import json
from pathlib import Path

import numpy as np

from tools.op_rows.row import Row
from tools.op_rows.with_torch import torch_results


def content(rows: list[Row], others: dict[str, np.ndarray] | None = None) -> bytes:
    """A .npz of PyTorch's results for the rows, and of other arrays; the same rows give the same bytes.

    A row's vector holds its value, a gradient per input and a second derivative per input; `about` holds the version
    of PyTorch and the shape of each value.
    """
    import torch

    arrays, shapes = {}, {}
    for row in rows:
        results = torch_results(row)
        arrays[row.name] = np.concatenate([part.ravel().astype(np.float64) for part in results])
        shapes[row.name] = results[0].shape
    assert len(arrays) == len(rows), "names of rows are unique"
    about = np.array(json.dumps({"torch": torch.__version__, "shapes": shapes}))
    file = io.BytesIO()
    np.savez_compressed(file, about=about, **arrays, **(others or {}))
    return file.getvalue()


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, list[int]]]:
    """{name: vector}, and {name: shape of the value}."""
    with np.load(path, allow_pickle=False) as archive:
        about = json.loads(str(archive["about"]))
        return {name: archive[name] for name in archive.files if name != "about"}, about["shapes"]


def parts(row: Row, vectors: dict[str, np.ndarray], shapes: dict[str, list[int]]) -> list[np.ndarray]:
    """A row's vector cut into [value, a gradient per input, a second derivative per input]."""
    assert row.name in vectors, "a new row; run `make reference`"
    wanted = [tuple(shapes[row.name]), *[x.shape for x in row.arrays()] * row.order]
    ends = np.cumsum([int(np.prod(shape)) for shape in wanted])
    assert ends[-1] == vectors[row.name].size, f"{row.name} has changed; run `make reference`"
    return [part.reshape(shape) for part, shape in zip(np.split(vectors[row.name], ends[:-1]), wanted, strict=True)]
