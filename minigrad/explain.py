"""What an error says. Nothing here runs until something has failed, so that helpfulness costs nothing.

`explain_forward` turns a library's complaint into one that names the op, the shapes and the way out,
`explain_backward` adds to an error of the backward walk which op it happened in, `stale_array` finds the array that a
leaf's write spoiled.

Builds on: `minigrad.graph`, `minigrad.tensor`. Read next: `minigrad.tape`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.errors import (
    DeviceError,
    DTypeError,
    GraphError,
    LinAlgError,
    MinigradError,
    MutationError,
    PlaceError,
    ShapeError,
    add_note,
)
from minigrad.graph import Leaf, Memory, Node, lock
from minigrad.tensor import raw

__all__ = ["arrays_of", "explain_backward", "explain_forward", "stale_array"]


def explain_forward(name: str, inputs: Sequence[Any], error: Exception) -> None:
    """Raise, in place of `error`, which the body of op `name` raised on these inputs, one that says more.

    Returns where there is none: the caller raises `error` itself, so that no frame holds the error it travels through.
    """
    arrays = [raw(x) for x in inputs]
    ours = isinstance(error, MinigradError)
    libraries = sorted({namespace(x).name for x in arrays if hasattr(x, "dtype")})
    for x in arrays:
        if x is None and len(libraries) > 1:  # an op may take no input for one, which is then not what is wrong
            continue
        if not (hasattr(x, "dtype") or isinstance(x, (int, float, list, tuple))):
            kind = type(x).__name__
            raise DTypeError(f"{name}: takes arrays, Tensors and numbers, got {kind} {x!r:.40}; convert it") from error
    if len(libraries) > 1 and not isinstance(error, (ShapeError, GraphError)):
        raise DeviceError(
            f"{name}: the values lie on two devices, got {' and '.join(libraries)}; "
            f"move one of them, for instance .to({libraries[-1]!r})"
        ) from error
    if ours:  # an op inside this one said it in its own name
        error.args = (re.sub(r"^[\w.]+: ", f"{name}: ", str(error.args[0])), *error.args[1:])
        return
    if "unpack" in str(error) and isinstance(error, (TypeError, ValueError)):
        raise DTypeError(
            f"{name}: a body returns its result and one vjp for each input, got something else for {len(arrays)} "
            "inputs; return y, (lambda g: ..., ...)"
        ) from error
    shapes = " and ".join(str(getattr(x, "shape", x)) for x in arrays)
    if isinstance(error, (ValueError, IndexError)):
        raise _misfit(name, shapes, error, len(arrays) > 1) from error
    complaint = str(error).split("\n")[0]
    kinds = [x.dtype for x in arrays if hasattr(x, "dtype")] if isinstance(error, TypeError) else []
    if kinds and all(kind.kind != "f" for kind in kinds):
        raise DTypeError(
            f"{name}: needs floating numbers, got {kinds[0]}; cast to float32 first, .astype('float32')"
        ) from error
    if "unexpected keyword" in complaint:
        raise DTypeError(f"{name}: {complaint}; the names are NumPy's, axis= and keepdims=") from error
    if isinstance(error, TypeError):
        raise DTypeError(f"{name}: {complaint}, got {', '.join(map(_kind, arrays))}; check the arguments") from error
    if not getattr(error, "__notes__", None):  # an op inside this one has said it
        add_note(error, f"{name}: raised in the op's forward, got shape {shapes}")


def _misfit(name: str, shapes: str, error: Exception, several: bool) -> MinigradError:
    """The error to raise for a library's complaint of shapes, places, or a matrix that has no result."""
    complaint, advice = str(error).split("\n")[0], "check the shapes and the axis"
    if isinstance(error, np.linalg.LinAlgError):  # a ValueError too, but nothing is wrong with the shapes
        advice = "add a small multiple of the unit matrix, or look for rows that depend on each other"
        return LinAlgError(f"{name}: {complaint.lower()}, got shape {shapes}; {advice}")
    if "broadcast" in complaint and several:
        complaint = "the shapes do not broadcast"
        advice = "sizes must be equal or 1, compared from the last axis; reshape or expand_dims one of them"
    kind_of = ShapeError if isinstance(error, ValueError) else PlaceError
    return kind_of(f"{name}: {complaint}, got shape {shapes}; {advice}")


def explain_backward(node: Node, op: str, shapes: Sequence[tuple[int, ...]], error: BaseException) -> None:
    """Add to an error of the walk the op it happened in, and in debug mode the user's line that made it."""
    line = getattr(node, "line", "")
    made = f", made at {line}" if line else "; minigrad.debug() would show the line that made it"
    inputs = " and ".join(map(str, shapes))
    add_note(error, f"in the backward of {op!r} (result {node.shape}, inputs {inputs}){made}")


def arrays_of(function: Any, depth: int = 4) -> Iterator[Any]:
    """The arrays that a vjp keeps alive: those its closure mentions, directly or through tuples and other functions."""
    for cell in getattr(function, "__closure__", None) or ():
        try:
            content = cell.cell_contents
        except ValueError:  # a name that was never bound
            continue
        for value in content if isinstance(content, (tuple, list)) else (content,):
            value = raw(value)
            if hasattr(value, "dtype") and hasattr(value, "shape") and not isinstance(value, Leaf):
                yield value
            elif callable(value) and depth:
                yield from arrays_of(value, depth - 1)


def stale_array(node: Node) -> None:
    """Raise if a leaf was written after `node` was recorded and the node's vjps still need what stood there."""
    with lock:
        written = list(Memory.writes)
    for memory in written:
        if memory.stamped < node.tick:
            for vjp in node.vjps or ():
                for array in arrays_of(vjp):
                    xp = namespace(array)
                    if namespace(memory.array) is xp and xp.shares_memory(array, memory.array):
                        raise MutationError(
                            f"backward: an array that {node.op!r} needs was written after the forward, got a write "
                            f"into a leaf of shape {raw(memory.array).shape}; call backward first, or forward again"
                        )


def _kind(x: Any) -> str:
    return f"{type(x).__name__} of {x.dtype}" if hasattr(x, "dtype") else f"{type(x).__name__} {x!r:.30}"
