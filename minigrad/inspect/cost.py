"""What a recorded op costs: floating-point operations of its forward, and the memory that its vjps keep.

Both are read off the node, so that every layer is counted, users' own too, without a rule for each. A multiplication
and an addition count as two: a product of matrices costs 2 n m p. An elementwise op counts one for each element, a
reduction one for each element it takes in, a normaliser or a softmax a few. What only moves elements costs nothing.

Builds on: `minigrad.graph`, `minigrad.explain`. Read next: `minigrad.inspect.summary`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from minigrad.explain import arrays_of
from minigrad.graph import Node

__all__ = ["flops_of", "kept_by", "nodes_behind"]

MOVING = frozenset(
    """astype broadcast_to concatenate diagonal embedding expand_dims flip getitem pad reshape roll scatter
    sliding_windows transpose""".split()
)
PER_ELEMENT = {"standardize": 5, "softmax": 4, "log_softmax": 4, "cross_entropy": 5, "gelu": 4, "silu": 4,
               "sigmoid": 3, "var": 3, "std": 3, "rotary": 3, "lstm_step": 19 / 4, "gru_step": 15 / 3}  # fmt: skip
NORMS = frozenset(["layer_norm", "rms_norm", "group_norm", "batch_norm"])


def nodes_behind(node: Any) -> Iterator[Node]:
    """Every recorded op behind a node, itself included, each once."""
    seen: set[int] = set()
    stack = [node]
    while stack:
        here = stack.pop()
        if isinstance(here, Node) and id(here) not in seen:
            seen.add(id(here))
            yield here
            stack.extend(here.parents or ())


def flops_of(node: Node) -> int:
    """Floating-point operations of the forward of one op."""
    name, made = node.op, math.prod(node.shape)
    if name in MOVING:
        return 0
    if name == "matmul":
        return 2 * made * _inner(node)
    if name == "linear":  # x (..., in) and W (out, in) end alike, b (out) comes last
        bias = made if len(node.parents) > 1 and len(node.parents[-1].shape) == 1 else 0
        return 2 * made * int(node.parents[0].shape[-1]) + bias
    if name == "conv":  # x (N, C, ...), W (O, C, ...) and the bias, of which each may be missing
        kernel = next(parent.shape for parent in reversed(node.parents) if len(parent.shape) > 1)
        return made * (2 * math.prod(map(int, kernel[1:])) + (len(node.parents[-1].shape) == 1))
    if name == "einsum":
        return _einsum(node)
    if name == "scaled_dot_product_attention":
        return _attention(node)
    if name in NORMS:  # the standard form, or a difference and a product; then what is learned, scale and shift
        by_constants = "running" in (node.vjps or ())[0].__qualname__
        return int(made * ((2 if by_constants else PER_ELEMENT["standardize"]) + len(node.parents) - 1))
    if name == "self_attention":
        *_, tokens, heads, size = _inside(node)["apart"]
        return int(math.prod(node.shape[:-1]) * heads * tokens * (4 * size + PER_ELEMENT["softmax"]))
    taken = max((math.prod(parent.shape) for parent in node.parents), default=0)
    return int(max(made, taken) * PER_ELEMENT.get(name, 1))


def _inner(node: Node) -> int:
    """The length of the axis that a product of matrices sums over."""
    vjp, shape = (node.vjps or ())[0], node.parents[0].shape
    left = "_left" in vjp.__code__.co_names  # the vjp of the left operand
    return int(shape[-1] if left else shape[-2 if len(shape) > 1 else 0])


def _attention(node: Node) -> int:
    """Two products of matrices, and a softmax of the weights between them."""
    query, keys = node.parents[0].shape, int(node.parents[min(1, len(node.parents) - 1)].shape[-2])
    weights = math.prod(node.shape[:-1]) * keys
    return weights * (2 * int(query[-1]) + 2 * int(node.shape[-1]) + int(PER_ELEMENT["softmax"]))


def _einsum(node: Node) -> int:
    """The sizes of all letters multiplied, once for each operand."""
    inside = _inside(node)
    sizes: dict[str, int] = {}
    for term, shape in zip(inside["terms"], inside["shapes"], strict=True):
        for letter, n in zip(term, shape, strict=True):
            sizes[letter] = max(n, sizes.get(letter, 1))
    return len(inside["terms"]) * math.prod(sizes.values())


def _inside(node: Node) -> dict[str, Any]:
    """What the first vjp of an op mentions, by name."""
    vjp = (node.vjps or ())[0]
    return {
        name: cell.cell_contents for name, cell in zip(vjp.__code__.co_freevars, vjp.__closure__ or (), strict=True)
    }


def kept_by(node: Node, seen: set[int]) -> int:
    """Bytes that the vjps of an op keep for backward, without the memory that `seen` knows of already."""
    size = 0
    for vjp in node.vjps or ():
        for array in arrays_of(vjp):
            owner = array
            while getattr(owner, "base", None) is not None and hasattr(owner.base, "nbytes"):
                owner = owner.base
            if id(owner) not in seen:
                seen.add(id(owner))
                size += int(owner.nbytes)
    return size
