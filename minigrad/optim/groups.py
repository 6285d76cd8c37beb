"""Calls that split the parameters of a model: which of them decay, and which are Muon's.

They go by shapes and by names, ``model.named_parameters()``: what a parameter is in its layer they cannot see.

Builds on: `minigrad.tensor`. Read next: `minigrad.optim.clip`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigrad.errors import GraphError
from minigrad.tensor import Tensor

__all__ = ["decay_groups", "muon_groups"]

Named = tuple[str, Tensor]
GAINS = ("gain", "original0")  # of scaled weights and of WeightNorm: they have the axes of the weights they scale


def decay_groups(
    named_parameters: Iterable[Named], weight_decay: float = 0.01, exempt: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Groups for an optimizer: matrices and kernels decay; biases, gains, and all of fewer than 2 dimensions do not.

    `exempt` names parameters, or layers with all they contain, that do not decay either.

    Raises
    ------
    GraphError
        If a name in `exempt` is none of the model's.

    >>> from minigrad.nn import Linear
    >>> groups = decay_groups(Linear(3, 2).named_parameters(), weight_decay=0.1)
    >>> [([name for name, _ in group["params"]], group["weight_decay"]) for group in groups]
    [(['weight'], 0.1), (['bias'], 0.0)]
    """
    pairs = _pairs("decay_groups", named_parameters)
    spared = _below("decay_groups", pairs, exempt) | _gains(pairs)
    decays = [(name, p) for name, p in pairs if p.ndim >= 2 and name not in spared]
    rest = [(name, p) for name, p in pairs if p.ndim < 2 or name in spared]
    groups = [{"params": decays, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def muon_groups(named_parameters: Iterable[Named], adamw: Iterable[str]) -> tuple[list[Named], list[Named]]:
    """The parameters for `Muon` and those for `AdamW`: hidden matrices, and all the rest.

    `adamw` names the matrices that are not hidden, embeddings and the last layer: parameters, or layers with all they
    contain. What is no matrix goes to AdamW by itself.

    Raises
    ------
    GraphError
        If a name in `adamw` is none of the model's.

    >>> from minigrad.nn import Linear, ReLU, Sequential
    >>> from minigrad.optim import AdamW, Muon, Together
    >>> model = Sequential(Linear(4, 8), ReLU(), Linear(8, 8), ReLU(), Linear(8, 3))
    >>> hidden, rest = muon_groups(model.named_parameters(), adamw=["0", "4"])
    >>> [name for name, _ in hidden]
    ['2.weight']
    >>> optimizer = Together(Muon(hidden, lr=0.02), AdamW(decay_groups(rest), lr=1e-3))
    """
    pairs = _pairs("muon_groups", named_parameters)
    spared = _below("muon_groups", pairs, adamw) | _gains(pairs)
    hidden = [(name, p) for name, p in pairs if p.ndim == 2 and name not in spared]
    return hidden, [(name, p) for name, p in pairs if p.ndim != 2 or name in spared]


def _pairs(caller: str, named_parameters: Iterable[Any]) -> list[Named]:
    pairs = list(named_parameters) if isinstance(named_parameters, Iterable) else [named_parameters]
    for entry in pairs:
        if not (isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str)):
            raise GraphError(
                f"{caller}: takes names and parameters, got {type(entry).__name__}; pass model.named_parameters()"
            )
    return pairs


def _gains(pairs: list[Named]) -> set[str]:
    """The names of gains that are no vectors."""
    return {name for name, _ in pairs if name.rpartition(".")[2] in GAINS}


def _below(caller: str, pairs: list[Named], places: Iterable[str]) -> set[str]:
    """The names that are one of these places, or lie below one."""
    if isinstance(places, str):
        raise GraphError(f"{caller}: takes a list of names, got the text {places!r}; write [{places!r}]")
    found: set[str] = set()
    for place in places:
        here = {name for name, _ in pairs if name == place or name.startswith(f"{place}.")}
        if not here:
            names = ", ".join(name for name, _ in pairs[:20])
            raise GraphError(f"{caller}: the model has no such parameter or layer, got {place!r}; there are {names}")
        found |= here
    return found
