"""The rows of tools/layer_rows.py that hold recurrent networks: cells as functions, layers with state."""

from collections.abc import Callable
from typing import Any

from tools.op_rows.row import Row, call

__all__ = ["CELLS", "NETWORKS"]


def several(states: int, cell: Callable[..., Any], steps: int) -> Callable[..., Any]:
    """The state after some steps with the same x, in one array."""

    def apply(module: Any, x: Any, *others: Any) -> Any:
        state, weights = others[:states], others[states:]
        for _ in range(steps):
            state = cell(module, x, tuple(state), *weights) if states > 1 else [cell(module, x, *state, *weights)]
        return module.concatenate(list(state))

    return apply


def inputs(gates: int, states: int = 1, bias: bool = True) -> list[tuple[int, ...]]:
    """x, the parts of the state, and the weights, of 3 features and 2 units."""
    return [(2, 3), *[(2, 2)] * states, (gates * 2, 3), (gates * 2, 2), *[(gates * 2,)] * (2 * bias)]


def cell(name: str, torch: str, gates: int, states: int = 1, **keywords: Any) -> list[Row]:
    """A cell after three steps, and after one without biases."""
    ours, theirs = call(f"nn.functional.{name}", **keywords), call(torch)
    title = " ".join([name, *keywords.values()])
    return [
        Row(f"{title} {words}", several(states, ours, n), several(states, theirs, n), inputs(gates, states, bias))
        for words, n, bias in (("three steps", 3, True), ("no bias", 1, False))
    ]


CELLS = [
    *cell("rnn_cell", "rnn_tanh_cell", 1),
    *cell("rnn_cell", "rnn_relu_cell", 1, nonlinearity="relu"),
    *cell("lstm_cell", "lstm_cell", 4, 2),
    *cell("gru_cell", "gru_cell", 3),
]

# name, arguments, inputs, keywords, batches, variant; `batch_first` is minigrad's default and must be asked of PyTorch
FIRST, X = {"batch_first": True}, ((2, 4, 3),)
DEEP = {**FIRST, "num_layers": 2, "bidirectional": True}
NETWORKS: list[tuple[Any, ...]] = [
    *((f"{kind}Cell", (3, 2), ((2, 3),)) for kind in ("RNN", "LSTM", "GRU")),
    ("RNNCell", (3, 2), ((2, 3), (2, 2)), {"bias": False, "nonlinearity": "relu"}, 1, "relu, no bias, started"),
    ("GRUCell", (3, 2), ((3,), (2,)), {}, 1, "one example, started"),
    *((kind, (3, 2), X, FIRST) for kind in ("RNN", "LSTM", "GRU")),
    *((kind, (3, 2), X, DEEP, 1, "deep") for kind in ("RNN", "LSTM", "GRU")),
    ("LSTM", (3, 2), ((4, 3),), FIRST, 1, "one sequence"),
    ("RNN", (3, 2, 2, "relu"), (*X, (2, 2, 2)), {**FIRST, "bias": False}, 1, "relu, no bias, started"),
    ("GRU", (3, 2), (*X, (2, 2, 2)), {**FIRST, "bidirectional": True}, 1, "started"),
]
