"""Optimizers.

Builds on: the files of this folder. Read next: `minigrad.optim.optimizer`.
"""

from minigrad.ewma import EWMA
from minigrad.optim.adam import Adam
from minigrad.optim.optimizer import Optimizer

__all__ = ["EWMA", "Adam", "Optimizer"]
