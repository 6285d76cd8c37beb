"""Optimizers, schedules and clipping.

Builds on: the files of this folder. Read next: `minigrad.optim.optimizer`.
"""

import importlib
from typing import Any

from minigrad.ewma import EWMA
from minigrad.optim import schedules
from minigrad.optim.adadelta import Adadelta
from minigrad.optim.adafactor import Adafactor
from minigrad.optim.adagrad import Adagrad
from minigrad.optim.adam import Adam, AdamW
from minigrad.optim.adamax import Adamax
from minigrad.optim.amsgrad import AMSGrad
from minigrad.optim.clip import (
    adaptive_grad_clip,
    clip_grad_norm,
    clip_grad_norm_per_parameter,
    clip_grad_value,
    grad_norm,
)
from minigrad.optim.groups import decay_groups, muon_groups
from minigrad.optim.layerwise import LAMB, LARS
from minigrad.optim.lion import Lion
from minigrad.optim.lookahead import Lookahead
from minigrad.optim.muon import Muon
from minigrad.optim.nadam import NAdam
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.radam import RAdam
from minigrad.optim.rmsprop import RMSProp
from minigrad.optim.sgd import NAG, SGD, Momentum
from minigrad.optim.together import Together
from minigrad.optim.zclip import ZClip

__all__ = [
    "EWMA",
    "LAMB",
    "LARS",
    "NAG",
    "SGD",
    "AMSGrad",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Lion",
    "Lookahead",
    "Momentum",
    "Muon",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSProp",
    "Together",
    "ZClip",
    "adaptive_grad_clip",
    "clip_grad_norm",
    "clip_grad_norm_per_parameter",
    "clip_grad_value",
    "decay_groups",
    "grad_norm",
    "muon_groups",
    "schedules",
]

_IN_TRAIN = ("ModelEMA", "SWA")


def __getattr__(name: str) -> Any:
    # They are callbacks of a training, which stands above optimizers, and are looked for here.
    if name in _IN_TRAIN:
        return getattr(importlib.import_module("minigrad.train"), name)
    raise AttributeError(f"module 'minigrad.optim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_IN_TRAIN])
