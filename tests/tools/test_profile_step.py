"""The profile of a training step names minigrad's functions and accounts for all of the time."""

import subprocess
import sys

import pytest

from tools import profile_step
from tools.bench_timing import kernels_in_use
from tools.workloads import WORKLOADS


def test_shares_add_up_and_the_kernels_are_named():
    bare, whole, rows = profile_step.profiled(WORKLOADS["W1 tiny"].make("minigrad"), 3)
    assert bare > 0
    assert whole > 0
    assert abs(sum(share for share, *_ in rows) - 1) < 1e-9
    names = {name for *_, name in rows}
    assert {"cross_entropy (ops/fused/cross_entropy.py)", "walk (backward.py)"} <= names


def test_the_table_is_printed():
    command = [sys.executable, profile_step.__file__, "W1 tiny", "--steps", "2", "--rows", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "W1 tiny: " in done.stdout
    assert f"kernels {kernels_in_use()}" in done.stdout
    assert len(done.stdout.strip().splitlines()) >= 6


@pytest.mark.parametrize("option", ["--steps=0", "--steps=-3", "--rows=0", "--threads=0"])
def test_nothing_to_measure_is_an_error(capsys, option):
    with pytest.raises(SystemExit):
        profile_step.main(["W1 tiny", option])
    assert "at least 1" in capsys.readouterr().err
