"""The ops, and the namespace of Tensors: what `namespace(x)` answers where `x` is a Tensor.

An op's body says ``namespace(x).tanh(x)``. For an array that is the library's tanh; for a Tensor it is the op of this
folder, which records itself. So this module offers every word that bodies use, under the names of NumPy.

Builds on: every file of this folder. Read next: `minigrad.autodiff`.
"""

from __future__ import annotations

import sys

from minigrad.backend import register_values
from minigrad.ops import operators
from minigrad.ops.arithmetic import *  # noqa: F403
from minigrad.ops.arithmetic import __all__ as _arithmetic
from minigrad.ops.arrange import *  # noqa: F403
from minigrad.ops.arrange import __all__ as _arrange
from minigrad.ops.creation import *  # noqa: F403
from minigrad.ops.creation import __all__ as _creation
from minigrad.ops.cumulative import *  # noqa: F403
from minigrad.ops.cumulative import __all__ as _cumulative
from minigrad.ops.determinant import *  # noqa: F403
from minigrad.ops.determinant import __all__ as _determinant
from minigrad.ops.einsum import *  # noqa: F403
from minigrad.ops.einsum import __all__ as _einsum
from minigrad.ops.elementwise import *  # noqa: F403
from minigrad.ops.elementwise import __all__ as _elementwise
from minigrad.ops.index import *  # noqa: F403
from minigrad.ops.index import __all__ as _index
from minigrad.ops.linalg import *  # noqa: F403
from minigrad.ops.linalg import __all__ as _linalg
from minigrad.ops.piecewise import *  # noqa: F403
from minigrad.ops.piecewise import __all__ as _piecewise
from minigrad.ops.reduce import *  # noqa: F403
from minigrad.ops.reduce import __all__ as _reduce
from minigrad.ops.shape import *  # noqa: F403
from minigrad.ops.shape import __all__ as _shape
from minigrad.ops.sorting import *  # noqa: F403
from minigrad.ops.sorting import __all__ as _sorting
from minigrad.ops.systems import *  # noqa: F403
from minigrad.ops.systems import __all__ as _systems
from minigrad.ops.trigonometry import *  # noqa: F403
from minigrad.ops.trigonometry import __all__ as _trigonometry
from minigrad.ops.windows import *  # noqa: F403
from minigrad.ops.windows import __all__ as _windows
from minigrad.tensor import Tensor

__all__ = [
    *_arithmetic,
    *_elementwise,
    *_trigonometry,
    *_piecewise,
    *_reduce,
    *_cumulative,
    *_shape,
    *_arrange,
    *_windows,
    *_index,
    *_sorting,
    *_linalg,
    *_systems,
    *_determinant,
    *_einsum,
    *_creation,
]

operators.install()
register_values(Tensor, sys.modules[__name__])
