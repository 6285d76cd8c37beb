"""Nested values taken apart: the arrays by name on one side, everything else as JSON on the other.

In the JSON an array is ``{"$array": name}``, and its name is the path that leads to it: ``optimizer/state/0.weight/m``.
A tuple is ``{"$tuple": [...]}``, a number that JSON lacks ``{"$number": "nan"}``, and a dict with keys that are no text
(or that begin with $) is ``{"$items": [[key, value], ...]}``.

Builds on: `minigrad.io.arrays`. Read next: `minigrad.io.checkpoint`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.errors import DTypeError
from minigrad.io.arrays import Arrays, host

__all__ = ["join", "split"]


def split(name: str, value: Any) -> tuple[Any, Arrays]:
    """What JSON can hold, and the arrays by path, for the public function `name`.

    >>> split("example", {"model": {"w": np.ones(1)}, "step": 3})
    ({'model': {'w': {'$array': 'model/w'}}, 'step': 3}, {'model/w': array([1.])})
    """
    arrays: Arrays = {}

    def visit(value: Any, path: str) -> Any:
        if value is None or isinstance(value, (bool, str)) or type(value) is int:
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"$number": repr(value)}
        if isinstance(value, tuple):
            return {"$tuple": [visit(part, f"{path}/{i}") for i, part in enumerate(value)]}
        if isinstance(value, list):
            return [visit(part, f"{path}/{i}") for i, part in enumerate(value)]
        if isinstance(value, Mapping):
            pairs = [(key, visit(part, f"{path}/{key}".lstrip("/"))) for key, part in value.items()]
            if all(isinstance(key, str) and not key.startswith("$") for key, _ in pairs):
                return dict(pairs)
            return {"$items": [[visit(key, path), part] for key, part in pairs]}
        return {"$array": keep(path, value)}

    def keep(path: str, value: Any) -> str:
        if not isinstance(value, np.generic) and not hasattr(value, "dtype"):
            kind = type(value).__name__
            raise DTypeError(
                f"{name}: {path} must be arrays, numbers, text, or lists and dicts of them, got {kind}; "
                "save its state_dict(), or leave it out"
            )
        while path in arrays:  # {"a/b": x, "a": {"b": y}}
            path += "'"
        arrays[path] = host(name, path, np.asarray(value) if isinstance(value, np.generic) else value)
        return path

    return visit(value, ""), arrays


def join(plain: Any, arrays: Mapping[str, Any]) -> Any:
    """The nested value again; raises KeyError where an array is missing.

    >>> join({"model": {"w": {"$array": "model/w"}}, "step": 3}, {"model/w": 1.0})
    {'model': {'w': 1.0}, 'step': 3}
    """
    if isinstance(plain, list):
        return [join(part, arrays) for part in plain]
    if not isinstance(plain, dict):
        return plain
    if plain.keys() == {"$array"}:
        return arrays[plain["$array"]]
    if plain.keys() == {"$tuple"}:
        return tuple(join(plain["$tuple"], arrays))
    if plain.keys() == {"$number"}:
        return float(plain["$number"])
    if plain.keys() == {"$items"}:
        return {join(key, arrays): join(part, arrays) for key, part in plain["$items"]}
    return {key: join(part, arrays) for key, part in plain.items()}
