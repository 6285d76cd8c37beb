"""How a training tells where it is, and the history it leaves."""

import json
import re
import sys
import threading

import numpy as np
import pytest

from minigrad.nn import functional as F
from minigrad.train import History, accuracy, fit
from minigrad.train.callbacks import Monitor
from minigrad.train.progress import Bar, Lines, progress
from tools.resume_trials import parts


def run(**options):
    model, loader, optimizer = parts()
    options = {"epochs": 2, "validation": loader, "metrics": {"accuracy": accuracy}, **options}
    return fit(model, loader, F.cross_entropy, optimizer, log_every=3, **options)


def test_plain_lines_where_there_is_no_terminal(capsys):
    history = run()
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert len(lines) == 2
    last = history.epochs[-1]
    assert lines[1].startswith(
        f"epoch 2/2  step 14  loss {last['loss']:.4f}  validation loss {last['validation loss']:.4f}  "
        f"validation accuracy {last['validation accuracy']:.4f}  "
    )
    assert lines[1].endswith(" steps/s")
    assert "\r" not in out + err
    assert err == ""


def test_a_bar_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert type(progress(True, 2)) is Bar
    run()
    out, err = capsys.readouterr()
    assert out == ""
    parts = [part.strip() for part in re.split(r"[\r\n]", err)]
    assert any(re.match(r"epoch 1/2 .*\| \d/7, .* left, .*steps/s", part) for part in parts)  # the bar
    done = [part for part in parts if part.startswith("epoch") and " step " in part]  # and a line that stays
    assert [line[:17] for line in done] == ["epoch 1/2  step 7", "epoch 2/2  step 1"]
    assert re.search(
        r"  loss 0\.\d{4}  validation loss 0\.\d{4}  validation accuracy 0\.\d{4}  [\d,]+ steps/s$", done[1]
    )


def test_nothing_where_nothing_is_wanted(capsys):
    run(progress_bar=False)
    assert capsys.readouterr() == ("", "")
    assert type(progress(True, 1)) is Lines


def test_in_another_thread_signals_are_left_alone():
    found = []
    thread = threading.Thread(target=lambda: found.append(run(progress_bar=False)))
    thread.start()
    thread.join()
    assert len(found[0]) == 14


def test_the_log_is_what_the_history_says(tmp_path):
    history = run(progress_bar=False, log=tmp_path / "new" / "log.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "new" / "log.jsonl").read_text().splitlines()]
    steps, epochs = ([row for row in rows if row["kind"] == kind] for kind in ("step", "epoch"))
    assert [row["loss"] for row in steps] == history.steps["loss"]
    assert [{"kind": "epoch", **row} for row in history.epochs] == epochs
    assert all(type(row["step"]) is int for row in rows)
    assert [row["step"] for row in steps if "accuracy" in row] == [3, 6, 9, 12]


def test_a_history_survives_its_state():
    history = History()
    history.add_steps([{"step": 1, "loss": 0.1}, {"step": 2, "loss": 0.2, "norm": 3.0}])
    history.add_epoch({"epoch": 1, "confusion": np.eye(2, dtype=int)})
    other = History()
    other.load_state_dict(history.state_dict())
    assert other.steps["loss"] == [0.1, 0.2]
    np.testing.assert_array_equal(other.steps["norm"], [np.nan, 3])
    assert other.epochs == [{"epoch": 1, "confusion": [[1, 0], [0, 1]]}]


@pytest.mark.parametrize(
    ("name", "maximize", "values", "wanted"),
    [
        ("validation loss", None, [3, 2, 2, float("nan"), 1], [True, True, False, False, True]),
        ("validation accuracy", None, [0.5, 0.4, 0.6], [True, False, True]),
        ("perplexity", None, [float("nan"), 9, 8, 10], [False, True, True, False]),
        ("speed", False, [3, 4, 2], [True, False, True]),
    ],
)
def test_what_counts_as_better(name, maximize, values, wanted):
    monitor = Monitor(name, maximize)
    assert [monitor.improved({name: value}) for value in values] == wanted


def test_better_by_less_than_asked_is_not_better():
    monitor = Monitor("loss", by=0.1)
    assert [monitor.improved({"loss": value}) for value in (1.0, 0.95, 0.89)] == [True, False, True]
