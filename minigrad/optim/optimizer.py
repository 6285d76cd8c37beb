"""`Optimizer`, the base of every optimizer: groups of parameters, what is kept beside them, and the order of a step.

A new optimizer names the averages it keeps and the direction of a step, and reads like its paper. It sees
one-dimensional arrays: stretches of the flat storage (`minigrad.optim.flat`) in which many parameters lie side by side.

Builds on: `minigrad.optim.flat`, `minigrad.ewma`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np

from minigrad.argument import entries, is_number
from minigrad.backend import Array, move, namespace
from minigrad.errors import DTypeError, GraphError, ShapeError
from minigrad.ewma import EWMA
from minigrad.graph import Leaf
from minigrad.optim.flat import Block, Run
from minigrad.tensor import Tensor

__all__ = ["Group", "LearningRate", "Optimizer"]

LearningRate = float | Callable[[int], float]


class Group(dict[str, Any]):
    """The options of some parameters; ``group.lr`` is ``group["lr"]``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the group has no option {name!r}; it has {', '.join(sorted(self))}") from None


class Optimizer:
    """The base of every optimizer.

    g = gradient + weight_decay p;  p = p - lr direction(g)

    Parameters
    ----------
    params
        Tensors that require gradients, ``model.parameters()``; or pairs of name and Tensor under whose names the state
        is saved, ``model.named_parameters()``; or groups, dicts with "params" and options of their own.
    lr
        The learning rate: a number, or a function of the number of steps done.
    weight_decay
        Pulls parameters towards 0: added to the gradient, or with `decoupled` applied to the parameter itself.
    maximize
        Step up the gradient and not down.

    Raises
    ------
    GraphError
        If there is nothing to train, or a parameter is no leaf or comes twice.

    >>> class Descent(Optimizer):
    ...     def direction(self, g, o):
    ...         return g
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> Descent([p], lr=0.25).step()
    >>> p.tolist()
    [0.5]
    """

    decoupled: ClassVar[bool] = False  # whether weight decay goes past the gradient (AdamW)

    def __init__(
        self,
        params: Iterable[Any],
        lr: LearningRate,
        *,
        weight_decay: float = 0.0,
        maximize: bool = False,
        **options: Any,
    ) -> None:
        self.name = type(self).__name__
        self.defaults = {"lr": lr, "weight_decay": weight_decay, "maximize": maximize, **options}
        self.param_groups: list[Group] = []
        self.steps = 0
        self._blocks: list[tuple[Group, Block]] = []
        self._names: dict[int, str] = {}
        params = _listed(self.name, params)
        if not params:
            raise GraphError(f"{self.name}: needs parameters to train, got none; pass model.parameters()")
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    # -- what a new optimizer writes -----------------------------------------------------------------------------------

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        """What is kept for each parameter: by name, an average, or None for a plain array that starts from zero."""
        return {}

    def direction(self, g: Array, o: Group, **kept: Any) -> Array:
        """Where a step goes, before the learning rate; what `averages` names comes as arguments of those names."""
        raise NotImplementedError(f"{self.name}: an optimizer defines direction(self, g, o, ...)")

    # -- what all share ------------------------------------------------------------------------------------------------

    def add_param_group(self, group: dict[str, Any]) -> None:
        """Train more parameters, with options of their own."""
        if not isinstance(group, dict) or "params" not in group:
            raise GraphError(f"{self.name}: a group is a dict with 'params', got {group!r:.60}; name its parameters")
        unknown = sorted(set(group) - {"params", *self.defaults})
        if unknown:
            known = ", ".join(sorted(self.defaults))
            raise GraphError(f"{self.name}: a group knows no option {unknown}, got {sorted(group)}; known: {known}")
        made = Group({name: _python(option) for name, option in {**self.defaults, **group}.items()})
        _check(self.name, made)
        pairs = [entry if isinstance(entry, tuple) else (None, entry) for entry in _listed(self.name, made["params"])]
        names = dict(self._names)
        for name, p in pairs:
            if not isinstance(p, Tensor) or not isinstance(p.node, Leaf):
                raise GraphError(f"{self.name}: trains leaves that require gradients, got {p!r:.60}; set requires_grad")
            if id(p) in names:
                raise GraphError(f"{self.name}: each parameter comes once, got one of shape {p.shape} twice; remove it")
            own = str(len(names)) if name is None else name
            if own in names.values():
                raise GraphError(
                    f"{self.name}: each name comes once, got {own!r} twice; prefix the names of the groups"
                )
            names[id(p)] = own
        self._names = names
        made["params"] = [p for _, p in pairs]
        self.param_groups.append(made)
        kinds: dict[Any, list[Tensor]] = {}
        for p in made["params"]:
            kinds.setdefault((p.dtype, p.backend), []).append(p)
        self._blocks += [(made, Block(parameters, list(self.averages(made)))) for parameters in kinds.values()]

    def step(self) -> None:
        """Move every parameter that has a gradient; the others, their averages and their t stay as they are."""
        for group, block in self._blocks:
            lr = self.rate(group)
            for run in block.runs():
                self._update(run, group, lr)
        self.steps += 1

    def rate(self, o: Group) -> float:
        """The learning rate of a group at this step, a Python number: a NumPy scalar would widen the parameters."""
        lr = float(o.lr(self.steps) if callable(o.lr) else o.lr)
        if not 0 <= lr < float("inf"):
            raise DTypeError(f"{self.name}: lr must be finite and not negative, got {lr} at step {self.steps}; see lr")
        return lr

    def _update(self, run: Run, o: Group, lr: float) -> None:
        p, g = run.values, run.grads
        if o.maximize:
            g = -g
        if o.weight_decay and self.decoupled:
            p *= 1 - lr * float(o.weight_decay)
        elif o.weight_decay:
            g = g + float(o.weight_decay) * p
        kept: dict[str, Any] = {}
        for name, average in self.averages(o).items():
            array = run.state[name]
            kept[name] = array if average is None else EWMA(average.beta, array, run.t)
        p -= lr * self.direction(g, o, **kept)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for group in self.param_groups:
            for p in group["params"]:
                p.grad = None

    # -- state ---------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Everything a later optimizer needs to go on: steps, options, and by parameter its averages and its t."""
        state: dict[str, dict[str, Any]] = {}
        for _, block in self._blocks:
            for p, t, (start, end) in zip(block.parameters, block.t, block.places, strict=True):
                host = {name: namespace(a).to_host(a[start:end].reshape(p.shape)) for name, a in block.state.items()}
                state[self._names[id(p)]] = {**{name: array.copy() for name, array in host.items()}, "t": t}
        options = [{k: v for k, v in g.items() if k != "params" and not callable(v)} for g in self.param_groups]
        return {"optimizer": self.name, "steps": self.steps, "state": state, "param_groups": options}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from a saved state; options that were saved, a number as `lr` too, take the place of those given here.

        Raises
        ------
        ShapeError
            If parameters, shapes or averages differ; nothing is changed then.
        """
        if not isinstance(saved, Mapping) or not {"state", "steps", "param_groups"} <= saved.keys():
            raise ShapeError(
                f"{self.name}.load_state_dict: not an optimizer's state, got {entries(saved)}; pass a state_dict()"
            )
        state, own = saved["state"], self.state_dict()
        if saved.get("optimizer", self.name) != self.name:
            raise ShapeError(
                f"{self.name}.load_state_dict: the state is of another optimizer, got one of {saved['optimizer']}; "
                "make that one, or start anew"
            )
        missing, unexpected = sorted(own["state"].keys() - state.keys()), sorted(state.keys() - own["state"].keys())
        if missing or unexpected or len(saved["param_groups"]) != len(self.param_groups):
            raise ShapeError(
                f"{self.name}.load_state_dict: the parameters differ, got missing {missing} and unexpected "
                f"{unexpected}; is it the state of another model?"
            )
        for name, kept in own["state"].items():
            shapes = {k: np.shape(v) for k, v in kept.items()}
            if {k: np.shape(v) for k, v in state[name].items()} != shapes:
                got = {k: np.shape(v) for k, v in state[name].items()}
                raise ShapeError(
                    f"{self.name}.load_state_dict: the averages of {name} differ, got {got}, not {shapes}; "
                    "is it the state of another optimizer?"
                )
        self.steps = int(saved["steps"])
        for group, options in zip(self.param_groups, saved["param_groups"], strict=True):
            group.update(options)
        for _, block in self._blocks:
            for i, (p, (start, end)) in enumerate(zip(block.parameters, block.places, strict=True)):
                kept = state[self._names[id(p)]]
                block.t[i] = int(kept["t"])
                for name, array in block.state.items():
                    array[start:end] = move(np.asarray(kept[name], p.dtype).reshape(-1), p.backend)

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v}" for k, v in self.defaults.items() if v not in (0.0, False))
        return f"{self.name}({sum(len(g['params']) for g in self.param_groups)} parameters, {options})"


def _python(option: Any) -> Any:
    """NumPy's scalars as Python's, which widen nothing."""
    if isinstance(option, np.generic):
        return option.item()
    return tuple(map(_python, option)) if isinstance(option, tuple) else option


def _listed(name: str, params: Any) -> list[Any]:
    try:
        return [params] if isinstance(params, Tensor) else list(params)
    except TypeError:
        raise GraphError(f"{name}: takes Tensors, got {type(params).__name__}; pass model.parameters()") from None


# What an option may be, from the first number up to below the second, and what is usual.
RANGES = {
    "weight_decay": (0, math.inf, "0.01"),
    "momentum": (0, 1, "0.9"),
    "dampening": (0, math.inf, "0"),
    "eps": (0, math.inf, "1e-8"),
}


def _check(name: str, o: Group) -> None:
    """Options that would only show as a diverged training are refused at the door."""
    if not callable(o.lr) and not (is_number(o.lr) and 0 <= o.lr < math.inf):
        raise DTypeError(
            f"{name}: lr must be a number from 0 up or a function of the step, got {o.lr!r}; 1e-3 is usual"
        )
    for what, (low, high, usual) in RANGES.items():
        if what in o and not (is_number(o[what]) and low <= o[what] < high):
            within = f"in [{low}, {high})" if high < math.inf else f"from {low} up"
            raise DTypeError(f"{name}: {what} must be a number {within}, got {o[what]!r}; {usual} is usual")
    betas = o.get("betas", (0.0, 0.0))
    good = isinstance(betas, (tuple, list)) and len(betas) == 2 and all(is_number(b) and 0 <= b < 1 for b in betas)
    if not good:
        raise DTypeError(f"{name}: betas are two numbers in [0, 1), got {betas!r}; (0.9, 0.999) is usual")
    if o.maximize not in (True, False):
        raise DTypeError(f"{name}: maximize must be True or False, got {o.maximize!r}; False goes down the gradient")
