"""One step of LSTM and GRU behind their products of matrices: from the gates to the new state.

An op has one result, so that of the LSTM is its whole new state, h' and c' in one array.

Builds on: `minigrad.ops.fused.rows`, `minigrad.kernels.recurrent`. Read next: `minigrad.nn.functional.recurrent`.
"""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.graph import joint
from minigrad.kernels import recurrent as kernels
from minigrad.ops.arrange import split, stack
from minigrad.ops.elementwise import sigmoid
from minigrad.ops.fused.rows import as_rows
from minigrad.ops.trigonometry import tanh
from minigrad.tape import Result, Value, composite, op

__all__ = ["gru_step", "lstm_step"]


@composite
def lstm_step__plain(a: Value, b: Value, c: Value) -> Value:
    i, f, g, o = split(a + b, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return stack([sigmoid(o) * tanh(c), c])


@op(plain=lstm_step__plain)
def lstm_step(a: Value, b: Value, c: Value) -> Result:
    """The next state [h', c'] of an LSTM, from what input and state contribute to its gates.

    [i, f, g, o] = a + b;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')

    Shapes: a, b (..., 4 hidden), c (..., hidden), y (2, ..., hidden).

    >>> h, c = lstm_step([[0.0, 0.0, 1.0, 0.0]], [[0.0] * 4], [[1.0]])
    >>> h, c
    (array([[0.3534]], dtype=float32), array([[0.8808]], dtype=float32))
    """
    wide, shape, before = a.shape, c.shape, as_rows(c)
    y, gates, t = kernels.lstm(as_rows(a), as_rows(b), before)

    def lstm_step(g: Value) -> Sequence[Value]:
        dgates, dc = kernels.lstm_backward(g.reshape(2, *before.shape), gates, before, t)
        dgates = dgates.reshape(wide)
        return dgates, dgates, dc.reshape(shape)

    return y.reshape(2, *shape), joint(3, lstm_step)


@composite
def gru_step__plain(a: Value, b: Value, h: Value) -> Value:
    (r, z, n), (r_h, z_h, n_h) = split(a, 3, axis=-1), split(b, 3, axis=-1)
    r, z = sigmoid(r + r_h), sigmoid(z + z_h)
    n = tanh(n + r * n_h)  # the reset comes after the product of matrices
    return (1 - z) * n + z * h


@op(plain=gru_step__plain)
def gru_step(a: Value, b: Value, h: Value) -> Result:
    """The next state of a GRU, from what input and state contribute to its gates.

    [r, z, n] = a, [r_h, z_h, n_h] = b;  r = sigmoid(r + r_h);  z = sigmoid(z + z_h);  n = tanh(n + r n_h);
    h' = (1 - z) n + z h

    Shapes: a, b (..., 3 hidden), h and h' (..., hidden).

    >>> gru_step([[0.0, 0.0, 1.0]], [[0.0] * 3], [[1.0]])
    array([[0.8808]], dtype=float32)
    """
    wide, shape, of_state, before = a.shape, h.shape, as_rows(b), as_rows(h)
    y, gates = kernels.gru(as_rows(a), of_state, before)

    def gru_step(g: Value) -> Sequence[Value]:
        da, db, dh = kernels.gru_backward(as_rows(g), gates, of_state, before)
        return da.reshape(wide), db.reshape(wide), dh.reshape(shape)

    return y.reshape(shape), joint(3, gru_step)
