"""Where in a sequence: tables of sines for sinusoidal and rotary positions, and the turning itself.

A table depends on sizes alone. It is made once for each dtype and device, in float64 on the host, and is shared by all
layers that ask for it: it is no state of theirs, and has nothing to move or to save.

Builds on: `minigrad.tape`. Read next: `minigrad.nn.position`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.backend import Array, backend, namespace
from minigrad.errors import ShapeError
from minigrad.tape import Result, Value, op

__all__ = ["rotary", "rotary_tables", "rows", "sinusoidal_table"]


@op
def rotary(x: Value, /, cos: Array, sin: Array) -> Result:
    """Pairs of features (i, i + E/2) turned by an angle.

    y = [a cos - b sin, b cos + a sin], with x = [a, b]

    Gradient: turned back.

    >>> import numpy as np
    >>> rotary([1.0, 0.0], np.zeros(1, np.float32), np.ones(1, np.float32))
    array([0., 1.], dtype=float32)
    """
    return _turned(x, cos, sin), (lambda g: _turned(g, cos, -sin),)


def _turned(x: Value, cos: Array, sin: Array) -> Value:
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    return namespace(x).concatenate([a * cos - b * sin, b * cos + a * sin], -1)


def _angles(features: int, length: int, base: float) -> np.ndarray[Any, Any]:
    """position / base^(2i / features), of shape (length, features / 2), in float64."""
    return np.arange(length)[:, None] * base ** (-np.arange(0, features, 2) / features)


@lru_cache(maxsize=32)
def rotary_tables(features: int, length: int, base: float, dtype: str, device: str) -> tuple[Array, Array]:
    """Cosines and sines of all angles, each (length, features / 2).

    >>> [table.shape for table in rotary_tables(8, 5, 1e4, "float32", "numpy")]
    [(5, 4), (5, 4)]
    """
    angles = _angles(features, length, base)
    return _kept(np.cos(angles), dtype, device), _kept(np.sin(angles), dtype, device)


@lru_cache(maxsize=32)
def sinusoidal_table(features: int, length: int, base: float, dtype: str, device: str) -> Array:
    """Sines at even features and cosines at odd ones, (length, features).

    >>> sinusoidal_table(2, 2, 1e4, "float32", "numpy")
    array([[0.    , 1.    ],
           [0.8415, 0.5403]], dtype=float32)
    """
    angles = _angles(features, length, base)
    return _kept(np.stack([np.sin(angles), np.cos(angles)], -1).reshape(length, features), dtype, device)


def _kept(table: np.ndarray[Any, Any], dtype: str, device: str) -> Array:
    xp = backend(device)
    return xp.readonly(xp.from_host(table.astype(dtype)))


def rows(name: str, offset: int, n: int, length: int) -> slice:
    """The places of `n` positions from `offset` on in a table of `length` rows, refused where it ends before.

    >>> rows("example", 3, 2, 8)
    slice(3, 5, None)
    """
    if offset + n > length:
        raise ShapeError(
            f"{name}: positions must lie below max_length {length}, got {offset} to {offset + n - 1}; "
            "shorten the sequence, or make the layer with a larger max_length"
        )
    return slice(offset, offset + n)
