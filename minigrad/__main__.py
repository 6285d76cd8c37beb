"""``python -m minigrad``: what runs here, to look at and to put into a bug report.

Builds on: `minigrad.backend`. Read next: nothing.
"""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterator
from importlib import metadata

import numpy as np

from minigrad.backend import LIBRARIES, backend, why_not

__all__ = ["main"]

EXTRAS = ("safetensors", "tqdm", "threadpoolctl", "numba", "matplotlib", "torch", "mpi4py")
DISTRIBUTION = "minigrad-dl"


def main() -> None:
    """Print the versions, the linear algebra library, the optional packages and the back ends."""
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
            yield name, f"no: {reason}"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    main()
