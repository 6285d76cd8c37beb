"""The communicator of one worker alone, and the error of all communicators.

Builds on: `minigrad.ops.collective`. Read next: `minigrad.parallel.threads`.
"""

from __future__ import annotations

from minigrad.backend import Array, namespace
from minigrad.errors import MinigradError

__all__ = ["CommunicationError", "Single"]


class CommunicationError(MinigradError, RuntimeError):
    """Workers that cannot go on together: one has failed, does not come, or wants something else."""


class Single:
    """The communicator of one worker: its sum over all is what it hands in.

    >>> Single().rank, Single().size
    (0, 1)
    """

    rank, size = 0, 1

    def all_reduce(self, array: Array) -> Array:
        """A copy of the array."""
        return namespace(array).array(array)

    def __repr__(self) -> str:
        return "Single()"
