"""`Optimizer`, the base of every optimizer: groups of parameters, what is kept beside them, and the order of a step.

A new optimizer names the averages it keeps and the direction of a step, and reads like its paper. It sees
one-dimensional arrays: stretches of the flat storage (`minigrad.optim.flat`) in which many parameters lie side by side;
or, where it says `per_tensor`, one parameter at a time in its own shape. Beside its formula may stand a kernel that
takes the same step at once (`minigrad.optim.at_once`).

Builds on: `minigrad.optim.flat`, `minigrad.optim.options`, `minigrad.ewma`. Read next: `minigrad.optim.adam`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from minigrad.argument import AT_LEAST_0
from minigrad.backend import Array, namespace
from minigrad.errors import DTypeError, GraphError
from minigrad.ewma import EWMA
from minigrad.graph import Leaf
from minigrad.kernels import served
from minigrad.optim.flat import Block, Run
from minigrad.optim.options import Group, LearningRate, Range, check_options, python
from minigrad.optim.state import check_state
from minigrad.tensor import Tensor

__all__ = ["Group", "LearningRate", "Optimizer"]


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
    per_tensor: ClassVar[bool] = False  # whether parameters come one by one, each in its own shape (LAMB, Muon)
    ranges: ClassVar[Mapping[str, Range | None]] = {}  # what its own options may be

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
        self._named: list[tuple[str, Tensor]] = []  # no dict by identity, which a copy would not share
        params = _listed(self.name, params)
        if not params:
            raise GraphError(f"{self.name}: needs parameters to train, got none; pass model.parameters()")
        for group in params if isinstance(params[0], dict) else [{"params": params}]:
            self.add_param_group(group)

    # -- what a new optimizer writes -----------------------------------------------------------------------------------

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        """What is kept for each parameter: by name a new average, or None for a plain array that starts from zero."""
        return {}

    def direction(self, g: Array, o: Group, **kept: Any) -> Array:
        """Where a step goes, before the learning rate; what `averages` names comes as arguments of those names."""
        raise NotImplementedError(f"{self.name}: an optimizer defines direction(self, g, o, ...)")

    def move(self, p: Array, g: Array, o: Group, lr: float, **kept: Any) -> None:
        """A step in place, decay and all; written anew where it depends on p, or on the rate not as on a factor."""
        shrink, pull = self.decay(o, lr)
        if shrink != 1:
            p *= shrink
        if pull:
            g = g + pull * p
        p -= lr * self.direction(g, o, **kept)

    def decay(self, o: Group, lr: float) -> tuple[float, float]:
        """Weight decay, which goes past the gradient or through it: p = shrink p, or g = g + pull p."""
        decay = float(o["weight_decay"])
        past = decay and o.get("decoupled_weight_decay", self.decoupled)
        return (1 - lr * decay, 0.0) if past else (1.0, decay)

    def kept_shape(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """The shape of what is kept under a name for a parameter of this shape; None where nothing is kept."""
        return shape

    def check(self, o: Group) -> None:
        """Refuse options, and parameters, that cannot be trained with."""
        check_options(self.name, o, self.ranges)

    # -- what all share ------------------------------------------------------------------------------------------------

    def add_param_group(self, group: dict[str, Any]) -> None:
        """Train more parameters, with options of their own."""
        if not isinstance(group, dict) or "params" not in group:
            raise GraphError(f"{self.name}: a group is a dict with 'params', got {group!r:.60}; name its parameters")
        unknown = sorted(set(group) - {"params", *self.defaults})
        if unknown:
            known = ", ".join(sorted(self.defaults))
            raise GraphError(f"{self.name}: a group knows no option {unknown}, got {sorted(group)}; known: {known}")
        made = Group({name: python(option) for name, option in {**self.defaults, **group}.items()})
        pairs = [entry if isinstance(entry, tuple) else (None, entry) for entry in _listed(self.name, made["params"])]
        named = self._with_names(pairs)
        made["params"] = [p for _, p in pairs]
        self.check(made)
        self._named += named
        self.param_groups.append(made)
        kinds: dict[Any, list[Tensor]] = {}
        for p in made["params"]:
            kinds.setdefault((p.dtype, p.backend), []).append(p)
        for parameters in kinds.values():
            shapes = {name: [self.kept_shape(name, p.shape) for p in parameters] for name in self.averages(made)}
            self._blocks.append((made, Block(parameters, shapes, self.per_tensor)))

    def _with_names(self, pairs: list[tuple[str | None, Any]]) -> list[tuple[str, Tensor]]:
        """The parameters with the names under which they are saved; what cannot be trained is refused."""
        names, found = self._names(), []
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
            found.append((own, p))
        return found

    def _names(self) -> dict[int, str]:
        """The names of the parameters, by identity."""
        return {id(p): name for name, p in self._named}

    def step(self) -> None:
        """Move every parameter that has a gradient; the others, their averages and their t stay as they are."""
        for group, block in self._blocks:
            lr = self.rate(group)
            for run in block.updates():
                self._update(run, group, lr)
        self.steps += 1

    def rate(self, o: Group) -> float:
        """The learning rate of a group at this step, a Python number: a NumPy scalar would widen the parameters."""
        lr = o["lr"]
        lr = lr(self.steps) if callable(lr) else lr
        if not (type(lr) is float and 0 <= lr < math.inf) and lr not in AT_LEAST_0:  # a fast answer, and the whole one
            raise DTypeError(f"{self.name}: lr must be finite and not negative, got {lr} at step {self.steps}; see lr")
        return float(lr)

    def _update(self, run: Run, o: Group, lr: float) -> None:
        kept: dict[str, Any] = {}
        for name, average in self.averages(o).items():
            if name not in run.state:
                raise GraphError(
                    f"{self.name}: an option that needs {name!r} was set after the optimizer was made, got "
                    f"{', '.join(sorted(run.state))} alone; make it anew"
                )
            kept[name] = array = run.state[name]
            if average is not None and array is not None:
                average.value, average.t = array, run.t
                kept[name] = average
        g = -run.grads if o["maximize"] else run.grads
        at_once = None if self.per_tensor else getattr(self.direction, "at_once", None)
        if at_once and type(self).move is Optimizer.move and served((g,)):
            at_once(run.values, g, o, lr, *self.decay(o, lr), **kept)
        else:
            self.move(run.values, g, o, lr, **kept)

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for group in self.param_groups:
            for p in group["params"]:
                if type(p.node) is Leaf:  # else it was frozen since and has none; `step` says what to do
                    p.node.grad = None

    # -- state ---------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Everything a later optimizer needs to go on: steps, options, and by parameter its averages and its t."""
        state: dict[str, dict[str, Any]] = {}
        names = self._names()
        for _, block in self._blocks:
            for i, (p, t) in enumerate(zip(block.parameters, block.t, strict=True)):
                host = {name: namespace(a).to_host(a).copy() for name, a in block.kept(i).items()}
                state[names[id(p)]] = {**host, "t": t}
        options = [{k: v for k, v in g.items() if k != "params" and not callable(v)} for g in self.param_groups]
        return {"optimizer": self.name, "steps": self.steps, "state": state, "param_groups": options}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from a saved state; options that were saved, a number as `lr` too, take the place of those given here.

        Raises
        ------
        ShapeError
            If parameters, shapes or averages differ; nothing is changed then.
        DTypeError, ValueError
            If a saved option or number cannot be trained with; nothing is changed then.
        """
        check_state(self.name, saved, self.state_dict(), self.defaults)
        state, options = saved["state"], [{k: python(v) for k, v in group.items()} for group in saved["param_groups"]]
        for group, given in zip(self.param_groups, options, strict=True):
            self.check(Group({**group, **given}))
        self.steps = int(saved["steps"])
        for group, given in zip(self.param_groups, options, strict=True):
            group.update(given)
        names = self._names()
        for _, block in self._blocks:
            for i, p in enumerate(block.parameters):
                block.load(i, state[names[id(p)]])

    def __repr__(self) -> str:
        options = ", ".join(f"{k}={v}" for k, v in self.defaults.items() if v not in (0.0, False))
        return f"{self.name}({sum(len(g['params']) for g in self.param_groups)} parameters, {options})"


def _listed(name: str, params: Any) -> list[Any]:
    try:
        return [params] if isinstance(params, Tensor) else list(params)
    except TypeError:
        raise GraphError(f"{name}: takes Tensors, got {type(params).__name__}; pass model.parameters()") from None
