"""Arrays by name in one file: what comes back is what went in, and what cannot be read says so."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DTypeError
from minigrad.io import FileError, load, save

ARRAYS = {
    "matrix": np.arange(6, dtype=np.float32).reshape(2, 3),
    "number": np.array(2.5),
    "empty": np.zeros((0, 3), np.float16),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "strided": np.arange(10)[::3],
    "flags": np.array([True, False]),
    "other byte order": np.array([1, 2], ">i4"),
    "a name / with: signs": np.array([1], np.uint8),
}


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_what_comes_back_is_what_went_in(tmp_path, suffix):
    save(tmp_path / f"a.{suffix}", ARRAYS)
    found = load(tmp_path / f"a.{suffix}")
    assert set(found) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].shape == array.shape
        assert found[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found[name], array)
        assert found[name].flags.writeable


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_arrays_of_every_device_and_tensors(tmp_path, device, suffix):
    save(tmp_path / f"a.{suffix}", {"array": device.array([1, 2]), "leaf": device.leaf([3.0])})
    found = load(str(tmp_path / f"a.{suffix}"))
    assert {name: array.tolist() for name, array in found.items()} == {"array": [1, 2], "leaf": [3.0]}


def test_a_file_is_as_open_as_others_of_the_user(tmp_path):
    (tmp_path / "plain").touch()
    save(tmp_path / "a.safetensors", ARRAYS)
    assert (tmp_path / "a.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.safetensors", "plain"]


@pytest.mark.parametrize("value", [np.array(["text"]), np.array([None]), "text", {"a": 1}, object()])
def test_what_is_no_array_of_numbers_is_refused_by_name(tmp_path, value):
    for suffix in ("safetensors", "npz"):
        with pytest.raises(DTypeError, match=r"^save: weights must be an array of numbers, got \S+; convert"):
            save(tmp_path / f"a.{suffix}", {"weights": value})
    assert not list(tmp_path.iterdir())


def test_a_pickle_is_not_read(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(FileError, match=r"^load: .*a\.npz is damaged, cut short, or no npz file"):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", ["safetensors", "npz"])
def test_files_that_cannot_be_read(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    save(path, ARRAYS)
    whole = path.read_bytes()
    for content in (b"", b"PK", whole[:40], whole[: len(whole) // 2], whole[:-1], b"another kind of file" * 9):
        path.write_bytes(content)
        with pytest.raises(FileError, match=rf"^load: .*a\.{suffix} is damaged, .* got {len(content)} bytes .*; take"):
            load(path)


def test_no_file_and_another_suffix(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^load: there is no such file, got .*a\.npz; check the path"):
        load(tmp_path / "a.npz")
    for call in (lambda: load(tmp_path / "a.pt"), lambda: save(tmp_path / "a.pt", {})):
        with pytest.raises(FileError, match=r"the suffix says how to write, got 'a\.pt'; use \.safetensors or \.npz"):
            call()


def test_a_failed_writer_leaves_the_old_file(tmp_path):
    save(tmp_path / "a.npz", {"x": np.ones(1)})
    with pytest.raises(DTypeError):
        save(tmp_path / "a.npz", {"x": mg.ones(1), "y": "text"})
    assert load(tmp_path / "a.npz")["x"].tolist() == [1]
