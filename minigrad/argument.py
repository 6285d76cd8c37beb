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
from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import ArgumentError, DTypeError

__all__ = [
    "ABOVE_0", "ANY", "AT_LEAST_0", "SHARE", "Range", "entries", "existing_file", "is_number", "number", "path_of",
    "refused", "sizes", "whole",
]  # fmt: skip


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
    several = type(shape) is tuple or (
        isinstance(shape, Iterable) and not isinstance(shape, str) and getattr(shape, "shape", None) != ()
    )
    return tuple([whole(name, what, n) for n in (shape if several else (shape,))])


class Range(NamedTuple):
    """The finite numbers from `low` to `high`; a round end is left out. `usual` is said where another one is refused.

    >>> share = Range(0, 1, "[)")
    >>> 0.9 in share, 1 in share, float("nan") in share, "a" in share, str(share)
    (True, False, False, False, ' in [0, 1)')
    """

    low: float = -math.inf
    high: float = math.inf
    ends: str = "[]"
    usual: str = ""

    def __contains__(self, value: Any) -> bool:
        if type(value) is not float and not is_number(value):  # a float is looked at twenty times a step
            return False
        if not is_finite(value):
            return False
        above = self.low < value if self.ends[0] == "(" else self.low <= value
        return bool(above and (value < self.high if self.ends[1] == ")" else value <= self.high))

    def __str__(self) -> str:
        if self.low > -math.inf and self.high < math.inf:
            return f" in {self.ends[0]}{self.low:g}, {self.high:g}{self.ends[1]}"
        if self.low > -math.inf:
            return f" above {self.low:g}" if self.ends[0] == "(" else f" from {self.low:g} up"
        return f" up to {self.high:g}" if self.high < math.inf else ""


ANY, AT_LEAST_0, ABOVE_0, SHARE = Range(), Range(0), Range(0, ends="(]"), Range(0, 1)


def number(name: str, what: str, value: Any, within: Range = ANY) -> float:
    """A finite number of a range, for the public function `name`.

    >>> number("example", "eps", np.float32(0.5), AT_LEAST_0)
    0.5
    """
    if value in within:
        return float(value)
    kind = ArgumentError if is_number(value) else DTypeError
    remedy = f"{within.usual} is usual" if within.usual else "correct it"
    raise kind(f"{name}: {what} must be a finite number{within}, got {value!r:.60}; {remedy}")


def is_number(value: Any) -> bool:
    """Whether it is a real number, of Python or of NumPy; an array, True and False are none.

    >>> is_number(np.float32(0.5)), is_number("0.5"), is_number(True)
    (True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool)


def is_finite(value: Any) -> bool:
    """Whether a number is neither infinite nor NaN, nor an int too large for a float.

    >>> is_finite(1e308), is_finite(10**400)
    (True, False)
    """
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


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
    try:
        if b"\0" in os.fsencode(path):
            raise ValueError("an embedded null")
    except ValueError as error:  # or a character that has no bytes
        raise ArgumentError(f"{name}: no file can have this name, got {path!r:.60}; correct it") from error
    return Path(path)


def existing_file(name: str, path: Any) -> Path:
    """The path of a file to read, which must be there, for the public function `name`.

    >>> existing_file("example", "nowhere.csv")
    Traceback (most recent call last):
    FileNotFoundError: example: there is no such file, got nowhere.csv; check the path
    """
    file = path_of(name, path)
    try:
        folder, there = file.is_dir(), file.exists()
    except OSError as error:  # a name that is too long, a folder that is closed
        raise refused(name, "read", file, error) from error
    if folder:
        raise IsADirectoryError(f"{name}: this is a folder and no file, got {file}; name a file in it")
    if not there:
        raise FileNotFoundError(f"{name}: there is no such file, got {file}; check the path")
    return file


def refused(name: str, done: str, path: Path, error: OSError) -> OSError:
    """What the file system refuses to the public function `name`, as an error of the same kind with the path.

    >>> refused("example", "read", Path("a.csv"), PermissionError(13, "Permission denied"))
    PermissionError('example: the file cannot be read, got a.csv (Permission denied); check the path')
    """
    told = type(error)(f"{name}: the file cannot be {done}, got {path} ({error.strerror or error}); check the path")
    told.errno = error.errno
    return told
