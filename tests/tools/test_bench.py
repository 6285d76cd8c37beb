"""The benchmark of training steps runs every workload and writes what it found."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bench
from tools.bench_timing import have_torch
from tools.workloads import WORKLOADS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_trains(name):
    step = WORKLOADS[name]("minigrad")
    losses = [step().item() for _ in range(5)]
    assert losses[-1] < losses[0]


@pytest.mark.skipif(not have_torch(), reason="needs PyTorch; minigrad's side is tested above")
@pytest.mark.parametrize("name", WORKLOADS)
def test_pytorch_trains_the_same(name):
    step = WORKLOADS[name]("torch")
    losses = [step().item() for _ in range(5)]
    assert losses[-1] < losses[0]


def test_the_tool_writes_its_rows(tmp_path):
    out = tmp_path / "rows.json"
    options = ["--quick", "--only", "W1 tiny", "--threads", "1", "--json", str(out)]
    done = subprocess.run([sys.executable, bench.__file__, *options], capture_output=True, text=True, check=True)
    found = json.loads(out.read_text())
    assert done.stdout.count("W1 tiny") == len(found["rows"]) == (2 if have_torch() else 1)
    row = found["rows"][0]
    assert row.keys() == {"workload", "threads", "kernels", "peer", "ms", "ratio", "spread"}
    assert (row["workload"], row["threads"], row["peer"]) == ("W1 tiny", 1, "minigrad")
    assert row["ms"] > 0
