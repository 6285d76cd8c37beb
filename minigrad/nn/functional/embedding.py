"""Rows of a table by number: what stands between tokens and vectors.

Builds on: `minigrad.nn.functional.labels`, `minigrad.ops.fused.embedding`. Read next: `minigrad.nn.embedding`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.argument import whole
from minigrad.backend import backend, namespace
from minigrad.errors import ArgumentError, DeviceError, DTypeError, PlaceError, ShapeError
from minigrad.nn.functional.standardize import floating
from minigrad.ops.fused.embedding import embedding__rows
from minigrad.tape import composite
from minigrad.tensor import raw

__all__ = ["check_padding", "embedding"]


@composite
def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """One row of a table for each token.

    y[...] = weight[input[...]]

    Shapes: input (...) of integers from 0 to V - 1, weight (V, D), y (..., D).
    Gradient: added to the rows that were taken; a row taken twice receives both, that of `padding_idx` none.

    Raises
    ------
    DTypeError
        If the tokens are no integers.
    IndexError
        If a token has no row; on a device its y is NaN instead.

    >>> embedding([1, 1, 0], [[1.0, 2.0], [3.0, 4.0]])
    array([[3., 4.],
           [3., 4.],
           [1., 2.]], dtype=float32)
    """
    weight = floating("embedding", weight)
    if weight.ndim != 2:
        raise ShapeError(f"embedding: weight must be (tokens, features), got {weight.shape}; reshape it")
    xp, vocabulary = namespace(raw(weight)), weight.shape[0]
    tokens, padding = _tokens(input, xp), check_padding("embedding", padding_idx, vocabulary)
    outside = (tokens < 0) | (tokens >= vocabulary)
    on_host = xp is backend("numpy")
    if on_host and outside.any():
        raise PlaceError(
            f"embedding: tokens must lie in 0 to {vocabulary - 1}, got {tokens.min()} to {tokens.max()}; "
            "check num_embeddings and the tokenizer"
        )
    still = -1 if padding is None else padding
    if on_host:
        return embedding__rows(weight, tokens, still)
    y = embedding__rows(weight, xp.where(outside, 0, tokens), still)  # looking would mean waiting for the device
    return namespace(y).where(xp.expand_dims(outside, -1), math.nan, y)


def _tokens(input: Any, home: Any) -> Any:
    """The tokens as a plain array of integers, where the weight lies."""
    tokens = raw(input)
    if not hasattr(tokens, "dtype") or isinstance(tokens, np.generic):
        tokens = np.asarray(tokens)
        tokens = home.from_host(tokens.astype(np.int64) if not tokens.size else tokens)
    if tokens.dtype.kind not in "iu":
        raise DTypeError(
            f"embedding: tokens must be integers, got {tokens.dtype} of shape {tokens.shape}; cast with "
            ".astype('int64')"
        )
    if namespace(tokens) is not home:
        raise DeviceError(
            f"embedding: tokens and weight must lie on one device, got {namespace(tokens).name} and {home.name}; "
            f"move the tokens with Tensor(tokens).to({home.name!r})"
        )
    return tokens if tokens.dtype == np.int64 else tokens.astype(np.int64)


def check_padding(name: str, padding_idx: Any, vocabulary: int) -> int | None:
    """The token whose row does not learn, counted from 0; negative ones count from the end, as in PyTorch."""
    if padding_idx is None:
        return None
    place = whole(name, "padding_idx", padding_idx, -math.inf)
    if not -vocabulary <= place < vocabulary:
        raise ArgumentError(
            f"{name}: padding_idx must name one of the {vocabulary} rows, got {place}; use 0 to {vocabulary - 1}"
        )
    return place % vocabulary
