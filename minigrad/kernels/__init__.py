"""Kernels: the loops under the fused ops, in NumPy and, where it is installed, compiled by numba.

A kernel is declared once, in a file of this folder, by what it makes: a function of the inputs that allocates the
outputs. What fills them stands under the same names in `numpy/` and `numba/`::

    @kernel
    def softmax(x):                        # kernels/softmax.py
        return (np.empty(x.shape, x.dtype),)

    def softmax(x, y): ...                 # kernels/numpy/softmax.py and kernels/numba/softmax.py

This is the only place that chooses between the two, and the declaration the only place that allocates. The compiled
form serves float32; other floating numbers, and what has no compiled form, go to NumPy's. A package of yours declares
kernels in the same way, with folders `numpy` and `numba` beside the file that declares them.

Builds on: `minigrad.kernels.provider`. Read next: `minigrad.kernels.softmax`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from minigrad.errors import ArgumentError
from minigrad.kernels import provider

__all__ = ["KERNELS", "Kernel", "in_place", "kernel", "provider_in_use", "served", "use_kernels"]

Array = np.ndarray[Any, Any]
Outputs = tuple[Array, ...]
Form = Callable[..., None]  # what fills the outputs of a kernel

KERNELS: dict[str, Kernel] = {}  # every kernel that has been declared, under 'file.name'
ndarray = np.ndarray
FLOAT32 = np.dtype(np.float32)
SERVED = (FLOAT32, np.dtype(np.float64))
_forced: list[str] = []  # the providers of the `use_kernels` blocks that are open


class Kernel:
    """A loop over arrays: ``kernel(*inputs)`` allocates the outputs, has them filled, and returns them."""

    def __init__(self, outputs: Callable[..., Outputs], writes_inputs: bool = False) -> None:
        self.outputs, self.writes_inputs = outputs, writes_inputs
        self.folder, _, self.file = outputs.__module__.rpartition(".")
        self.name = outputs.__name__
        self.__doc__ = outputs.__doc__
        self._in_use: tuple[Form, Form | None] | None = None  # NumPy's and the compiled form, once asked for
        place = "" if self.folder == __name__ else f"{self.folder}."  # of a kernel from outside
        KERNELS[f"{place}{self.file}.{self.name}"] = self

    def __call__(self, *inputs: Any) -> Outputs:
        outputs = self.outputs(*inputs)
        plain, compiled = self._in_use or self._choose()
        run = plain
        if compiled is not None and inputs[0].dtype == FLOAT32:
            run = compiled
            for a in inputs:  # compiled loops are for arrays that lie in memory in one piece
                if type(a) is ndarray and not a.flags.carray:
                    if self.writes_inputs:
                        run = plain  # a copy would be written, and lost
                    else:
                        inputs = tuple([a if type(a) is not ndarray or a.flags.carray else a.copy() for a in inputs])
                    break
        run(*inputs, *outputs)
        return outputs

    def forms(self) -> dict[str, Form]:
        """What fills the outputs, by provider: 'numpy' always, 'numba' where it is installed and has this kernel."""
        found = {"numpy": self._plain()}
        if provider.installed() and (compiled := getattr(self._compiled_file(), self.name, None)):
            found["numba"] = compiled
        return found

    def _compiled_file(self) -> Any:
        """The file of compiled forms, None where there is none."""
        place = f"{self.folder}.numba.{self.file}"
        try:
            return import_module(place) if find_spec(place) else None
        except ModuleNotFoundError as error:  # not even the folder
            if error.name == f"{self.folder}.numba":
                return None
            raise

    def _choose(self) -> tuple[Form, Form | None]:
        name = _forced[-1] if _forced else provider.chosen()
        forms = self.forms() if name == "numba" else {"numpy": self._plain()}
        found = forms["numpy"], forms.get("numba")
        self._in_use = found  # one pair, since another thread may read or forget it meanwhile
        return found

    def _plain(self) -> Form:
        place = f"{self.folder}.numpy.{self.file}"
        try:
            return getattr(import_module(place), self.name)  # type: ignore[no-any-return]
        except (ImportError, AttributeError) as error:
            raise ArgumentError(
                f"{self.name}: a kernel has a form in NumPy, got none as {place}.{self.name} ({error}); write it there"
            ) from error


def kernel(outputs: Callable[..., Outputs]) -> Kernel:
    """Declare a kernel by the function that allocates its outputs."""
    return Kernel(outputs)


def in_place(nothing: Callable[..., Outputs]) -> Kernel:
    """Declare a kernel that writes into its inputs and makes nothing."""
    return Kernel(nothing, writes_inputs=True)


def served(values: Sequence[Any]) -> bool:
    """Whether kernels serve these inputs: arrays of the host, of one dtype, float32 or float64; None is no input.

    >>> served([np.ones(2), None]), served([np.ones(2), np.ones(2, np.float32)]), served([np.ones(2, np.float16)])
    (True, False, False)
    """
    dtype = None
    for v in values:
        if v is None:
            continue
        if type(v) is not np.ndarray:
            return False
        if v.dtype is not dtype:  # one of an unpickled array is equal, and not the same
            if v.dtype not in SERVED if dtype is None else v.dtype != dtype:
                return False
            dtype = v.dtype
    return dtype is not None


@contextmanager
def use_kernels(name: str) -> Iterator[None]:
    """Let a provider's kernels serve inside the block: 'numpy', or 'numba', compiled on the spot where need be.

    >>> with use_kernels("numpy"):
    ...     provider_in_use()
    'numpy'
    """
    provider.check(name)
    _forced.append(name)
    _forget()
    try:
        yield
    finally:
        _forced.pop()
        _forget()


def provider_in_use() -> str:
    """Whose kernels serve now: 'numpy' or 'numba'."""
    return _forced[-1] if _forced else provider.chosen()


def _forget() -> None:
    for each in KERNELS.values():
        each._in_use = None
