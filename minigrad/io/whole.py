"""Files that are whole or not there: written under another name, brought to the disk, then renamed.

A rename within one folder is one step for the file system, so whoever looks finds the old file or the new one, and a
process that is killed in between leaves at most a file whose name ends in `.partial`. Its writer holds a lock on it,
which the system gives back with the process, so that nobody takes a file that is being written for a leftover.

Builds on: `minigrad.argument`. Read next: `minigrad.io.arrays`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from minigrad.argument import existing_file, refused
from minigrad.errors import MinigradError

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows: there only age tells what was left
    fcntl = None

__all__ = ["FileError", "partial_files", "read_json", "replacing"]

DAY = 86_400.0  # seconds


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
        with partial.open("wb") as held:
            _lock(held)
            yield partial
        _to_disk(partial)
        os.replace(partial, target)
        _to_disk(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def partial_files(folder: str | os.PathLike[str]) -> list[Path]:
    """What killed writers left in a folder: partial files that nobody is writing.

    >>> partial_files(".")
    []
    """
    return sorted(path for path in Path(folder).glob(".*.partial") if _is_left(path))


def read_json(name: str, path: Any) -> Any:
    """What a JSON file from elsewhere holds, for the public function `name`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a.json").write_text("[1, 2]")
    ...     read_json("example", Path(folder, "a.json"))
    [1, 2]
    """
    file = existing_file(name, path)
    try:
        return json.loads(file.read_text("utf-8-sig"))  # some editors put a mark first
    except OSError as error:
        raise refused(name, "read", file, error) from error
    except (ValueError, RecursionError) as error:
        raise FileError(f"{name}: {file} is no JSON, got {error!s:.100}; fetch it again, or name another") from error


def _lock(file: IO[bytes]) -> bool:
    """Hold a file for as long as it is open; False where another has it."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # held by another; or on a file system without locks, where nothing is known
        return False
    return True


def _is_left(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _lock(file) or time.time() - path.stat().st_mtime > DAY
    except FileNotFoundError:  # its writer has just renamed it
        return False


def _to_disk(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, have reached the disk."""
    if os.name == "nt" and path.is_dir():
        return  # a folder cannot be opened there
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
