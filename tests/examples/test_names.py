"""The example that makes up names: its models learn, sample, draw, save and go on, on the host and on the double."""

import json
import math
import re

import pytest

from minigrad.io import load_checkpoint
from tests.examples.launch import ROOT, is_picture, launch

pytest.importorskip("matplotlib", reason="the example draws a picture")
SMALL = ("--width", 24, "--epochs", 10, "--batch", 8, "--lr", 0.02, "--dropout", 0.0, "--samples", 5, "--out", "made")


@pytest.fixture
def names(tmp_path):
    """A list of 120 names of one pattern: a consonant, a vowel, the same consonant, the same vowel."""
    path = tmp_path / "names.txt"
    path.write_text("\n".join(c + v + c + v for c in "bdfgklmnprstvwxz" for v in "aeiouy") + "\n", "utf-8")
    return path


def run(folder, *options):
    return launch("names.py", *SMALL, *options, folder=folder)


def figure(printed, name):
    return float(re.search(rf"^{name}: ([\d.]+) nats a letter$", printed, re.MULTILINE)[1])


@pytest.mark.parametrize("backend", ["numpy", "strict"])
@pytest.mark.parametrize("model", ["lstm", "gru", "mlp"])
def test_it_learns_samples_and_writes_its_files(tmp_path, names, model, backend):
    printed = run(tmp_path, "--model", model, "--backend", backend, "--text", names)
    chance = math.log(23)
    assert figure(printed, "validation") < 0.8 * chance
    assert figure(printed, "test") < 0.8 * chance
    made_up = re.search(r"^made up: (.*)$", printed, re.MULTILINE)[1].split(", ")
    assert len(made_up) == 5
    assert set("".join(made_up)) <= set("abdefgiklmnoprstuvwxyz")
    assert printed.splitlines()[-1] == "wrote made/loss.png"
    assert is_picture(tmp_path / "made" / "loss.png")
    rows = [json.loads(line) for line in (tmp_path / "made" / "log.jsonl").read_text().splitlines()]
    assert [row["kind"] for row in rows].count("epoch") == 10
    assert all("clipped" in row for row in rows if row["kind"] == "epoch")


def test_it_goes_on_where_it_was(tmp_path, names):
    first = run(tmp_path, "--text", names)
    again = run(tmp_path, "--text", names, "--resume")
    assert "going on after step 90, from " in again
    assert first.splitlines()[-4:] == again.splitlines()[-4:]
    assert "going on" not in run(tmp_path, "--text", names, "--epochs", 1)  # and without --resume anew


def test_it_does_not_go_on_with_other_letters(tmp_path, names):
    run(tmp_path, "--text", names, "--epochs", 1)
    names.write_text(names.read_text("utf-8").upper(), "utf-8")
    with pytest.raises(AssertionError, match=r"names.py: the checkpoint knows other letters, got '\\nabdefgiklm"):
        run(tmp_path, "--text", names, "--epochs", 1, "--resume")


def test_samples_are_counted_before_anything_is_written(tmp_path, names):
    with pytest.raises(AssertionError, match=r"--samples must be at least 1, got 0"):
        run(tmp_path, "--text", names, "--samples", 0)
    assert not (tmp_path / "made").exists()


def test_states_have_the_names_of_torch(tmp_path, names):
    run(tmp_path, "--text", names, "--model", "gru", "--epochs", 1)
    path = next((tmp_path / "made" / "checkpoints").glob("step-*"))
    shapes = {name: array.shape for name, array in load_checkpoint(path)["model"].items()}
    assert shapes["recurrent.weight_ih_l0"] == (72, 32)
    assert shapes["recurrent.bias_hh_l0"] == (72,)
    assert shapes["embedding.weight"][1] == 32


def test_without_a_list_it_learns_the_names_of_modules(tmp_path):
    printed = run(tmp_path, "--model", "mlp", "--epochs", 2)
    assert figure(printed, "test") < math.log(37)


def test_bad_lists_are_refused_in_words(tmp_path):
    (tmp_path / "few.txt").write_text("anna\n\nbert\n")
    with pytest.raises(AssertionError, match=r"names.py: needs at least 10 names, got 2; pass a file with one"):
        run(tmp_path, "--text", tmp_path / "few.txt")
    (tmp_path / "empty.txt").write_text("")
    with pytest.raises(AssertionError, match=r"needs at least 10 names, got 0"):
        run(tmp_path, "--text", tmp_path / "empty.txt")
    with pytest.raises(AssertionError, match=r"FileNotFoundError: names.py: there is no such file, got .*nowhere.txt"):
        run(tmp_path, "--text", tmp_path / "nowhere.txt")
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\xff")
    with pytest.raises(AssertionError, match=r"names.py: .*picture.txt is not in utf-8, got .*; write it so, or"):
        run(tmp_path, "--text", tmp_path / "picture.txt")
    with pytest.raises(AssertionError, match=r"names.py: this is a folder and no file, got .*; name a file in it"):
        run(tmp_path, "--text", tmp_path)


def test_it_can_be_read_in_one_go():
    assert len((ROOT / "examples" / "names.py").read_text("utf-8").splitlines()) < 140
