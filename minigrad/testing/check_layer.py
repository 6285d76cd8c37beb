"""`check_layer`: whether a layer keeps every promise that layers make. The first tool for who writes one.

Builds on: `minigrad.testing.layer_parts`, `minigrad.testing.layer_contracts`, `minigrad.testing.layer_derivatives`.
Read next: `minigrad.testing.check_optimizer`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.nn.layer import Layer
from minigrad.tensor import raw
from minigrad.testing import layer_contracts, layer_derivatives, layer_parts
from minigrad.testing.case import Array, draw
from minigrad.testing.layer_case import LayerCase, LayerProbe
from minigrad.testing.report import Report
from minigrad.testing.running import run_checks, usable_backends

__all__ = ["LAYER_CHECKS", "check_layer"]

# Every check by its name, the structural ones first. What does not run is not checked further.
LAYER_CHECKS: dict[str, Callable[[LayerProbe], None]] = {
    "parts": layer_parts.check_parts,
    "runs": layer_contracts.check_runs,
    "copies": layer_parts.check_copies,
    "repr": layer_parts.check_repr,
    "state": layer_parts.check_state,
    "modes": layer_contracts.check_modes,
    "value": layer_contracts.check_value,
    "gradient": layer_derivatives.check_gradient,
    "second": layer_derivatives.check_second,
    "dtypes": layer_contracts.check_dtypes,
    "memory": layer_contracts.check_memory,
    "device": layer_contracts.check_device,
}
FIRST = ("runs",)


def check_layer(
    layer: Layer,
    input: Any,
    oracle: Callable[..., Any] | None = None,
    *,
    training_oracle: Callable[..., Any] | None = None,
    state_oracle: Callable[..., Any] | None = None,
    domain: tuple[float, float] = (-2.0, 2.0),
    name: str | None = None,
    backends: Sequence[str] | None = None,
    checks: Sequence[str] | None = None,
    parameters: Sequence[str] | None = None,
    buffers: Sequence[str] | None = None,
    constant: Sequence[int] = (),
    unused: Sequence[str] = (),
    differs: bool | None = None,
    order: int = 2,
    synchronises: bool = False,
) -> Report:
    """Check everything a layer promises: its parts, copies, state, modes, values, gradients, dtypes, memory, devices.

    The layer itself is not called: every check works with a copy of it. Layers with random numbers are called with the
    same stream each time.

    Parameters
    ----------
    layer
        The layer, made as its users make it.
    input
        A shape, or an example array; a list of them for a layer of several inputs. Of a shape, floating numbers are
        drawn from `domain`, none near a multiple of 1/2, where kinks are. Gradients are checked of floating inputs.
    oracle
        A function of the state (a dict of float64 arrays by name) and the inputs that gives the value in use.
    training_oracle
        The same for training.
    state_oracle
        The same for the state after a call in training: a dict of the entries that are to be compared.
    backends
        Names; by default all that can be used here.
    checks
        Names out of `LAYER_CHECKS`; by default all.
    parameters, buffers
        The names that are to be found, in order; None is not checked.
    constant
        Which inputs, counted from 0, get no gradient though they are floating.
    unused
        Names of parameters that this input does not reach.
    differs
        Whether training and use give different values; None is not checked.
    order
        2 checks the second derivative too, along random directions.
    synchronises
        Whether the layer has to wait for the device.

    Raises
    ------
    CheckError
        If anything is not as it should be: one message with every failure, the structural ones first, on which backend,
        what was expected, what came, and what to look at.

    >>> from minigrad.nn import Linear
    >>> report = check_layer(Linear(3, 2), (4, 3), lambda state, x: x @ state["weight"].T + state["bias"])
    >>> sorted(report.counts)[:3]
    ['copies', 'device', 'dtypes']
    """
    if not isinstance(layer, Layer):
        raise TypeError(f"check_layer: checks a minigrad.nn.Layer, got {type(layer).__name__}; make one and pass it")
    unknown = sorted(set(checks or ()) - set(LAYER_CHECKS))
    if unknown:
        raise ValueError(f"check_layer: there are no checks {unknown}; there are {', '.join(LAYER_CHECKS)}")
    name = name or type(layer).__name__
    given = tuple(None if names is None else tuple(names) for names in (parameters, buffers))
    case = LayerCase(
        name, layer, examples(input, domain), oracle, training_oracle, state_oracle, given[0], given[1],
        frozenset(constant), frozenset(unused), differs, order, synchronises,
    )  # fmt: skip
    chosen = [(check, run) for check, run in LAYER_CHECKS.items() if checks is None or check in checks]
    places = usable_backends() if backends is None else tuple(backends)
    return run_checks("check_layer", name, chosen, lambda place, check: LayerProbe(case, place, check), places, FIRST)


def examples(input: Any, domain: tuple[float, float]) -> tuple[Array, ...]:
    """The inputs as host arrays: floating ones in float64, all others as they came."""
    parts = list(input) if isinstance(input, (list, tuple)) and not _is_shape(input) else [input]
    shapes = [x if _is_shape(x) else np.shape(raw(x)) for x in parts]
    drawn = draw(shapes, [domain] * len(parts))
    arrays = [d if _is_shape(x) else np.asarray(raw(x)) for x, d in zip(parts, drawn, strict=True)]
    return tuple(x.astype(np.float64) if x.dtype.kind == "f" else x for x in arrays)


def _is_shape(x: Any) -> bool:
    return isinstance(x, tuple) and all(isinstance(n, int) for n in x)
