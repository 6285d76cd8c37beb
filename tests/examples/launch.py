"""Runs an example as a person would: as a process of its own, from another folder, warnings being errors."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def launch(name, *options, folder):
    """What the example prints."""
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / name), *map(str, options)]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"PYTHONPATH": path, "MPLCONFIGDIR": str(folder / "matplotlib")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def is_picture(path):
    return path.read_bytes().startswith(b"\x89PNG")
