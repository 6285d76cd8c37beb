"""A checkpoint holds nested values, tells when it is damaged, and is never half-written."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import minigrad as mg
from minigrad.errors import DTypeError, ShapeError
from minigrad.io import FileError, load, load_checkpoint, partial_files, replacing, save_checkpoint
from minigrad.nn import Linear, Sequential
from minigrad.optim import Adam

ROOT = Path(__file__).parents[2]


def same(a, b):
    """Equal in kind, shape and value, all the way down."""
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return type(b) is dict and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -1.5, 0.1, 1e300, float("inf"), float("nan"), "text", "Ümläut\n\"'$", 2**64 - 1, [], {}, (),
        [1, [2.0, (3, None)]], (0.9, 0.999), {"a": {"b": [np.ones(2), {"c": np.zeros((0, 2), np.float16)}]}},
        {1: "a", "b": 2, (1, 2): 3}, {"$array": "looks like a reference"}, {"": {"": np.ones(1)}},
        {"a/b": np.ones(1), "a": {"b": np.zeros(1)}}, [np.float32(0.1), np.int64(3)], np.array(1),
    ],
)  # fmt: skip
def test_what_comes_back_is_what_went_in(tmp_path, value):
    path = save_checkpoint(tmp_path / "new folder" / "a.safetensors", value=value, beside=1)
    assert same(load_checkpoint(path), {"value": value, "beside": 1})


def test_random_nests_come_back(tmp_path):
    rng = random.Random(0)

    def nest(depth):
        kind = rng.randrange(8 if depth else 5)
        if kind == 0:
            return np.frombuffer(rng.randbytes(8 * rng.randrange(4)), np.float32).reshape(-1, 2)
        if kind < 5:
            return [None, rng.random(), rng.randrange(-9, 9), str(rng.random())][kind - 1]
        parts = [nest(depth - 1) for _ in range(rng.randrange(4))]
        return (list, tuple, lambda x: {f"k{i}": part for i, part in enumerate(x)})[kind - 5](parts)

    for _ in range(60):
        parts = {"a": nest(4), "b": nest(4)}
        assert same(load_checkpoint(save_checkpoint(tmp_path / "a.safetensors", **parts)), parts)


def test_other_readers_of_safetensors_find_the_arrays(tmp_path):
    model = Linear(2, 1)
    path = save_checkpoint(tmp_path / "a.safetensors", model=model.state_dict(), step=3)
    assert {name: array.shape for name, array in load_file(path).items()} == {
        "model/weight": (1, 2), "model/bias": (1,),
    }  # fmt: skip
    assert sorted(load(path)) == ["model/bias", "model/weight"]


def test_a_model_and_its_optimizer(tmp_path, device):
    def made(seed):
        mg.manual_seed(seed)
        model = Sequential(Linear(2, 3), Linear(3, 1)).to(device.name)
        return model, Adam(model.named_parameters())

    model, optimizer = made(0)
    model(device.tensor([[1.0, 2.0]])).sum().backward()
    optimizer.step()
    path = save_checkpoint(tmp_path / "a.safetensors", model=model.state_dict(), optimizer=optimizer.state_dict())
    other, its_optimizer = made(1)
    parts = load_checkpoint(path)
    other.load_state_dict(parts["model"])
    its_optimizer.load_state_dict(parts["optimizer"])
    assert same(other.state_dict(), model.state_dict())
    assert same(its_optimizer.state_dict(), optimizer.state_dict())


def test_another_architecture_names_the_keys(tmp_path):
    path = save_checkpoint(tmp_path / "a.safetensors", model=Sequential(Linear(2, 3), Linear(3, 1)).state_dict())
    with pytest.raises(ShapeError, match=r"missing \['weight', 'bias'\] and unexpected \['0\.weight', '0\.bias', "):
        Linear(2, 3).load_state_dict(load_checkpoint(path)["model"])
    with pytest.raises(ShapeError, match=r"0\.weight has \(3, 2\) and must have \(4, 2\); 0\.bias has"):
        Sequential(Linear(2, 4), Linear(4, 1)).load_state_dict(load_checkpoint(path)["model"])


def test_what_cannot_be_saved_is_named_by_its_path(tmp_path):
    for value, kind in ((object(), "object"), (lambda: 0, "function"), ({1, 2}, "set"), (1j, "complex")):
        with pytest.raises(DTypeError, match=rf"^save_checkpoint: model/hook/1 must be arrays, .* got {kind}; save"):
            save_checkpoint(tmp_path / "a.safetensors", model={"hook": [1, value]})
    with pytest.raises(DTypeError, match=r"^save_checkpoint: names must be an array of numbers, got <U1; convert"):
        save_checkpoint(tmp_path / "a.safetensors", names=np.array(["a"]))
    assert not list(tmp_path.iterdir())


def test_every_flipped_byte_is_found(tmp_path):
    path = save_checkpoint(tmp_path / "a.safetensors", model={"w": np.arange(4.0)}, step=7, text="hello")
    whole, refused = path.read_bytes(), 0
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with contextlib.suppress(FileError):
            refused -= 1
            found = load_checkpoint(path)  # blanks that pad the header carry nothing
            refused += 1
            assert same(found, {"model": {"w": np.arange(4.0)}, "step": 7, "text": "hello"})
    assert -refused > len(whole) / 3 - 8


def test_files_cut_short_and_foreign_ones(tmp_path):
    path = save_checkpoint(tmp_path / "a.safetensors", model={"w": np.ones(100)})
    whole = path.read_bytes()
    for size in (0, 4, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FileError, match=rf"load_checkpoint: .*a\.safetensors is damaged, .* {size} bytes.*; take"):
            load_checkpoint(path)
    (tmp_path / "plain").write_bytes(b"no checkpoint")
    with pytest.raises(FileError, match=r"plain is damaged, cut short, or no safetensors file, got 13 bytes"):
        load_checkpoint(tmp_path / "plain")
    save_file({"w": np.ones(2)}, path)
    with pytest.raises(FileError, match=r"a\.safetensors is no checkpoint of this format .*, got '1 arrays without"):
        load_checkpoint(path)
    save_file({"w": np.ones(2)}, path, metadata={"format": "pt"})
    with pytest.raises(FileError, match=r"is no checkpoint of this format .*, got 'pt'; read arrays alone with"):
        load_checkpoint(path)
    save_file({}, path, metadata={"format": "minigrad 1", "parts": json.dumps({"a": {"$array": "gone"}})})
    with pytest.raises(FileError, match=r"is damaged, got .*; take an earlier checkpoint"):
        load_checkpoint(path)
    with pytest.raises(FileNotFoundError, match=r"^load_checkpoint: there is no such file, got .*none\.safetensors"):
        load_checkpoint(tmp_path / "none.safetensors")


def test_an_error_while_writing_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write():
        with replacing(path) as partial:
            partial.write_text("new")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write()
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


WRITER = """
import os, signal, sys
import numpy as np
from minigrad.io import save_checkpoint
path, moment = sys.argv[1:]
save_checkpoint(path, w=np.zeros(50_000), step=0)
real = getattr(os, moment)
def killed(*args, **kwargs):
    if moment == "fsync" or moment == "replace":
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
setattr(os, moment, killed)
save_checkpoint(path, w=np.ones(50_000), step=1)
"""


def launch(code, *arguments):
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], env=os.environ | {"PYTHONPATH": path})


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_killed_between_write_and_rename_the_old_file_stays(tmp_path, moment):
    path = tmp_path / "a.safetensors"
    assert launch(WRITER, path, moment).wait() == -signal.SIGKILL
    assert load_checkpoint(path)["step"] == 0
    assert len(partial_files(tmp_path)) == 1  # what the killed writer had written, under another name


REPEATER = """
import itertools, sys
import numpy as np
from minigrad.io import save_checkpoint
for step in itertools.count():
    save_checkpoint(sys.argv[1], w=np.full(200_000, step), step=step)
    if step == 0:
        print("begun", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_killed_at_any_moment_the_file_is_whole(tmp_path):
    path, rng = tmp_path / "a.safetensors", random.Random(0)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    for _ in range(4):
        command = [sys.executable, "-c", REPEATER, str(path)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout.readline() == "begun\n"
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(rng.uniform(0.01, 0.1))
            writer.kill()
        parts = load_checkpoint(path)
        assert (parts["w"] == parts["step"]).all()
