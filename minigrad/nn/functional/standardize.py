"""What all normalisers of activations share: the axes they average over, and what they learn.

Each averages over some axes of x, subtracts the mean or not, divides by the root of a mean square, and learns a scale
and a shift. What tells one from another stands in `KINDS`, all of it.

Builds on: `minigrad.ops.standardize`. Read next: `minigrad.nn.functional.running`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from minigrad.errors import ShapeError
from minigrad.nn.argument import ArgumentError
from minigrad.ops.standardize import floating, standardize
from minigrad.tensor import as_value

__all__ = ["KINDS", "Kind", "averaged_axes", "floating", "learned", "of_shape", "standardize"]


class Kind(NamedTuple):
    """What makes a kind of normaliser.

    >>> KINDS["rms"].centred
    False
    """

    axes: Callable[[int, int], Iterable[int]]  # averaged over, from the number of axes and of trailing ones
    learned: str  # one scale and shift for each 'channel', or for each 'element' of the trailing axes
    centred: bool  # whether the mean is subtracted
    running: bool  # whether averages over batches may be kept, for use


def examples_and_places(ndim: int, trailing: int) -> Iterable[int]:
    """N and ... of (N, C, ...)."""
    return (0, *range(2, ndim))


def places(ndim: int, trailing: int) -> Iterable[int]:
    """... of (N, C, ...)."""
    return range(2, ndim)


def trailing_axes(ndim: int, trailing: int) -> Iterable[int]:
    """The last ones, however many come before them."""
    return range(ndim - trailing, ndim)


KINDS = {
    #                averaged over        learned    centred  running
    "batch":    Kind(examples_and_places, "channel", True,    True),
    "instance": Kind(places,              "channel", True,    True),
    "group":    Kind(places,              "channel", True,    False),  # of (N, groups, channels of a group, ...)
    "layer":    Kind(trailing_axes,       "element", True,    False),
    "rms":      Kind(trailing_axes,       "element", False,   False),
}  # fmt: skip


def averaged_axes(kind: str, ndim: int, trailing: int = 1) -> tuple[int, ...]:
    """The axes over which a normaliser averages, for x of `ndim` axes (N, C, ...).

    'batch': all but the channels; 'instance': all but examples and channels; 'group': the same, where groups of
    channels stand in place of the channels; 'layer' and 'rms': the last `trailing` ones.

    >>> averaged_axes("batch", 4), averaged_axes("instance", 4), averaged_axes("layer", 3)
    ((0, 2, 3), (2, 3), (2,))
    """
    if kind not in KINDS:
        raise ArgumentError(f"averaged_axes: the kind is one of {', '.join(KINDS)}, got {kind!r}; name one of them")
    return tuple(KINDS[kind].axes(ndim, trailing))


# -- what may be handed in ---------------------------------------------------------------------------------------------


def learned(name: str, kind: str, x: Any, weight: Any, bias: Any, trailing: int = 1) -> tuple[Any, Any]:
    """Weight and bias as values, or None, refused where they have not the form that the kind learns them in."""
    shape = x.shape[1:2] if KINDS[kind].learned == "channel" else x.shape[x.ndim - trailing :]
    weight = None if weight is None else of_shape(name, "weight", weight, shape)
    return weight, None if bias is None else of_shape(name, "bias", bias, shape)


def of_shape(name: str, what: str, part: Any, shape: tuple[int, ...]) -> Any:
    """What belongs to x as a value, refused where it has another shape."""
    part = as_value(part)
    if part.shape != shape:
        raise ShapeError(f"{name}: {what} must have shape {shape}, got {part.shape}; one for each channel or feature")
    return part
