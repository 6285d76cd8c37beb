"""How a layer prints: as the call of its constructor.

Builds on: nothing. Read next: `minigrad.nn.layer`.
"""

from __future__ import annotations

from typing import Any

__all__ = ["call_of", "constructor_call", "one_a_line"]

_MISSING = object()


def constructor_call(layer: Any) -> str:
    """``Linear(3, 2, bias=False)``: the arguments of the constructor, read off the attributes of their names.

    Arguments at their defaults are left out. Where an argument is kept nowhere, the layers inside are shown by name.
    """
    code = getattr(type(layer).__init__, "__code__", None)
    names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount] if code else ()
    if code and code.co_flags & 0x0C:  # *args or **kwargs: nobody knows what they were
        return call_of(layer, [], _children(layer))
    defaults = _defaults(layer, code)
    positional, named = [], {}
    for name in names:
        value = getattr(layer, name, _MISSING)
        default = defaults.get(name, _MISSING)
        if isinstance(default, bool):  # bias=True, and the attribute is the bias itself
            value = default if value is _MISSING or (value is None and _bare(layer)) else value
            value = value if isinstance(value, bool) else value is not None
        if value is _MISSING and default is _MISSING:
            return call_of(layer, [], _children(layer))
        if default is _MISSING:
            positional.append(value)
        elif value is not _MISSING and value is not default and not (_plain(value) and value == default):
            named[name] = value
    return call_of(layer, positional, named if names else _children(layer))


def call_of(layer: Any, positional: list[Any], named: dict[str, Any]) -> str:
    """The call as text: on one line, or one argument a line where one of them is a layer with layers in it."""
    words = [_word(value) for value in positional] + [f"{name}={_word(value)}" for name, value in named.items()]
    kind = type(layer).__name__
    line = f"{kind}({', '.join(words)})"
    if "\n" not in line and not (len(words) > 1 and any(hasattr(v, "forward") for v in [*positional, *named.values()])):
        return line
    return f"{kind}({one_a_line(words)})"


def one_a_line(words: list[str]) -> str:
    """Each word on an indented line of its own; nothing where there is none."""
    lines = "".join("    " + word.replace("\n", "\n    ") + ",\n" for word in words)
    return f"\n{lines}" if lines else ""


def _word(value: Any) -> str:
    return str(getattr(value, "__name__", None) or repr(value))


def _plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float, str, tuple))


def _bare(layer: Any) -> bool:
    """Whether there is no weight, so that a missing bias says nothing: affine=False says it already."""
    return getattr(layer, "weight", _MISSING) is None


def _defaults(layer: Any, code: Any) -> dict[str, Any]:
    if code is None:
        return {}
    init = type(layer).__init__
    last = code.co_varnames[: code.co_argcount]
    values = init.__defaults__ or ()
    return {**dict(zip(last[len(last) - len(values) :], values, strict=True)), **(init.__kwdefaults__ or {})}


def _children(layer: Any) -> dict[str, Any]:
    """The attributes that are layers, or have some in them."""
    return {name: part for name, part in layer.contents() if _holds_layers(part)}


def _holds_layers(part: Any, depth: int = 5) -> bool:
    if isinstance(part, (list, tuple, dict)):  # lists may hold themselves
        return depth > 0 and any(
            _holds_layers(p, depth - 1) for p in (part.values() if isinstance(part, dict) else part)
        )
    return hasattr(part, "forward")
