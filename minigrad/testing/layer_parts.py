"""The checks of what a layer is made of: parts that are found, copies, how it prints, state that is saved and loaded.

Builds on: `minigrad.testing.layer_case`. Read next: `minigrad.testing.layer_contracts`.
"""

from __future__ import annotations

import copy
import pickle
from collections import Counter, deque
from collections.abc import Callable, Iterator
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from minigrad.backend import namespace
from minigrad.graph import Leaf
from minigrad.nn.layer import Buffer, Layer, walk
from minigrad.tensor import Tensor
from minigrad.testing.layer_case import LayerProbe

__all__ = ["check_copies", "check_parts", "check_repr", "check_state"]


def check_parts(p: LayerProbe) -> None:
    """Parameters and buffers are found, under the names that are expected; nothing hides where `walk` does not look."""
    layer = p.fresh(dtype=None)
    found = {"parameters": layer.named_parameters(), "buffers": layer.named_buffers()}
    for kind, expected in (("parameters", p.subject.parameters), ("buffers", p.subject.buffers)):
        names = [name for name, _ in found[kind]]
        if expected is not None:
            p.expect(names == list(expected), f"names of the {kind}", list(expected), names)
    paths = Counter(path for path, part in walk(layer, aliases=True) if isinstance(part, Tensor))
    twice = [path for path, n in paths.items() if n > 1]
    p.expect(not twice, "paths of parameters and buffers", "each once", twice, "keys of a dict: no dot, not a number")
    for path, what in hidden(layer):
        kind = type(what).__name__
        if isinstance(what, (Layer, Tensor)):
            p.fail(f"a {kind} at {path}", "a place where it is found", "walk does not find it")
        else:
            p.fail(f"an array at {path}", "a Buffer if it is state, a Tensor if it is a constant", f"a plain {kind}")
    original = p.subject.layer  # a copy would have memory of its own
    owned = [(name, t.value) for name, t in walk(original) if isinstance(t, Tensor) and t.size]
    for i, (name, value) in enumerate(owned):
        shared = [other for other, theirs in owned[:i] if namespace(value).shares_memory(value, theirs)]
        p.expect(not shared, f"memory of {name}", "its own", f"that of {', '.join(shared)}", "views share: copy them")
    for name, part in layer.named_parameters():
        finite = np.isfinite(p.host(part)).all()
        p.expect(finite, f"values of {name}", "finite numbers", "inf or NaN", "the initializer")


def hidden(layer: Layer) -> Iterator[tuple[str, Any]]:
    """Layers, leaves, buffers and floating arrays anywhere inside that `walk` does not find, with where they are."""
    known = {id(part) for _, part in walk(layer)}
    seen: set[int] = set()

    def visit(value: Any, path: str, plain: bool) -> Iterator[tuple[str, Any]]:
        if id(value) in seen:
            return
        seen.add(id(value))
        if isinstance(value, Tensor):
            if id(value) not in known and (isinstance(value, Buffer) or isinstance(value.node, Leaf)):
                yield path, value
            return
        if (isinstance(value, Layer) and id(value) not in known) or (plain and _is_floating_array(value)):
            yield path, value
        plain = plain and isinstance(value, (Layer, list, tuple, dict))  # what other objects keep is their affair
        for name, part in _inside(value):
            yield from visit(part, f"{path}.{name}" if path else name, plain)

    yield from visit(layer, "", True)


def _is_floating_array(value: Any) -> bool:
    return hasattr(value, "dtype") and hasattr(value, "ndim") and value.ndim > 0 and value.dtype.kind == "f"


def _inside(value: Any) -> list[tuple[str, Any]]:
    """What any object refers to, by a name for it; classes, modules and arrays are left alone."""
    if isinstance(value, (list, tuple, deque, set, frozenset)):
        return [(str(i), part) for i, part in enumerate(value)]
    if isinstance(value, dict):
        return [(str(key), part) for key, part in value.items()]
    if isinstance(value, partial):
        return [("func", value.func), ("args", value.args), ("keywords", value.keywords)]
    if isinstance(value, MethodType):
        return [("__self__", value.__self__)]
    if isinstance(value, FunctionType):
        names = value.__code__.co_freevars
        cells = value.__closure__ or ()
        return [*zip(names, map(_content, cells), strict=True), ("defaults", value.__defaults__ or ())]
    if isinstance(value, type) or hasattr(value, "dtype") or not hasattr(value, "__dict__"):
        return []
    if type(value).__module__ == "builtins":
        return []
    return [(name, part) for name, part in vars(value).items() if name not in ("_pre_hooks", "_forward_hooks")]


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None


def _pickled(layer: Layer) -> Layer:
    made: Layer = pickle.loads(pickle.dumps(layer))
    return made


COPIERS: dict[str, Callable[[Layer], Layer]] = {"copy.deepcopy": copy.deepcopy, "pickle": _pickled}


def check_copies(p: LayerProbe) -> None:
    """Copies and pickles compute the same, and share nothing with the original."""
    for how, make in COPIERS.items():
        with p.step(how):
            layer = p.fresh(dtype=None)
            copied = make(layer)
            ours, theirs = [[(path, t) for path, t in walk(m) if isinstance(t, Tensor)] for m in (layer, copied)]
            names, others = [path for path, _ in ours], [path for path, _ in theirs]
            p.expect(names == others, f"parts after {how}", names, others, "Tensors that are shared must stay shared")
            mine = [t.value for _, t in ours if t.size]
            shared = [path for path, t in theirs if t.size and any(p.xp.shares_memory(t.value, a) for a in mine)]
            p.expect(not shared, f"memory after {how}", "of its own", f"shared by {', '.join(shared)}")
            for training in (True, False):
                expected = [p.host(y) for y in p.call(layer.train(training), p.arrays("float32"))]
                about = f"output after {how}, {mode(training)}"
                p.equal(p.call(copied.train(training), p.arrays("float32")), expected, about)


def mode(training: bool) -> str:
    return "in training" if training else "in use"


def check_repr(p: LayerProbe) -> None:
    """It prints as the call of its constructor: its name, no address of memory, the same for a copy and after use."""
    layer = p.fresh(dtype=None)
    text = repr(layer)
    kind = type(layer).__name__
    p.expect(text.startswith(f"{kind}("), "repr", f"{kind}(...)", text)
    p.expect(" at 0x" not in text, "repr", "no address of memory", text)
    p.call(layer, p.arrays("float32"))
    for what, other in (("after a call", layer), ("of a copy", copy.deepcopy(layer))):
        p.expect(repr(other) == text, f"repr {what}", text, repr(other))


def check_state(p: LayerProbe) -> None:
    """The state is saved, loaded by a copy that then computes the same, and refused where it does not fit."""
    layer = p.fresh(dtype=None)
    twin = copy.deepcopy(layer)
    keys = list(layer.state_dict())
    p.expect(keys == list(layer.state()), "keys of the state", list(layer.state()), keys)
    for _ in range(2):
        p.call(layer, p.arrays("float32"))
    p.expect(list(layer.state_dict()) == keys, "keys of the state after two calls", keys, list(layer.state_dict()))
    saved = layer.state_dict()
    for name, array in saved.items():
        p.expect(type(array) is np.ndarray, f"state of {name}", "a NumPy array", type(array).__name__)
    perturb(twin)
    with p.step("load_state_dict of the layer's own state"):
        twin.load_state_dict(copy.deepcopy(saved))
        for training in (False, True):
            expected = [p.host(y) for y in p.call(layer.train(training), p.arrays("float32"))]
            got = p.call(twin.train(training), p.arrays("float32"))
            p.equal(got, expected, f"output of a copy that has loaded the state, {mode(training)}")
    for name, array in layer.state_dict().items():
        array[...] = ~array if array.dtype.kind == "b" else array + 1
        now = layer.state_dict()[name]
        p.expect((now != array).all(), f"writing into the saved {name}", "no effect on the layer", "it changed")
    _check_refusals(p)


def perturb(layer: Layer) -> None:
    """Other values in every parameter and buffer."""
    for part in {id(part): part for part in layer.state().values()}.values():
        part.write(..., ~part.value if part.dtype.kind == "b" else part.value + 1)


def _check_refusals(p: LayerProbe) -> None:
    """Missing keys, unexpected keys and wrong shapes raise, and nothing is changed."""
    layer = p.fresh(dtype=None)
    state = layer.state_dict()
    changed = {name: array + 1 for name, array in state.items() if array.dtype.kind != "b"}
    wrong = {"a key too many": {**state, **changed, "no.such.part": np.zeros(1)}}
    if state:
        last = list(state)[-1]
        wrong["a wrong shape"] = {**state, **changed, last: np.zeros((*state[last].shape, 7), state[last].dtype)}
        tied = Counter(id(part) for part in layer.state().values())
        alone = [name for name, part in layer.state().items() if tied[id(part)] == 1]
        for name in alone[-1:]:
            wrong["a key too few"] = {key: array for key, array in {**state, **changed}.items() if key != name}
    for what, bad in wrong.items():
        try:
            layer.load_state_dict(bad)
        except Exception as error:
            p.expect(str(error), f"message of load_state_dict with {what}", "what is wrong", "nothing")
        else:
            p.fail(f"load_state_dict with {what}", "an error", "accepted")
        now = layer.state_dict()
        same = all(np.array_equal(now[name], array) for name, array in state.items())
        p.expect(same, f"state after load_state_dict with {what}", "as before", "changed")
        layer = p.fresh(dtype=None)
