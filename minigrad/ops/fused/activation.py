"""GELU, exact and by tanh, and SiLU: smooth activations whose slope is made beside their result.

Backward is then one product, and x need not be kept.

Builds on: `minigrad.kernels.activation`. Read next: `minigrad.nn.functional.smooth`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from minigrad.backend import namespace
from minigrad.kernels import activation as kernels
from minigrad.ops.elementwise import sigmoid
from minigrad.tape import Result, Value, op

__all__ = ["gelu__erf", "gelu__tanh", "silu"]


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


def _flat(kernel: Callable[..., tuple[Value, ...]], x: Value) -> list[Value]:
    """What a kernel makes of the elements of x, whatever its axes."""
    return [made.reshape(x.shape) for made in kernel(x.reshape(-1))]


@op(plain=gelu__erf_plain)
def gelu__erf(x: Value) -> Result:
    y, slope = _flat(kernels.gelu_erf, x)
    return y, (lambda g: kernels.activation_backward(g, slope)[0],)


@op(plain=gelu__tanh_plain)
def gelu__tanh(x: Value) -> Result:
    y, slope = _flat(kernels.gelu_tanh, x)
    return y, (lambda g: kernels.activation_backward(g, slope)[0],)


@op(plain=silu__plain)
def silu(x: Value) -> Result:
    """Sigmoid-weighted linear unit, also called swish.

    y = x / (1 + e^-x)

    >>> silu([-1.0, 1.0])
    array([-0.2689,  0.7311], dtype=float32)

    Reference: Elfwing et al., Sigmoid-Weighted Linear Units, 2018, equation 1.
    """
    y, slope = _flat(kernels.silu, x)
    return y, (lambda g: kernels.activation_backward(g, slope)[0],)
