"""Recurrence in NumPy. All gates are made by one tanh: sigmoid(x) = (1 + tanh(x / 2)) / 2.

Builds on: `minigrad.kernels.numpy.scratch`. Read next: `minigrad.kernels.numba.recurrent`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.kernels.numpy.scratch import scratch

__all__ = ["gru", "gru_backward", "lstm", "lstm_backward"]

Array = np.ndarray[Any, Any]


def lstm(a: Array, b: Array, c: Array, y: Array, gates: Array, t: Array) -> None:
    np.add(a, b, out=gates)
    _open(gates, np.repeat(np.array([0.5, 0.5, 1, 0.5], c.dtype), c.shape[1]))
    i, f, g, o = _parts(gates, 4)
    np.multiply(f, c, out=y[1])
    np.multiply(i, g, out=t)
    y[1] += t
    np.tanh(y[1], out=t)
    np.multiply(o, t, out=y[0])


def lstm_backward(dy: Array, gates: Array, c: Array, t: Array, dgates: Array, dc: Array) -> None:
    (i, f, g, o), (di, df, dg, do) = _parts(gates, 4), _parts(dgates, 4)
    np.multiply(t, t, out=dc)
    np.subtract(1, dc, out=dc)
    dc *= o
    dc *= dy[0]
    dc += dy[1]  # dc' = dy_c + dy_h o (1 - tanh^2 c')
    np.multiply(dc, g, out=di)
    np.multiply(dc, c, out=df)
    np.multiply(dc, i, out=dg)
    np.multiply(dy[0], t, out=do)
    slope = _slope(gates)
    np.add(_parts(slope, 4)[2], 1 - g, out=_parts(slope, 4)[2])  # g - g^2 + (1 - g) = 1 - g^2
    dgates *= slope
    dc *= f


def gru(a: Array, b: Array, h: Array, y: Array, gates: Array) -> None:
    two, (_, _, n) = 2 * h.shape[1], _parts(gates, 3)
    np.add(a[:, :two], b[:, :two], out=gates[:, :two])
    _open(gates[:, :two], np.full(two, 0.5, h.dtype))
    r, z, _ = _parts(gates, 3)
    np.multiply(r, b[:, two:], out=n)
    n += a[:, two:]
    np.tanh(n, out=n)
    np.subtract(h, n, out=y)
    y *= z
    y += n


def gru_backward(dy: Array, gates: Array, b: Array, h: Array, da: Array, db: Array, dh: Array) -> None:
    (r, z, n), (dr, dz, dn) = _parts(gates, 3), _parts(da, 3)
    two = 2 * h.shape[1]
    np.multiply(dy, z, out=dh)
    np.subtract(h, n, out=dz)
    dz *= dy
    np.subtract(dy, dh, out=dn)  # dy (1 - z)
    dn *= 1 - n * n
    np.multiply(dn, b[:, two:], out=dr)
    da[:, :two] *= _slope(gates[:, :two])
    db[:, :two] = da[:, :two]
    np.multiply(dn, r, out=db[:, two:])


def _open(gates: Array, half: Array) -> None:
    """The sigmoid of the columns in which `half` is 0.5, and the tanh of those in which it is 1."""
    gates *= half
    np.tanh(gates, out=gates)
    gates *= half
    gates += 1 - half


def _slope(s: Array) -> Array:
    """s - s^2, the slope of a sigmoid, in scratch memory."""
    out = scratch(0, s.shape, s.dtype)
    np.multiply(s, s, out=out)
    np.subtract(s, out, out=out)
    return out


def _parts(x: Array, n: int) -> list[Array]:
    """x (rows, n hidden), cut into n blocks of columns."""
    return np.split(x, n, axis=1)
