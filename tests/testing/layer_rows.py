"""The table of layers: a row for every public layer of minigrad.nn, which `check_layer` is run on."""

import numpy as np

from minigrad import nn
from minigrad.backend.random import random_bits
from minigrad.nn import Layer
from minigrad.testing.layer_case import STREAM
from tests.testing.attention_rows import ATTENTION
from tests.testing.convolution_rows import ROWS as CONVOLUTIONS
from tests.testing.loss_rows import LOSSES
from tests.testing.norm_rows import NORMS
from tests.testing.recurrent_rows import ROWS as RECURRENT
from tests.testing.row import row, seeded, sigmoid, softmax, softplus
from tests.testing.transformer_rows import BLOCKS
from tests.testing.weight_rows import ROWS as WEIGHTS

__all__ = ["ROWS"]


# -- layers of parts ---------------------------------------------------------------------------------------------------


class Steps(Layer):
    """What a LayerList is for."""

    def __init__(self):
        self.steps = nn.LayerList(nn.Linear(3, 3) for _ in range(2))

    def forward(self, x):
        for step in self.steps:
            x = nn.functional.tanh(step(x))
        return x


class Heads(Layer):
    """What a LayerDict is for; two outputs."""

    def __init__(self):
        self.heads = nn.LayerDict({"age": nn.Linear(3, 1), "class": nn.Linear(3, 2)})

    def forward(self, x):
        return {name: head(x) for name, head in self.heads.items()}


def twice(layer):
    return nn.Sequential(layer, nn.Tanh(), layer)


def linear(state, x, path=""):
    return x @ state[f"{path}weight"].T + state.get(f"{path}bias", 0)


def heads(state, x):
    return linear(state, x, "heads.age."), linear(state, x, "heads.class.")


def steps(state, x):
    return np.tanh(linear(state, np.tanh(linear(state, x, "steps.0.")), "steps.1."))


PARTS = [
    row("Identity", nn.Identity, (2, 3), lambda state, x: x),
    row("Flatten", nn.Flatten, (2, 3, 2), lambda state, x: x.reshape(2, 6)),
    row("Sequential", seeded(lambda: nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))), (4, 3),
        lambda state, x: linear(state, np.tanh(linear(state, x, "0.")), "2."),
        parameters=["0.weight", "0.bias", "2.weight", "2.bias"]),
    row("Sequential", seeded(lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.4),
        nn.Linear(4, 2))), (6, 3), variant="of everything", differs=True),
    row("Sequential", seeded(lambda: twice(nn.Linear(3, 3))), (4, 3),
        lambda state, x: linear(state, np.tanh(linear(state, x, "0.")), "2."), "of shared layers",
        parameters=["0.weight", "0.bias"]),
    row("Residual", seeded(lambda: nn.Residual(nn.Linear(3, 3))), (4, 3),
        lambda state, x: x + linear(state, x, "layer."), parameters=["layer.weight", "layer.bias"]),
    row("Residual", seeded(lambda: nn.Residual(nn.Linear(3, 2), nn.Linear(3, 2, bias=False))), (4, 3),
        lambda state, x: linear(state, x, "shortcut.") + linear(state, x, "layer."), "shortcut"),
    row("LayerList", seeded(Steps), (4, 3), steps,
        parameters=["steps.0.weight", "steps.0.bias", "steps.1.weight", "steps.1.bias"]),
    row("LayerDict", seeded(Heads), (4, 3), heads,
        parameters=["heads.age.weight", "heads.age.bias", "heads.class.weight", "heads.class.bias"]),
]  # fmt: skip

LINEAR = [
    row("Linear", seeded(lambda: nn.Linear(3, 2)), (4, 3), linear, parameters=["weight", "bias"], buffers=[]),
    row("Linear", seeded(lambda: nn.Linear(3, 2, bias=False)), (2, 4, 3), linear, "no bias", parameters=["weight"]),
    row("Linear", seeded(lambda: nn.Linear(3, 2, activation="silu")), (4, 3),
        lambda state, x: (y := linear(state, x)) / (1 + np.exp(-y)), "activation", parameters=["weight", "bias"]),
    row("Linear", seeded(lambda: nn.Linear(3, 2, init=nn.init.he_normal)), (3,), linear, "init, one example"),
    row("Bilinear", seeded(lambda: nn.Bilinear(3, 2, 4)), [(5, 3), (5, 2)],
        lambda s, x, y: np.einsum("ni,oij,nj->no", x, s["weight"], y) + s["bias"], parameters=["weight", "bias"]),
]  # fmt: skip

# -- activations -------------------------------------------------------------------------------------------------------

X = (3, 4)


def rectified(negative):
    return lambda state, x: np.where(x > 0, x, negative(x))


def plain(f):
    return lambda state, x: f(x)


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


SELU = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
ACTIVATIONS = [
    row("ReLU", nn.ReLU, X, rectified(np.zeros_like)),
    row("LeakyReLU", lambda: nn.LeakyReLU(0.2), X, rectified(lambda x: 0.2 * x)),
    row("PReLU", nn.PReLU, X, lambda s, x: np.where(x > 0, x, s["weight"] * x), parameters=["weight"]),
    row(
        "PReLU",
        lambda: nn.PReLU(3, 0.1),
        (2, 3, 2),
        lambda s, x: np.where(x > 0, x, s["weight"][:, None] * x),
        "channels",
    ),
    row("ELU", lambda: nn.ELU(0.7), X, rectified(lambda x: 0.7 * (np.exp(x) - 1))),
    row("CELU", lambda: nn.CELU(0.7), X, rectified(lambda x: 0.7 * (np.exp(x / 0.7) - 1))),
    row("SELU", nn.SELU, X, lambda s, x: SELU[0] * np.where(x > 0, x, SELU[1] * (np.exp(x) - 1))),
    row("GELU", nn.GELU, X),  # its values: tests/nn/function_rows.py, with an erf of its own
    row("GELU", lambda: nn.GELU("tanh"), X, plain(gelu_tanh), "tanh"),
    row("SiLU", nn.SiLU, X, plain(lambda x: x * sigmoid(x))),
    row("Mish", nn.Mish, X, plain(lambda x: x * np.tanh(softplus(x)))),
    row("Sigmoid", nn.Sigmoid, X, plain(sigmoid)),
    row("Tanh", nn.Tanh, X, plain(np.tanh)),
    row("Softplus", lambda: nn.Softplus(2.0), X, plain(lambda x: softplus(x, 2.0))),
    row("Softsign", nn.Softsign, X, plain(lambda x: x / (1 + np.abs(x)))),
    row("Hardtanh", lambda: nn.Hardtanh(-1.0, 1.5), X, plain(lambda x: np.clip(x, -1, 1.5))),
    row("Hardswish", nn.Hardswish, X, plain(lambda x: x * np.clip(x + 3, 0, 6) / 6), domain=(-5.0, 5.0)),
    row("LogSigmoid", nn.LogSigmoid, X, plain(lambda x: np.log(sigmoid(x)))),
    row("Softmax", nn.Softmax, X, plain(softmax)),
    row("Softmax", lambda: nn.Softmax(0), X, plain(lambda x: softmax(x, 0)), "axis"),
    row("LogSoftmax", nn.LogSoftmax, X, plain(lambda x: np.log(softmax(x)))),
    row("GLU", nn.GLU, X, plain(lambda x: x[:, :2] * sigmoid(x[:, 2:]))),
]

# -- dropout -----------------------------------------------------------------------------------------------------------


def dropped(p):
    """What the stream that `check_layer` calls layers with drops."""

    def training(state, x):
        bits = random_bits(np, STREAM[0], x.shape, STREAM[1])
        return np.where(bits >= round(p * 2**32), x / (1 - p), 0)

    return training


DROPOUT = [
    row("Dropout", lambda: nn.Dropout(0.4), (4, 5), lambda s, x: x, training_oracle=dropped(0.4), differs=True),
    row("Dropout", lambda: nn.Dropout(0.0), (4, 5), lambda s, x: x, "of nothing"),
]  # fmt: skip

ROWS = [
    *PARTS, *LINEAR, *CONVOLUTIONS, *ACTIVATIONS, *NORMS, *WEIGHTS, *DROPOUT, *LOSSES, *ATTENTION, *BLOCKS, *RECURRENT,
]  # fmt: skip
