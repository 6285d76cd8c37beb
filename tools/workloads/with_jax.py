"""What the trainings of JAX share: cross-entropy, and a step with Adam that is compiled as a whole."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

__all__ = ["cross_entropy", "training"]


def cross_entropy(logits: Any, labels: Any) -> Any:
    """The mean over all labels; classes are the last axis."""
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), labels[..., None], -1)
    return -picked.mean()


def training(
    loss: Callable[..., Any],
    parameters: dict[str, Any],
    buffers: dict[str, Any],
    batch: tuple[Any, ...],
    betas: tuple[float, float] = (0.9, 0.999),
    decay: float = 0.0,
    clip: float | None = None,
) -> Callable[[], list[Any]]:
    """A step with Adam, in one jit; the old state's memory is given to the new one.

    `loss` takes parameters, buffers and the batch, and gives a number and new buffers. Matrices decay by `decay`.
    """
    lr, eps, (b1, b2) = 1e-3, 1e-8, betas

    def updated(p: Any, g: Any, m: Any, v: Any, t: Any) -> Any:
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        step = m / (1 - b1**t) / (jnp.sqrt(v / (1 - b2**t)) + eps)
        return p * (1 - lr * (decay if p.ndim > 1 else 0.0)) - lr * step, m, v

    @partial(jax.jit, donate_argnums=0)
    def whole(state: Any, *batch: Any) -> Any:
        p, m, v, buffers, t = state
        (value, buffers), g = jax.value_and_grad(loss, has_aux=True)(p, buffers, *batch)
        if clip is not None:
            norm = jnp.sqrt(sum(jnp.vdot(x, x) for x in g.values()))
            g = {name: x * jnp.minimum(1.0, clip / (norm + 1e-6)) for name, x in g.items()}
        new = {name: updated(p[name], g[name], m[name], v[name], t + 1) for name in p}
        p, m, v = ({name: parts[i] for name, parts in new.items()} for i in range(3))
        return (p, m, v, buffers, t + 1), value

    def zeros() -> dict[str, Any]:
        return {name: jnp.zeros_like(x) for name, x in parameters.items()}

    state = ({name: jnp.array(x) for name, x in parameters.items()}, zeros(), zeros(),
             {name: jnp.array(x) for name, x in buffers.items()}, jnp.zeros(()))  # fmt: skip
    here = [jnp.asarray(x) for x in batch]

    def step() -> list[Any]:
        nonlocal state
        state, value = whole(state, *here)
        return [value]

    return step
