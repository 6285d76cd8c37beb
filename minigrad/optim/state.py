"""What a saved state of an optimizer may be: all of it is looked at before anything is changed.

Builds on: `minigrad.argument`. Read next: `minigrad.optim.optimizer`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from minigrad.argument import entries, whole
from minigrad.errors import ShapeError

__all__ = ["check_entries", "check_state"]


def check_state(name: str, saved: Any, own: Mapping[str, Any], options: Collection[str]) -> None:
    """Refuse what is no state of an optimizer of this name, whose own state is `own`, and which knows these options."""
    call = f"{name}.load_state_dict"
    check_entries(call, saved, {"state", "steps", "param_groups"}, "an optimizer's state")
    if saved.get("optimizer", name) != name:
        raise ShapeError(
            f"{call}: the state is of another optimizer, got one of {saved['optimizer']}; make that one, or start anew"
        )
    state, groups = saved["state"], saved["param_groups"]
    check_entries(call, state, (), "the averages of parameters by name")
    missing, unexpected = sorted(own["state"].keys() - state.keys()), sorted(state.keys() - own["state"].keys())
    if missing or unexpected or not isinstance(groups, (list, tuple)) or len(groups) != len(own["param_groups"]):
        raise ShapeError(
            f"{call}: the parameters differ, got missing {missing} and unexpected {unexpected}; is it the state of "
            "another model?"
        )
    for group in groups:
        check_entries(call, group, (), "the options of a group")
        unknown = sorted(set(group) - set(options))
        if unknown:
            raise ShapeError(f"{call}: a group knows no option {unknown}, got {sorted(group)}; remove it")
    whole(call, "steps", saved["steps"])
    for parameter, kept in own["state"].items():
        _check_averages(call, parameter, state[parameter], kept)


def _check_averages(call: str, parameter: str, found: Any, kept: Mapping[str, Any]) -> None:
    """Of one parameter: arrays of the same names and shapes, and how many updates they have seen."""
    check_entries(call, found, (), f"the averages of {parameter}")
    shapes = {key: np.shape(value) for key, value in kept.items()}
    got = {key: np.shape(value) for key, value in found.items()}
    if got != shapes:
        raise ShapeError(
            f"{call}: the averages of {parameter} differ, got {got}, not {shapes}; is it the state of another "
            "optimizer?"
        )
    whole(call, f"t of {parameter}", found["t"])
    wrong = [key for key in kept if np.asarray(found[key]).dtype.kind not in "fiu"]
    if wrong:
        raise ShapeError(f"{call}: averages are real numbers, got {found[wrong[0]]!r:.60} for {parameter}; correct it")


def check_entries(call: str, saved: Any, needed: Collection[str], what: str) -> None:
    """Refuse what is no mapping, or lacks entries."""
    if not isinstance(saved, Mapping) or not set(needed) <= saved.keys():
        raise ShapeError(f"{call}: not {what}, got {entries(saved)}; pass a state_dict()")
