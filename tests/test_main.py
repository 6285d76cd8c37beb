"""`python -m minigrad` prints what a bug report needs."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minigrad.__main__ import main
from minigrad.kernels import provider


def test_the_environment_is_printed_in_two_columns():
    root = Path(__file__).parents[1]
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "minigrad"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    lines = done.stdout.splitlines()
    rows = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines if line}
    assert not done.stderr
    assert rows["Python"].startswith(platform.python_version())
    assert rows["NumPy"] == np.__version__
    assert rows["numpy"].startswith(f"yes: version {np.__version__}")
    assert rows["strict"].startswith("yes: a double of CuPy")
    assert rows["cupy"].startswith(("yes: version", "no: "))
    assert "cupy: " not in rows["cupy"]  # its name stands in front
    assert rows["kernels"].startswith(("numpy", "numba"))
    assert {"minigrad", "platform", "BLAS", "torch", "safetensors", "package", "backend"} <= set(rows)
    starts = {len(line) - len(line[15:].lstrip()) for line in lines if line}
    assert starts == {15}  # the second column stands in one place


def test_kernels_that_no_one_has_are_told_among_the_rest():
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "MINIGRAD_KERNELS": "fortran"}
    done = subprocess.run([sys.executable, "-m", "minigrad"], capture_output=True, text=True, env=environment)
    assert done.returncode == 0
    assert "none: MINIGRAD_KERNELS: kernels are by numpy or numba, got MINIGRAD_KERNELS 'fortran'" in done.stdout


@pytest.mark.parametrize("before", [False, True])
def test_compile_says_whether_anything_was_left_to_do(before, monkeypatch, capsys):
    answers = {"installed": True, "compiled": before, "folder": "there", "compile_all": ["norm", "act"]}
    for name, answer in answers.items():
        monkeypatch.setattr(provider, name, lambda answer=answer: answer)
    assert main(["compile"]) == 0
    *first, last = capsys.readouterr().out.splitlines()
    assert first == ([] if before else ["compiling the kernels, a quarter of a minute ..."])
    how = "compiled already" if before else "compiled by numba"
    assert last == f"kernels of norm, act: {how}, kept in there"
