"""The first example trains, draws and saves, on the host and on the device double."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("matplotlib", reason="the example draws a picture")
load_file = pytest.importorskip("safetensors.numpy", reason="the example saves its weights").load_file


def run(out, backend, epochs=2):
    """What the example prints, as a process of its own."""
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "mlp.py")]
    options = ["--epochs", str(epochs), "--width", "32", "--backend", backend, "--out", str(out)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path, "MPLCONFIGDIR": str(out / "matplotlib")}
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, cwd=out, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def accuracy(printed):
    return float(re.search(r"^test accuracy ([\d.]+) %$", printed, re.MULTILINE)[1])


@pytest.mark.parametrize("backend", ["numpy", "strict"])
def test_it_learns_and_writes_its_files(tmp_path, backend):
    printed = run(tmp_path, backend)
    assert accuracy(printed) > 60  # chance is 10
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    weights = load_file(tmp_path / "model.safetensors")
    assert [(name, array.shape) for name, array in sorted(weights.items())] == [
        ("0.bias", (32,)), ("0.weight", (32, 64)), ("2.bias", (32,)), ("2.weight", (32, 32)),
        ("4.bias", (10,)), ("4.weight", (10, 32)),
    ]  # fmt: skip
    assert {str(array.dtype) for array in weights.values()} == {"float32"}
    assert not list(tmp_path.glob("*.partial"))


def test_the_device_double_and_the_host_learn_the_same_weights(tmp_path):
    for backend in ("numpy", "strict"):
        (tmp_path / backend).mkdir()
        run(tmp_path / backend, backend, epochs=1)
    host, device = (load_file(tmp_path / name / "model.safetensors") for name in ("numpy", "strict"))
    for name, array in host.items():
        np.testing.assert_allclose(device[name], array, rtol=1e-4, atol=1e-5)
