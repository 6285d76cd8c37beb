"""`load_text`: a text as numbers, one per character, for models that read and write letter by letter.

Builds on: `minigrad.argument`. Read next: `minigrad.data.loader`.
"""

from __future__ import annotations

import os
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from minigrad.argument import existing_file, refused
from minigrad.errors import ArgumentError, DTypeError

__all__ = ["load_text", "read_text"]


def load_text(
    path: str | os.PathLike[str], characters: str | None = None, encoding: str = "utf-8"
) -> tuple[NDArray[np.int64], str]:
    """Read a text as character numbers, and the characters that they number.

    characters[ids[i]] is the i-th character of the text; the characters stand in the order of their code points.
    Given `characters`, those of a training text for instance, are used instead.

    Shapes: ids (N,), int64 in 0..len(characters) - 1.

    Raises
    ------
    ValueError
        If the text is empty, in another encoding, or has a character that `characters` lacks.
    FileNotFoundError
        If there is no such file.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "word.txt")
    ...     _ = path.write_text("banana")
    ...     ids, characters = load_text(path)
    >>> ids.tolist(), characters
    ([1, 0, 2, 0, 2, 0], 'abn')
    """
    text = read_text("load_text", path, encoding)
    if not text:
        raise ValueError(f"load_text: {path} is empty, got 0 characters; pass a file with text")
    codes, ids = np.unique(_codes(text), return_inverse=True)  # (K,), (N,)
    if not isinstance(characters, (str, type(None))):
        raise DTypeError(f"load_text: characters must be a text of them, got {characters!r:.60}; pass a str, or None")
    if characters is None:
        return ids.astype(np.int64), "".join(map(chr, codes))
    if len(set(characters)) != len(characters):
        raise ValueError(f"load_text: characters must differ from each other, got {characters!r:.60}; name each once")
    places = {ord(character): number for number, character in enumerate(characters)}
    if unknown := [chr(code) for code in codes if int(code) not in places]:
        raise ValueError(
            f"load_text: {path} has characters that are not among the {len(characters)} given, got "
            f"{''.join(unknown)!r:.60}; leave them out, or number both texts together"
        )
    return np.array([places[int(code)] for code in codes], np.int64)[ids], characters


def read_text(name: str, path: str | os.PathLike[str], encoding: str, newline: Literal["", "\n"] | None = None) -> str:
    """All of a text file, for the public function `name`; line ends become newlines unless `newline` says otherwise."""
    file = existing_file(name, path)
    if not isinstance(encoding, str):
        raise DTypeError(f"{name}: encoding must be a name, got {encoding!r:.60}; 'utf-8' is usual")
    try:
        with file.open(encoding=encoding, newline=newline) as opened:
            return opened.read()
    except OSError as error:
        raise refused(name, "read", file, error) from error
    except UnicodeError as error:
        raise ValueError(f"{name}: {path} is not in {encoding}, got {error}; write it so, or pass encoding=") from error
    except LookupError:
        raise ArgumentError(f"{name}: Python knows no such encoding, got {encoding!r}; 'utf-8' is usual") from None


def _codes(text: str) -> NDArray[np.uint32]:
    """The code point of every character."""
    return np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.uint32)
