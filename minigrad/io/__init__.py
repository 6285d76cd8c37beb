"""Files: arrays by name, and whole trainings, without pickle.

Builds on: the files of this folder. Read next: `minigrad.io.checkpoint`.
"""

from minigrad.io.arrays import load, save
from minigrad.io.checkpoint import load_checkpoint, save_checkpoint
from minigrad.io.whole import FileError, partial_files, replacing

__all__ = ["FileError", "load", "load_checkpoint", "partial_files", "replacing", "save", "save_checkpoint"]
