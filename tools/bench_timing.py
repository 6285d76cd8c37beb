"""What every benchmark shares: interleaved rounds, medians, a number of threads, and a look at the machine.

Absolute times drift on a shared machine, ratios taken side by side in one run hold. So the sides take turns within a
round, a ratio is formed in each round, and the median of those ratios counts; `spread` says how far they lie apart.
"""

import argparse
import importlib
import importlib.util
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from time import perf_counter

import numpy as np
import threadpoolctl

__all__ = [
    "RARE", "as_is", "have_torch", "interleaved", "kernels_in_use", "limited", "machine", "own_code", "quartiles",
    "started", "warn_if_busy", "writable",
]  # fmt: skip

Block = Callable[[], object]
RARE = (10_000, 20, 100)  # thresholds of Python's garbage collector for rarer collections

# By these a shell can choose the code that a library runs on this processor.
CODE = (
    "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES",
    "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA",
)  # fmt: skip


def as_is(parser: argparse.ArgumentParser) -> None:
    """The option that `started` looks for; by its whole name, as there."""
    parser.allow_abbrev = False
    parser.add_argument("--as-is", action="store_true", help=f"keep what the shell says in {CODE[0]} and the like")


def started(main: Callable[[], object]) -> None:
    """What a tool does that was started: libraries choose their code, and an interrupt ends in a word."""
    own_code()
    try:
        sys.exit(main() or 0)  # type: ignore[arg-type]
    except KeyboardInterrupt:  # processes of its own have been ended on the way out
        sys.exit("interrupted; nothing was written")


def writable(parser: argparse.ArgumentParser, *files: Path | None) -> None:
    """Refuse files in folders that are not there now, and not after everything has been measured."""
    for file in files:
        if file is not None and not file.parent.is_dir():
            parser.error(f"{file.parent} is no folder, so that {file.name} cannot be written there")


def own_code() -> None:
    """Begin anew without what the shell says of a library's code for this processor, so that each chooses for itself.

    A shell that names an older processor for one library would hold this one back beside the others. It is read when a
    library starts, so this process can no longer change it.
    """
    said = [f"{name}={os.environ[name]}" for name in CODE if name in os.environ]
    if said and "--as-is" not in sys.argv:
        print("left out of the environment:", *said, flush=True)
        rest = {name: value for name, value in os.environ.items() if name not in CODE}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], rest)


def have_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def interleaved(blocks: Sequence[Block], rounds: int) -> list[list[float]]:
    """Seconds of each block in each round; who goes first changes from round to round."""
    times: list[list[float]] = [[] for _ in blocks]
    for block in blocks:  # memory, caches and lazily made kernels
        block()
    for number in range(rounds):
        order = range(len(blocks)) if number % 2 == 0 else reversed(range(len(blocks)))
        for i in order:
            start = perf_counter()
            blocks[i]()
            times[i].append(perf_counter() - start)
    return times


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """The median, and the distance of the quartiles as a part of it.

    >>> quartiles([1.0, 2.0, 3.0])
    (2.0, 0.5)
    """
    if len(values) < 2:
        return values[0], 0.0
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, (high - low) / middle


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """So many threads for every library inside the block."""
    if have_torch():
        import torch

        torch.set_num_threads(threads)
    with threadpoolctl.threadpool_limits(threads):
        yield


def machine() -> dict[str, str]:
    """What the numbers were taken on."""
    about = {
        "machine": f"{platform.system()} {platform.machine()}, {_processor()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
    for pool in threadpoolctl.threadpool_info():
        if pool["user_api"] == "blas" and "blas" not in about:
            about["blas"] = f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}".strip()
    for package in ("numba", "torch", "jax"):  # asked of the metadata: importing them takes seconds
        if importlib.util.find_spec(package):
            about[package] = metadata.version(package)
    return about


def kernels_in_use() -> str:
    """Whose kernels minigrad takes in this process: 'numpy' or 'numba'."""
    try:
        return str(importlib.import_module("minigrad.kernels").provider_in_use())
    except ModuleNotFoundError:  # minigrad has no others
        return "numpy"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown processor"


def warn_if_busy(tries: int = 40, after: bool = False) -> str:
    """A warning if other work disturbs the clock, else nothing: the same small sum, timed again and again.

    The system's load counts too, but not after a run, which has made it.
    """
    work, times = list(range(20_000)), []
    for _ in range(tries):
        start = perf_counter()
        sum(work)
        times.append(perf_counter() - start)
    noise = statistics.quantiles(times, n=10)[8] / min(times)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if noise < 1.25 and (after or load < 0.5 * (os.cpu_count() or 1)):
        return ""
    warning = f"warning: the machine is busy (load {load:.1f}, equal work varies by {noise:.2f}); trust no time here"
    print(warning, file=sys.stderr)
    return warning
