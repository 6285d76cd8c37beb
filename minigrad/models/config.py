"""A model's settings, as a config.json has them: those that a model knows, checked; those it lacks, refused.

Builds on: `minigrad.argument`. Read next: `minigrad.models.language_model`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, fields, is_dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, TypeVar

from minigrad.argument import AT_LEAST_0, number, whole
from minigrad.errors import ArgumentError, DTypeError
from minigrad.io.whole import FileError, read_json
from minigrad.nn import functional as F
from minigrad.ops import tanh

__all__ = ["Source", "activation", "one_name", "read_config", "settings"]

T = TypeVar("T")
Source = Any  # the path of a config.json, a dict of its entries, or settings that a model has made of them

MOST = 2**24  # the largest size: beyond all published ones, and where a damaged config would fill the memory
ALIKE = 0.75  # from here on a name is a mistyped one; transformers has no other entry that comes as near

TANH = partial(F.gelu, approximate="tanh")
ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "gelu": F.gelu,
    "gelu_new": TANH,
    "gelu_pytorch_tanh": TANH,
    "relu": F.relu,
    "silu": F.silu,
    "swish": F.silu,
    "tanh": tanh,
}


def read_config(name: str, source: Source) -> dict[str, Any]:
    """The entries of a config.json, given by its path, as a dict or as settings, for the public function `name`.

    >>> read_config("example", {"n_layer": 2})
    {'n_layer': 2}
    """
    if isinstance(source, Mapping):
        return dict(source)
    if is_dataclass(source) and not isinstance(source, type):
        return asdict(source)
    entries = read_json(name, source)
    if not isinstance(entries, dict):
        raise FileError(f"{name}: {source} holds no settings by name, got {entries!r:.60}; name a config.json")
    return entries


def one_name(name: str, entries: Mapping[str, Any], others: Mapping[str, str]) -> dict[str, Any]:
    """The entries, each under its one name where it may come under `others`; two that differ are refused.

    >>> one_name("example", {"hidden_size": 8}, {"hidden_size": "n_embd"})
    {'n_embd': 8}
    """
    for other, own in others.items():
        if other in entries and entries.get(own, entries[other]) != entries[other]:
            got = f"{entries[own]!r:.30} and {entries[other]!r:.30}"
            raise ArgumentError(f"{name}: {own} and {other} name one setting, got {got}; leave one of them out")
    return {others.get(what, what): value for what, value in entries.items()}


def settings(
    name: str, kind: type[T], entries: Mapping[str, Any], fixed: Mapping[str, Any], others: Collection[str] = ()
) -> T:
    """The entries that a dataclass knows, of the kinds of its defaults; `fixed` ones may have one value alone.

    Others are left out, of which published files have many, but for those that are nearly the name of one that is
    known, here or in `others`.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Sizes:
    ...     width: int = 8
    >>> settings("example", Sizes, {"width": 16, "torch_dtype": "bfloat16"}, {})
    Sizes(width=16)
    """
    defaults = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]
    known = {*defaults, *fixed, *others}
    for what in entries:
        if what not in known and (meant := get_close_matches(str(what), sorted(known), 1, ALIKE)):
            raise ArgumentError(
                f"{name}: there is no such setting, got {what!r:.60}; write {meant[0]!r}, or leave it out"
            )
    for what, only in fixed.items():
        if entries.get(what, only) != only:
            raise ArgumentError(
                f"{name}: {what} can only be {only!r} here, got {entries[what]!r:.60}; take another model"
            )
    return kind(**{what: _checked(name, what, entries.get(what, value), value) for what, value in defaults.items()})


def activation(name: str, what: str, word: Any) -> Callable[[Any], Any]:
    """The function that a config calls by this word.

    >>> activation("example", "hidden_act", "gelu_new")([1.0])
    array([0.8412], dtype=float32)
    """
    if not isinstance(word, str) or word not in ACTIVATIONS:
        raise ArgumentError(f"{name}: {what} is one of {', '.join(ACTIVATIONS)}, got {word!r:.60}; take another model")
    return ACTIVATIONS[word]


def _checked(name: str, what: str, value: Any, default: Any) -> Any:
    """A setting of the kind of its default; where that is None, a whole number or None."""
    if isinstance(default, str) or (default is None and value is None):
        return value
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise DTypeError(f"{name}: {what} must be true or false, got {value!r:.60}; correct the config")
        return value
    if isinstance(default, float):
        return number(name, what, value, AT_LEAST_0)
    if (n := whole(name, what, value, 1)) > MOST:
        raise ArgumentError(f"{name}: {what} can be {MOST} at most, got {n!r:.60}; correct the config")
    return n
