"""Activations as layers, by the names of `torch.nn`: the smooth ones, and softmax.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional`. Read next: `minigrad.nn.container`.
"""

from __future__ import annotations

from typing import Any

from minigrad.argument import ABOVE_0, number
from minigrad.nn import functional as F
from minigrad.nn.layer import Layer

__all__ = [
    "GELU",
    "GLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
]


class GELU(Layer):
    """Gaussian error linear unit: x times the chance that a standard normal number lies below it.

    y = x/2 (1 + erf(x / sqrt 2)), or its approximation by tanh with ``approximate="tanh"``

    >>> GELU()([-1.0, 1.0])
    array([-0.1587,  0.8413], dtype=float32)

    Reference: Hendrycks and Gimpel, Gaussian Error Linear Units, 2016, section 2.
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Any:
        return F.gelu(x, self.approximate)


class SiLU(Layer):
    """Sigmoid-weighted linear unit, also called swish.

    y = x / (1 + e^-x)

    >>> SiLU()([-1.0, 1.0])
    array([-0.2689,  0.7311], dtype=float32)

    Reference: Elfwing et al., Sigmoid-Weighted Linear Units, 2018, equation 1.
    """

    def forward(self, x: Any) -> Any:
        return F.silu(x)


class Mish(Layer):
    """x times the tanh of its softplus.

    y = x tanh(ln(1 + e^x))

    >>> Mish()([-1.0, 1.0])
    array([-0.3034,  0.8651], dtype=float32)

    Reference: Misra, Mish: A Self Regularized Non-Monotonic Activation Function, 2019.
    """

    def forward(self, x: Any) -> Any:
        return F.mish(x)


class Sigmoid(Layer):
    """Logistic function, without overflow.

    y = 1 / (1 + e^-x)

    >>> Sigmoid()([-1000.0, 0.0])
    array([0. , 0.5], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.sigmoid(x)


class Tanh(Layer):
    """Hyperbolic tangent, elementwise.

    y = (e^x - e^-x) / (e^x + e^-x)

    >>> Tanh()([0.0, 1.0])
    array([0.    , 0.7616], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.tanh(x)


class Softplus(Layer):
    """Smooth form of max(x, 0); far out the identity.

    y = ln(1 + e^(beta x)) / beta, and x where beta x > threshold

    >>> Softplus()([-1.0, 1000.0])
    array([   0.3133, 1000.    ], dtype=float32)
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = number("Softplus", "beta", beta, ABOVE_0)
        self.threshold = number("Softplus", "threshold", threshold)

    def forward(self, x: Any) -> Any:
        return F.softplus(x, self.beta, self.threshold)


class Softsign(Layer):
    """Squash every element into (-1, 1), more gently than tanh.

    y = x / (1 + abs(x))

    >>> Softsign()([-1.0, 3.0])
    array([-0.5 ,  0.75], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.softsign(x)


class LogSigmoid(Layer):
    """Logarithm of the logistic function, without overflow.

    y = -ln(1 + e^-x)

    >>> LogSigmoid()([-1000.0, 0.0])
    array([-1000.    ,    -0.6931], dtype=float32)
    """

    def forward(self, x: Any) -> Any:
        return F.logsigmoid(x)


class Softmax(Layer):
    """Probabilities in proportion to e^x along an axis; a loss such as `CrossEntropyLoss` wants logits instead.

    y_i = e^(x_i) / sum_j e^(x_j)

    >>> Softmax()([1000.0, 1000.0])
    array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return F.softmax(x, self.axis)


class LogSoftmax(Layer):
    """Logarithms of probabilities in proportion to e^x along an axis; `NLLLoss` wants them.

    y = x - ln sum_i e^(x_i)

    >>> LogSoftmax()([0.0, 0.0])
    array([-0.6931, -0.6931], dtype=float32)
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return F.log_softmax(x, self.axis)


class GLU(Layer):
    """Gated linear unit: one half of an axis, weighted by the sigmoid of the other.

    y = a sigmoid(b), with x = [a, b]

    >>> GLU()([3.0, 0.0])
    array([1.5], dtype=float32)

    Reference: Dauphin et al., Language Modeling with Gated Convolutional Networks, 2017, equation 1.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return F.glu(x, self.axis)
