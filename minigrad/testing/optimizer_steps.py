"""The checks of the steps that an optimizer takes: its formula, gradients that are missing, groups, schedules, storage.

Builds on: `minigrad.testing.optimizer_case`. Read next: `minigrad.testing.optimizer_contracts`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigrad.testing.optimizer_case import OptimizerProbe

__all__ = ["check_flat", "check_formula", "check_groups", "check_maximize", "check_missing", "check_schedule"]

EXACT = 1e-9  # of a path in float64 against the oracle's
ALIKE = 1e-13  # of two paths by the same operations, whose vectors are cut in other places


def check_formula(p: OptimizerProbe) -> None:
    """Ten steps against the oracle, in every variant; the last parameter joins at the third step."""
    if p.subject.oracle is None:
        return
    for variant in p.subject.variants:
        about = f"path with {dict(variant)}" if variant else "path"
        with p.step(about):
            params = p.parameters()
            path = p.drive(p.make(params, **variant), params, range(10), partial(_late, p))
            p.same(path, _oracle_path(p, {**p.defaults(), **variant}), about, tolerance=EXACT)


def _late(p: OptimizerProbe, step: int) -> list[int | None]:
    return [*p.all[:-1], p.all[-1] if step >= 2 else None]


def _oracle_path(p: OptimizerProbe, options: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
    """What the oracle makes of the same gradients, one parameter at a time."""
    assert p.subject.oracle is not None
    values, kept = [p.start(k) for k in p.all], [dict[str, Any](t=0) for _ in p.all]
    path = []
    for step in range(10):
        lr = options["lr"](step) if callable(options["lr"]) else options["lr"]
        for k, formula in enumerate(_late(p, step)):
            if formula is not None:
                kept[k]["t"] += 1
                values[k] = np.asarray(
                    p.subject.oracle(values[k], p.gradient(k, step), kept[k], kept[k]["t"], {**options, "lr": lr})
                )
        path.append(np.concatenate([v.ravel() for v in values]))
    return path


def check_missing(p: OptimizerProbe) -> None:
    """A parameter without a gradient keeps its value, what is kept for it, and its t; it goes on as if nothing was."""
    rests = 1  # which parameter; it rests at the steps of odd number, and at the first two

    def which(step: int) -> list[int | None]:
        return [None if k == rests and (step < 2 or step % 2) else k for k in p.all]

    with p.step("a parameter without a gradient"):
        params, lr = p.parameters(), p.rate()  # the same at each step: a schedule counts all of them
        optimizer = p.make([(f"p{k}", q) for k, q in enumerate(params)], lr=lr)
        for step in range(8):
            before, kept = p.host(params[rests]).tobytes(), _kept(optimizer, f"p{rests}")
            p.drive(optimizer, params, [step], which)
            if which(step)[rests] is None:
                p.expect(p.host(params[rests]).tobytes() == before, f"a value without gradient, step {step + 1}",
                         "as before", "changed")  # fmt: skip
                after = _kept(optimizer, f"p{rests}")
                p.expect(after == kept, f"what is kept without a gradient, step {step + 1}", "as before", "changed")
        alone = p.parameters(which=[rests])
        given = [step for step in range(8) if which(step)[rests] is not None]
        p.drive(p.make(alone, lr=lr), alone, given, lambda step: [rests])
        p.same(p.host(params[rests]), p.host(alone[0]), "a parameter that rested, against one trained alone", "",
               ALIKE)  # fmt: skip
    with p.step("a step without any gradient"):
        idle = p.parameters()
        before_all = p.vector(idle)
        p.drive(p.make(idle), idle, [0], lambda step: [None] * len(p.all))
        p.same(p.vector(idle), before_all, "parameters after a step without any gradient")


def _kept(optimizer: Any, name: str) -> Any:
    kept = optimizer.state_dict()["state"][name]
    return {key: np.asarray(value).tobytes() for key, value in kept.items()}


def check_groups(p: OptimizerProbe) -> None:
    """Every group goes by its own options: as if each had an optimizer of its own; a rate of 0 stands still."""
    rates = [p.rate(), p.rate() / 4, 0.0]
    parts = [[0, 1], [2], [3]]
    with p.step("groups with different lr"):
        params = p.parameters()
        groups = [{"params": [params[k] for k in part], "lr": lr} for part, lr in zip(parts, rates, strict=True)]
        optimizer = p.subject.make(groups[:2])
        optimizer.add_param_group(groups[2])
        p.drive(optimizer, params, range(5))
        for part, lr in zip(parts, rates, strict=True):
            alone = p.parameters(which=part)
            p.drive(p.make(alone, lr=lr), alone, range(5), lambda step, part=part: part)
            got = p.vector([params[k] for k in part])
            p.same(got, p.vector(alone), f"a group with lr {lr:g}, against an optimizer of its own", "", ALIKE)
        p.same(p.host(params[3]), p.start(3), "parameters with lr 0")
    with p.step("a group with a smaller lr"):
        params = p.parameters()
        p.drive(p.subject.make([{"params": params[:2], "lr": rates[0]}, {"params": params[2:], "lr": rates[1]}]),
                params, [0])  # fmt: skip
        moved = [p.host(params[k]) - p.start(k) for k in p.all]
        other = p.parameters()
        p.drive(p.make(other, lr=rates[0]), other, [0])
        for k in p.all[2:]:
            about = f"first step of parameter {k + 1} with lr / 4, against a quarter"
            p.same(moved[k], (p.host(other[k]) - p.start(k)) / 4, about, "", EXACT)


def check_schedule(p: OptimizerProbe) -> None:
    """A function as lr is called with the number of steps done, and its values are the rates of the steps."""
    seen: list[int] = []
    top = p.rate()

    def falling(step: int) -> float:
        seen.append(step)
        return top * 0.7**step

    with p.step("a function as lr"):
        params = p.parameters()
        path = p.drive(p.make(params, lr=falling), params, range(4))
        p.expect(list(dict.fromkeys(seen)) == [0, 1, 2, 3], "steps that the schedule was asked for", [0, 1, 2, 3], seen)
        by_hand = p.parameters()
        optimizer = p.make(by_hand, lr=top)
        expected = []
        for step in range(4):
            optimizer.param_groups[0]["lr"] = top * 0.7**step
            expected += p.drive(optimizer, by_hand, [step])
        p.same(path, expected, "a path with a schedule, against rates set by hand")


def check_maximize(p: OptimizerProbe) -> None:
    """Up the gradient is down its negative; asked where the optimizer has the option."""
    if "maximize" not in p.defaults():
        return
    with p.step("maximize"):
        up, down = p.parameters(), p.parameters()
        climbs, falls = p.make(up, maximize=True), p.make(down, maximize=False)
        for step in range(4):
            p.give(up, step, p.all)
            climbs.step()
            for q, k in zip(down, p.all, strict=True):
                q.grad = p.put(-p.gradient(k, step), q.dtype)
            falls.step()
        p.same(p.vector(up), p.vector(down), "maximize, against the negative gradient")


def check_flat(p: OptimizerProbe) -> None:
    """Together is one by one: parameters that lie side by side in one array know nothing of each other."""
    with p.step("parameters together and one by one"):
        together, alone = p.parameters(), p.parameters()
        path = p.drive(p.make(together), together, range(6))
        optimizers = [p.make([q]) for q in alone]
        expected = []
        for step in range(6):
            p.give(alone, step, p.all)
            for optimizer in optimizers:
                optimizer.step()
            expected.append(p.vector(alone))
        p.same(path, expected, "parameters trained together, against one by one", "", ALIKE)
    with p.step("a value that is assigned between two steps"):
        params, again = p.parameters(), p.parameters()
        optimizer, other = p.make(params), p.make(again)
        for chosen, trained in ((optimizer, params), (other, again)):
            p.drive(chosen, trained, [0])
        params[0].data = p.put(p.start(0) + 1)  # into its memory
        again[0].value = p.put(p.start(0) + 1)  # in place of its memory
        for chosen, trained in ((optimizer, params), (other, again)):
            p.drive(chosen, trained, [1])
        moved = np.abs(p.host(params[0]) - (p.start(0) + 1)).max()
        stayed = np.abs(p.host(params[0]) - p.start(0)).max()
        p.expect(moved < stayed + 1, "a value that was assigned", "the next step goes on from it", "it was overwritten")
        p.same(p.vector(params), p.vector(again), "a value assigned in two ways")
