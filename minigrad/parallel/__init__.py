"""Several workers on one model: how they speak with each other.

Builds on: the files of this folder. Read next: `minigrad.parallel.communicator`.
"""

from minigrad.ops.collective import Communicator, all_reduce
from minigrad.parallel.communicator import CommunicationError, Single
from minigrad.parallel.threads import Threads

__all__ = ["CommunicationError", "Communicator", "Single", "Threads", "all_reduce"]
