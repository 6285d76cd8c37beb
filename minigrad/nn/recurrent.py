"""Recurrent layers: `RNN`, `LSTM`, `GRU`, in several layers and both directions.

Builds on: `minigrad.nn.recurrent_cell`, `minigrad.nn.functional.recurrent`. Read next: `examples/names.py`.
"""

from __future__ import annotations

import warnings
from typing import Any

from minigrad.argument import whole
from minigrad.backend import namespace
from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError, check_sizes
from minigrad.nn.functional.dropout import check_probability, dropout
from minigrad.nn.functional.lengths import running
from minigrad.nn.functional.recurrent import KINDS, rnn_kind, unroll, unstacked
from minigrad.nn.functional.standardize import floating
from minigrad.nn.layer import Layer
from minigrad.nn.recurrent_cell import forget, gate_weights, hidden_width
from minigrad.ops import concatenate, stack, where
from minigrad.tensor import as_value, raw

__all__ = ["GRU", "LSTM", "RNN"]


class _Recurrent(Layer):
    """What the three share: weights by PyTorch's names, and the way through layers and directions."""

    kind = ""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        forget_bias: float | None = None,
    ) -> None:
        name = type(self).__name__
        if batch_first is not True:
            raise ArgumentError(
                f"{name}: x is (N, T, features), got batch_first={batch_first!r}; swap the axes of x instead"
            )
        (self.input_size,), self.hidden_size = check_sizes(self, input_size=input_size), hidden_width(self, hidden_size)
        self.num_layers, self.dropout = whole(name, "num_layers", num_layers, 1), check_probability(name, dropout)
        self.bias, self.batch_first, self.bidirectional = bool(bias), True, bool(bidirectional)
        if self.dropout and self.num_layers == 1:
            warnings.warn(f"{name}: dropout acts between layers, and there is one; add layers", UserWarning, 3)
        for layer in range(self.num_layers):
            inputs = self.hidden_size * (1 + self.bidirectional) if layer else self.input_size
            for path in self._paths(layer):
                parts = gate_weights(self.kind, inputs, self.hidden_size, self.bias)
                forget(name, parts, self.hidden_size, forget_bias)
                for part, values in zip(PARTS, parts, strict=True):
                    setattr(self, part + path, values)

    def _paths(self, layer: int) -> list[str]:
        """What the names of a layer's parameters end with, for each direction."""
        return [f"_l{layer}", f"_l{layer}_reverse"][: 1 + self.bidirectional]

    def forward(self, x: Any, hx: Any = None, lengths: Any = None) -> tuple[Any, Any]:
        x = self._sequences(x)
        one = x.ndim == 2
        states, x = self._states(hx, x), x.reshape(1, *x.shape) if one else x
        if one and lengths is not None:
            raise ShapeError(f"{type(self).__name__}: one sequence needs no lengths, got {lengths!r:.60}; cut it")
        going = None if lengths is None else running(type(self).__name__, lengths, x)
        if going is not None:  # whatever stands behind an end, NaN even, is not to be seen
            x = where(going.transpose(1, 0, 2), x, 0)
        ends: list[tuple[Any, ...]] = []
        for layer in range(self.num_layers):
            x = dropout(x, self.dropout, self.training and layer > 0)
            both = []
            for path in self._paths(layer):
                weights = [getattr(self, part + path) for part in PARTS]
                y, end = unroll(self.kind, x, states[len(ends)], weights, going, path.endswith("reverse"))
                both.append(y)
                ends.append(end)
            x = concatenate(both, axis=-1) if self.bidirectional else y  # (N, T, directions hidden)
        last = [stack(parts) for parts in zip(*ends, strict=True)]  # (layers directions, N, hidden)
        if one:
            x, last = x.reshape(x.shape[1:]), [part.reshape(part.shape[0], -1) for part in last]
        return x, tuple(last) if len(last) > 1 else last[0]

    def _sequences(self, x: Any) -> Any:
        name, x = type(self).__name__, floating(type(self).__name__, x)
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size or not x.shape[-2]:
            raise ShapeError(
                f"{name}: x must be (N, T, {self.input_size}), or (T, {self.input_size}) for one sequence, with T from "
                f"1 up, got {x.shape}; check input_size, the batch comes first"
            )
        return x

    def _states(self, hx: Any, x: Any) -> list[tuple[Any, ...]]:
        """The initial state of each layer and direction, with an axis of sequences; zeros if none is given."""
        name, count, parts = type(self).__name__, self.num_layers * (1 + self.bidirectional), KINDS[self.kind].parts
        batch = x.shape[:-2]
        if hx is None:
            zeros = namespace(raw(x)).zeros((*(batch or (1,)), self.hidden_size), dtype=x.dtype)
            return [(zeros,) * parts] * count
        if isinstance(hx, (tuple, list)) != (parts > 1) or (parts > 1 and len(hx) != parts):
            what = "a pair (h_0, c_0)" if parts > 1 else "one array h_0"
            raise ShapeError(f"{name}: the initial state must be {what}, got {hx!r:.60}; pass that, or None for zeros")
        given = [floating(name, as_value(part)) for part in (hx if parts > 1 else (hx,))]
        wanted = (count, *batch, self.hidden_size)
        for part in given:
            if part.shape != wanted:
                raise ShapeError(
                    f"{name}: the initial state must be {wanted}, (layers directions, N, hidden_size) for x {x.shape}, "
                    f"got {part.shape}; pass that, or None for zeros"
                )
        apart = [unstacked(part.reshape(count, -1, self.hidden_size)) for part in given]
        return list(zip(*apart, strict=True))


PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class RNN(_Recurrent):
    """A plain recurrent network over sequences.

    h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or with relu in place of tanh

    Called with x, and maybe the state ``hx`` it starts from and the `lengths` of the sequences, it gives the outputs of
    the last layer at every time and the last state of every layer and direction. Behind the end of a sequence outputs
    are 0; its last state is the one at its own end, and the other direction starts there: the results of PyTorch's
    packed sequences. `dropout` acts between layers. Sequences come batch first, unlike PyTorch's default. Parameters
    start uniform in +-1/sqrt(hidden_size) and are named as in PyTorch, weight_ih_l0, ..., bias_hh_l1_reverse.

    Shapes: x (N, T, input_size), hx and h_n (layers directions, N, hidden_size), lengths (N,),
    outputs (N, T, directions hidden_size); without N for one sequence.

    Raises
    ------
    ShapeError
        If x, the state or the lengths do not fit, or a length is 0 or more than T.
    ValueError
        If `nonlinearity` is neither 'tanh' nor 'relu', or a size or probability is none.

    >>> from minigrad import ones
    >>> outputs, h_n = RNN(3, 4, num_layers=2)(ones((5, 7, 3)), lengths=[7, 5, 5, 2, 1])
    >>> outputs.shape, h_n.shape
    ((5, 7, 4), (2, 5, 4))

    Reference: Elman, Finding Structure in Time, 1990, figure 2.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        self.kind = self.nonlinearity = rnn_kind("RNN", nonlinearity)
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)


class LSTM(_Recurrent):
    """A long short-term memory over sequences: gates decide what its cells forget, take in and show.

    [i, f, g, o] = W_ih x_t + b_ih + W_hh h_(t-1) + b_hh;  c_t = sigmoid(f) c_(t-1) + sigmoid(i) tanh(g);
    h_t = sigmoid(o) tanh(c_t)

    Called with x, and maybe the state ``hx = (h_0, c_0)`` it starts from and the `lengths` of the sequences, it gives
    the outputs h_t of the last layer at every time and the last state (h_n, c_n) of every layer and direction. Lengths,
    dropout, directions and the names of parameters are those of `RNN`. With `forget_bias` the biases of the forget
    gates start at that number, 1 for instance, so that a new network remembers.

    Shapes: x (N, T, input_size), h_0, c_0, h_n and c_n (layers directions, N, hidden_size), lengths (N,),
    outputs (N, T, directions hidden_size); without N for one sequence.

    Raises
    ------
    ShapeError
        If x, the state or the lengths do not fit, or a length is 0 or more than T.

    >>> from minigrad import ones
    >>> outputs, (h_n, c_n) = LSTM(3, 4, bidirectional=True)(ones((5, 7, 3)))
    >>> outputs.shape, h_n.shape, c_n.shape
    ((5, 7, 8), (2, 5, 4), (2, 5, 4))

    Reference: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997, with the forget gate of Gers et al., 2000.
    """

    kind = "lstm"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
        forget_bias: float | None = None,
    ) -> None:
        self.forget_bias = forget_bias
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, forget_bias)


class GRU(_Recurrent):
    """A gated recurrent unit over sequences: at each step it mixes the old state with a new one.

    [r, z, n] = W_ih x_t + b_ih,  [r_h, z_h, n_h] = W_hh h_(t-1) + b_hh;  r = sigmoid(r + r_h);  z = sigmoid(z + z_h);
    n = tanh(n + r n_h);  h_t = (1 - z) n + z h_(t-1)

    Called and made as `RNN` is.

    Shapes: x (N, T, input_size), hx and h_n (layers directions, N, hidden_size), lengths (N,),
    outputs (N, T, directions hidden_size); without N for one sequence.

    Raises
    ------
    ShapeError
        If x, the state or the lengths do not fit, or a length is 0 or more than T.

    >>> from minigrad import ones
    >>> outputs, h_n = GRU(3, 4)(ones((7, 3)))
    >>> outputs.shape, h_n.shape
    ((7, 4), (1, 4))

    Reference: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014, equations 5 to 8.
    """

    kind = "gru"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional)
