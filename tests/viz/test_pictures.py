"""Pictures are drawn from plain arrays and log files, without a screen and without anybody's session."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="draws pictures")

from minigrad.nn import Linear
from minigrad.nn import functional as F
from minigrad.optim import SGD
from minigrad.optim.schedules import constant, cosine, linear
from minigrad.train import fit
from minigrad.viz import confusion, curves, mistakes, rates

ROOT = Path(__file__).parents[2]


def log(path, losses, **epochs):
    rows = [f'{{"kind": "step", "step": {i}, "loss": {loss}}}' for i, loss in enumerate(losses, 1)]
    for name, values in epochs.items():
        rows += [f'{{"kind": "epoch", "step": {i}, "{name}": {value}}}' for i, value in enumerate(values, 1)]
    path.write_text("\n".join([*rows, '{"kind": "st']))  # the last line of a run that was killed
    return path


def texts(panel):
    return [text.get_text() for text in panel.get_legend().get_texts()]


def test_curves_of_a_log_are_written_and_given(tmp_path):
    source = log(tmp_path / "a.jsonl", [3, 2, 1], loss=[2.5, 1.5], accuracy=[0.5, 0.9])
    figure = curves(source, path=tmp_path / "new" / "a.png", title="a run")
    assert (tmp_path / "new" / "a.png").read_bytes().startswith(b"\x89PNG")
    assert [panel.get_ylabel() for panel in figure.axes] == ["loss", "accuracy"]
    assert figure.axes[0].get_yscale() == "log"
    assert figure.axes[0].get_lines()[0].get_ydata().tolist() == [3, 2, 1]
    assert figure.axes[1].get_lines()[0].get_ydata().tolist() == [0.5, 0.9]


def test_curves_compare_runs_by_name(tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
    a, b = log(tmp_path / "x" / "log.jsonl", [3, 2]), log(tmp_path / "y" / "log.jsonl", [4, -1])
    figure = curves(a, b)
    assert texts(figure.axes[0]) == ["x", "y"]
    assert figure.axes[0].get_yscale() == "linear"
    assert texts(curves(a, b, labels=["one", "two"]).axes[0]) == ["one", "two"]
    assert texts(curves(a, log(tmp_path / "c.jsonl", [1])).axes[0]) == ["log", "c"]


def test_the_legend_names_a_run_once(tmp_path):
    figures = {"loss": [2.5, 1.5], "validation loss": [2.6, 1.7]}
    logs = [log(tmp_path / f"{name}.jsonl", [3, 2, 1], **figures) for name in "abc"]
    assert texts(curves(logs[0]).axes[0]) == ["training", "validation"]
    assert texts(curves(*logs).axes[0]) == ["a", "b", "c", "validation"]
    assert [line.get_linestyle() for line in curves(*logs).axes[0].get_lines()].count("--") == 4


def test_a_run_that_diverges_does_not_hide_the_others(tmp_path):
    good = log(tmp_path / "a.jsonl", np.linspace(2, 1, 200).tolist())
    bad = log(tmp_path / "b.jsonl", [1e3, 1e9, 1e20, 1e36])
    low, high = curves(good, bad).axes[0].get_ylim()
    assert low < 1 < 2 < high < 100


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_share_is_drawn_from_0_to_1(tmp_path, share):
    figure = curves(log(tmp_path / "a.jsonl", [3, 2, 1], loss=[2.5, 1.5], clipped=[share, share]))
    panel = figure.axes[1]
    assert panel.get_ylabel() == "share of clipped steps"
    assert panel.get_ylim() == (-0.02, 1.02)


def test_curves_of_a_history(tmp_path):
    model, batch = Linear(1, 1), (np.ones((4, 1)), np.zeros((4, 1)))
    history = fit(model, [batch] * 3, F.mse_loss, SGD(model.parameters(), 0.1), epochs=2, progress_bar=False)
    figure = history.plot(tmp_path / "a.png")
    assert (tmp_path / "a.png").exists()
    assert figure.axes[0].get_lines()[0].get_ydata().tolist() == history.steps["loss"]


def test_a_confusion_matrix():
    figure = confusion([[3, 1], [0, 4]], labels=["cat", "dog"])
    panel = figure.axes[0]
    assert [text.get_text() for text in panel.texts] == ["3", "1", "4"]
    assert panel.get_images()[0].get_array().tolist() == [[0.75, 0.25], [0, 1]]
    assert not confusion(np.eye(40, dtype=int)).axes[0].texts  # too many to be read


def test_mistakes_come_the_surest_first():
    labels, found = np.array([0, 1, 2, 3]), np.array([0, 2, 1, 1])
    figure = mistakes(np.zeros((4, 4, 4)), labels, found, [0.9, 0.6, 0.8, 0.7], count=2)
    titles = [panel.get_title() for panel in figure.axes if panel.get_title()]
    assert titles == ["2, taken for 1\n80.0 %", "3, taken for 1\n70.0 %"]
    probabilities = np.eye(4)[found] * 0.5
    named = mistakes(np.zeros((4, 16)), labels, found, probabilities, names=["a", "b", "c", "d"])
    assert named.axes[0].get_title() == "b, taken for c\n50.0 %"
    none = mistakes(np.zeros((4, 4, 4, 3)), labels, labels, [1] * 4)
    assert none.get_suptitle() == "0 mistakes among 4: nothing to show"
    assert [picture.get_size_inches()[0] for picture in (none, figure)] == [4.5, 4.5]  # no wider than needed
    assert mistakes(np.zeros((9, 16)), np.arange(9), [9] * 9, [1] * 9).get_size_inches()[0] == 9.0
    one = mistakes(np.zeros((4, 4, 4)), labels, [0, 1, 2, 1], [1] * 4)
    assert one.get_suptitle() == "1 mistake among 4"


def test_what_cannot_be_drawn(tmp_path):
    (tmp_path / "a.jsonl").write_text("no log\n")
    for call, words in (
        (lambda: curves(), r"^curves: needs a log file or a History, got none"),
        (lambda: curves(tmp_path / "a.jsonl"), r"^curves: .*a\.jsonl holds no figures of a training, got 0 rows; pass"),
        (lambda: confusion(np.ones((2, 3))), r"^confusion: needs a square matrix, got shape \(2, 3\)"),
        (lambda: confusion(np.ones((2, 2)), labels="a"), r"^confusion: needs a label for each of 2 classes, got 1"),
        (lambda: mistakes(np.ones((2, 4)), [1], [1], [1]), r"^mistakes: needs as many .*, got 2, 1, 1 and 1"),
        (lambda: mistakes(np.ones((1, 5)), [1], [2], [1]), r"^mistakes: flat images are square, got 5 pixels"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


def test_no_screen_no_session_and_no_import_by_the_rest():
    code = (
        "import sys, minigrad.train, minigrad.io\n"
        "assert not {'matplotlib', 'tqdm'} & set(sys.modules), 'loaded by training'\n"
        "from minigrad import viz\n"
        "viz.confusion([[1]])\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "MPLBACKEND": "TkAgg"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_rates_are_drawn_at_every_step(tmp_path):
    fall, rise = cosine(0.1, 5), linear(0.2, 5)
    figure = rates(fall, rise, steps=8, path=tmp_path / "rates.png", title="two")
    assert (tmp_path / "rates.png").read_bytes().startswith(b"\x89PNG")
    lines = figure.axes[0].get_lines()
    assert [line.get_ydata().tolist() for line in lines] == [[f(s) for s in range(8)] for f in (fall, rise)]
    assert texts(figure.axes[0]) == [repr(fall), repr(rise)]
    assert texts(rates(fall, rise, steps=8, labels=["a", "b"]).axes[0]) == ["a", "b"]
    assert fall.plot(3, tmp_path / "one.png").axes[0].get_lines()[0].get_ydata().tolist() == [fall(s) for s in range(3)]
    assert (tmp_path / "one.png").exists()
    assert constant(0.0).plot(2).axes[0].get_ylim()[0] == 0
    with pytest.raises(ValueError, match=r"^rates: draws schedules over steps, got 1 over 0; pass"):
        rates(fall, steps=0)
    with pytest.raises(ValueError, match=r"^rates: needs a label for each of 2 schedules, got 1; pass"):
        rates(fall, rise, steps=3, labels=["a"])
