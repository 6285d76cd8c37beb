"""Arrays to other libraries and back without a copy, by the DLPack protocol that NumPy, CuPy, PyTorch and others speak.

``torch.from_dlpack(t)`` asks the Tensor for its memory, `from_dlpack` asks another library's array. What a Tensor hands
out is marked read-only, like ``t.numpy()``: a backward walk may still need what stands there. NumPy heeds the mark.
PyTorch does not: there ask for a copy, or do not write in place; `minigrad.debug` finds such writes.

Builds on: `minigrad.tensor`. Read next: `minigrad.tape`.
"""

from __future__ import annotations

from typing import Any

from minigrad.backend import backend, move, namespace
from minigrad.errors import DeviceError, DTypeError, ExportError, GraphError, MinigradError
from minigrad.tensor import Tensor, raw

__all__ = ["from_dlpack"]

# DLPack's number of a kind of device -> the backend that reads its memory. 3 is pinned memory of the host, 13 memory
# that CUDA moves to where it is used.
READERS = {1: "numpy", 2: "cupy", 3: "numpy", 13: "cupy"}


def from_dlpack(x: Any, /, *, device: str | None = None, copy: bool | None = None) -> Tensor:
    """A Tensor on the memory of another library's array, on the host or on a CUDA device.

    y = x

    Parameters
    ----------
    device
        The name of the backend to bring it to; by default it stays where it is.
    copy
        True copies, False raises where a copy is needed, None copies only where it is needed.

    Raises
    ------
    DTypeError
        If `x` does not speak DLPack, or its numbers have no dtype here.
    DeviceError
        If no backend that can be used here reads its memory.
    ExportError
        If its library refuses: a tensor with a gradient, for instance, or ``copy=False`` where a copy is needed.

    >>> import numpy as np
    >>> a = np.ones(2)
    >>> t = from_dlpack(a)
    >>> a[0] = 5
    >>> t.tolist()
    [5.0, 1.0]

    Reference: Python array API standard, from_dlpack.
    """
    if not (hasattr(x, "__dlpack__") and hasattr(x, "__dlpack_device__")):
        kind = type(x).__name__
        raise DTypeError(f"from_dlpack: takes arrays that have a __dlpack__, got {kind} {x!r:.40}; use Tensor(x)")
    reader = _reader(*x.__dlpack_device__())
    if copy is False and device not in (None, reader):
        raise ExportError(f"from_dlpack: from {reader} to {device} is a copy, got copy=False; leave it out")
    try:
        array = backend(reader).from_dlpack(x, copy)
    except MinigradError:
        raise
    except BufferError as error:
        raise ExportError(f"from_dlpack: its library refuses, got {_kind(x, error)}; detach or copy there") from error
    except (RuntimeError, TypeError, ValueError) as error:
        raise DTypeError(f"from_dlpack: {reader} cannot read it, got {_kind(x, error)}; cast it there") from error
    return Tensor(move(array, device or reader))


def _reader(kind: int, number: int) -> str:
    """The backend that reads the memory of a device, if it can be used here."""
    if int(kind) not in READERS:
        raise DeviceError(
            f"from_dlpack: no backend reads this memory, got device {number} of DLPack's kind {int(kind)}; "
            "copy it to the host first"
        )
    name = READERS[int(kind)]
    try:
        backend(name)
    except DeviceError as error:
        raise DeviceError(
            f"from_dlpack: the memory lies on a CUDA device, got {name} not usable; copy it to the host first ({error})"
        ) from error
    return name


def _kind(x: Any, error: Exception) -> str:
    kind = type(x)
    return f"{kind.__module__}.{kind.__name__} of {getattr(x, 'dtype', 'no dtype')}: {str(error).rstrip('.')}"


def _dlpack(
    self: Tensor, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """The capsule that another library's `from_dlpack` asks for; read-only memory, or a copy."""
    if self.node is not None:
        raise GraphError(
            "__dlpack__: gradients flow through this tensor and would be lost in silence, got a request for its "
            "memory; hand over t.detach()"
        )
    array, options = raw(self), {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
    return namespace(array).to_dlpack(array, **options)


def _dlpack_device(self: Tensor) -> tuple[int, int]:
    """DLPack's number of the kind of device, and the number of the device."""
    array = raw(self)
    return namespace(array).dlpack_device(array)  # type: ignore[no-any-return]


setattr(Tensor, "__dlpack__", _dlpack)  # noqa: B010 (an assignment would need a word to the type checker)
setattr(Tensor, "__dlpack_device__", _dlpack_device)  # noqa: B010
