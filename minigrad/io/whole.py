"""Files that are whole or not there: written under another name, brought to the disk, then renamed.

A rename within one folder is one step for the file system, so whoever looks finds the old file or the new one, and a
process that is killed in between leaves at most a file whose name ends in `.partial`.

Builds on: `minigrad.errors`. Read next: `minigrad.io.arrays`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minigrad.errors import MinigradError

__all__ = ["FileError", "partial_files", "replacing"]


class FileError(MinigradError, ValueError):
    """A file that is damaged, cut short, or of another kind."""


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give the name to write to; when the block ends well, what was written takes the place of `path`.

    If the block raises, `path` stays as it was and what was written is removed.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with replacing(Path(folder.name, "notes.txt")) as partial:
    ...     _ = partial.write_text("all of it")
    >>> os.listdir(folder.name)
    ['notes.txt']
    >>> folder.cleanup()
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        yield partial
        _to_disk(partial)
        os.replace(partial, target)
        _to_disk(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def partial_files(folder: str | os.PathLike[str]) -> list[Path]:
    """What killed writers left in a folder.

    >>> partial_files(".")
    []
    """
    return sorted(Path(folder).glob(".*.partial"))


def _to_disk(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, have reached the disk."""
    if os.name == "nt" and path.is_dir():
        return  # a folder cannot be opened there
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
