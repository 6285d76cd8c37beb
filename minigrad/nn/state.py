"""State comes back into a model: every key and shape is looked at before anything is changed.

Builds on: `minigrad.tensor`. Read next: `minigrad.nn.layer`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from minigrad.backend import move
from minigrad.errors import ShapeError
from minigrad.tensor import Tensor, as_array

__all__ = ["Unmatched", "load"]


class Unmatched(NamedTuple):
    """The paths that a state lacks, and those that the model lacks."""

    missing: list[str]
    unexpected: list[str]


def load(own: Mapping[str, Tensor], state: Mapping[str, Any], strict: bool) -> Unmatched:
    """Copy `state` into the Tensors `own`, by path; what is shared may come under any of its paths."""
    given = {id(part) for path, part in own.items() if path in state}
    missing = [path for path, part in own.items() if path not in state and id(part) not in given]
    unexpected = [path for path in state if path not in own]
    if strict and (missing or unexpected):
        raise ShapeError(
            f"load_state_dict: the keys differ, got missing {_some(missing)} and unexpected {_some(unexpected)}; "
            "is it the state of another architecture? strict=False loads what fits"
        )
    arrays = {path: as_array(state[path]) for path in own if path in state}
    wrong = [f"{p} has {a.shape} and must have {own[p].shape}" for p, a in arrays.items() if a.shape != own[p].shape]
    if wrong:
        raise ShapeError(
            f"load_state_dict: shapes differ, got {'; '.join(wrong[:5])}; is it the state of another architecture?"
        )
    for path, array in arrays.items():
        own[path].data = move(array, own[path].backend)
    return Unmatched(missing, unexpected)


def _some(names: list[str]) -> str:
    return f"{names[:8]} and {len(names) - 8} more" if len(names) > 8 else str(names)
