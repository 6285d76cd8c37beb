"""minigrad: a small deep-learning framework that can be read in an afternoon.

>>> import minigrad as mg
>>> x = mg.Tensor([1.0, 2.0, 3.0], requires_grad=True)
>>> y = (x**2).sum()
>>> y.backward()
>>> x.grad
array([2., 4., 6.], dtype=float32)

Start reading at `minigrad.tensor`, then `minigrad.tape`, `minigrad.backward`, `minigrad.ops.arithmetic`.
"""

from __future__ import annotations

import importlib
from typing import Any

from minigrad.autodiff import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from minigrad.backend import namespace, use_backend
from minigrad.backend.random import manual_seed
from minigrad.debugging import debug
from minigrad.dlpack import from_dlpack
from minigrad.modes import enable_grad, no_grad
from minigrad.ops import *  # noqa: F403
from minigrad.ops import __all__ as _ops
from minigrad.recompute import checkpoint
from minigrad.tape import composite, op
from minigrad.tensor import Tensor, tensor
from minigrad.tuning import tune

__version__ = "0.1.0"

__all__ = [
    "Tensor",
    "checkpoint",
    "composite",
    "debug",
    "enable_grad",
    "from_dlpack",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "manual_seed",
    "namespace",
    "no_grad",
    "op",
    "tensor",
    "tune",
    "use_backend",
    "value_and_grad",
    "vjp",
    *_ops,
]

_SUBPACKAGES = ("data", "inspect", "io", "models", "nn", "optim", "parallel", "testing", "train", "viz")


def __getattr__(name: str) -> Any:
    # Subpackages load when first named, so that `import minigrad` costs little more than NumPy.
    if name in _SUBPACKAGES:
        return importlib.import_module(f"minigrad.{name}")
    raise AttributeError(f"module 'minigrad' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBPACKAGES])
