"""Recurrence: one step of each kind of cell, and the loop over time that all kinds share.

A step takes what the input contributes, W_ih x + b_ih, and the state, a tuple with h first. What the input contributes
does not depend on the state, so the loop computes it for all times at once, in one product of matrices. Backpropagation
through time is nothing of its own: it is the tape of the loop, walked back.

Builds on: `minigrad.nn.functional.linear`, `minigrad.ops.fused.recurrent`. Read next: `minigrad.nn.functional.lengths`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minigrad.backend import Array
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.nn.functional.linear import linear
from minigrad.nn.functional.rectifier import relu
from minigrad.nn.functional.standardize import floating
from minigrad.ops import stack, swapaxes, tanh, where
from minigrad.ops.fused.recurrent import gru_step, lstm_step
from minigrad.tape import composite
from minigrad.tensor import as_value

__all__ = ["KINDS", "gru_cell", "lstm_cell", "rnn_cell", "rnn_kind", "unroll", "unstacked"]

State = tuple[Any, ...]  # h, and c of an LSTM, each (N, hidden)
Weights = Sequence[Any]  # weight_ih, weight_hh, bias_ih, bias_hh; the biases may be None


class Kind(NamedTuple):
    """What makes a kind of recurrence.

    >>> KINDS["lstm"].gates, KINDS["lstm"].parts
    (4, 2)
    """

    gates: int  # blocks of rows in its weights, each of `hidden` rows
    parts: int  # arrays in its state
    step: Callable[[Any, State, Any, Any], State]  # (W_ih x + b_ih, state, W_hh, b_hh) -> the next state


def _tanh_step(projected: Any, state: State, weight: Any, bias: Any) -> State:
    (h,) = state
    return (tanh(projected + linear(h, weight, bias)),)


def _relu_step(projected: Any, state: State, weight: Any, bias: Any) -> State:
    (h,) = state
    return (relu(projected + linear(h, weight, bias)),)


def _lstm_step(projected: Any, state: State, weight: Any, bias: Any) -> State:
    h, c = state
    new = lstm_step(projected, linear(h, weight, bias), c)
    return new[0], new[1]


def _gru_step(projected: Any, state: State, weight: Any, bias: Any) -> State:
    (h,) = state
    return (gru_step(projected, linear(h, weight, bias), h),)


KINDS = {
    #            gates  parts of the state
    "tanh": Kind(1,     1, _tanh_step),
    "relu": Kind(1,     1, _relu_step),
    "lstm": Kind(4,     2, _lstm_step),
    "gru":  Kind(3,     1, _gru_step),
}  # fmt: skip


# -- one step ----------------------------------------------------------------------------------------------------------


@composite
def rnn_cell(
    x: Any, h: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any = None, bias_hh: Any = None, nonlinearity: str = "tanh"
) -> Any:
    """One step of a plain recurrent network.

    h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with relu in place of tanh

    Shapes: x (..., in), h and h' (..., hidden), W_ih (hidden, in), W_hh (hidden, hidden), biases (hidden).

    Raises
    ------
    ShapeError
        If x or h does not fit the weights.
    ValueError
        If `nonlinearity` is neither 'tanh' nor 'relu'.

    >>> rnn_cell([1.0], [0.5], [[1.0]], [[2.0]])
    array([0.964], dtype=float32)

    Reference: Elman, Finding Structure in Time, 1990, figure 2.
    """
    kind = rnn_kind("rnn_cell", nonlinearity)
    return _one_step("rnn_cell", kind, x, (h,), (weight_ih, weight_hh, bias_ih, bias_hh))[0]


@composite
def lstm_cell(
    x: Any, state: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any = None, bias_hh: Any = None
) -> tuple[Any, Any]:
    """One step of a long short-term memory: gates decide what its cell forgets, takes in and shows.

    [i, f, g, o] = W_ih x + b_ih + W_hh h + b_hh;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')

    `state` is (h, c), the result (h', c').

    Shapes: x (..., in), h and c (..., hidden), W_ih (4 hidden, in), W_hh (4 hidden, hidden), biases (4 hidden).

    Raises
    ------
    ShapeError
        If x, h or c does not fit the weights.

    >>> h, c = lstm_cell([1.0], ([0.0], [1.0]), [[0.0], [0.0], [1.0], [0.0]], [[0.0]] * 4)
    >>> h, c
    (array([0.3534], dtype=float32), array([0.8808], dtype=float32))

    Reference: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997, with the forget gate of Gers et al., 2000.
    """
    if not (isinstance(state, (tuple, list)) and len(state) == 2):
        raise ShapeError(f"lstm_cell: the state is a pair (h, c), got {state!r:.60}; pass both")
    h, c = _one_step("lstm_cell", "lstm", x, tuple(state), (weight_ih, weight_hh, bias_ih, bias_hh))
    return h, c


@composite
def gru_cell(x: Any, h: Any, weight_ih: Any, weight_hh: Any, bias_ih: Any = None, bias_hh: Any = None) -> Any:
    """One step of a gated recurrent unit, which mixes the old state with a new one.

    [r, z, n] = W_ih x + b_ih,  [r_h, z_h, n_h] = W_hh h + b_hh;  r = sigmoid(r + r_h);  z = sigmoid(z + z_h);
    n = tanh(n + r n_h);  h' = (1 - z) n + z h

    The reset r acts after the product of matrices, and z keeps: the paper has r before it and z the other way round.

    Shapes: x (..., in), h and h' (..., hidden), W_ih (3 hidden, in), W_hh (3 hidden, hidden), biases (3 hidden).

    Raises
    ------
    ShapeError
        If x or h does not fit the weights.

    >>> gru_cell([1.0], [1.0], [[0.0], [0.0], [1.0]], [[0.0]] * 3)
    array([0.8808], dtype=float32)

    Reference: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, equations 5 to 8.
    """
    return _one_step("gru_cell", "gru", x, (h,), (weight_ih, weight_hh, bias_ih, bias_hh))[0]


def _one_step(name: str, kind: str, x: Any, state: State, weights: Weights) -> State:
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    x, state = floating(name, x), tuple(floating(name, part) for part in state)
    weight_ih, weight_hh = as_value(weight_ih), as_value(weight_hh)
    gates, hidden = KINDS[kind].gates, weight_hh.shape[-1]
    if weight_ih.ndim != 2 or weight_hh.shape != (gates * hidden, hidden) or weight_ih.shape[0] != gates * hidden:
        raise ShapeError(
            f"{name}: the weights must be ({gates} hidden, in) and ({gates} hidden, hidden), got {weight_ih.shape} and "
            f"{weight_hh.shape}; one block of rows for each gate"
        )
    for bias in (bias_ih, bias_hh):
        if bias is not None and as_value(bias).shape != (gates * hidden,):
            raise ShapeError(
                f"{name}: the biases must be ({gates * hidden},), one number for each row of the weights, got "
                f"{as_value(bias).shape}; pass that, or None"
            )
    fits = x.ndim and x.shape[-1] == weight_ih.shape[1] and all(s.shape == (*x.shape[:-1], hidden) for s in state)
    if not fits:
        shown = " and ".join(str(s.shape) for s in state)
        raise ShapeError(
            f"{name}: x must be (..., {weight_ih.shape[1]}) and the state (..., {hidden}), with equal axes before, got "
            f"{x.shape} and {shown}; check input_size and hidden_size"
        )
    return KINDS[kind].step(linear(x, weight_ih, bias_ih), state, weight_hh, bias_hh)


def rnn_kind(name: str, nonlinearity: Any) -> str:
    """The kind of a plain recurrent network, which is the name of its nonlinearity."""
    if nonlinearity not in ("tanh", "relu"):
        raise ArgumentError(f"{name}: nonlinearity is 'tanh' or 'relu', got {nonlinearity!r:.60}; pass one")
    return str(nonlinearity)


# -- all steps ---------------------------------------------------------------------------------------------------------


def unroll(
    kind: str, x: Any, state: State, weights: Weights, going: Array | None = None, backwards: bool = False
) -> tuple[Any, State]:
    """One layer in one direction: h at every time, and the state where each sequence ends.

    Where a sequence is not `going`, its state stays as it is and its output is 0. So a short sequence keeps the state
    of its own end and, `backwards`, the initial state until its own last element comes.

    Shapes: x (N, T, in), parts of the state (N, hidden), going (T, N, 1), outputs (N, T, hidden).
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    projected = unstacked(linear(swapaxes(x, 0, 1), weight_ih, bias_ih))  # T times (N, gates hidden)
    times = range(len(projected))
    outputs: list[Any] = [None] * len(projected)
    for t in reversed(times) if backwards else times:
        new = KINDS[kind].step(projected[t], state, weight_hh, bias_hh)
        if going is None:
            outputs[t], state = new[0], new
        else:
            outputs[t] = where(going[t], new[0], 0)
            state = tuple(where(going[t], after, before) for after, before in zip(new, state, strict=True))
    return stack(outputs, axis=1), state


def unstacked(x: Any) -> list[Any]:
    """x[0], x[1], ..., cut out by halving again and again.

    The gradient of a slice is an array of zeros as large as what it was cut from. So n slices cut from the whole cost
    n^2, and cut from halves of halves n log n.

    >>> import numpy as np
    >>> unstacked(np.array([[1.0], [2.0], [3.0]]))
    [array([1.]), array([2.]), array([3.])]
    """
    if x.shape[0] == 1:
        return [x.reshape(x.shape[1:])]
    half = x.shape[0] // 2
    return [*unstacked(x[:half]), *unstacked(x[half:])]
