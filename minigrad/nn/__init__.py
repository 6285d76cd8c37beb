"""Layers and the functions they are made of.

Builds on: the files of this folder. Read next: `minigrad.nn.layer`.
"""

from minigrad.nn import functional
from minigrad.nn.activation import ReLU
from minigrad.nn.container import Sequential
from minigrad.nn.layer import Layer, Parameter, walk
from minigrad.nn.linear import Linear

__all__ = ["Layer", "Linear", "Parameter", "ReLU", "Sequential", "functional", "walk"]
