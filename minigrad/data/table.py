"""`load_csv`: a table with a header as arrays to train on, and errors that point at the cell.

Builds on: `minigrad.data.text`. Read next: `minigrad.data.loader`.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigrad.argument import path_of
from minigrad.data.text import read_text
from minigrad.errors import ArgumentError, DTypeError

__all__ = ["Table", "load_csv"]

MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-"}


class Table(NamedTuple):
    """What `load_csv` read: features, target, the names of the features, the names of the classes.

    >>> Table(np.zeros((2, 1), np.float32), None, ["age"], None).names
    ['age']
    """

    features: NDArray[np.float32]  # (N, F)
    target: NDArray[Any] | None  # (N,), float32 numbers or int64 classes
    names: list[str]
    classes: list[str] | None


class Row(NamedTuple):
    """A row of data: its number from 1, the line of the file where it ends, its cells."""

    number: int
    line: int
    cells: list[str]


def load_csv(
    path: str | os.PathLike[str],
    target: str | None = None,
    columns: Sequence[str] | None = None,
    classify: bool | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
) -> Table:
    """Read a CSV file with a header into float32 features and a target.

    `columns` chooses and orders the features; without it they are all columns but `target`. A target of text becomes
    class numbers, in alphabetical order of their names; one of numbers stays numbers, unless `classify=True` says that
    they are names of classes too. Numbers become float32, which holds whole ones exactly up to 2^24 (16777217 becomes
    16777216); numbers of classes are told apart without rounding.

    Shapes: features (N, F) float32; target (N,), float32 or, for classes, int64.

    Raises
    ------
    ValueError
        If a cell is missing or no number (the message names row, column and value), rows differ in length, a column is
        unknown, named twice or not at all, or the file is empty, damaged or in another encoding.
    TypeError
        If an argument is of the wrong kind.
    FileNotFoundError, IsADirectoryError
        If there is no such file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "pets.csv"
    ...     _ = path.write_text("age,weight,kind\\n3,4.5,cat\\n7,20,dog\\n")
    ...     features, target, names, classes = load_csv(path, target="kind")
    >>> features.tolist(), target.tolist(), names, classes
    ([[3.0, 4.5], [7.0, 20.0]], [0, 1], ['age', 'weight'], ['cat', 'dog'])
    """
    header, rows = _read(path_of("load_csv", path), delimiter, encoding)
    names = _columns(header, target, columns)
    features = np.empty((len(rows), len(names)), np.float32)
    for place, name in enumerate(names):
        features[:, place] = _numbers(rows, header.index(name), name)
    if target is None:
        return Table(features, None, names, None)
    values, classes = _target(rows, header.index(target), target, classify)
    return Table(features, values, names, classes)


def _read(path: Path, delimiter: str, encoding: str) -> tuple[list[str], list[Row]]:
    """Header and rows, all of one length; blank lines are passed over."""
    if not isinstance(delimiter, str) or len(delimiter) != 1 or delimiter in '"\r\n':
        raise ArgumentError(f"load_csv: delimiter must be one character, got {delimiter!r:.60}; ',' or ';' is usual")
    rows: list[Row] = []
    lines = io.StringIO(read_text("load_csv", path, encoding, newline=""), newline="")
    try:
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        for cells in reader:
            if cells:
                rows.append(Row(len(rows), reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise ValueError(f"load_csv: {path} breaks off or is no CSV file, got {error} after row {len(rows)}; mend its "
                         "quotes") from error  # fmt: skip
    if len(rows) < 2:
        what = "has a header but no rows" if rows else "is empty"
        raise ValueError(f"load_csv: {path} {what}, got {path.stat().st_size} bytes; pass a file with rows")
    header, rows = rows[0].cells, rows[1:]
    if not np.isnan([_number(cell) for cell in header]).any():
        raise ValueError(f"load_csv: {path} has no header, got numbers alone in its first row, {header}; add one")
    for row in rows:
        if len(row.cells) != len(header):
            raise ValueError(
                f"load_csv: row {row.number} (line {row.line}) has another length than the header, got "
                f"{len(row.cells)} cells for {len(header)} columns; mend the row, or pass the delimiter="
            )
    return header, rows


def _columns(header: list[str], target: str | None, columns: Sequence[str] | None) -> list[str]:
    """The names of the features, once they and the target are known to be there."""
    if isinstance(columns, str) or not isinstance(columns, (Iterable, type(None))):
        raise DTypeError(f"load_csv: columns must be a list of names, got {columns!r}; pass [{str(columns)!r}]")
    names = [name for name in header if name != target] if columns is None else list(columns)
    wanted = names if target is None else [*names, target]
    for name in wanted:
        if name not in header:
            raise ValueError(f"load_csv: no column has this name, got {name!r}; the columns are {header}")
        if not name:
            place = header.index(name) + 1
            raise ValueError(f"load_csv: column {place} has no name, got {header}; name it, or choose with columns=")
        if header.count(name) > 1 or wanted.count(name) > 1:
            raise ValueError(f"load_csv: a column is named twice, got {name!r}; name every column once")
    if not names:
        raise ValueError(f"load_csv: no column is left for the features, got {header}; choose them with columns=")
    return names


def _numbers(rows: list[Row], place: int, name: str) -> NDArray[np.float32]:
    """One column as numbers."""
    cells = [row.cells[place] for row in rows]
    try:
        if not _plain("".join(cells)):
            raise ValueError
        values = np.array(cells).astype(np.float64)
    except ValueError:
        values = np.array([_number(cell) for cell in cells])
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if wrong.size:
        _refuse(rows[wrong[0]], place, name)
    return numbers


def _number(cell: str) -> float:
    """The number that a cell holds; NaN if it holds none."""
    try:
        return float(cell) if _plain(cell) else np.nan
    except ValueError:
        return np.nan


def _plain(text: str) -> bool:
    """Whether nothing in it is a number to Python's float and to no table: 1_000, full-width digits, a NUL behind."""
    return text.isascii() and "_" not in text and "\0" not in text


def _exact(cell: str) -> int | float:
    """A number, whole ones without rounding: a float64 holds them to 2^53 alone."""
    try:
        return int(cell)
    except ValueError:
        return float(cell)


def _refuse(row: Row, place: int, name: str) -> None:
    """Say what is wrong with a cell that is no number."""
    cell = row.cells[place]
    where = f"in row {row.number} (line {row.line}), column {name!r}"
    if cell.lower() in MISSING:
        raise ValueError(
            f"load_csv: a value is missing, got {cell!r} {where}; fill it in, or leave the row or the column out"
        )
    if np.isnan(_number(cell)):
        raise ValueError(
            f"load_csv: text in a numeric column, got {cell!r} {where}; correct it, or leave the column out"
        )
    raise ValueError(f"load_csv: a number is too large for float32, got {cell!r} {where}; rescale it or leave it out")


def _target(rows: list[Row], place: int, name: str, classify: bool | None) -> tuple[NDArray[Any], list[str] | None]:
    """The target as numbers, or as class numbers with the names of the classes."""
    cells = [row.cells[place] for row in rows]
    for row in rows:
        if row.cells[place].lower() in MISSING:
            _refuse(row, place, name)
    numeric = ~np.isnan([_number(cell) for cell in cells])
    if classify is False or (classify is None and numeric.all()):
        return _numbers(rows, place, name), None
    if classify is None and numeric.any():
        row = rows[int(np.flatnonzero(~numeric)[0])]
        raise ValueError(
            f"load_csv: the target mixes numbers and text, got {row.cells[place]!r} in row {row.number} "
            f"(line {row.line}), column {name!r}; correct it, or pass classify=True if all are names of classes"
        )
    if numeric.all():  # 9 before 10, and 1 the same class as 1.0
        labels = [_exact(cell) for cell in cells]
        values = sorted(set(labels))
        number = {value: i for i, value in enumerate(values)}
        return np.array([number[label] for label in labels], np.int64), [
            str(int(value)) if value == value // 1 else str(value) for value in values
        ]
    names, numbers = np.unique(cells, return_inverse=True)
    return numbers.astype(np.int64), names.tolist()
