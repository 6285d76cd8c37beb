"""The small GPT takes the steps of PyTorch's."""

import subprocess
import sys

import pytest

from tests.examples.launch import ROOT
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
