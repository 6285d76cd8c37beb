"""Learning rates as functions of the step.

A schedule is called with the number of updates done, 0 at the first; hand it to an optimizer as its `lr`. It keeps
nothing, so a resumed training goes on as if it had never stopped, prints as the call that made it, and draws itself.
`ReduceOnPlateau` is the exception: its rate depends on what the validation finds.

Builds on: the files of this folder. Read next: `minigrad.optim.schedules.schedule`.
"""

from minigrad.optim.schedules.combined import join, warmup_cosine, warmup_stable_decay
from minigrad.optim.schedules.cycle import cosine_restarts, cyclic, one_cycle
from minigrad.optim.schedules.decay import (
    constant,
    cosine,
    exponential_decay,
    inverse_time_decay,
    linear,
    multistep_decay,
    noam,
    polynomial_decay,
    step_decay,
)
from minigrad.optim.schedules.plateau import ReduceOnPlateau
from minigrad.optim.schedules.schedule import Schedule

__all__ = [
    "Schedule", "constant", "linear", "step_decay", "multistep_decay", "exponential_decay", "inverse_time_decay",
    "polynomial_decay", "cosine", "noam", "cosine_restarts", "cyclic", "one_cycle",
    "warmup_cosine", "warmup_stable_decay", "join", "ReduceOnPlateau",
]  # fmt: skip
