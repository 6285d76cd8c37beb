"""What the device double watches: how often the host waits for the device, and float64 arrays that came by accident.

Builds on: nothing. Read next: `minigrad.backend.strict.array`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["DeviceMisuse", "SynchronisationError", "audit_float64", "no_synchronisation", "watch"]


class DeviceMisuse(AssertionError):
    """What CuPy lets pass and a GPU gets wrong, or gets right at a price."""


class SynchronisationError(RuntimeError):
    """The host waited for the device inside `no_synchronisation`."""


class _Watch:
    """`count` is how often the host has waited for the device."""

    __slots__ = ("audit", "count", "forbidden")

    def __init__(self) -> None:
        self.count, self.forbidden, self.audit = 0, False, False

    def synchronise(self, what: str) -> None:
        if self.forbidden:
            raise SynchronisationError(f"{what} waits for the device; keep the value there, or read it less often")
        self.count += 1

    def widened(self, result: Any, *inputs: Any) -> None:
        """Raise for a float64 result that no float64 array went into."""
        results = result if isinstance(result, (tuple, list)) else (result,)
        if any(getattr(r, "dtype", None) == np.float64 for r in results) and not any(map(_is_double, inputs)):
            kinds = ", ".join(str(i.dtype) if isinstance(i, np.ndarray) else repr(i) for i in inputs) or "no arrays"
            raise DeviceMisuse(f"a float64 array was made from {kinds}; use Python numbers and name the dtype")


watch = _Watch()


@contextmanager
def no_synchronisation() -> Iterator[None]:
    """Inside, whatever would make the host wait for the device raises."""
    before, watch.forbidden = watch.forbidden, True
    try:
        yield
    finally:
        watch.forbidden = before


@contextmanager
def audit_float64() -> Iterator[None]:
    """Inside, a float64 array that is not made from float64 arrays raises; `from_host` may bring some."""
    before, watch.audit = watch.audit, True
    try:
        yield
    finally:
        watch.audit = before


def _is_double(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_is_double, value))
    return isinstance(value, np.ndarray) and value.dtype == np.float64
