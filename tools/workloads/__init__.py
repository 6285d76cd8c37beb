"""What is timed, and how each peer writes it: one file for each family.

A workload makes, for the name of a peer, a function that takes one step. A step gives back the list of what the peers
must agree on: the loss of a training, or the gradients. Peers start from the same numbers (`tools/workloads/start.py`)
and import their libraries when asked, so that a process holds its own library alone.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from tools.workloads.chain import chain
from tools.workloads.cnn import cnn
from tools.workloads.gpt import gpt
from tools.workloads.mlp import mlp
from tools.workloads.rows import KINDS, rows

__all__ = ["WORKLOADS", "Step", "Workload"]

Step = Callable[[], list[Any]]
EAGER = ("minigrad", "torch", "torch tuned")
TRAINED = (*EAGER, "torch fused", "jax", "gemm")


class Workload(NamedTuple):
    """How it is made for a peer, who takes part, and how many operations a step has if it is timed per operation."""

    make: Callable[[str], Step]
    peers: tuple[str, ...]
    ops: int = 1


WORKLOADS = {
    "W1": Workload(partial(mlp, widths=(784, 256, 128, 10), batch=128), TRAINED),
    "W1 tiny": Workload(partial(mlp, widths=(64, 32, 10), batch=32), TRAINED),
    "W2": Workload(gpt, TRAINED),
    # No JAX: jit makes one loop of the whole chain, and nothing is left to be measured per op.
    "W3": Workload(partial(chain, length=1000), EAGER, 1000),
    "W4 8x8": Workload(partial(cnn, size=8), (*TRAINED, "jax tuned")),
    "W4 28x28": Workload(partial(cnn, size=28), (*TRAINED, "jax tuned")),
    **{
        f"W5 {kind} {n}x{features}": Workload(partial(rows, kind=kind, n=n, features=features), (*EAGER, "jax"))
        for n, features in ((768, 128), (4096, 512)) for kind in KINDS
    },
}  # fmt: skip
