"""`load_torch_state` and `save_torch_state`: weights that come from PyTorch, or go there, as safetensors.

A model that names its parts as PyTorch's does needs no more than a path. Where names or layouts differ, `rename` and
`convert` say how.

Builds on: `minigrad.io.arrays`, `minigrad.nn.state`. Read next: `minigrad.models`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from minigrad.argument import existing_file, path_of
from minigrad.errors import ArgumentError, DTypeError, ShapeError, speaking_as
from minigrad.io.arrays import read_safetensors, write_safetensors, writing
from minigrad.io.whole import FileError, read_json
from minigrad.nn.layer import Layer
from minigrad.nn.state import Unmatched

__all__ = ["load_torch_state", "save_torch_state"]

PART = re.compile(r"(.*)-\d+-of-\d+\.safetensors")  # how Hugging Face names the parts of a state
Rename = Mapping[str, str | None] | Callable[[str], str | None] | None


def load_torch_state(
    model: Layer,
    source: str | os.PathLike[str] | Mapping[str, Any],
    strict: bool = True,
    rename: Rename = None,
    convert: Mapping[str, Callable[[Any], Any]] | None = None,
) -> Unmatched:
    """Load weights as PyTorch has written them into a model, whose dtypes and devices they take.

    `source` is a safetensors file, the ``.index.json`` of one in several parts, or arrays by name, PyTorch's tensors
    among them. `rename` gives the model's name for a name of the source, as a dict, in which others stay as they are,
    or as a function; None leaves an entry out. Without it the method `rename` of the model serves, where it has one, as
    published models do; ``rename={}`` keeps all names. `convert` changes layouts: it has functions of an array by names
    of the model, or patterns of them, as ``{"*.linear1.weight": numpy.transpose}`` for weights that lie as (in, out).

    Returns the paths that are missing from the source and those it has too many, in the model's names, which `strict`
    refuses. Whatever is refused, nothing is changed.

    Raises
    ------
    ShapeError
        If a shape differs, or, with `strict`, names are missing or unexpected; the message lists them.
    FileError
        If a file is damaged, cut short, or of another kind.
    FileNotFoundError
        If there is none.
    ValueError
        If two entries get one name, or a name of `rename` or a pattern of `convert` fits none.

    >>> import numpy as np
    >>> from minigrad.nn import Linear
    >>> model = Linear(2, 1, bias=False)
    >>> source = {"dense.w": np.array([[3.0], [4.0]]), "step": np.array(7)}
    >>> load_torch_state(model, source, rename={"dense.w": "weight", "step": None}, convert={"weight": np.transpose})
    Unmatched(missing=[], unexpected=[])
    >>> model.weight.tolist()
    [[3.0, 4.0]]
    """
    _check_model("load_torch_state", model)
    if hasattr(source, "state_dict"):
        raise DTypeError(
            f"load_torch_state: source is a file or arrays by name, got {type(source).__name__}; pass its state_dict()"
        )
    given = source if isinstance(source, Mapping) else _read(path_of("load_torch_state", source))
    rename = getattr(model, "rename", None) if rename is None else rename
    state = {name: _host(name, value) for name, value in _renamed("load_torch_state", given, rename).items()}
    state = state if convert is None else _converted(state, convert)
    with speaking_as("load_torch_state"), _part_of_several(source):
        return model.load_state_dict(state, strict)


def save_torch_state(model: Layer, path: str | os.PathLike[str], rename: Rename = None) -> None:
    """Write the state of a model as PyTorch reads it: ``module.load_state_dict(safetensors.torch.load_file(path))``.

    What is shared stands under each of its names, as in PyTorch's own states. `rename` gives PyTorch's name for a name
    of the model, as a dict or a function; None leaves an entry out.

    Raises
    ------
    FileError
        If the suffix is not ``.safetensors``.
    ValueError
        If two entries get one name.

    >>> import tempfile
    >>> from minigrad.nn import Linear
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_torch_state(Linear(2, 1), f"{folder}/a.safetensors")
    ...     load_torch_state(Linear(2, 1), f"{folder}/a.safetensors")
    Unmatched(missing=[], unexpected=[])
    """
    _check_model("save_torch_state", model)
    target = path_of("save_torch_state", path)
    if target.suffix != ".safetensors":
        raise FileError(f"save_torch_state: writes safetensors, got {target.name!r}; let it end in .safetensors")
    state = _renamed("save_torch_state", model.state_dict(), rename)
    with writing("save_torch_state", target) as partial:
        write_safetensors(
            "save_torch_state", partial, state, {"format": "pt"}
        )  # the mark of files that hold PyTorch's layouts


# -- what is read ------------------------------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Any]:
    """The arrays of a safetensors file, or of all parts that an index names."""
    if path.suffix == ".safetensors":
        return read_safetensors("load_torch_state", path)[0]
    if existing_file("load_torch_state", path).suffix != ".json":
        raise FileError(
            f"load_torch_state: reads .safetensors and the .json that lists its parts, got {path.name!r}; "
            "a pickle may run code, so write it anew with safetensors.torch.save_file"
        )
    arrays: dict[str, Any] = {}
    places = _places(path)
    for part in sorted(set(places.values())):
        found, _ = read_safetensors("load_torch_state", path.with_name(part))
        wanted = [name for name, place in places.items() if place == part]
        if lost := [name for name in wanted if name not in found]:
            raise FileError(f"load_torch_state: {part} lacks what {path.name} says, got no {lost[0]!r}; fetch it again")
        arrays |= {name: found[name] for name in wanted}
    return arrays


def _places(path: Path) -> dict[str, str]:
    """Which part of a state in several files holds which name."""
    index = read_json("load_torch_state", path)
    try:
        places: dict[str, str] = index["weight_map"]
        if all(Path(part).name == part and part.endswith(".safetensors") for part in places.values()):
            return places
        what = "parts that are no safetensors files beside it"
    except (TypeError, KeyError, AttributeError) as error:
        what = f"{type(error).__name__} {error}"
    raise FileError(f"load_torch_state: {path} is no index of safetensors files, got {what:.60}; fetch it again")


@contextmanager
def _part_of_several(source: Any) -> Iterator[None]:
    """Where a state does not fit and is one part of several, as its file says, the error names the whole."""
    try:
        yield
    except ShapeError as error:
        name = "" if isinstance(source, Mapping) else Path(source).name
        if part := PART.fullmatch(name):
            error.args = (
                f"{error}; {name} is one part of several, all of which {part[1]}.safetensors.index.json loads",
            )
        raise


def _host(name: str, value: Any) -> Any:
    """A tensor of PyTorch as NumPy's array, off its graph, bfloat16 as float32; anything else as it is."""
    if not any(kind.__module__ == "torch" and kind.__name__ == "Tensor" for kind in type(value).__mro__):
        return value
    try:
        value = value.detach().cpu()
        return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    except (TypeError, RuntimeError) as error:  # sparse, quantised, without values, of dtypes that NumPy lacks
        raise DTypeError(
            f"load_torch_state: {name} must be a tensor that NumPy can hold, got {value.dtype} ({error!s:.80}); "
            "make it dense, and float32"
        ) from error


def _renamed(public: str, state: Mapping[str, Any], rename: Rename) -> dict[str, Any]:
    """The entries under their new names, for the public function `public`."""
    if rename is not None and not callable(rename) and not isinstance(rename, Mapping):
        raise DTypeError(f"{public}: rename is a dict or a function of a name, got {rename!r:.60}; pass one")
    if isinstance(rename, Mapping) and (strange := [name for name in rename if name not in state]):
        raise ArgumentError(f"{public}: rename has a name that nothing has, got {strange[0]!r:.60}; correct it")
    renamed: dict[str, Any] = {}
    for name, value in state.items():
        new = name if rename is None else rename(name) if callable(rename) else rename.get(name, name)
        if not isinstance(new, str | None):
            raise DTypeError(f"{public}: rename gives a name or None, got {new!r:.60} for {name!r}; correct it")
        if new in renamed:
            raise ArgumentError(
                f"{public}: rename gives two entries one name, got {new!r} for {name!r} too; correct it"
            )
        if new is not None:
            renamed[new] = value
    return renamed


def _converted(state: Mapping[str, Any], convert: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """The entries, those whose names fit a pattern in another layout."""
    if not isinstance(convert, Mapping) or not all(isinstance(p, str) and callable(f) for p, f in convert.items()):
        raise DTypeError(
            "load_torch_state: convert is a dict of functions by patterns of names, got "
            f"{convert!r:.60}; pass {{'*.weight': numpy.transpose}}"
        )
    converted = dict(state)
    for pattern, function in convert.items():
        names = [name for name in state if fnmatchcase(name, pattern)]
        if not names:
            raise ArgumentError(
                f"load_torch_state: convert has a pattern that fits no name, got {pattern!r}; correct it"
            )
        converted |= {name: function(converted[name]) for name in names}
    return converted


def _check_model(public: str, model: Any) -> None:
    if not isinstance(model, Layer):
        raise DTypeError(f"{public}: model is a Layer, got {type(model).__name__}; pass the model first")
