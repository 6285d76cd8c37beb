"""Arguments that mean nothing, refused at the door: a batch of 2.5 samples, an eps of text, a file that is none.

NumPy's numbers are as good as Python's, and leave here as Python's, which widen nothing. True and False are no numbers.

Builds on: `minigrad.errors`. Read next: `minigrad.backend`.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from minigrad.errors import ArgumentError, DTypeError

__all__ = ["entries", "existing_file", "is_number", "number", "path_of", "sizes", "whole"]


def whole(name: str, what: str, value: Any, least: float = 0) -> int:
    """A whole number from `least` on, which may be -inf, for the public function `name`.

    >>> whole("example", "batch_size", np.int64(32), 1)
    32
    """
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        n = operator.index(value)
    except TypeError:
        raise DTypeError(f"{name}: {what} must be a whole number, got {value!r:.60}; pass an int") from None
    if n < least:
        raise ArgumentError(f"{name}: {what} must be at least {least}, got {n}; pass a larger one")
    return n


def sizes(name: str, what: str, shape: Any) -> tuple[int, ...]:
    """A shape, for the public function `name`: of one whole number or of several, all from 0 on.

    >>> sizes("example", "normalized_shape", 3), sizes("example", "normalized_shape", [2, np.int64(3)])
    ((3,), (2, 3))
    """
    several = isinstance(shape, Iterable) and not isinstance(shape, str) and getattr(shape, "shape", None) != ()
    return tuple(whole(name, what, n) for n in (shape if several else (shape,)))


def number(
    name: str, what: str, value: Any, low: float = -math.inf, high: float = math.inf, positive: bool = False
) -> float:
    """A finite number within bounds, or above 0, for the public function `name`.

    >>> number("example", "eps", np.float32(0.5), low=0)
    0.5
    """
    if is_number(value) and math.isfinite(value) and low <= value <= high and (value > 0 or not positive):
        return float(value)
    within = " above 0" if positive else " from 0 up" if low == 0 else ""
    within = f" in [{low:g}, {high:g}]" if high < math.inf else within
    kind = ArgumentError if is_number(value) else DTypeError
    raise kind(f"{name}: {what} must be a finite number{within}, got {value!r:.60}; correct it")


def is_number(value: Any) -> bool:
    """Whether it is a real number, of Python or of NumPy; an array, True and False are none.

    >>> is_number(np.float32(0.5)), is_number("0.5"), is_number(True)
    (True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool)


def entries(state: Any) -> str:
    """What a state holds, for messages.

    >>> entries({"scale": 1, "center": 0}), entries(None)
    ("entries ['center', 'scale']", 'NoneType')
    """
    return f"entries {sorted(map(str, state))}" if isinstance(state, Mapping) else type(state).__name__


def path_of(name: str, path: Any) -> Path:
    """A path, of text or of a path object, for the public function `name`.

    >>> path_of("example", "digits.csv").suffix
    '.csv'
    """
    if not isinstance(path, (str, os.PathLike)):
        raise DTypeError(f"{name}: a path is text or a Path, got {path!r:.60}; name the file")
    return Path(path)


def existing_file(name: str, path: Any) -> Path:
    """The path of a file to read, which must be there, for the public function `name`.

    >>> existing_file("example", "nowhere.csv")
    Traceback (most recent call last):
    FileNotFoundError: example: there is no such file, got nowhere.csv; check the path
    """
    file = path_of(name, path)
    if file.is_dir():
        raise IsADirectoryError(f"{name}: this is a folder and no file, got {file}; name a file in it")
    if not file.exists():
        raise FileNotFoundError(f"{name}: there is no such file, got {file}; check the path")
    return file
