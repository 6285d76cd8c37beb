"""`load_mnist`: the 70,000 handwritten digits that most papers begin with, from a folder or, when asked, the network.

Builds on: `minigrad.data.idx`. Read next: `minigrad.data.digits`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigrad.argument import path_of
from minigrad.data.idx import parse_idx, read_bytes
from minigrad.errors import DTypeError

__all__ = ["load_mnist"]


class File(NamedTuple):
    """One of the four files: its name, what is in it, and the sha256 of its unpacked content."""

    name: str
    shape: tuple[int, ...]
    sha256: str


FILES = (
    File(
        "train-images-idx3-ubyte",
        (60000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    File("train-labels-idx1-ubyte", (60000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    File(
        "t10k-images-idx3-ubyte",
        (10000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    File("t10k-labels-idx1-ubyte", (10000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
)
MIRRORS = ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/")
SECONDS = 30  # without an answer, before a mirror is given up


def load_mnist(
    folder: str | os.PathLike[str] | None = None, download: bool = False, dtype: DTypeLike = np.float32
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[Any], NDArray[np.int64]]:
    """Load MNIST: (train_images, train_labels, test_images, test_labels).

    The four idx files, gzipped or not, are looked for in `folder`, else in the folder that the environment variable
    MINIGRAD_DATA names, else in minigrad's cache in the home folder; in each also in its subfolder `mnist`. With
    `download` missing ones are fetched, 11 MB in all. Every file is checked against the published ones.

    Shapes: images (60000, 28, 28) and (10000, 28, 28), float32 in [0, 1], or with dtype uint8 in 0..255; labels
    (60000,) and (10000,), int64 in 0..9.

    Raises
    ------
    FileNotFoundError
        If a file is missing and `download` is off.
    ValueError
        If a file is damaged, cut short, or another data set under the same name.
    ConnectionError
        If no mirror answers.
    DTypeError
        If `dtype` is neither uint8 nor float32.

    >>> x, y, x_test, y_test = load_mnist()  # doctest: +SKIP
    >>> x.shape, y[:3].tolist()  # doctest: +SKIP
    ((60000, 28, 28), [5, 0, 4])

    Reference: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, Gradient-based learning applied to document recognition,
    Proceedings of the IEEE, 1998.
    """
    try:
        kind: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        raise DTypeError(f"load_mnist: dtype must be uint8 or float32, got {dtype!r:.60}; pass one of them") from None
    if kind not in (np.uint8, np.float32):
        raise DTypeError(f"load_mnist: dtype must be uint8 or float32, got {kind}; cast the result")
    base, target = _places(folder)
    paths = [_find(file, base) for file in FILES]
    missing = [file.name for file, path in zip(FILES, paths, strict=True) if path is None]
    if missing and not download:
        raise FileNotFoundError(
            f"load_mnist: {len(missing)} of 4 files are missing, got none of {', '.join(missing)} (or .gz) in {base} "
            "or its subfolder mnist; name their folder, set MINIGRAD_DATA, or pass download=True"
        )
    images, labels, test_images, test_labels = (
        _load(file, path or _download(file, target)) for file, path in zip(FILES, paths, strict=True)
    )
    return _pixels(images, kind), labels.astype(np.int64), _pixels(test_images, kind), test_labels.astype(np.int64)


def _places(folder: str | os.PathLike[str] | None) -> tuple[Path, Path]:
    """Where to look, and where to put what is downloaded."""
    if folder is not None:
        place = path_of("load_mnist", folder).expanduser()
        return place, place
    named = os.environ.get("MINIGRAD_DATA")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "minigrad"
    base = Path(named).expanduser() if named else cache
    return base, base / "mnist"


def _find(file: File, base: Path) -> Path | None:
    """The file under one of the names it goes by."""
    names = (file.name, file.name.replace("-idx", ".idx"))  # both spellings are about
    candidates = [place / f"{name}{end}" for place in (base, base / "mnist") for name in names for end in ("", ".gz")]
    return next((path for path in candidates if path.is_file()), None)


def _load(file: File, path: Path) -> NDArray[Any]:
    """The array of a file, once it is known to be the published one."""
    content = read_bytes(path)
    array = parse_idx(content, path)
    if array.shape != file.shape or array.dtype != np.uint8:
        raise ValueError(
            f"load_mnist: {path} holds something else, got {array.dtype} {array.shape} for uint8 {file.shape}; "
            "put the MNIST file there"
        )
    if (found := hashlib.sha256(content).hexdigest()) != file.sha256:
        raise ValueError(
            f"load_mnist: {path} is not the published file, got sha256 {found[:12]}... for {file.sha256[:12]}...; "
            "it is damaged, or of a data set with the same names (Fashion-MNIST, for one); read that with read_idx"
        )
    return array


def _pixels(images: NDArray[Any], kind: np.dtype[Any]) -> NDArray[Any]:
    return images if kind == np.uint8 else images.astype(np.float32) / np.float32(255)


def _download(file: File, folder: Path) -> Path:
    """Fetch a file under a name of its own, check it, and only then give it its name."""
    folder.mkdir(parents=True, exist_ok=True)
    target, failures = folder / f"{file.name}.gz", []
    for mirror in MIRRORS:
        handle, name = tempfile.mkstemp(prefix=f"{file.name}.", suffix=".part", dir=folder)
        os.close(handle)
        part = Path(name)
        try:
            answer = urllib.request.urlopen(f"{mirror}{file.name}.gz", timeout=SECONDS)
            with answer, part.open("wb") as out:
                shutil.copyfileobj(answer, out)
            _load(file, part)
            part.replace(target)
            return target
        except (OSError, ValueError, HTTPException) as error:  # no answer, or something else than the file
            failures.append(f"{mirror}: {error}")
        finally:
            part.unlink(missing_ok=True)
    raise ConnectionError(
        f"load_mnist: no mirror gave {file.name}.gz, got {'; '.join(failures)}; try again, or put the file in {folder}"
    )
