"""On the device double no example waits for the device inside a step: from moving the batch to counting the step."""

import runpy
import sys

import pytest

import minigrad.train
from minigrad.backend.strict import no_synchronisation
from tests.examples.launch import ROOT

pytest.importorskip("matplotlib", reason="the examples draw pictures")
assert minigrad.train.fit  # its module is loaded, and hidden behind the function of its name
LOOP = sys.modules["minigrad.train.fit"]

EXAMPLES = [
    ("mlp.py", ["--epochs", "1", "--width", "16", "--normaliser", "batch"]),
    ("regression.py", ["--epochs", "2"]),
    ("from_csv.py", ["--epochs", "2"]),
    ("cnn.py", ["--epochs", "1", "--width", "4"]),
    ("nf_net.py", ["--epochs", "1", "--width", "4", "--depth", "1"]),
    ("deep_net.py", ["--epochs", "1", "--depth", "4", "--width", "8"]),
    (
        "char_gpt.py",
        ["--layers", "1", "--width", "8", "--block", "8", "--batch", "4", "--steps", "10", "--length", "20"],
    ),
    *(("names.py", ["--epochs", "1", "--model", model]) for model in ("lstm", "gru", "mlp")),
]


@pytest.mark.parametrize(("name", "options"), EXAMPLES, ids=[" ".join((name, *words)) for name, words in EXAMPLES])
def test_no_step_of_an_example_waits(name, options, tmp_path, monkeypatch):
    steps = []

    def guard(owner, part):
        function = getattr(owner, part)

        def guarded(*args):
            with no_synchronisation():
                steps.append(part)
                return function(*args)

        monkeypatch.setattr(owner, part, guarded)

    for part in ("place", "learning_rate", "training_step"):
        guard(LOOP, part)
    guard(LOOP.Run, "step_done")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [name, "--backend", "strict", *options])
    runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")
    assert steps.count("training_step") == steps.count("step_done") > 5
