"""The trainings that are timed: each file has one, as minigrad and as PyTorch write it.

A workload is a function of a library's name that gives a function that takes one step of training.
"""

from tools.workloads.cnn import cnn
from tools.workloads.mlp import mlp

__all__ = ["WORKLOADS"]

WORKLOADS = {
    "W1": lambda peer: mlp(peer, (784, 256, 128, 10), 128),
    "W1 tiny": lambda peer: mlp(peer, (64, 32, 10), 32),
    "W4 8x8": lambda peer: cnn(peer, 8),
    "W4 28x28": lambda peer: cnn(peer, 28),
}
