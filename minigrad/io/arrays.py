"""`save` and `load`: arrays by name in one file, safetensors or npz, no pickle.

Builds on: `minigrad.io.whole`. Read next: `minigrad.io.checkpoint`.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialized

from minigrad.argument import entries, existing_file, path_of, refused
from minigrad.backend import namespace
from minigrad.errors import ArgumentError, DeviceError, DTypeError
from minigrad.io.whole import FileError, replacing
from minigrad.tensor import raw

__all__ = ["host", "load", "read_safetensors", "save", "write_safetensors", "writing"]

Arrays = dict[str, np.ndarray[Any, Any]]
KINDS = (".safetensors", ".npz")
DTYPES = set("BOOL U8 I8 U16 I16 F16 BF16 U32 I32 F32 U64 I64 F64 C64".split())  # of safetensors, that can be read


def save(path: str | os.PathLike[str], arrays: Mapping[str, Any]) -> None:
    """Write arrays by name into one file, whose suffix says how: ``.safetensors`` or ``.npz``.

    The file is whole or not there: it is written under another name and renamed. Arrays of a device and Tensors are
    copied to the host.

    Raises
    ------
    DTypeError
        If something is no array of numbers.
    FileError
        If the suffix is another one.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/a.npz", {"x": np.arange(3)})
    ...     load(f"{folder}/a.npz")
    {'x': array([0, 1, 2])}
    """
    path = _checked("save", path)
    if not isinstance(arrays, Mapping) or not all(isinstance(name, str) for name in arrays):
        raise DTypeError(f"save: arrays come by name, as a dict, got {entries(arrays)}; pass {{'x': array}}")
    held = {name: host("save", name, array) for name, array in arrays.items()}
    with writing("save", path) as partial:
        if path.suffix == ".npz":
            _write_npz(partial, held)
        else:
            write_safetensors("save", partial, held, {})


def load(path: str | os.PathLike[str]) -> Arrays:
    """Read the arrays of a safetensors or npz file by name; bfloat16, which NumPy lacks, comes as float32.

    Raises
    ------
    FileError
        If the file is damaged, cut short, or holds anything but arrays.
    FileNotFoundError
        If there is none.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/a.safetensors", {"x": np.ones(2)})
    ...     load(f"{folder}/a.safetensors")["x"]
    array([1., 1.])
    """
    path = _checked("load", path)
    if path.suffix != ".npz":
        return read_safetensors("load", path)[0]
    existing_file("load", path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (AttributeError, EOFError, KeyError, OSError, TypeError, ValueError, BadZipFile, zlib.error) as error:
        raise _unreadable("load", path, error) from error


def host(name: str, key: str, value: Any) -> np.ndarray[Any, Any]:
    """An array of any device as a contiguous NumPy array of numbers, for the public function `name`."""
    value = raw(value)
    try:
        array = np.asarray(namespace(value).to_host(value), order="C")  # safetensors writes memory as it lies
    except (DeviceError, AttributeError):
        array = np.asarray(None)
    if array.dtype.kind not in "biufc":
        kind = type(value).__name__ if array.dtype == object else array.dtype
        raise DTypeError(f"{name}: {key} must be an array of numbers, got {kind}; convert it, or leave it out")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _write_npz(path: Path, arrays: Arrays) -> None:
    """Write host arrays as `np.savez` does, which would take the names 'file' and 'allow_pickle' for itself."""
    with ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)


def write_safetensors(name: str, path: Path, arrays: Arrays, metadata: dict[str, str]) -> None:
    """Write contiguous host arrays and text beside them, for the public function `name`."""
    if "__metadata__" in arrays:
        raise ArgumentError(f"{name}: safetensors keep this name for themselves, got '__metadata__'; name it otherwise")
    try:
        # Not `save_file`: that has a way of its own with temporary files, which a killed writer would leave behind.
        path.write_bytes(serialized(arrays, metadata=metadata))
    except SafetensorError as error:  # a dtype it has no name for
        raise DTypeError(f"{name}: safetensors cannot hold this, got {error}; cast the arrays first") from error
    except UnicodeEncodeError as error:
        raise ArgumentError(f"{name}: a name is no text, got {error.object!r:.60}; correct it") from error


@contextmanager
def writing(name: str, path: Path, folder: bool = False) -> Iterator[Path]:
    """`replacing`, for the public function `name`: what the file system refuses is said in its words, with the path.

    With `folder` the folder is made where it is missing.
    """
    try:
        if folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            yield partial
    except OSError as error:
        if error.strerror is None:  # of a block that writes another file too, and has said so
            raise
        raise refused(name, "written", path, error) from error


def read_safetensors(name: str, path: Path) -> tuple[Arrays, dict[str, str]]:
    """The arrays and the text of a safetensors file, for the public function `name`."""
    if not existing_file(name, path).is_file():  # to open a pipe would wait for ever
        raise FileError(f"{name}: safetensors are read from files, got a pipe or a device, {path}; copy it into a file")
    try:
        with safe_open(path, framework="np") as file:
            dtypes = {key: file.get_slice(key).get_dtype() for key in file.keys()}  # noqa: SIM118
            strange = [key for key, dtype in dtypes.items() if dtype not in DTYPES]
            if not strange:
                widened = _widened(path, [key for key, dtype in dtypes.items() if dtype == "BF16"])
                arrays = {key: widened[key] if key in widened else file.get_tensor(key) for key in dtypes}
                return arrays, file.metadata() or {}
    except (SafetensorError, OSError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise _unreadable(name, path, error) from error
    raise FileError(
        f"{name}: {strange[0]} in {path} has a dtype that NumPy lacks, got {dtypes[strange[0]]}; "
        "write it as float32 or bfloat16"
    )


def _widened(path: Path, names: list[str]) -> Arrays:
    """The bfloat16 arrays of a safetensors file as float32: the same bits with 16 zeros behind them.

    Read from where the header says they lie, since the reader of safetensors gives NumPy no such dtype.
    """
    if not names:
        return {}
    arrays: Arrays = {}
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name in names:
            start, end = header[name]["data_offsets"]
            file.seek(8 + length + start)
            bits = np.frombuffer(file.read(end - start), "<u2").astype(np.uint32)
            arrays[name] = (bits << 16).view(np.float32).reshape(header[name]["shape"])
    return arrays


def _checked(name: str, path: str | os.PathLike[str]) -> Path:
    file = path_of(name, path)
    if file.suffix not in KINDS:
        raise FileError(f"{name}: the suffix says how to write, got {file.name!r}; use {' or '.join(KINDS)}")
    return file


def _unreadable(name: str, path: Path, error: Exception) -> FileError:
    size, kind = path.stat().st_size if path.exists() else 0, "npz" if path.suffix == ".npz" else "safetensors"
    return FileError(
        f"{name}: {path} is damaged, cut short, or no {kind} file, got {size} bytes ({error}); "
        "take an earlier file, or write it again"
    )
