"""`Dropout` as a layer.

Builds on: `minigrad.nn.layer`, `minigrad.nn.functional.dropout`. Read next: `minigrad.nn.channel_norm`.
"""

from __future__ import annotations

from typing import Any

from minigrad.nn.functional.dropout import check_probability, dropout
from minigrad.nn.layer import Layer

__all__ = ["Dropout"]


class Dropout(Layer):
    """Set each element to 0 with probability p in training, and do nothing in use.

    y = x m / (1 - p), with m = 1 where a 32-bit random number is at least p 2^32, else 0

    The numbers come from the process's own stream, one per element in C order: element i of a call gets the one at
    (seed, counter + i), and the counter moves on by the size of x. So every device drops the same elements,
    `manual_seed` repeats a run, `checkpoint` draws again alike, and the stream's state, two integers, is all that a
    checkpoint has to keep for a resumed run to drop what the unbroken one drops. Layers in use, and those with p = 0,
    draw nothing.

    Raises
    ------
    ValueError
        If p lies outside [0, 1].

    >>> from minigrad import manual_seed
    >>> seed = manual_seed(1)
    >>> Dropout(0.5)([1.0] * 6)
    array([2., 2., 2., 2., 2., 0.], dtype=float32)
    >>> Dropout(0.5).eval()([1.0] * 3)
    array([1., 1., 1.], dtype=float32)

    Reference: Srivastava et al., Dropout, 2014, section 4 (here inverted: scaled in training).
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = check_probability("Dropout", p)

    def forward(self, x: Any) -> Any:
        return dropout(x, self.p, self.training)
