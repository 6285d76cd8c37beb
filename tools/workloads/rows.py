"""W5: functions of rows, forward and backward with a random cotangent: to x, and to weight and bias where there are."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tools.workloads.start import side

__all__ = ["KINDS", "rows"]

EPS = 1e-5
KINDS = {"LayerNorm": 3, "RMSNorm": 2, "GELU tanh": 1, "GELU erf": 1, "softmax": 1}  # and how many inputs it has


def rows(peer: str, kind: str, n: int, features: int) -> Any:
    """One step on x (n, features)."""
    rng = np.random.default_rng(0)
    shapes = [(n, features), (features,), (features,)][: KINDS[kind]]
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    sent = rng.normal(size=(n, features)).astype(np.float32)
    if peer == "jax":
        return of_jax(kind, arrays, sent)
    library, leaf, constant = side(peer)
    function, inputs, sent = of_library(kind, features, library), [leaf(x) for x in arrays], constant(sent)

    def step() -> list[Any]:
        function(*inputs).backward(sent)
        gradients = [x.grad for x in inputs]
        for x in inputs:
            x.grad = None
        return gradients

    return step


def of_library(kind: str, features: int, library: Any) -> Callable[..., Any]:
    """What minigrad and PyTorch call it; PyTorch takes the last axis as `dim`."""
    F = library.nn.functional
    return {
        "LayerNorm": lambda x, w, b: F.layer_norm(x, (features,), w, b, EPS),
        "RMSNorm": lambda x, w: F.rms_norm(x, (features,), w, EPS),
        "GELU tanh": lambda x: F.gelu(x, approximate="tanh"),
        "GELU erf": lambda x: F.gelu(x),
        "softmax": lambda x: F.softmax(x, -1),
    }[kind]


def of_jax(kind: str, arrays: list[np.ndarray], sent: np.ndarray) -> Any:
    """The same with jit, from the formulas; the value leaves the function too, else it would not be computed."""
    import jax
    import jax.numpy as jnp
    from jax import lax

    def layer_norm(x: Any, w: Any, b: Any) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        return centred * lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + EPS) * w + b

    def rms_norm(x: Any, w: Any) -> Any:
        return x * lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + EPS) * w

    function = {
        "LayerNorm": layer_norm,
        "RMSNorm": rms_norm,
        "GELU tanh": lambda x: jax.nn.gelu(x, approximate=True),
        "GELU erf": lambda x: jax.nn.gelu(x, approximate=False),
        "softmax": jax.nn.softmax,
    }[kind]

    @jax.jit
    def both(sent: Any, *inputs: Any) -> Any:
        y, back = jax.vjp(function, *inputs)
        return y, back(sent)

    inputs = [jnp.asarray(x) for x in (sent, *arrays)]
    return lambda: list(both(*inputs)[1])
