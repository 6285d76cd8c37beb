"""Recurrent networks by loops over single sequences, gate by gate, and the rows of the cells' functions."""

import numpy as np

import minigrad as mg
from minigrad.nn import functional as F
from tests.ops.row import Row

__all__ = ["CELLS", "network", "step"]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def step(kind, x, state, w_ih, w_hh, b_ih=0, b_hh=0):
    """The next state, after one element x (in,) of one sequence; of many too, row by row."""
    if x.ndim == 2:
        rows = [step(kind, a, [s[i] for s in state], w_ih, w_hh, b_ih, b_hh) for i, a in enumerate(x)]
        return [np.stack(parts) for parts in zip(*rows, strict=True)]
    a, b, n = w_ih @ x + b_ih, w_hh @ state[0] + b_hh, w_hh.shape[1]
    gate = [slice(k * n, (k + 1) * n) for k in range(4)]
    if kind == "lstm":
        take, keep, show = (sigmoid((a + b)[gate[k]]) for k in (0, 1, 3))
        c = keep * state[1] + take * np.tanh((a + b)[gate[2]])
        return [show * np.tanh(c), c]
    if kind == "gru":
        reset, keep = (sigmoid((a + b)[gate[k]]) for k in (0, 1))
        new = np.tanh(a[gate[2]] + reset * b[gate[2]])
        return [new + keep * (state[0] - new)]
    return [np.tanh(a + b) if kind == "tanh" else np.maximum(a + b, 0)]


def network(kind, state, x, start=None, lengths=None):
    """Outputs and last states of a network with these parameters, sequence by sequence: each is cut at its length."""
    parts = 2 if kind == "lstm" else 1
    paths = [name.removeprefix("weight_ih") for name in state if name.startswith("weight_ih")]
    layers = 1 + max(int(path.split("_")[1][1:]) for path in paths)
    directions, hidden = len(paths) // layers, state["weight_hh_l0"].shape[1]
    outputs = np.zeros((*x.shape[:2], directions * hidden))
    ends = [np.zeros((len(paths), len(x), hidden)) for _ in range(parts)]
    for i, sequence in enumerate(x):
        sequence = sequence[: None if lengths is None else lengths[i]]
        for layer in range(layers):
            made = []
            for k in range(layer * directions, (layer + 1) * directions):
                h = [np.zeros(hidden)] * parts if start is None else [s[k, i] for s in start]
                names = "weight_ih weight_hh bias_ih bias_hh".split()
                weights = [state.get(name + paths[k], 0) for name in names]
                seen = []
                for element in sequence[:: -1 if k % directions else 1]:
                    h = step(kind, element, h, *weights)
                    seen.append(h[0])
                made.append(seen[:: -1 if k % directions else 1])
                for end, part in zip(ends, h, strict=True):
                    end[k, i] = part
            sequence = np.concatenate(made, axis=-1)
        outputs[i, : len(sequence)] = sequence
    return outputs, *ends


# -- rows of the functions ---------------------------------------------------------------------------------------------


def shapes(gates, states=1, batch=(2,)):
    """x, the parts of the state, and the weights, of 2 features and 3 units."""
    return [(*batch, 2), *[(*batch, 3)] * states, (gates * 3, 2), (gates * 3, 3), (gates * 3,), (gates * 3,)]


def lstm(x, h, c, *weights):
    return mg.concatenate(F.lstm_cell(x, (h, c), *weights))


def row(op, kind, inputs, variant="", call=None, **static):
    def oracle(x, h, *others, **_):
        state, weights = ([h, others[0]], others[1:]) if kind == "lstm" else ([h], others)
        return np.concatenate(step(kind, x, state, *weights))

    return Row(op, inputs, oracle, variant, call or getattr(F, op), static, integers=None, broadcasts=False)


CELLS = [
    row("rnn_cell", "tanh", shapes(1)),
    row("rnn_cell", "relu", shapes(1), "relu", nonlinearity="relu"),
    row("rnn_cell", "tanh", shapes(1)[:4], "no bias"),
    row("lstm_cell", "lstm", shapes(4, 2), call=lstm),
    row("lstm_cell", "lstm", shapes(4, 2, ()), "one example", lstm),
    row("gru_cell", "gru", shapes(3)),
    row("gru_cell", "gru", shapes(3, batch=())[:4], "one example, no bias"),
]
