"""`read_idx`: the file format of MNIST and its relatives, plain or gzipped.

A file is: two zero bytes, a code of the type of the elements, the number of axes; the size of every axis as a
big-endian uint32; the elements, big-endian, the last axis fastest.

Builds on: `minigrad.argument`. Read next: `minigrad.data.mnist`.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.argument import existing_file

__all__ = ["parse_idx", "read_bytes", "read_idx"]

TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | os.PathLike[str]) -> NDArray[Any]:
    """Read an array from an idx file, gzipped or not, whatever its name ends with.

    Shapes: as the file says.

    Raises
    ------
    ValueError
        If the file is no idx file, is cut short, or goes on behind its end.
    FileNotFoundError
        If there is no such file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "numbers-idx1-ubyte"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    ...     read_idx(path)
    array([7, 8, 9], dtype=uint8)

    Reference: Y. LeCun, C. Cortes and C. Burges, The MNIST database of handwritten digits, 1998, "File formats".
    """
    file = existing_file("read_idx", path)
    return parse_idx(read_bytes(file), file)


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked if it is gzipped."""
    content = path.read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(
            f"read_idx: {path} is gzipped and damaged or cut short, got {len(content)} bytes ({error}); fetch it again"
        ) from error


def parse_idx(content: bytes, path: Path) -> NDArray[Any]:
    """The array in the bytes of an idx file; the path is for messages."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise ValueError(
            f"read_idx: {path} is no idx file, got first bytes {content[:4].hex(' ') or '(none)'}; an idx file begins "
            "with 00 00, a type code and the number of axes"
        )
    dtype, ndim = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * ndim
    if len(content) < start:
        raise ValueError(f"read_idx: {path} is cut short in its head, got {len(content)} bytes; fetch it again")
    shape = tuple(np.frombuffer(content, ">u4", ndim, 4).tolist())
    size = math.prod(shape)
    wanted = start + size * dtype.itemsize
    if len(content) != wanted:
        what = "is cut short" if len(content) < wanted else "goes on behind its end"
        raise ValueError(
            f"read_idx: {path} {what}, got {len(content)} bytes where shape {shape} takes {wanted}; fetch it again"
        )
    return np.frombuffer(content, dtype, size, start).astype(dtype.newbyteorder("=")).reshape(shape)
