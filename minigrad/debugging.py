"""Debug mode: every node remembers the line that made it, and looks for NaN and for arrays that were overwritten.

Slow, and off by default. Nothing in `minigrad.tape` knows of it: `debug` puts another function in the place of `make`
and `make_bare`.

Builds on: `minigrad.tape`, `minigrad.explain`. Read next: `minigrad.autodiff`.
"""

from __future__ import annotations

import functools
import linecache
import os
import sys
import zlib
from typing import Any

from minigrad import tape
from minigrad.backend import namespace
from minigrad.errors import DTypeError, MutationError, NonFiniteError
from minigrad.explain import arrays_of
from minigrad.graph import Leaf, Node, Vjp, op_name
from minigrad.tensor import Tensor, raw

__all__ = ["debug"]

plain, plain_bare = tape.make, tape.make_bare

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def make(y: Any, parents: tuple[Node | Leaf, ...], vjps: tuple[Vjp, ...]) -> Tensor:
    """What `minigrad.tape.make` does, with a line on the node and vjps that look twice."""
    line, name = _user_line(), op_name(vjps)
    if _has_nan(y):
        raise NonFiniteError(
            f"{name}: the first NaN stands in its result, got inputs of shapes {[p.shape for p in parents]} at {line}; "
            "the op made it, or an input that no op made brought it in: look at the values there"
        )
    out = plain(y, parents, tuple(_checked(vjp, name, line) for vjp in vjps))
    out.node.line = line  # type: ignore[union-attr]
    return out


def make_bare(y: Any, name: str) -> Tensor:
    """What `minigrad.tape.make_bare` does, for results that no gradient is asked of."""
    if _has_nan(y):
        raise NonFiniteError(
            f"{name}: the first NaN stands in its result, got shape {y.shape} at {_user_line()}; the op made it, or an "
            "input that no op made brought it in: look at the values there"
        )
    return plain_bare(y, name)


def _checked(vjp: Vjp, name: str, line: str) -> Vjp:
    """The vjp, refusing to run on overwritten arrays and to make NaN."""
    arrays = list(arrays_of(vjp))
    before = [_checksum(a) for a in arrays]

    @functools.wraps(vjp)
    def call(g: Any) -> Any:
        for array, checksum in zip(arrays, before, strict=True):
            if _checksum(array) != checksum:
                raise MutationError(
                    f"backward: an array that {name!r} needs was written after the forward, got other values in an "
                    f"array of shape {array.shape}, op made at {line}; call backward before the write, or copy first"
                )
        h = vjp(g)
        if _has_nan(h) and not _has_nan(g):
            raise NonFiniteError(
                f"backward: the gradient of {name!r} made the first NaN, op made at {line}; "
                "look at the inputs of that op: a division by 0, or 0 times infinity"
            )
        return h

    return call


def _has_nan(x: Any) -> bool:
    x = raw(x)
    return bool(x.dtype.kind == "f" and namespace(x).isnan(x).any())


def _checksum(array: Any) -> int:
    return zlib.crc32(namespace(array).to_host(array).tobytes())


def _user_line() -> str:
    """file:line of the nearest frame outside minigrad, and its text."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}" + (f" ({text})" if text else "")


class debug:
    """Debug mode, from now on or inside a ``with`` block: ``debug()`` on, ``debug(False)`` off.

    Errors in backward name the line of the forward that made the op, the first NaN is named where it arises, and arrays
    that are overwritten before backward needs them are found by checksum.

    >>> with debug():
    ...     pass
    """

    def __init__(self, on: bool = True) -> None:
        if not isinstance(on, bool):
            raise DTypeError(f"debug: is on or off, True or False, got {on!r:.40}; debug(False) switches it off")
        self.on, self.previous = on, (tape.make, tape.make_bare)
        self._switch()

    def _switch(self) -> None:
        tape.make, tape.make_bare = (make, make_bare) if self.on else (plain, plain_bare)

    def __enter__(self) -> debug:
        self._switch()
        return self

    def __exit__(self, *exc: object) -> None:
        tape.make, tape.make_bare = self.previous
