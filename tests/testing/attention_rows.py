"""The part of the table of layers that holds what sequences are made of: embeddings, attention, positions, blocks."""

import numpy as np

import minigrad as mg
from minigrad import nn
from tests.testing.row import row

__all__ = ["ATTENTION"]


def seeded(name, *args, **keywords):
    """The layer with weights of one stream, whatever was drawn before."""

    def made():
        mg.manual_seed(3)
        return getattr(nn, name)(*args, **keywords)

    return made


TOKENS = np.array([[2, 0, 2], [2, 3, 1]])


def looked_up(state, tokens):
    return np.stack([[state["weight"][t] for t in line] for line in tokens])


EMBEDDING = [
    row("Embedding", seeded("Embedding", 4, 3), TOKENS, looked_up, parameters=["weight"], buffers=[]),
    row("Embedding", seeded("Embedding", 4, 3, init=nn.init.ones), np.int32(2), lambda s, t: s["weight"][t],
        "init, one token"),
]  # fmt: skip

ATTENTION = [*EMBEDDING]
