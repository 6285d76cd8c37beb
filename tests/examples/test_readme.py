"""The program in the README trains on a table; killed and started again it ends with the same bits."""

import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from minigrad.io import load_checkpoint
from tests.examples.launch import ROOT

PROGRAM = re.search(r"```py\n(import minigrad as mg\n.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[1]
KILLER = """
import os, signal
from minigrad.train.run import Run
counted = Run.step_done
def step_done(self, *args):
    counted(self, *args)
    if self.step == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
Run.step_done = step_done
"""


def run(folder, kill_at=None):
    """Run the program in a folder with a table of its own, killed after a step if wanted; gives what it printed."""
    folder.mkdir(exist_ok=True)
    centres, names = np.array([[0.0, 0.0], [2.0, 1.0], [0.0, 3.0]]), ["daisy", "lily", "rose"]
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{names[i % 3]}" for i in range(150) for a, b in [rng.normal(centres[i % 3], 0.3)]]
    (folder / "table.csv").write_text("\n".join(["length,width,species", *rows]))
    text = ("" if kill_at is None else KILLER.format(step=kill_at)) + PROGRAM
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-W", "error", "-c", text]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == (0 if kill_at is None else -signal.SIGKILL), done.stderr
    return done.stdout


def parameters(folder):
    newest = sorted((folder / "runs" / "checkpoints").glob("step-*"))[-1]
    return {name: array.tobytes() for name, array in load_checkpoint(newest)["model"].items()}


def test_it_has_twenty_lines():
    assert len([line for line in PROGRAM.splitlines() if line]) <= 20


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_it_learns_and_goes_on_bit_for_bit_after_kills(tmp_path):
    printed = run(tmp_path / "whole")
    assert float(re.search(r"'accuracy': ([\d.]+)", printed)[1]) > 0.9
    for step in (37, 120):
        run(tmp_path / "killed", kill_at=step)
    again = run(tmp_path / "killed")
    assert re.search(r"^going on after step 116, from runs/checkpoints/step-0+116\.safetensors$", again, re.MULTILINE)
    assert parameters(tmp_path / "killed") == parameters(tmp_path / "whole")
