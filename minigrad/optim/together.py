"""`Together`: several optimizers as one.

Builds on: `minigrad.optim.optimizer`. Read next: `minigrad.optim.groups`.
"""

from __future__ import annotations

from typing import Any

from minigrad.errors import GraphError, ShapeError
from minigrad.optim.lookahead import inner
from minigrad.optim.optimizer import Optimizer
from minigrad.optim.options import Group
from minigrad.optim.state import check_entries

__all__ = ["Together"]


class Together:
    """Several optimizers as one, each with parameters of its own: `Muon` for the matrices, `AdamW` for the rest.

    step = the step of each

    Raises
    ------
    GraphError
        If there is none, a parameter belongs to two, or one is no optimizer.

    >>> from minigrad import Tensor
    >>> from minigrad.optim import SGD, Adam
    >>> p, q = (Tensor([1.0], requires_grad=True) for _ in range(2))
    >>> optimizer = Together(SGD([p], lr=0.5), Adam([q], lr=0.1))
    >>> (p * q).backward()
    >>> optimizer.step()
    >>> round(p.item(), 4), round(q.item(), 4)
    (0.5, 0.9)
    """

    def __init__(self, *optimizers: Optimizer) -> None:
        if not optimizers:
            raise GraphError("Together: needs optimizers, got none; pass Muon(...), AdamW(...)")
        self.optimizers = [inner("Together", optimizer) for optimizer in optimizers]
        seen: set[int] = set()
        for group in self.param_groups:
            for p in group["params"]:
                if id(p) in seen:
                    raise GraphError(
                        f"Together: each parameter belongs to one optimizer, got one of shape {p.shape} in two; "
                        "split the model, minigrad.optim.muon_groups"
                    )
                seen.add(id(p))

    @property
    def param_groups(self) -> list[Group]:
        """The groups of all."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    @property
    def steps(self) -> int:
        """The steps done."""
        return self.optimizers[0].steps

    def step(self) -> None:
        """A step of each."""
        for optimizer in self.optimizers:
            optimizer.step()

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """What each needs to go on."""
        return {"optimizer": "Together", "optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go on from a saved state.

        Raises
        ------
        ShapeError
            If it is of other optimizers, or one of them refuses its part; nothing is changed then.
        """
        check_entries("Together.load_state_dict", saved, {"optimizers"}, "a state of several optimizers")
        for state in saved["optimizers"]:
            check_entries("Together.load_state_dict", state, {"optimizer"}, "an optimizer's state")
        own, found = [o.name for o in self.optimizers], [state["optimizer"] for state in saved["optimizers"]]
        if own != found:
            raise ShapeError(
                f"Together.load_state_dict: the state is of other optimizers, got those of {found} for {own}; make "
                "those, or start anew"
            )
        before = [optimizer.state_dict() for optimizer in self.optimizers]
        try:
            for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
        except Exception:  # whatever one of them refuses: none of them has moved then
            for optimizer, state in zip(self.optimizers, before, strict=True):
                optimizer.load_state_dict(state)
            raise

    def __repr__(self) -> str:
        return f"Together({', '.join(map(repr, self.optimizers))})"
