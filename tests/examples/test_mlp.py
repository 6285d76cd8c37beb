"""The main example trains, draws, saves and goes on, on the host and on the device double."""

import ast
import gzip
import json
import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from minigrad import optim
from minigrad.io import load_checkpoint
from tests.examples.launch import ROOT, is_picture, launch

pytest.importorskip("matplotlib", reason="the example draws pictures")
SMALL = ("--width", 32, "--epochs", 3, "--dropout", 0.1, "--lr", 0.02)


def run(folder, *options):
    return launch("mlp.py", "--out", "made", *SMALL, *options, folder=folder)


def accuracy(printed):
    return float(re.search(r"^test accuracy ([\d.]+) %$", printed, re.MULTILINE)[1])


@pytest.mark.parametrize("backend", ["numpy", "strict"])
def test_it_learns_and_writes_its_files(tmp_path, backend):
    printed = run(tmp_path, "--backend", backend).splitlines()
    assert accuracy("\n".join(printed)) > 80  # chance is 10
    assert printed[-6].startswith("test accuracy ")
    made = [tmp_path / line.removeprefix("wrote ") for line in printed[-5:]]
    assert [path.name for path in made] == [
        "loss.png", "confusion.png", "mistakes.png", "log.jsonl", "step-00000063.safetensors",
    ]  # fmt: skip
    assert all(map(is_picture, made[:3]))
    rows = [json.loads(line) for line in made[3].read_text().splitlines()]
    assert [row["kind"] for row in rows].count("epoch") == 3
    model = load_checkpoint(made[4])["model"]
    assert [(name, array.shape) for name, array in sorted(model.items())] == [
        ("0.bias", (32,)), ("0.weight", (32, 64)), ("4.bias", (32,)), ("4.weight", (32, 32)),
        ("8.bias", (10,)), ("8.weight", (10, 32)),
    ]  # fmt: skip
    assert {str(array.dtype) for array in model.values()} == {"float32"}
    assert not list(tmp_path.rglob("*.partial"))


def test_the_device_double_and_the_host_learn_the_same_weights(tmp_path):
    states = []
    for backend in ("numpy", "strict"):
        (tmp_path / backend).mkdir()
        run(tmp_path / backend, "--backend", backend, "--epochs", 1)
        path = next((tmp_path / backend / "made" / "checkpoints").glob("step-*"))
        states.append(load_checkpoint(path)["model"])
    for name, array in states[0].items():
        np.testing.assert_allclose(states[1][name], array, rtol=1e-3, atol=1e-5)


def test_it_goes_on_where_it_was(tmp_path):
    first = run(tmp_path)
    again = run(tmp_path, "--resume")
    assert "going on after step 63, from " in again
    assert accuracy(again) == accuracy(first)
    assert "going on" not in run(tmp_path, "--epochs", 1)  # and without --resume anew


@pytest.mark.parametrize(
    "options",
    [
        ("--normaliser", "batch", "--optimizer", "Momentum", "--schedule", "warmup", "--initializer", "lecun_normal"),
        ("--normaliser", "layer", "--optimizer", "RMSProp", "--schedule", "step", "--depth", "1", "--lr", "0.005"),
        ("--optimizer", "Adagrad", "--lr", "0.1", "--schedule", "constant", "--depth", "0", "--smoothing", "0"),
        ("--normaliser", "rms", "--optimizer", "Lion", "--lr", "0.002", "--initializer", "orthogonal"),
    ],
)
def test_its_arguments(tmp_path, options):
    assert accuracy(run(tmp_path, *options)) > 60


def test_every_name_that_may_be_chosen_exists(tmp_path):
    names = runpy.run_path(str(ROOT / "examples" / "mlp.py"))
    assert set(names["OPTIMIZERS"].split()) < set(optim.__all__)
    assert "AdamW" in launch("mlp.py", "--help", folder=tmp_path)


def test_mnist_needs_a_folder_and_says_so(tmp_path):
    with gzip.open(tmp_path / "train-images-idx3-ubyte.gz", "wb") as file:
        file.write(b"\0\0\x08\3")
    with pytest.raises(AssertionError, match=r"load_mnist: 3 of 4 files are missing"):
        run(tmp_path, "--data", "mnist", "--folder", tmp_path)


def test_it_can_be_read_in_one_go():
    text = (ROOT / "examples" / "mlp.py").read_text("utf-8")
    assert len(text.splitlines()) < 120
    names = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    assert {"arguments", "load", "build", "learning_rate", "main"} == names
    assert Path(ROOT / "Makefile").read_text().count("examples/mlp.py") == 1  # make demo
