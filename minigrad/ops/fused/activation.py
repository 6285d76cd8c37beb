"""ReLU; and GELU, exact and by tanh, and SiLU: smooth activations whose slope is made beside their result.

Backward is then one product, and x need not be kept. Results lie in memory as x does.

Builds on: `minigrad.ops.fused.elements`, `minigrad.kernels.activation`. Read next: `minigrad.nn.functional.smooth`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from minigrad.backend import namespace
from minigrad.kernels import activation as kernels
from minigrad.ops.elementwise import sigmoid
from minigrad.ops.fused.elements import Elements
from minigrad.tape import Result, Value, op
from minigrad.tensor import raw

__all__ = ["ACTIVATIONS", "gelu__erf", "gelu__tanh", "relu", "silu"]


@op
def gelu__erf_plain(x: Value) -> Result:
    xp = namespace(x)
    below = (xp.erf(x * math.sqrt(0.5)) + 1) * 0.5  # the chance of a standard normal number to lie below x

    def vjp(g: Value) -> Value:
        density = namespace(x).exp(x * x * -0.5) * (1 / math.sqrt(2 * math.pi))
        return g * (below + x * density)

    return x * below, (vjp,)


@op
def gelu__tanh_plain(x: Value) -> Result:
    root, cubic = math.sqrt(2 / math.pi), 0.044715
    t = namespace(x).tanh((x + x * x * x * cubic) * root)

    def vjp(g: Value) -> Value:
        slope = (x * x * (3 * cubic) + 1) * root
        return g * ((t + 1) * 0.5 + x * 0.5 * (1 - t * t) * slope)

    return x * 0.5 * (t + 1), (vjp,)


@op
def silu__plain(x: Value) -> Result:
    s = sigmoid(x)
    return x * s, (lambda g: g * (s + x * s * (1 - s)),)


@op
def relu__plain(x: Value) -> Result:
    y = namespace(x).maximum(x, 0)
    return y, (lambda g: namespace(g).where(raw(y) > 0, g, 0),)


def chained(e: Elements, g: Any, slope: Any) -> Any:
    """The gradient of x, of which the slope is known."""
    return e.back(kernels.activation_backward(e.flat(g), slope)[0])


@op(plain=relu__plain)
def relu(x: Value) -> Result:
    """Rectified linear unit, elementwise.

    y = max(x, 0)

    Gradient: 1 where x > 0, else 0, at 0 too.

    >>> relu([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """
    e = Elements(x)
    (y,) = kernels.relu(e.flat(x))
    return e.back(y), (lambda g: e.back(kernels.relu_backward(e.flat(g), y)[0]),)


@op(plain=gelu__erf_plain)
def gelu__erf(x: Value) -> Result:
    e = Elements(x)
    y, slope = kernels.gelu_erf(e.flat(x))
    return e.back(y), (lambda g: chained(e, g, slope),)


@op(plain=gelu__tanh_plain)
def gelu__tanh(x: Value) -> Result:
    e = Elements(x)
    y, slope = kernels.gelu_tanh(e.flat(x))
    return e.back(y), (lambda g: chained(e, g, slope),)


@op(plain=silu__plain)
def silu(x: Value) -> Result:
    """Sigmoid-weighted linear unit, also called swish.

    y = x / (1 + e^-x)

    >>> silu([-1.0, 1.0])
    array([-0.2689,  0.7311], dtype=float32)

    Reference: Elfwing et al., Sigmoid-Weighted Linear Units, 2018, equation 1.
    """
    e = Elements(x)
    y, slope = kernels.silu(e.flat(x))
    return e.back(y), (lambda g: chained(e, g, slope),)


class Activation(NamedTuple):
    """An op, and its kernels for an op that has it behind something else.

    `forward` gives the result, and the slope where there is one; `backward` takes the gradient, and the slope or, where
    there is none, the result.
    """

    op: Any
    forward: Any
    backward: Any


ACTIVATIONS = {
    "relu": Activation(relu, kernels.relu, kernels.relu_backward),
    "gelu": Activation(gelu__erf, kernels.gelu_erf, kernels.activation_backward),
    "gelu_tanh": Activation(gelu__tanh, kernels.gelu_tanh, kernels.activation_backward),
    "silu": Activation(silu, kernels.silu, kernels.activation_backward),
}
