"""The part of the table of functions that holds embeddings and attention, with oracles by loops."""

import math

import numpy as np

from minigrad import manual_seed
from minigrad.backend import move, namespace
from minigrad.backend.random import random_bits
from minigrad.nn import functional as F
from minigrad.tensor import raw
from tests.ops.row import Row

__all__ = ["ATTENTION", "attend"]


def row(op, inputs, oracle, variant="", call=None, **options):
    return Row(op, inputs, oracle, variant, call or getattr(F, op), integers=None, broadcasts=False, **options)


def near(array, x):
    """The array on the device of x."""
    return move(np.asarray(array), namespace(raw(x)).name)


# -- embedding ---------------------------------------------------------------------------------------------------------

TOKENS = np.array([[2, 0, 2], [2, 3, 1]])


def looked_up(w):
    return np.array([[w[t] for t in line] for line in TOKENS])


def embed(tokens, **options):
    return lambda w: F.embedding(near(tokens, w), w, **options)


EMBEDDING = [
    row("embedding", [(4, 3)], looked_up, "repeated tokens", embed(TOKENS), shapes=[[(5, 1)], [(4, 0)]]),
    row("embedding", [(4, 3)], lambda w: w[2], "one token", embed(np.int32(2))),
    row("embedding", [(4, 3)], lambda w: w[:0], "no tokens", embed(np.zeros(0, np.int64))),
]

# -- attention ---------------------------------------------------------------------------------------------------------


def attend(q, k, v, bias=None, scale=None, dropped=None):
    """Query by query: the formula of the paper. Heads of q share those of k and v; a bias of -inf forbids."""
    shape = np.broadcast_shapes(q.shape[:-3], k.shape[:-3])
    q, k, v = (np.broadcast_to(x, (*shape, *x.shape[-3:])) for x in (q, k, v))
    share = q.shape[-3] // k.shape[-3]
    y = np.zeros((*q.shape[:-1], v.shape[-1]))
    scores = (*q.shape[:-1], k.shape[-2])
    bias = np.zeros(scores) if bias is None else np.broadcast_to(bias, scores)
    factors = np.ones(scores) if dropped is None else dropped.reshape(scores)
    for place in np.ndindex(*q.shape[:-1]):
        *batch, head, _ = place
        keys, values = k[(*batch, head // share)], v[(*batch, head // share)]
        scaled = q[place] * (scale or 1 / math.sqrt(q.shape[-1]))
        s = [scaled @ key + b for key, b in zip(keys, bias[place], strict=True)]
        e = [math.exp(score - max(s)) if score > -math.inf else 0.0 for score in s]
        for j, weight in enumerate(e):
            if weight:
                y[place] += weight / sum(e) * factors[place][j] * values[j]
    return y


def forbidden(mask):
    return np.where(mask, 0, -np.inf)


def masked(mask, **options):
    """A call with a mask that stays where it is."""
    return lambda q, k, v: F.scaled_dot_product_attention(q, k, v, near(mask, q), **options)


def with_dropout(q, k, v):
    manual_seed(5)
    return F.scaled_dot_product_attention(q, k, v, dropout_p=0.3)


DROPPED = np.where(random_bits(np, 5, (2, 2, 3, 4), 0) >= round(0.3 * 2**32), 1 / 0.7, 0)
HEADS = [(2, 2, 3, 2), (2, 2, 4, 2), (2, 2, 4, 3)]  # (N, H, L, E), (N, H, S, E), (N, H, S, Ev)
SHARED = [(2, 6, 3, 2), (2, 2, 4, 2), (2, 2, 4, 3)]
EARLIER = np.tri(3, 4, dtype=bool)
SOME = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]], bool)  # the second query may see nothing
EACH = np.stack([SOME, ~SOME])[:, None]  # (2, 1, 3, 4)
COUNT = np.arange(72).reshape(6, 3, 4)
PER_HEAD = np.where(COUNT % 5, np.sin(COUNT), -np.inf)
DOT = "scaled_dot_product_attention"
SCALED = [
    row(DOT, HEADS, attend, shapes=[[(1, 1, 2), (1, 1, 2), (1, 1, 0)], [(1, 0, 2), (1, 3, 2), (1, 3, 1)]]),
    row(DOT, [(1, 3, 2), (2, 1, 4, 2), (1, 4, 3)], attend, "axes that broadcast"),
    row(DOT, [(1, 3, 2), (1, 4, 2), (2, 2, 4, 3), (2, 2, 3, 4)],
        lambda q, k, v, b: attend(q + np.zeros((2, 2, 1, 1)), k + np.zeros((2, 2, 1, 1)), v, b), "axes of the value"),
    row(DOT, HEADS, lambda q, k, v, is_causal: attend(q, k, v, forbidden(EARLIER)), "causal",
        static={"is_causal": True}),
    row(DOT, HEADS, attend, "scale", static={"scale": 0.3}),
    row(DOT, HEADS, lambda q, k, v: attend(q, k, v, forbidden(SOME)), "boolean mask", masked(SOME)),
    row(DOT, HEADS, lambda q, k, v: attend(q, k, v, forbidden(EACH)), "mask of each example", masked(EACH)),
    row(DOT, [*HEADS, (3, 4)], attend, "learned bias"),
    row(DOT, [*HEADS, (2, 2, 1, 4)], attend, "learned bias of each head"),
    row(DOT, SHARED, lambda q, k, v, enable_gqa: attend(q, k, v), "grouped queries", static={"enable_gqa": True}),
    row(DOT, SHARED, lambda q, k, v: attend(q, k, v, forbidden(EACH)), "grouped queries, masked",
        masked(EACH, enable_gqa=True)),
    row(DOT, SHARED, lambda q, k, v: attend(q, k, v, PER_HEAD), "grouped queries, bias of each head",
        masked(PER_HEAD, enable_gqa=True)),
    row(DOT, HEADS, lambda q, k, v: attend(q, k, v, dropped=DROPPED), "dropout", with_dropout),
]  # fmt: skip

ATTENTION = [*EMBEDDING, *SCALED]
