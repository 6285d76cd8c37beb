"""State comes back into a model: every key and shape is looked at before anything is changed.

Builds on: `minigrad.tensor`. Read next: `minigrad.nn.layer`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from minigrad.backend import Array, move, namespace
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.tensor import Tensor, as_array

__all__ = ["Unmatched", "load", "renamed", "some"]


class Unmatched(NamedTuple):
    """The paths that a state lacks, and those that the model lacks."""

    missing: list[str]
    unexpected: list[str]


def load(own: Mapping[str, Tensor], state: Mapping[str, Any], strict: bool) -> Unmatched:
    """Copy `state` into the Tensors `own`, by path; what is shared may come under any of its paths."""
    given = {id(part) for path, part in own.items() if path in state}
    missing = [path for path, part in own.items() if path not in state and id(part) not in given]
    unexpected = [path for path in state if path not in own]
    if strict and (missing or unexpected):
        raise ShapeError(
            f"load_state_dict: the keys differ, got missing {some(missing)} and unexpected {some(unexpected)}; "
            "is it the state of another architecture? strict=False loads what fits"
        )
    arrays = {path: _array(path, state[path]) for path in own if path in state}
    wrong = [f"{p} has {a.shape} and must have {own[p].shape}" for p, a in arrays.items() if a.shape != own[p].shape]
    if wrong:
        raise ShapeError(
            f"load_state_dict: shapes differ, got {'; '.join(wrong[:5])}; is it the state of another architecture?"
        )
    _agree(own, arrays)
    ready = {path: _ready(path, array, own[path]) for path, array in arrays.items()}  # all that may fail, then the rest
    for path, array in ready.items():
        own[path].data = array
    return Unmatched(missing, unexpected)


def _array(path: str, value: Any) -> Array:
    """One entry of a state as an array of real numbers."""
    try:
        return as_array(np.asarray(value) if isinstance(value, int) else value)  # in float32 a count would be rounded
    except (TypeError, RuntimeError) as error:  # RuntimeError: arrays of other libraries that do not convert
        dtype = getattr(value, "dtype", None)
        got = type(value).__name__ if getattr(dtype, "kind", "f") in "fiub" else dtype
        raise DTypeError(
            f"load_state_dict: {path} must be an array of real numbers, got {got}; pass a state_dict()"
        ) from error


def _ready(path: str, array: Array, part: Tensor) -> Array:
    """The array where `part` lies, and, where that narrows it, in its dtype; numbers beyond that are refused."""
    if not np.can_cast(array.dtype, part.dtype):
        held = namespace(array).to_host(array)
        with np.errstate(over="ignore"):
            array = held.astype(part.dtype)
        xp = namespace(held)
        if (lost := xp.isfinite(held) & ~xp.isfinite(array)).any():
            raise ArgumentError(
                f"load_state_dict: {path} has numbers beyond {part.dtype}, got {held[lost][0]}; take a wider dtype, or "
                "scale them"
            )
    return move(array, part.backend)


def _agree(own: Mapping[str, Tensor], arrays: Mapping[str, Array]) -> None:
    """Refuse several values for one Tensor, and what whole numbers cannot hold; only these are seen on the host."""
    first: dict[int, str] = {}
    shared = Counter(id(own[path]) for path in arrays)
    for path, array in arrays.items():
        part = own[path]
        if part.dtype.kind != "f" and not np.can_cast(array.dtype, part.dtype):
            _check_whole(path, namespace(array).to_host(array), part.dtype)
        if shared[id(part)] > 1:
            before = first.setdefault(id(part), path)
            with np.errstate(over="ignore"):  # refused later, and by its name
                a, b = (namespace(x).to_host(x).astype(part.dtype) for x in (arrays[before], array))
            if not np.array_equal(a, b, equal_nan=part.dtype.kind == "f"):
                raise ArgumentError(
                    f"load_state_dict: {before} and {path} name one array and must be equal, got {a.ravel()!s:.40} "
                    f"and {b.ravel()!s:.40}; leave one of them out"
                )


def _check_whole(path: str, array: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> None:
    """Refuse fractions, and whole numbers beyond a dtype."""
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    xp = namespace(array)
    if not (xp.isfinite(array) & (xp.rint(array) == array)).all():
        raise ArgumentError(f"load_state_dict: {path} holds whole numbers, got {array!s:.60}; round it")
    if not ((array >= low) & (array < high + 1)).all():
        raise ArgumentError(
            f"load_state_dict: {path} holds whole numbers from {low} to {high}, got {array!s:.60}; correct it"
        )


def renamed(layers: Iterable[tuple[str, Any]], state: Mapping[str, Any]) -> dict[str, Any]:
    """The state under the names that the layers use now, where it comes under older ones of theirs."""
    if not isinstance(state, Mapping):
        raise DTypeError(
            f"load_state_dict: a state is a dict of arrays by path, got {type(state).__name__}; pass a state_dict()"
        )
    now: dict[str, str] = {}
    for path, layer in layers:
        dot = f"{path}." if path else ""
        now.update({dot + old: dot + new for old, new in layer.older_names().items() if dot + new not in state})
    return {now.get(name, name): array for name, array in state.items()}


def some(names: list[str]) -> str:
    """The names, the first eight of many.

    >>> some(["weight", "bias"])
    "['weight', 'bias']"
    """
    return f"{names[:8]} and {len(names) - 8} more" if len(names) > 8 else str(names)
