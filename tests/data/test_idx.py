"""`read_idx`: bytes written by hand, every type, and files that are none."""

import gzip
import struct

import numpy as np
import pytest

from minigrad.data import read_idx

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array):
    """An array as the bytes of an idx file."""
    head = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def test_bytes_by_hand(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes([0, 0, 11, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0, 255, 254]))
    array = read_idx(path)
    assert array.tolist() == [[256, -2]]
    assert array.dtype == np.int16
    assert array.dtype.isnative


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (0, 4)])
def test_every_type_plain_and_packed(tmp_path, dtype, shape, packed):
    array = (np.arange(np.prod(shape)) % 100).reshape(shape).astype(dtype)
    path = tmp_path / "some.name"
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    found = read_idx(str(path))
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)
    assert found.flags.writeable


WHOLE = idx(np.arange(6, dtype=np.uint8).reshape(2, 3))
PACKED = gzip.compress(WHOLE, mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is no idx file, got first bytes \(none\)"),
        (b"\x89PNG....", "is no idx file, got first bytes 89 50 4e 47; an idx file begins with 00 00"),
        (b"\0\0\x07\x01", "is no idx file, got first bytes 00 00 07 01"),
        (WHOLE[:7], "is cut short in its head, got 7 bytes"),
        (WHOLE[:-1], r"is cut short, got 17 bytes where shape \(2, 3\) takes 18; fetch it again"),
        (WHOLE + b"x", r"goes on behind its end, got 19 bytes where shape \(2, 3\) takes 18"),
        (PACKED[:-9], "is gzipped and damaged or cut short, got 26 bytes"),
        (PACKED[:12] + b"damage" + PACKED[18:], "is gzipped and damaged or cut short"),
    ],
    ids=["empty", "foreign", "unknown type", "short head", "short", "long", "short gzip", "damaged gzip"],
)
def test_files_that_are_none(tmp_path, content, message):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"read_idx: .*file {message}"):
        read_idx(path)


def test_a_head_that_asks_for_more_than_there_is_memory(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(bytes([0, 0, 14, 3]) + b"\xff" * 12)
    with pytest.raises(ValueError, match="is cut short"):
        read_idx(path)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "none")
