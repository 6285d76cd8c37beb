"""`load_mnist`, with four small files of the same form in place of the published ones."""

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from minigrad.data import load_mnist, mnist
from minigrad.errors import DTypeError


def idx(array):
    """An array of bytes as the bytes of an idx file."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


SMALL = [
    np.arange(6 * 28 * 28).reshape(6, 28, 28) % 256,
    np.array([5, 0, 4, 1, 9, 2]),
    np.full((2, 28, 28), 255),
    np.array([7, 2]),
]
NAMES = [file.name for file in mnist.FILES]


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """Small published files, no network, and an empty home."""
    files = [
        mnist.File(name, array.shape, hashlib.sha256(idx(array)).hexdigest())
        for name, array in zip(NAMES, SMALL, strict=True)
    ]
    monkeypatch.setattr(mnist, "FILES", tuple(files))
    monkeypatch.setattr(mnist, "MIRRORS", ())
    monkeypatch.delenv("MINIGRAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def write(folder, packed=True, dotted=False, arrays=SMALL):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(NAMES, arrays, strict=True):
        name = name.replace("-idx", ".idx") if dotted else name
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / name).write_bytes(idx(array))
    return folder


def check(loaded):
    x, y, x_test, y_test = loaded
    assert x.shape == (6, 28, 28)
    assert x.dtype == x_test.dtype == np.float32
    assert np.array_equal(x, (SMALL[0] / 255).astype(np.float32))
    assert (x_test == 1).all()
    assert (y.tolist(), y_test.tolist()) == (SMALL[1].tolist(), SMALL[3].tolist())
    assert y.dtype == y_test.dtype == np.int64


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dotted", [False, True])
@pytest.mark.parametrize("place", [".", "mnist"])
def test_from_a_folder(tmp_path, packed, dotted, place):
    write(tmp_path / place, packed, dotted)
    check(load_mnist(tmp_path))
    check(load_mnist(str(tmp_path)))


def test_from_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_DATA", str(write(tmp_path / "data" / "mnist").parent))
    check(load_mnist())


def test_from_the_cache(tmp_path):
    write(tmp_path / "cache" / "minigrad" / "mnist")
    check(load_mnist())


def test_from_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write(tmp_path / ".cache" / "minigrad" / "mnist")
    check(load_mnist())


def test_bytes(tmp_path):
    x, _, x_test, _ = load_mnist(write(tmp_path), dtype=np.uint8)
    assert x.dtype == x_test.dtype == np.uint8
    assert np.array_equal(x, SMALL[0])


def test_other_dtypes(tmp_path):
    with pytest.raises(DTypeError, match="load_mnist: dtype must be uint8 or float32, got float64; cast the result"):
        load_mnist(write(tmp_path), dtype=np.float64)


# -- files that are wrong


def test_missing(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"load_mnist: 4 of 4 files are missing, .*MINIGRAD_DATA, or pass downl"
    ):
        load_mnist(tmp_path)
    write(tmp_path)
    (tmp_path / f"{NAMES[3]}.gz").unlink()
    with pytest.raises(FileNotFoundError, match=rf"1 of 4 files are missing, got none of {NAMES[3]} \(or .gz\)"):
        load_mnist(tmp_path)


def test_cut_short(tmp_path):
    write(tmp_path, packed=False)
    path = tmp_path / NAMES[0]
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte is cut short, got 4620 bytes where .* takes 4720"):
        load_mnist(tmp_path)


def test_of_another_shape(tmp_path):
    write(tmp_path, arrays=[SMALL[0][:, :14], *SMALL[1:]])
    with pytest.raises(ValueError, match=r"holds something else, got uint8 \(6, 14, 28\) for uint8 \(6, 28, 28\)"):
        load_mnist(tmp_path)


def test_of_another_data_set_with_the_same_names(tmp_path):
    write(tmp_path, arrays=[255 - SMALL[0], *SMALL[1:]])
    with pytest.raises(ValueError, match=r"is not the published file, got sha256 .*Fashion-MNIST, for one"):
        load_mnist(tmp_path)


# -- download


def serve(monkeypatch, *folders):
    monkeypatch.setattr(mnist, "MIRRORS", tuple(f"{folder.as_uri()}/" for folder in folders))


def test_download_only_when_asked(tmp_path, monkeypatch):
    serve(monkeypatch, write(tmp_path / "mirror"))
    with pytest.raises(FileNotFoundError):
        load_mnist(tmp_path / "here")
    check(load_mnist(tmp_path / "here", download=True))
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == sorted(f"{name}.gz" for name in NAMES)
    serve(monkeypatch)  # from now on nothing has to be fetched
    check(load_mnist(tmp_path / "here"))
    check(load_mnist(tmp_path / "here", download=True))


def test_download_into_the_cache(tmp_path, monkeypatch):
    serve(monkeypatch, write(tmp_path / "mirror"))
    check(load_mnist(download=True))
    assert len(list((tmp_path / "cache" / "minigrad" / "mnist").iterdir())) == 4


def test_the_next_mirror_helps_out(tmp_path, monkeypatch):
    wrong = write(tmp_path / "wrong", arrays=[255 - SMALL[0], *SMALL[1:]])
    (wrong / f"{NAMES[1]}.gz").write_bytes(b"<html>not here</html>")
    serve(monkeypatch, tmp_path / "nowhere", wrong, write(tmp_path / "mirror"))
    check(load_mnist(tmp_path / "here", download=True))


def test_a_failed_download_leaves_nothing(tmp_path, monkeypatch):
    wrong = write(tmp_path / "wrong", arrays=[255 - SMALL[0], *SMALL[1:]])
    serve(monkeypatch, tmp_path / "nowhere", wrong)
    with pytest.raises(
        ConnectionError, match=r"load_mnist: no mirror gave train-images.*nowhere.*is not the published"
    ):
        load_mnist(tmp_path / "here", download=True)
    assert list((tmp_path / "here").iterdir()) == []


def test_an_interrupted_download_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(source, target):
        target.write(source.read(100))
        raise KeyboardInterrupt

    serve(monkeypatch, write(tmp_path / "mirror"))
    monkeypatch.setattr(mnist.shutil, "copyfileobj", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_mnist(tmp_path / "here", download=True)
    assert list((tmp_path / "here").iterdir()) == []


# -- the published files, where they are at hand

PUBLISHED = os.environ.get("MINIGRAD_DATA")


@pytest.mark.slow
@pytest.mark.skipif(not PUBLISHED, reason="MINIGRAD_DATA names no folder with the published files")
def test_the_published_files(monkeypatch):
    monkeypatch.undo()
    x, y, x_test, y_test = load_mnist(Path(PUBLISHED), dtype=np.uint8)
    assert (x.shape, x_test.shape) == ((60000, 28, 28), (10000, 28, 28))
    assert np.bincount(y).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert round(float(x.mean()) / 255, 4) == 0.1307  # the mean and deviation that everyone writes down
    assert round(float(x.std()) / 255, 4) == 0.3081
