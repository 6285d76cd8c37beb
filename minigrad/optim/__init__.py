"""Optimizers, schedules and clipping.

Builds on: the files of this folder. Read next: `minigrad.optim.optimizer`.
"""

from minigrad.ewma import EWMA
from minigrad.optim import schedules
from minigrad.optim.adagrad import Adagrad
from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.clip import clip_grad_norm, clip_grad_value
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.rmsprop import RMSProp
from minigrad.optim.sgd import NAG, SGD, Momentum

__all__ = [
    "EWMA",
    "NAG",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Momentum",
    "Optimizer",
    "RMSProp",
    "clip_grad_norm",
    "clip_grad_value",
    "schedules",
]
