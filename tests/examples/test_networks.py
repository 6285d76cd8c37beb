"""The deep networks among the examples: they learn, compare, draw and go on, on the host and on the device double."""

import ast
import json
import re
import runpy
import sys

import numpy as np
import pytest

from minigrad.backend.random import Generator
from minigrad.io import load_checkpoint
from tests.examples.launch import ROOT, is_picture, launch

pytest.importorskip("matplotlib", reason="the examples draw pictures")
BACKENDS = pytest.mark.parametrize("backend", ["numpy", "strict"])
SMALL = {
    "cnn.py": ("--width", 6, "--epochs", 3, "--lr", 0.02),
    "nf_net.py": ("--width", 4, "--depth", 1, "--epochs", 4, "--lr", 0.2),
    "deep_net.py": ("--depth", 24, "--width", 24, "--epochs", 3, "--lr", 0.005),
}


def run(name, folder, *options):
    return launch(name, "--out", "made", *SMALL[name], *options, folder=folder)


def accuracy(printed):
    return float(re.search(r"^test accuracy ([\d.]+) %$", printed, re.MULTILINE)[1])


def rows(printed):
    """The table that an example prints, by its first column: the numbers behind it."""
    found = re.findall(r"^([^\d\n]+?) {2,}([-+\d.e %]+)$", printed, re.MULTILINE)
    return {name: [float(word.rstrip("%")) for word in numbers.split()] for name, numbers in found}


@BACKENDS
def test_the_convolutions_learn_and_write_their_files(tmp_path, backend):
    printed = run("cnn.py", tmp_path, "--backend", backend)
    assert accuracy(printed) > 40  # chance is 10
    made = [tmp_path / path for path in re.findall(r"^wrote (.*)$", printed, re.MULTILINE)]
    assert [path.name for path in made] == [
        "loss.png", "confusion.png", "mistakes.png", "step-00000063.safetensors",
    ]  # fmt: skip
    assert all(map(is_picture, made[:3]))
    log = [json.loads(line) for line in (tmp_path / "made" / "log.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in log if row["kind"] == "epoch"] == [1, 2, 3]
    state = load_checkpoint(made[3])["model"]
    assert {str(array.dtype) for name, array in state.items() if "num_batches" not in name} == {"float32"}


def test_the_convolutions_go_on_where_they_were(tmp_path):
    printed = run("cnn.py", tmp_path, "--width", 4, "--epochs", 2)
    last = tmp_path / "made" / "checkpoints" / "step-00000042.safetensors"
    whole = load_checkpoint(last)["model"]
    last.unlink()  # as if the run had been killed in its last epoch
    again = run("cnn.py", tmp_path, "--width", 4, "--epochs", 2, "--resume")
    assert "going on after step 21, from " in again
    assert accuracy(again) == accuracy(printed)
    for name, array in load_checkpoint(last)["model"].items():
        np.testing.assert_array_equal(array, whole[name])


@pytest.mark.parametrize(
    ("normaliser", "kind"),
    [("none", "Identity"), ("batch", "BatchNorm2d"), ("renorm", "BatchRenorm"), ("layer", "GroupNorm"),
     ("group", "GroupNorm"), ("instance", "InstanceNorm2d")],
)  # fmt: skip
def test_the_normalisers_of_the_convolutions(monkeypatch, normaliser, kind):
    cnn = runpy.run_path(str(ROOT / "examples" / "cnn.py"))
    monkeypatch.setattr(sys, "argv", ["cnn.py", "--normaliser", normaliser, "--width", "4"])
    model = cnn["build"](cnn["arguments"](), 10)
    assert model(np.ones((2, 1, 8, 8), np.float32)).shape == (2, 10)
    assert [type(layer).__name__ for layer in model.layers()].count(kind) == 7
    assert (model[0].bias is None) == (normaliser != "none")


def test_shifted_images_are_the_same_elsewhere():
    shifted = runpy.run_path(str(ROOT / "examples" / "cnn.py"))["shifted"]
    images = np.zeros((200, 1, 6, 6), np.float32)
    images[:, 0, 2:4, 2:4] = [[1, 2], [3, 4]]
    moved, labels = shifted((images, np.arange(200)), Generator(0), 2)
    assert moved.shape == images.shape
    assert labels.tolist() == list(range(200))
    corners = np.argwhere(moved[:, 0] == 1)[:, 1:]
    assert sorted(set(map(tuple, corners.tolist()))) == [(y, x) for y in range(5) for x in range(5)]
    for image, (y, x) in zip(moved[:, 0], corners, strict=True):
        assert image[y : y + 2, x : x + 2].tolist() == [[1, 2], [3, 4]]


@BACKENDS
def test_a_network_without_normalisation_learns_as_with_it(tmp_path, backend):
    printed = run("nf_net.py", tmp_path, "--backend", backend)
    found = rows(printed)
    assert list(found) == ["no normaliser, scaled weights", "BatchNorm", "nothing"]
    assert all(loss < 2.1 and right > 25 for loss, right in list(found.values())[:2])  # chance is 2.3 and 10
    logs = sorted(path.name for path in (tmp_path / "made").glob("*.jsonl"))
    assert logs == ["batch.jsonl", "nf.jsonl", "plain.jsonl"]
    assert "clipped" in (tmp_path / "made" / "nf.jsonl").read_text()
    assert "clipped" not in (tmp_path / "made" / "batch.jsonl").read_text()
    assert is_picture(tmp_path / "made" / "loss.png")


@BACKENDS
def test_skips_and_normalisation_carry_gradients_to_the_first_layer(tmp_path, backend):
    printed = run("deep_net.py", tmp_path, "--backend", backend)
    found = rows(printed)
    assert list(found) == ["plain", "normalised", "skips", "both"]
    shares = {name: first / last for name, (first, last, *_) in found.items()}
    assert shares["plain"] < 1e-6  # what vanishes, vanishes on the way to the first layer
    assert shares["both"] > 1e-2
    assert found["plain"][-1] < 15 < 50 < found["both"][-1]
    assert all(is_picture(tmp_path / "made" / name) for name in ("start.png", "loss.png"))


@pytest.mark.parametrize("name", SMALL)
def test_they_can_be_read_in_one_go(name):
    text = (ROOT / "examples" / name).read_text("utf-8")
    assert len(text.splitlines()) < 120
    assert {"arguments", "build", "main"} <= {part.name for part in ast.parse(text).body if hasattr(part, "name")}
