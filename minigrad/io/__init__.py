"""Files: arrays by name, whole trainings, and weights from elsewhere, without pickle.

Builds on: the files of this folder. Read next: `minigrad.io.checkpoint`.
"""

from minigrad.io.arrays import load, save
from minigrad.io.checkpoint import load_checkpoint, save_checkpoint
from minigrad.io.torch_state import load_torch_state, save_torch_state
from minigrad.io.whole import FileError, partial_files, replacing

__all__ = [
    "FileError", "load", "load_checkpoint", "load_torch_state", "partial_files", "replacing", "save",
    "save_checkpoint", "save_torch_state",
]  # fmt: skip
