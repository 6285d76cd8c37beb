"""Whose kernels serve: numba's where it is installed and they lie compiled in the cache, else NumPy's.

Compiling takes a quarter of a minute, so nothing is compiled in passing: ``python -m minigrad compile`` fills the
cache, and until then a first run is as fast as it was without numba. `MINIGRAD_KERNELS` set to ``numpy`` or ``numba``
decides instead. The cache is a folder whose name depends on all that compiled code depends on: the kernels' text, the
versions and the processor. It counts as filled once the file `DONE` stands in it.

Builds on: `minigrad.errors`. Read next: `minigrad.kernels`.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

from minigrad.errors import ArgumentError

__all__ = ["PROVIDERS", "check", "chosen", "compile_all", "compiled", "files", "folder", "installed", "why"]

PROVIDERS = ("numpy", "numba")
SWITCH = "MINIGRAD_KERNELS"
SOURCES = Path(__file__).with_name("numba")
DONE = "done"


@cache
def installed() -> bool:
    """Whether numba is there; looking does not import it."""
    return find_spec("numba") is not None


def check(name: str, origin: str = "use_kernels") -> str:
    """The name of a provider that can serve here, or an error."""
    if name not in PROVIDERS:
        raise ArgumentError(
            f"{origin}: kernels are by {' or '.join(PROVIDERS)}, got {origin} {name!r:.40}; name one of them"
        )
    if name == "numba" and not installed():
        raise ArgumentError(
            f"{origin}: numba is not installed, got {origin} {name!r}; in the checkout pip install -e '.[fast]', or "
            "take 'numpy'"
        )
    return name


@cache
def chosen() -> str:
    """The provider of this process."""
    wanted = os.environ.get(SWITCH)
    if wanted:
        return check(wanted, SWITCH)
    return "numba" if installed() and compiled() else "numpy"


def why() -> str:
    """What was chosen, in words, for ``python -m minigrad``."""
    if os.environ.get(SWITCH):
        try:
            early = "" if chosen() == "numpy" or compiled() else "; not compiled yet, so first uses take time"
            return f"{chosen()}, as {SWITCH} says{early}"
        except ArgumentError as error:
            return f"none: {error}"
    if not installed():
        return "numpy; with the extra 'fast' they can be compiled by numba"
    if compiled():
        return "numba, compiled"
    older = any(folder().parent.glob(f"kernels-*/{DONE}"))
    return f"numpy, until 'python -m minigrad compile' has been run{' again: something has changed' if older else ''}"


def compiled() -> bool:
    """Whether the cache holds every kernel for this processor and these versions.

    In a folder that it may not write to, numba does not look either: it would compile everything anew elsewhere.
    """
    return (folder() / DONE).is_file() and os.access(folder(), os.W_OK)


@cache
def folder() -> Path:
    """Where compiled kernels are kept."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "minigrad" / f"kernels-{_fingerprint()}"


def _fingerprint() -> str:
    """A name for all that compiled code depends on. numba looks at the times of files, so they belong to it too."""
    parts = [sys.version, platform.machine(), _processor(), str(SOURCES)]
    parts += [metadata.version(name) for name in ("numba", "llvmlite", "numpy")]
    for path in sorted(SOURCES.glob("*.py")):
        parts += [path.name, str(path.stat().st_mtime_ns), hashlib.sha256(path.read_bytes()).hexdigest()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _processor() -> str:
    """The processor's name and abilities: code compiled for another one may not run here."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))


def drop(kernel: Callable[..., None]) -> None:
    """Take what was kept of one kernel out of the cache."""
    for path in folder().rglob(f"*.{kernel.__name__}-*.nb?"):
        path.unlink()


def files() -> list[str]:
    """The files of kernels that numba compiles."""
    return [path.stem for path in sorted(SOURCES.glob("*.py")) if path.stem not in ("__init__", "jit", "math", "sums")]


def compile_all() -> list[str]:
    """Compile every kernel into the cache; the files that were done."""
    check("numba", "compile")
    where = folder()
    if not where.is_absolute():
        raise ArgumentError(f"compile: the home of this user is not known, got {str(where)!r}; set XDG_CACHE_HOME")
    where.mkdir(parents=True, exist_ok=True)
    if not os.access(where, os.W_OK):  # said now and not after compiling
        raise PermissionError(f"no right to write in {where}")
    for file in files():
        import_module(f"minigrad.kernels.numba.{file}")  # each kernel has its signature, so importing compiles it
    (where / DONE).touch()
    chosen.cache_clear()
    return files()
