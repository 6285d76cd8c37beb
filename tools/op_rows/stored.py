"""The file of stored results: one vector per row or layer, and what is needed to cut it into arrays again."""

import io
import json
from pathlib import Path

import numpy as np

from tools.op_rows.row import Row
from tools.op_rows.with_torch import torch_results

Results = dict[str, np.ndarray]  # of a layer, by name


def content(rows: list[Row], layers: dict[str, Results] | None = None) -> bytes:
    """A .npz of PyTorch's results for the rows, and for layers; the same rows give the same bytes.

    A row's vector holds its value, a gradient per input and a second derivative per input, a layer's all its results;
    `about` holds the version of PyTorch, the shape of each value, and names, shapes and dtypes of a layer's results.
    One vector each, since every array of an archive costs some 200 bytes beside its numbers.
    """
    import torch

    arrays, shapes = {}, {}
    for row in rows:
        results = torch_results(row)
        arrays[row.name] = np.concatenate([part.ravel().astype(np.float64) for part in results])
        shapes[row.name] = results[0].shape
    assert len(arrays) == len(rows), "names of rows are unique"
    layouts = {}
    for key, results in (layers or {}).items():
        arrays[f"layer {key}"] = np.concatenate([part.ravel().astype(np.float64) for part in results.values()])
        layouts[key] = {name: [part.shape, str(part.dtype)] for name, part in results.items()}
    about = np.array(json.dumps({"torch": torch.__version__, "shapes": shapes, "layers": layouts}))
    file = io.BytesIO()
    np.savez_compressed(file, about=about, **arrays)
    return file.getvalue()


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, list[int]]]:
    """{name: vector}, and {name: shape of the value}."""
    with np.load(path, allow_pickle=False) as archive:
        about = json.loads(str(archive["about"]))
        return {name: archive[name] for name in archive.files if name != "about"}, about["shapes"]


def read_layers(path: Path) -> dict[str, Results]:
    """{layer: {name: array}}"""
    found: dict[str, Results] = {}
    with np.load(path, allow_pickle=False) as archive:
        for key, layout in json.loads(str(archive["about"]))["layers"].items():
            ends = np.cumsum([int(np.prod(shape)) for shape, _ in layout.values()])
            cut = np.split(archive[f"layer {key}"], ends[:-1])
            named = zip(layout.items(), cut, strict=True)
            found[key] = {name: part.reshape(shape).astype(dtype) for (name, (shape, dtype)), part in named}
    return found


def parts(row: Row, vectors: dict[str, np.ndarray], shapes: dict[str, list[int]]) -> list[np.ndarray]:
    """A row's vector cut into [value, a gradient per input, a second derivative per input]."""
    assert row.name in vectors, "a new row; run `make reference`"
    wanted = [tuple(shapes[row.name]), *[x.shape for x in row.arrays()] * row.order]
    ends = np.cumsum([int(np.prod(shape)) for shape in wanted])
    assert ends[-1] == vectors[row.name].size, f"{row.name} has changed; run `make reference`"
    return [part.reshape(shape) for part, shape in zip(np.split(vectors[row.name], ends[:-1]), wanted, strict=True)]
