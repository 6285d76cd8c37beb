"""Every error that minigrad raises by itself, and the one form of their messages.

A message reads ``<public name>: <what is wrong>, got <values>; <what to do>``. Each class is also the built-in error
that a NumPy user would catch, so ``except ValueError`` keeps working.

Builds on: nothing. Read next: `minigrad.backend`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

__all__ = [
    "ArgumentError",
    "DTypeError",
    "DeviceError",
    "ExportError",
    "GraphError",
    "LinAlgError",
    "MinigradError",
    "MutationError",
    "NonFiniteError",
    "PlaceError",
    "ShapeError",
]


class MinigradError(Exception):
    """The common base of minigrad's own errors."""


class ArgumentError(MinigradError, ValueError):
    """An argument outside of what it may be: a probability of 2, an unknown mode."""


class ShapeError(MinigradError, ValueError):
    """Shapes that do not fit together."""


class PlaceError(MinigradError, IndexError):
    """An index that names no place."""


class DTypeError(MinigradError, TypeError):
    """A value of the wrong kind: integers where only floating numbers have a meaning, a string for an array."""


class DeviceError(MinigradError, TypeError):
    """Arrays of two libraries in one call, or a backend that cannot be used here."""


class ExportError(MinigradError, BufferError):
    """Memory that cannot be handed to another library in the way that was asked for."""


class GraphError(MinigradError, RuntimeError):
    """A backward walk that cannot be done: no graph, a freed graph, a missing seed."""


class LinAlgError(MinigradError, np.linalg.LinAlgError):
    """A matrix without an inverse, a solution or a factor."""


class MutationError(MinigradError, RuntimeError):
    """An array that a pending backward walk still needs was written to."""


class NonFiniteError(MinigradError, FloatingPointError):
    """A NaN that debug mode found where it arose."""


def add_note(error: BaseException, note: str) -> None:
    """Append a line to an error's message (`BaseException.add_note`, which Python 3.10 lacks)."""
    if hasattr(error, "add_note"):
        error.add_note(note)
    elif error.args and isinstance(error.args[0], str):
        error.args = (f"{error.args[0]}\n{note}", *error.args[1:])


@contextmanager
def speaking_as(name: str) -> Iterator[None]:
    """Errors of what a public function calls, beginning with its own name: the one that its caller knows.

    >>> with speaking_as("example"):
    ...     raise FileNotFoundError("inside: there is no such file, got a.csv; check the path")
    Traceback (most recent call last):
    FileNotFoundError: example: there is no such file, got a.csv; check the path
    """
    try:
        yield
    except (MinigradError, OSError) as error:
        if len(error.args) == 1 and isinstance(error.args[0], str):
            error.args = (f"{name}: {error.args[0].partition(': ')[2]}",)
        raise
