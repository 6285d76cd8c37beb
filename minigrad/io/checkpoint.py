"""`save_checkpoint` and `load_checkpoint`: everything that a training is made of, in one file.

One safetensors file: the arrays under their paths, so that any reader of safetensors finds the weights, and the rest as
JSON in the metadata, with a checksum of everything. Loading runs no code that the file brings.

Builds on: `minigrad.io.tree`, `minigrad.io.arrays`. Read next: `minigrad.train.checkpoints`.
"""

from __future__ import annotations

import json
import os
import zlib
from pathlib import Path
from typing import Any

from minigrad.argument import path_of
from minigrad.io.arrays import Arrays, read_safetensors, write_safetensors, writing
from minigrad.io.tree import join, split
from minigrad.io.whole import FileError

__all__ = ["load_checkpoint", "save_checkpoint"]

FORMAT = "minigrad 1"


def save_checkpoint(path: str | os.PathLike[str], **parts: Any) -> Path:
    """Write nested dicts and lists of arrays, numbers and text into one file; gives its path.

    The file is whole or not there: it is written under another name in the same folder, brought to the disk, renamed.

    Raises
    ------
    DTypeError
        If a part is neither array, number, text, None, nor a list, tuple or dict of such; the message names its path.

    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_checkpoint(f"{folder}/a.safetensors", model={"w": np.ones(2)}, step=3, betas=(0.9, 0.999))
    ...     load_checkpoint(path)
    {'model': {'w': array([1., 1.])}, 'step': 3, 'betas': (0.9, 0.999)}
    """
    target = path_of("save_checkpoint", path)
    if not target.name:
        raise FileError(f"save_checkpoint: the path names no file, got {str(path)!r}; name one, with .safetensors")
    plain, arrays = split("save_checkpoint", parts)
    text = json.dumps(plain, ensure_ascii=False)
    metadata = {"format": FORMAT, "parts": text, "crc32": _checksum(text, arrays)}
    with writing("save_checkpoint", target, folder=True) as partial:
        write_safetensors("save_checkpoint", partial, arrays, metadata)
    return target


def load_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote: the parts by name.

    Raises
    ------
    FileError
        If the file is damaged, cut short, or not written by `save_checkpoint`.
    FileNotFoundError
        If there is none.

    >>> load_checkpoint("nowhere.safetensors")
    Traceback (most recent call last):
    FileNotFoundError: load_checkpoint: there is no such file, got nowhere.safetensors; check the path
    """
    path = path_of("load_checkpoint", path)
    arrays, metadata = read_safetensors("load_checkpoint", path)
    if metadata.get("format") != FORMAT:
        found = metadata.get("format", f"{len(arrays)} arrays without a training around them")
        raise FileError(
            f"load_checkpoint: {path} is no checkpoint of this format ({FORMAT}), got {found!r}; "
            "read arrays alone with minigrad.io.load"
        )
    try:
        if _checksum(metadata["parts"], arrays) == metadata["crc32"]:
            parts: dict[str, Any] = join(json.loads(metadata["parts"]), arrays)
            return parts
        what = "a checksum that does not fit"
    except (KeyError, ValueError, TypeError) as error:
        what = f"{type(error).__name__} {error}"
    raise FileError(f"load_checkpoint: {path} is damaged, got {what}; take an earlier checkpoint")


def _checksum(text: str, arrays: Arrays) -> str:
    total = zlib.crc32(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        total = zlib.crc32(f"{name} {array.dtype.str} {array.shape}".encode(), total)
        total = zlib.crc32(array.reshape(-1).view("uint8").data, total)
    return f"{total:08x}"
