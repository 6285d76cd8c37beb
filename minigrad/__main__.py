"""``python -m minigrad``: what runs here, to look at and to put into a bug report; ``compile`` for the kernels.

Builds on: `minigrad.backend`, `minigrad.kernels.provider`. Read next: nothing.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata

import numpy as np

from minigrad.backend import LIBRARIES, backend, why_not
from minigrad.errors import ArgumentError
from minigrad.kernels import provider

__all__ = ["main"]

EXTRAS = ("safetensors", "tqdm", "threadpoolctl", "numba", "matplotlib", "torch")
DISTRIBUTION = "minigrad-dl"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m minigrad", description="What runs here, for a bug report.")
    commands = parser.add_subparsers(dest="command", title="commands")
    commands.add_parser(
        "compile", help="compile the kernels with numba, into a folder of the user's cache; again after an update"
    )
    if parser.parse_args(arguments).command == "compile":
        return compile_kernels()
    show()
    return 0


def compile_kernels() -> int:
    """Fill the cache of compiled kernels; 1 where that cannot be done, 0 without a word more where numba is missing."""
    if not provider.installed():
        print("numba is not installed, so NumPy's kernels serve; the extra 'fast' brings it")
        return 0
    try:
        if not (already := provider.compiled()):
            print("compiling the kernels, a quarter of a minute ...", flush=True)
        found = provider.compile_all()  # where all is there it is only read, and what is damaged made anew
    except (ArgumentError, OSError) as error:
        print(f"compile: nothing was kept, got {error}; XDG_CACHE_HOME names another folder", file=sys.stderr)
        return 1
    done = "compiled already" if already else "compiled by numba"
    print(f"kernels of {', '.join(found)}: {done}, kept in {provider.folder()}")
    return 0


def show() -> None:
    """Print the versions, the linear algebra library, the kernels, the optional packages and the back ends."""
    rows = [*_environment(), *_extras(), *_backends()]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        print(f"{name:<{width}}  {text}".rstrip())


def _environment() -> Iterator[tuple[str, str]]:
    yield "minigrad", _version(DISTRIBUTION) or "not installed, run from its source"
    yield "Python", f"{platform.python_version()} ({platform.python_implementation()})"
    yield "platform", f"{platform.system()} {platform.release()}, {platform.machine()}"
    yield "NumPy", np.__version__
    for text in _blas():
        yield "BLAS", text
    yield "kernels", provider.why()


def _blas() -> Iterator[str]:
    try:
        threadpoolctl = importlib.import_module("threadpoolctl")
    except ImportError:
        yield "threads unknown: threadpoolctl is not installed"
        return
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    for pool in pools:
        kind = f" for {pool['architecture']}" if "architecture" in pool else ""
        yield f"{pool['internal_api']} {pool['version'] or '?'}{kind}, {pool['num_threads']} threads"
    if not pools:
        yield "none that threadpoolctl knows"


def _extras() -> Iterator[tuple[str, str]]:
    yield "", ""
    yield "package", "version"
    for name in EXTRAS:  # asked of the metadata: importing some of them takes seconds
        yield name, _version(name) or "-"


def _backends() -> Iterator[tuple[str, str]]:
    yield "", ""
    yield "backend", "usable here?"
    for name in LIBRARIES:
        reason = why_not(name)
        if reason is None:
            yield name, "yes: " + "; ".join(f"{key} {value}" for key, value in backend(name).describe().items())
        else:
            yield name, f"no: {reason.removeprefix(f'{name}: ')}"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
