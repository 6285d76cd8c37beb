"""Recurrent layers in the table of layers, held to networks that take one sequence and one element after the other."""

from functools import partial

import numpy as np

import minigrad as mg
from minigrad import nn
from minigrad.nn import Layer
from tests.nn.recurrent_rows import network, step
from tests.testing.row import row

__all__ = ["ROWS"]


class Padded(Layer):
    """A recurrent layer over sequences of these lengths."""

    def __init__(self, recurrent):
        self.recurrent = recurrent

    def forward(self, x, lengths):
        return self.recurrent(x, lengths=lengths)


class Started(Layer):
    """A layer that starts from the state (h, c)."""

    def __init__(self, recurrent):
        self.recurrent = recurrent

    def forward(self, x, h, c):
        return self.recurrent(x, (h, c))


def seeded(kind, *args, inside=lambda layer: layer, **options):
    """The layer with weights of one stream, whatever was drawn before."""

    def made():
        mg.manual_seed(3)
        return inside(getattr(nn, kind)(*args, **options))

    return made


def own(state):
    """The state of the layer inside."""
    return {name.removeprefix("recurrent."): array for name, array in state.items()}


def cell(kind):
    def oracle(state, x, *parts):
        names = "weight_ih weight_hh bias_ih bias_hh".split()
        hidden = state["weight_hh"].shape[1]
        start = parts or [np.zeros((*x.shape[:-1], hidden))] * (2 if kind == "lstm" else 1)
        return step(kind, x, start, *(state.get(name, 0) for name in names))

    return oracle


def padded(kind):
    return lambda state, x, lengths: network(kind, own(state), x, lengths=lengths)


def names(*ends, bias=True):
    parts = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"][: 4 if bias else 2]
    return [part + end for end in ends for part in parts]


X, LENGTHS = (3, 4, 2), np.array([2, 4, 1])
CELL = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
ROWS = [
    row("RNNCell", seeded("RNNCell", 2, 3), (4, 2), cell("tanh"), parameters=CELL, buffers=[]),
    row("RNNCell", seeded("RNNCell", 2, 3, False, "relu"), [(4, 2), (4, 3)], cell("relu"), "relu, started",
        parameters=CELL[:2]),
    row("LSTMCell", seeded("LSTMCell", 2, 3), (4, 2), cell("lstm"), parameters=CELL, buffers=[]),
    row("LSTMCell", seeded("LSTMCell", 2, 3, forget_bias=1.5, inside=Started), [(4, 2), (4, 3), (4, 3)],
        lambda s, x, h, c: cell("lstm")(own(s), x, h, c), "started"),
    row("GRUCell", seeded("GRUCell", 2, 3), (4, 2), cell("gru"), parameters=CELL, buffers=[]),
    row("GRUCell", seeded("GRUCell", 2, 3, bias=False), [(2,), (3,)],
        lambda s, x, h: cell("gru")(s, x, h), "one example, started"),
    row("RNN", seeded("RNN", 2, 3), X, partial(network, "tanh"), parameters=names("_l0"), buffers=[]),
    row("RNN", seeded("RNN", 2, 3, 2, "relu", bidirectional=True), X, partial(network, "relu"),
        "relu, two layers, both directions", parameters=names("_l0", "_l0_reverse", "_l1", "_l1_reverse")),
    row("RNN", seeded("RNN", 2, 3, bidirectional=True, inside=Padded), [X, LENGTHS], padded("tanh"), "lengths"),
    row("LSTM", seeded("LSTM", 2, 3), X, partial(network, "lstm"), parameters=names("_l0"), buffers=[]),
    row("LSTM", seeded("LSTM", 2, 2, 2, False, bidirectional=True), (2, 3, 2), partial(network, "lstm"),
        "two layers, both directions, no bias",
        parameters=names("_l0", "_l0_reverse", "_l1", "_l1_reverse", bias=False)),
    row("LSTM", seeded("LSTM", 2, 2, 2, bidirectional=True, inside=Padded), [X, LENGTHS], padded("lstm"), "lengths"),
    row("LSTM", seeded("LSTM", 2, 3, inside=Started), [(2, 3, 2), (1, 2, 3), (1, 2, 3)],
        lambda s, x, h, c: network("lstm", own(s), x, (h, c)), "started"),
    row("LSTM", seeded("LSTM", 2, 3, 2, dropout=0.4), X, partial(network, "lstm"), "dropout", differs=True),
    row("GRU", seeded("GRU", 2, 3), X, partial(network, "gru"), parameters=names("_l0"), buffers=[]),
    row("GRU", seeded("GRU", 2, 2, 2, bidirectional=True), [(2, 3, 2), (4, 2, 2)],
        lambda s, x, h: network("gru", s, x, (h,)), "two layers, both directions, started"),
    row("GRU", seeded("GRU", 2, 2, 2, bidirectional=True, inside=Padded), [X, LENGTHS], padded("gru"), "lengths"),
    row("GRU", seeded("GRU", 2, 3), (4, 2), lambda s, x: [part[:, 0] if i else part[0] for i, part in
        enumerate(network("gru", s, x[None]))], "one sequence"),
]  # fmt: skip
