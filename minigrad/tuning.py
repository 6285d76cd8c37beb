"""`tune`: the speed switches of the process, all in one place.

Training makes and drops the same large arrays over and over. glibc gives memory above a threshold back to the system
each time, which then has to zero it again page by page; and Python's garbage collector looks through all young objects
every 700 of them, though the graph has no cycles to find. Both belong to the whole process, so nothing here happens
unless somebody asks for it; `minigrad.train.fit` does.

Builds on: nothing. Read next: `minigrad.kernels`.
"""

from __future__ import annotations

import ctypes
import gc
import os
from typing import Any

__all__ = ["tune", "tuned"]

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
SIZES = 1 << 30, 1 << 25  # bytes: as much as is needed, and what older versions allow
COLLECT = 10_000, 20, 100  # new objects before the youngest are looked through, and rounds before the older ones
SWITCH = "MINIGRAD_TUNE"

_done: dict[str, str] = {}


def tune() -> dict[str, str]:
    """Set the switches of this process that make training faster, once, and say which.

    "malloc": glibc keeps freed memory of up to 1 GiB for the next array and gives none back to the system. "gc": the
    garbage collector looks for cycles after 10,000 new objects and not after 700. Where the C library is another one,
    "malloc" is left out; with ``MINIGRAD_TUNE=0`` in the environment nothing is done. Thresholds of the collector that
    are higher already, or 0 for never, stay.

    >>> sorted(tune()) in (["gc", "malloc"], ["gc"], [])
    True
    """
    if not _done and os.environ.get(SWITCH) != "0":
        if size := _keep_memory():
            _done["malloc"] = f"freed memory below {size >> 20} MiB is kept"
        if 0 < gc.get_threshold()[0] < COLLECT[0]:
            gc.set_threshold(*COLLECT)
        _done["gc"] = f"collections after {gc.get_threshold()[0]} objects"
    return dict(_done)


def tuned() -> bool:
    """Whether `tune` has been called here and has done something."""
    return bool(_done)


def _keep_memory() -> int:
    """Tell glibc to keep what is freed; the size that it agreed to, 0 where there is no glibc."""
    libc: Any = ctypes.CDLL(None) if os.name == "posix" else None
    if libc is None or not hasattr(libc, "gnu_get_libc_version") or not hasattr(libc, "mallopt"):
        return 0
    for size in SIZES:
        if libc.mallopt(M_MMAP_THRESHOLD, size):
            libc.mallopt(M_TRIM_THRESHOLD, size)
            return size
    return 0
