"""Inputs for the kernels and the fused ops of recurrence."""

import numpy as np

from minigrad.ops.fused.recurrent import gru_step, lstm_step

SIZES = [(1, 1), (3, 5), (20, 37), (0, 4), (2, 64)]


def normal(rng, *shapes):
    return [rng.normal(size=shape).astype(np.float32) * 2 for shape in shapes]


def opened(rng, n, width):
    return np.tanh(rng.normal(size=(n, width))).astype(np.float32)


def lstm(rng):
    for n, w in SIZES:
        yield normal(rng, (n, 4 * w), (n, 4 * w), (n, w))
    yield [np.array([[np.nan, 1, 2, 3]] * 4, np.float32), np.zeros((4, 4), np.float32), np.ones((4, 1), np.float32)]
    yield [np.array([[100, -100, 50, 1e30]] * 4, np.float32), *normal(rng, (4, 4), (4, 1))]


def lstm_backward(rng):
    for n, w in SIZES:
        yield [*normal(rng, (2, n, w)), opened(rng, n, 4 * w), *normal(rng, (n, w)), opened(rng, n, w)]


def gru(rng):
    for n, w in SIZES:
        yield normal(rng, (n, 3 * w), (n, 3 * w), (n, w))


def gru_backward(rng):
    for n, w in SIZES:
        yield [*normal(rng, (n, w)), opened(rng, n, 3 * w), *normal(rng, (n, 3 * w), (n, w))]


def cases(gates):
    def make(rng):
        for lead in ((2,), (), (3, 2), (0,)):
            yield normal(rng, (*lead, gates * 5), (*lead, gates * 5), (*lead, 5)), {}

    return make


ROWS = {
    "recurrent.lstm": lstm,
    "recurrent.lstm_backward": lstm_backward,
    "recurrent.gru": gru,
    "recurrent.gru_backward": gru_backward,
}
FUSED = {"lstm_step": (lstm_step, cases(4)), "gru_step": (gru_step, cases(3))}
