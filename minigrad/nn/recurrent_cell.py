"""Cells: one step of a recurrence as a layer, for loops of one's own.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.recurrent`. Read next: `minigrad.nn.recurrent`.
"""

from __future__ import annotations

import math
from typing import Any

from minigrad.argument import number, whole
from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError, check_sizes
from minigrad.nn.functional.recurrent import KINDS, gru_cell, lstm_cell, rnn_cell, rnn_kind
from minigrad.nn.functional.standardize import floating
from minigrad.nn.init import uniform
from minigrad.nn.layer import Layer, Parameter
from minigrad.tensor import raw

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "forget", "gate_weights", "hidden_width"]


class _Cell(Layer):
    """What the three share: weights, and zeros where no state is given."""

    kind = ""

    def __init__(self, input_size: int, hidden_size: int, bias: bool, forget_bias: float | None = None) -> None:
        (self.input_size,), self.hidden_size = check_sizes(self, input_size=input_size), hidden_width(self, hidden_size)
        self.bias = bool(bias)
        parts = gate_weights(self.kind, self.input_size, self.hidden_size, self.bias)
        forget(type(self).__name__, parts, self.hidden_size, forget_bias)
        self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh = parts

    def _weights(self) -> tuple[Any, Any, Any, Any]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _start(self, x: Any) -> tuple[Any, Any]:
        """x as a value, and zeros for a part of its state."""
        name, x = type(self).__name__, floating(type(self).__name__, x)
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ShapeError(
                f"{name}: x must be (N, {self.input_size}) or ({self.input_size},), got {x.shape}; one step at a time, "
                f"or all by {name.removesuffix('Cell')}"
            )
        return x, namespace(raw(x)).zeros((*x.shape[:-1], self.hidden_size), dtype=x.dtype)


class RNNCell(_Cell):
    """One step of a plain recurrent network; `RNN` makes all of them.

    h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or with relu in place of tanh

    Without a state h is 0. All parameters start uniform in +-1/sqrt(hidden_size), PyTorch's default.

    Shapes: x (N, input_size) or (input_size,), h and h' (N, hidden_size) or (hidden_size,).

    Raises
    ------
    ShapeError
        If x or h has another shape.
    ValueError
        If `nonlinearity` is neither 'tanh' nor 'relu'.

    >>> from minigrad import ones
    >>> RNNCell(3, 4)(ones((5, 3))).shape
    (5, 4)

    Reference: Elman, Finding Structure in Time, 1990, figure 2.
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh") -> None:
        self.kind = self.nonlinearity = rnn_kind("RNNCell", nonlinearity)
        super().__init__(input_size, hidden_size, bias)

    def forward(self, x: Any, hx: Any = None) -> Any:
        x, zeros = self._start(x)
        return rnn_cell(x, zeros if hx is None else hx, *self._weights(), self.nonlinearity)


class LSTMCell(_Cell):
    """One step of a long short-term memory; `LSTM` makes all of them.

    [i, f, g, o] = W_ih x + b_ih + W_hh h + b_hh;  c' = sigmoid(f) c + sigmoid(i) tanh(g);  h' = sigmoid(o) tanh(c')

    Called with x and the state (h, c), both 0 if it is left out, it gives (h', c'). All parameters start uniform in
    +-1/sqrt(hidden_size), PyTorch's default; with `forget_bias` the biases of the forget gate start at that number, 1
    for instance, so that a new cell remembers.

    Shapes: x (N, input_size) or (input_size,), h and c (N, hidden_size) or (hidden_size,).

    Raises
    ------
    ShapeError
        If x, h or c has another shape, or the state is no pair.

    >>> from minigrad import ones
    >>> h, c = LSTMCell(3, 4)(ones((5, 3)))
    >>> h.shape, c.shape
    ((5, 4), (5, 4))

    Reference: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997, with the forget gate of Gers et al., 2000.
    """

    kind = "lstm"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, forget_bias: float | None = None) -> None:
        self.forget_bias = forget_bias
        super().__init__(input_size, hidden_size, bias, forget_bias)

    def forward(self, x: Any, hx: Any = None) -> tuple[Any, Any]:
        x, zeros = self._start(x)
        h, c = lstm_cell(x, (zeros, zeros) if hx is None else hx, *self._weights())
        return h, c


class GRUCell(_Cell):
    """One step of a gated recurrent unit; `GRU` makes all of them.

    [r, z, n] = W_ih x + b_ih,  [r_h, z_h, n_h] = W_hh h + b_hh;  r = sigmoid(r + r_h);  z = sigmoid(z + z_h);
    n = tanh(n + r n_h);  h' = (1 - z) n + z h

    Without a state h is 0. All parameters start uniform in +-1/sqrt(hidden_size), PyTorch's default.

    Shapes: x (N, input_size) or (input_size,), h and h' (N, hidden_size) or (hidden_size,).

    Raises
    ------
    ShapeError
        If x or h has another shape.

    >>> from minigrad import ones
    >>> GRUCell(3, 4)(ones((5, 3))).shape
    (5, 4)

    Reference: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, equations 5 to 8.
    """

    kind = "gru"

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True) -> None:
        super().__init__(input_size, hidden_size, bias)

    def forward(self, x: Any, hx: Any = None) -> Any:
        x, zeros = self._start(x)
        return gru_cell(x, zeros if hx is None else hx, *self._weights())


# -- what cells and layers share ---------------------------------------------------------------------------------------


def hidden_width(layer: Any, hidden_size: Any) -> int:
    """The hidden size, a whole number above 0: a state of nothing remembers nothing."""
    return whole(type(layer).__name__, "hidden_size", hidden_size, 1)


def gate_weights(kind: str, inputs: int, hidden: int, bias: bool) -> list[Parameter | None]:
    """weight_ih, weight_hh, bias_ih and bias_hh of one layer in one direction, uniform in +-1/sqrt(hidden)."""
    rows, bound = KINDS[kind].gates * hidden, 1 / math.sqrt(hidden)
    shapes: list[tuple[int, ...]] = [(rows, inputs), (rows, hidden), (rows,), (rows,)]
    return [Parameter(uniform(shape, -bound, bound)) if len(shape) == 2 or bias else None for shape in shapes]


def forget(name: str, parts: list[Parameter | None], hidden: int, forget_bias: Any) -> None:
    """Let the biases of the forget gate, which come as two, add up to a number."""
    if forget_bias is None:
        return
    value, (_, _, bias_ih, bias_hh) = number(name, "forget_bias", forget_bias), parts
    if bias_ih is None or bias_hh is None:
        raise ArgumentError(f"{name}: forget_bias needs biases, got bias=False; leave one of the two out")
    gate = slice(hidden, 2 * hidden)  # of i, f, g, o
    bias_ih.value[gate], bias_hh.value[gate] = value, 0
