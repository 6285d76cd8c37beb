"""`import minigrad` brings NumPy and nothing else that is heavy, and touches nothing of the process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    "IPython", "PIL", "cupy", "cupyx", "matplotlib", "mpi4py", "numba", "pandas", "safetensors", "scipy", "sklearn",
    "threadpoolctl", "torch", "tqdm",
}  # fmt: skip


def run(code):
    """What a fresh process prints as JSON, warnings being errors."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "error", "-c", f"import json, sys\n{code}"]
    environment = os.environ | {"PYTHONPATH": path, "MINIGRAD_KERNELS": "numpy"}  # compiled kernels bring numba along
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def loaded(code):
    """The modules that `code` brings beside those a bare Python with NumPy has."""
    show = "print(json.dumps(sorted(sys.modules)))"
    return set(run(f"{code}\n{show}")) - set(run(f"import numpy\n{show}"))


@pytest.mark.parametrize(
    "code",
    [
        "import minigrad",
        "import minigrad.nn, minigrad.optim, minigrad.data, minigrad.testing",
        "import minigrad as mg\nmg.nn.Linear(2, 1)(mg.ones((3, 2))).sum().backward()",
    ],
)
def test_nothing_heavy_is_loaded(code):
    modules = loaded(code)
    assert "minigrad.tape" in modules
    assert {name.split(".")[0] for name in modules} & HEAVY == set()


def test_the_package_alone_and_the_standard_library():
    others = {name.split(".")[0] for name in loaded("import minigrad")} - sys.stdlib_module_names
    assert others == {"minigrad"}


def test_subpackages_come_when_they_are_named():
    modules = loaded("import minigrad")
    assert not {"minigrad.nn", "minigrad.optim", "minigrad.data", "minigrad.testing"} & modules
    assert "minigrad.nn.linear" in loaded("import minigrad\nminigrad.nn")
    assert "minigrad.backend.cupy" not in modules


def test_importing_and_computing_leave_the_process_as_it_was():
    look = "(gc.get_threshold(), sys.getrecursionlimit(), threading.active_count(), str(numpy.geterr()))"
    code = f"import gc, threading, numpy\nbefore = {look}\n{{}}\nprint(json.dumps(before == {look}))"
    use = "import minigrad as mg; x = mg.ones(3, requires_grad=True); mg.tanh(x).sum().backward()"
    assert run(code.format(use)) is True
    assert run(code.format("gc.set_threshold(7)")) is False  # the look sees a difference
