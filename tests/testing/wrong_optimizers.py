"""Optimizers that each break one promise, for `check_optimizer` to catch."""

import numpy as np

from minigrad.backend import namespace
from minigrad.ewma import EWMA
from minigrad.optim import SGD, Optimizer
from minigrad.optim.optimizer import Group

__all__ = ["WRONG", "Right", "average_oracle"]


class Right(Optimizer):
    """A right one: steps along the corrected average of the gradients."""

    def __init__(self, params, lr=0.1, beta=0.5, **options):
        super().__init__(params, lr, beta=beta, **options)

    def averages(self, o):
        return {"m": EWMA(o.beta)}

    def direction(self, g, o, m):
        return m.update(g).corrected


def average_oracle(p, g, kept, t, o):
    g = (-g if o["maximize"] else g) + o["weight_decay"] * p
    kept["m"] = o["beta"] * kept.get("m", 0.0) + (1 - o["beta"]) * g
    return p - o["lr"] * kept["m"] / (1 - o["beta"] ** t)


class Uncorrected(Right):
    def direction(self, g, o, m):
        return m.update(g).value


class CountsItself(Right):
    """Its t is that of the optimizer, and not of the parameter."""

    def direction(self, g, o, m):
        return m.update(g).value / (1 - m.beta ** (self.steps + 1))


class Mixes(Right):
    """A norm over whatever lies in the array."""

    def direction(self, g, o, m):
        m.update(g)
        return m.corrected / (1 + namespace(g).sqrt((g * g).sum()))


class Keeps(Optimizer):
    """Its average is an attribute."""

    def __init__(self, params, lr=0.1, **options):
        self.velocity = {}
        super().__init__(params, lr, **options)

    def direction(self, g, o):
        before = self.velocity.get(g.size)
        self.velocity[g.size] = g.copy() if before is None else before * 0.5 + g * 0.5
        return self.velocity[g.size]


class AsksLate(Right):
    """The schedule gets the number of the step, counted from 1."""

    def step(self):
        self.steps += 1
        super().step()
        self.steps -= 1


class OneRate(Right):
    """Goes by the rate that all groups were made with."""

    def _update(self, run, o, lr):
        super()._update(run, o, self.defaults["lr"] if lr and not callable(o.lr) else lr)


class OnlyDown(Right):
    def _update(self, run, o, lr):
        super()._update(run, Group({**o, "maximize": False}), lr)


class DecaysAll(Right):
    """Weight decay by hand, of parameters without a gradient too."""

    def step(self):
        super().step()
        for group in self.param_groups:
            for p in group["params"]:
                p.data = p.value * 0.999


class Uphill(Right):
    def direction(self, g, o, m):
        return -m.update(g).corrected


class Waits(Right):
    def direction(self, g, o, m):
        m.update(g)
        return m.corrected * (0.5 if float(abs(g).max()) > 1e6 else 1.0)


class NumPyOnTheDevice(Right):
    def direction(self, g, o, m):
        return np.tanh(m.update(g).corrected)


class Widens(Right):
    def direction(self, g, o, m):
        xp = namespace(g)
        return m.update(g).corrected * xp.ones(g.shape, dtype=np.float64)


class LiveState(Right):
    def state_dict(self):
        state = super().state_dict()
        for _, block in self._blocks:
            for i, p in enumerate(block.parameters):
                if namespace(p.value).name == "numpy":
                    state["state"][self._names()[id(p)]]["m"] = block.kept(i)["m"]
        return state


class ForgetsTheStep(Right):
    def load_state_dict(self, saved):
        super().load_state_dict({**saved, "steps": 0})


class AcceptsAnyState(Right):
    def load_state_dict(self, saved):
        own = self.state_dict()["state"]
        merged = {n: {k: saved["state"].get(n, kept)[k] for k in kept} for n, kept in own.items()}
        super().load_state_dict({**saved, "state": merged})


class KeepsAnObject(Right):
    def state_dict(self):
        return {**super().state_dict(), "owner": self}


class TakesConstants(Right):
    def __init__(self, params, lr=0.1, **options):
        params = list(params)
        if params and all(getattr(p, "node", p) is None for p in params):
            params = [p.requires_grad_() for p in params]
        super().__init__(params, lr, **options)


class NoOptimizer:
    def __init__(self, params):
        self.params = list(params)


def descent(p, g, kept, t, o):
    return p - o["lr"] * g


# how it is made, options; the check and the backend that must catch it, and what the message must say
WRONG = [
    (Uncorrected, {"oracle": average_oracle}, "formula", "numpy", "element 0 after step 1"),
    (lambda ps: SGD(ps, lr=0.1, weight_decay=0.1), {"oracle": descent}, "formula", "strict", "which of them are"),
    (lambda ps: SGD(ps, lr=0.1), {"oracle": descent, "variants": [{}, {"weight_decay": 0.2}]}, "formula", "numpy",
     "path with {'weight_decay': 0.2}"),
    (CountsItself, {"oracle": average_oracle}, "formula", "numpy", "element 11 after step 3"),
    (CountsItself, {}, "missing", "numpy", "a parameter that rested, against one trained alone"),
    (Mixes, {}, "flat", "numpy", "parameters trained together"),
    (Mixes, {}, "flat", "strict", "one-dimensional array"),
    (Keeps, {}, "state", "numpy", "the resumed path, against the unbroken one"),
    (AsksLate, {}, "schedule", "numpy", "expected [0, 1, 2, 3]"),
    (OneRate, {}, "groups", "numpy", "with lr / 4, against a quarter"),
    (OnlyDown, {}, "maximize", "numpy", "maximize, against the negative gradient"),
    (DecaysAll, {}, "missing", "numpy", "a value without gradient, step 1"),
    (Uphill, {}, "converges", "numpy", "distance from the minimum of a bowl"),
    (lambda ps: SGD(ps, lr=1e-4), {}, "converges", "numpy", "at most 0.05 of the first"),
    (Waits, {}, "device", "strict", "waits for the device"),
    (NumPyOnTheDevice, {}, "made", "strict", "np.tanh was called on a device array"),
    (Widens, {}, "device", "strict", "a float64 array was made"),
    (LiveState, {}, "state", "numpy", "the saved state after more steps"),
    (ForgetsTheStep, {}, "state", "numpy", "the resumed path, against the unbroken one"),
    (AcceptsAnyState, {}, "state", "numpy", "load_state_dict with an average too many"),
    (KeepsAnObject, {}, "state", "numpy", "state at owner"),
    (TakesConstants, {}, "made", "numpy", "make from a constant"),
    (NoOptimizer, {}, "made", "numpy", "expected an Optimizer"),
]  # fmt: skip
