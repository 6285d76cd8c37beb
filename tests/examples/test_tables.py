"""The two examples that begin with a table: they train, and what they save answers later."""

import re

import pytest

from minigrad.io import load_checkpoint
from tests.examples.launch import is_picture, launch

pytest.importorskip("matplotlib", reason="the examples draw pictures")


@pytest.mark.parametrize("backend", ["numpy", "strict"])
def test_scaling_decides_whether_the_regression_learns(tmp_path, backend):
    printed = launch("regression.py", "--backend", backend, "--epochs", 15, "--out", "made", folder=tmp_path)
    assert re.search(r"^unscaled, lr 0.1: fit: the loss is no longer finite, got \w+ at step", printed, re.MULTILINE)
    found = dict(re.findall(r"^(.*): r2 (-?[\d.]+)$", printed, re.MULTILINE))
    assert float(found["unscaled, lr 1e-6"]) < 0.2 < 0.85 < float(found["scaled, lr 0.1"])
    salary = re.search(r"somebody of 40 with 15 years in the job earns about ([\d,]+)$", printed, re.MULTILINE)[1]
    assert 70_000 < int(salary.replace(",", "")) < 90_000  # the rule says 76,900
    assert sorted(load_checkpoint(tmp_path / "made" / "model.safetensors")) == ["model", "x", "y"]
    assert is_picture(tmp_path / "made" / "loss.png")


@pytest.mark.parametrize("backend", ["numpy", "strict"])
def test_a_classifier_from_a_table(tmp_path, backend):
    printed = launch("from_csv.py", "--backend", backend, "--epochs", 25, "--out", "made", folder=tmp_path)
    assert float(re.search(r"^test accuracy ([\d.]+)$", printed, re.MULTILINE)[1]) > 0.8
    assert printed.splitlines()[-1] == "wrote made/model.safetensors"
    assert (tmp_path / "made" / "flowers.csv").read_text().startswith("length,width,species\n")  # the README names it
    (tmp_path / "ask.csv").write_text("colour,width,length\nred,2.0,5.6\nwhite,0.3,1.5\n")
    answers = launch("from_csv.py", "--predict", "ask.csv", "--out", "made", folder=tmp_path)
    assert answers.split() == ["rose", "daisy"]


def test_a_regression_from_ones_own_table(tmp_path):
    rows = [f"{x},{x * x % 7},{3 * x - 1}" for x in range(60)]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,y", *rows]))
    options = ("table.csv", "--target", "y", "--columns", "a", "--out", "made")
    printed = launch("from_csv.py", *options, folder=tmp_path)
    assert float(re.search(r"^test r2 (-?[\d.]+)$", printed, re.MULTILINE)[1]) > 0.95
    (tmp_path / "ask.csv").write_text("a\n10\n20\n")
    answers = launch("from_csv.py", "--predict", "ask.csv", "--out", "made", folder=tmp_path).split()
    assert [abs(float(answer) - wanted) < 4 for answer, wanted in zip(answers, (29, 59), strict=True)] == [True, True]


def test_a_table_of_ones_own_wants_its_target(tmp_path):
    (tmp_path / "table.csv").write_text("a,y\n1,2\n2,3\n")
    with pytest.raises(AssertionError, match=r"error: --target is missing; name with it the column of table\.csv that"):
        launch("from_csv.py", "table.csv", "--out", "made", folder=tmp_path)
    assert not (tmp_path / "made").exists()


def test_text_in_a_numeric_column_points_at_the_cell(tmp_path):
    (tmp_path / "table.csv").write_text("a,y\n1,2\nlots,3\n")
    with pytest.raises(AssertionError, match=r"load_csv: text in a numeric column, got 'lots' in row 2 \(line 3\)"):
        launch("from_csv.py", "table.csv", "--target", "y", folder=tmp_path)
