"""The small GPT takes the steps of PyTorch's."""

import subprocess
import sys

import pytest

import minigrad as mg
from tests.examples.launch import ROOT
from tools import parity_gpt
from tools.bench_timing import have_torch


@pytest.mark.skipif(not have_torch(), reason="needs PyTorch; attention and blocks are held to its stored results")
def test_losses_stay_together(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the quick brown fox jumps over the lazy dog\n" * 40, "utf-8")
    tool = [sys.executable, str(ROOT / "tools" / "parity_gpt.py"), "--steps", "12", "--text", str(text)]
    done = subprocess.run([*tool, "--png", str(tmp_path / "a.png")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "largest difference of losses" in done.stdout
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("loss", "norm", "verdict"),
    [(2.0, 5.0, 0), (2.00005, 5.0, 0), (2.001, 5.0, 1), (2.0, 5.0004, 0), (2.0, 5.01, 1),
     (float("nan"), 5.0, 1), (2.0, float("nan"), 1)],
)  # fmt: skip
def test_both_losses_and_norms_decide(tmp_path, monkeypatch, loss, norm, verdict):
    class Side:
        model = mg.nn.Linear(1, 1)

        def __init__(self, *args):
            self.of_torch = len(args) == 3

        def batch(self, x, y):
            return x, y

        def step(self, x, y):
            return (2.0, 5.0) if self.of_torch else (loss, norm)

    monkeypatch.setattr(parity_gpt, "Mini", Side)
    monkeypatch.setattr(parity_gpt, "Torch", Side)
    monkeypatch.setattr(sys, "argv", ["parity_gpt.py", "--steps", "2", "--out", str(tmp_path)])
    assert parity_gpt.main() == verdict
