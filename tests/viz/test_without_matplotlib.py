"""Where matplotlib is missing, whoever wants a picture is told what brings it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADVICE = "ModuleNotFoundError: viz: matplotlib, which draws, is not installed; in the checkout pip install -e '.[viz]'"


@pytest.mark.parametrize(
    "code",
    [
        "from minigrad.viz import curves",
        "from minigrad.viz.canvas import sheet",
        "from minigrad.optim.schedules import cosine; cosine(0.1, 5).plot(3)",
        "import runpy; runpy.run_path('examples/mlp.py', run_name='__main__')",
    ],
)
def test_the_extra_is_named(code):
    hide = "import sys; sys.modules['matplotlib'] = None; "
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", hide + code],
        capture_output=True, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == ADVICE
