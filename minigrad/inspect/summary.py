"""`summary`: what a model is made of, layer by layer, and what a forward costs.

A copy of the model runs once, with every layer marking when it starts and ends. What was recorded in between is read
off the tape, so that nothing has to be known of a layer to count what it does.

Builds on: `minigrad.nn`, `minigrad.inspect.cost`. Read next: `minigrad.inspect.cost`.
"""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np

from minigrad.backend import move
from minigrad.backend.random import default_generator
from minigrad.graph import tick
from minigrad.inspect.cost import flops_of, kept_by, nodes_behind
from minigrad.modes import enable_grad
from minigrad.nn.layer import Buffer, Layer, walk
from minigrad.tensor import Tensor, as_array

__all__ = ["Row", "Summary", "summary"]


class Row(NamedTuple):
    """One call of one layer; parameters, operations and bytes are those of the layer itself, not of layers inside.

    Parameters of layers that are not called, as tables are that are read in place, have rows at the end.

    >>> Row("0", "Linear(2, 3)", 1, (5, 3), parameters=9, flops=60, memory=0).parameters
    9
    """

    path: str
    layer: str  # its path from the layer that calls it, and the constructor call, cut to one line
    depth: int
    shape: Any  # of the output, of the first where there are several; None where it is no Tensor
    parameters: int
    flops: int
    memory: int


class Summary:
    """The table that `summary` makes: it prints; `rows` and the totals are there for programs.

    >>> Summary([], 0, 0, 0).flops
    0
    """

    def __init__(self, rows: list[Row], parameters: int, trainable: int, buffers: int) -> None:
        self.rows, self.parameters, self.trainable, self.buffers = rows, parameters, trainable, buffers

    @property
    def flops(self) -> int:
        """Floating-point operations of a forward, an addition and a multiplication as two."""
        return sum(row.flops for row in self.rows)

    @property
    def memory(self) -> int:
        """Bytes that a forward keeps for backward, beyond parameters, buffers and input."""
        return sum(row.memory for row in self.rows)

    def __repr__(self) -> str:
        head = ("layer", "output shape", "parameters", "FLOPs", "kept for backward")
        body = [
            (
                "  " * r.depth + r.layer,
                str(r.shape or ""),
                *(f"{n:,}" for n in (r.parameters, r.flops)),
                _bytes(r.memory),
            )
            for r in self.rows
        ]
        width = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
        lines = [
            "  ".join(
                cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, width, strict=True))
            )
            for line in [head, *body]
        ]
        rule = "-" * len(lines[0])
        frozen = f", {self.parameters - self.trainable:,} of them frozen" if self.trainable < self.parameters else ""
        total = (
            f"{self.parameters:,} parameters{frozen}; {self.flops:,} FLOPs; {_bytes(self.buffers)} of parameters and "
            f"buffers, {_bytes(self.memory)} kept for backward"
        )
        return "\n".join([lines[0], rule, *lines[1:], rule, total])


def summary(model: Layer, *inputs: Any, training: bool = False) -> Summary:
    """A table of a model's layers: output shapes, parameters, floating-point operations, memory kept for backward.

    memory = bytes of all arrays that backward will need, each counted where it was first kept

    A copy of the model runs on the inputs, as in use or (`training`) as in training; the model itself, its mode, its
    buffers and the random stream stay as they are, and no hook of it is called.

    Parameters
    ----------
    inputs
        What the model is called with: Tensors, arrays, or shapes (tuples of ints), which stand for float32 zeros.

    >>> from minigrad.nn import Linear, ReLU, Sequential
    >>> summary(Sequential(Linear(64, 32), ReLU(), Linear(32, 10)), (8, 64))
    layer                output shape  parameters   FLOPs  kept for backward
    ------------------------------------------------------------------------
    Sequential           (8, 10)                0       0                0 B
      0: Linear(64, 32)  (8, 32)            2,080  33,024                0 B
      1: ReLU()          (8, 32)                0     256            1.0 KiB
      2: Linear(32, 10)  (8, 10)              330   5,200                0 B
    ------------------------------------------------------------------------
    2,410 parameters; 38,480 FLOPs; 9.4 KiB of parameters and buffers, 1.0 KiB kept for backward
    """
    copied = copy.deepcopy(model).train(training)
    _make_ready(copied)
    home = next((part.backend for _, part in walk(copied) if isinstance(part, Tensor)), "numpy")
    values = [_input(x, home) for x in inputs]
    calls: list[_Call] = []
    _mark(copied, calls)
    generator = default_generator()
    state = generator.state
    try:
        with enable_grad():
            output = copied(*values)
    finally:
        generator.set_state(state)
    tensors = model.state()
    unique = {id(t): t for t in tensors.values()}.values()
    own = [t for t in unique if not isinstance(t, Buffer)]
    return Summary(
        _rows(copied, calls, output, values),
        sum(t.size for t in own),
        sum(t.size for t in own if t.requires_grad),
        sum(t.size * t.dtype.itemsize for t in unique),
    )


class _Call:
    """One call of a layer: when it began and ended, and what came out."""

    def __init__(self, layer: Layer, depth: int) -> None:
        self.layer, self.depth, self.begin, self.end = layer, depth, tick(), 0
        self.shape: Any = None


def _make_ready(model: Layer) -> None:
    """Drop hooks, and thaw what is frozen, so that all that is computed is recorded."""
    for layer in model.layers():
        layer._pre_hooks = layer._forward_hooks = None
    model.requires_grad_()


def _input(x: Any, home: str) -> Any:
    """An input as a Tensor; a leaf if it can be, so that what is computed from it is recorded."""
    if isinstance(x, tuple) and all(isinstance(n, (int, np.integer)) for n in x):
        x = np.zeros(x, np.float32)
    array = move(as_array(x), home)
    return Tensor(array, requires_grad=array.dtype.kind == "f")


def _mark(model: Layer, calls: list[_Call]) -> None:
    """Have every layer note when its calls begin and end. A layer that is called twice comes twice."""
    open_calls: list[_Call] = []

    def before(layer: Layer, args: Any) -> None:
        call = _Call(layer, len(open_calls))
        calls.append(call)
        open_calls.append(call)

    def after(layer: Layer, args: Any, y: Any) -> None:
        call = open_calls.pop()
        call.end, call.shape = tick(), next((part.shape for part in _tensors(y)), None)

    for layer in model.layers():
        layer.register_forward_pre_hook(before)
        layer.register_forward_hook(after)


def _rows(model: Layer, calls: list[_Call], output: Any, inputs: list[Any]) -> list[Row]:
    """One row for each call, with what was recorded between its begin and end and inside no call within."""
    paths = {id(layer): path for path, layer in model.named_layers()}
    flops, memory = dict.fromkeys(map(id, calls), 0), dict.fromkeys(map(id, calls), 0)
    seen = {id(_owner(t.value)) for t in [*(t for _, t in walk(model) if isinstance(t, Tensor)), *inputs]}
    nodes = {id(node): node for y in _tensors(output) for node in nodes_behind(y.node)}
    for node in sorted(nodes.values(), key=lambda node: -node.tick):  # ticks fall: the oldest first
        around = [call for call in calls if call.end < node.tick < call.begin]
        if around:
            inner = max(around, key=lambda call: call.depth)
            flops[id(inner)] += flops_of(node)
            memory[id(inner)] += kept_by(node, seen)
    counted: set[int] = set()
    rows, above = [], [""]  # the paths of the calls that a call stands in
    for c in calls:
        path = paths[id(c.layer)]
        above[c.depth :] = [path]
        title, own = _title(path, above[max(c.depth - 1, 0)], c.layer), _parameters(c.layer, counted)
        rows.append(Row(path, title, c.depth, c.shape, own, flops[id(c)], memory[id(c)]))
    called = {id(c.layer) for c in calls}
    for path, layer in model.named_layers():
        if id(layer) not in called and (own := _parameters(layer, counted)):
            rows.append(Row(path, f"{_title(path, '', layer)}, not called", 1, None, own, 0, 0))
    return rows


def _tensors(y: Any) -> list[Tensor]:
    """The Tensors in what a layer returns, in tuples of tuples too."""
    parts = list(y.values()) if isinstance(y, dict) else y
    if isinstance(parts, (list, tuple)):
        return [inside for part in parts for inside in _tensors(part)]
    return [y] if isinstance(y, Tensor) else []


def _title(path: str, above: str, layer: Layer) -> str:
    text = repr(layer)
    text = type(layer).__name__ if "\n" in text or len(text) > 60 else text
    path = path.removeprefix(f"{above}.") if above else path
    return f"{path}: {text}" if path else text


def _parameters(layer: Layer, counted: set[int]) -> int:
    """Elements of the layer's own parameters, counted at the first call and where they come first."""
    inside = {
        id(t) for _, part in walk(layer) if isinstance(part, Layer) and part is not layer for t in part.parameters()
    }
    own = [t for t in layer.parameters() if id(t) not in inside and id(t) not in counted]
    counted.update(map(id, own))
    return sum(t.size for t in own)


def _owner(array: Any) -> Any:
    while getattr(array, "base", None) is not None and hasattr(array.base, "nbytes"):
        array = array.base
    return array


def _bytes(n: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if n < 1024 or unit == "GiB":
            return f"{n:,.0f} {unit}" if unit == "B" else f"{n:,.1f} {unit}"
        n /= 1024
    return ""
