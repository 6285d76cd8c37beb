"""Embeddings and attention of minigrad.nn.functional beside PyTorch's; part of tools/layer_rows.py."""

from typing import Any

import numpy as np

from tools.op_rows.row import Row

__all__ = ["ATTENTION", "TOKENS"]


def embed(module: Any, weight: Any, tokens: Any) -> Any:
    return module.nn.functional.embedding(tokens, weight)


def embed_padded(module: Any, weight: Any, tokens: Any) -> Any:
    return module.nn.functional.embedding(tokens, weight, 2)


def attention(variant: str, shapes: Any, mask: Any = None, **keywords: Any) -> Row:
    """A row of attention; a mask stays where it is, a fourth shape is that of a learned bias."""

    def apply(module: Any, q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        return module.nn.functional.scaled_dot_product_attention(q, k, v, mask, **keywords)

    constants = [] if mask is None else [mask]
    return Row(f"scaled_dot_product_attention {variant}".strip(), apply, apply, shapes, constants=constants)


TOKENS = np.array([[2, 0, 2], [2, 3, 1]])
HEADS = [(2, 2, 3, 2), (2, 2, 4, 2), (2, 2, 4, 3)]  # (N, H, L, E), (N, H, S, E), (N, H, S, Ev)
SHARED = [(2, 4, 3, 2), (2, 2, 4, 2), (2, 2, 4, 3)]
SOME = np.array([[1, 0, 1, 1], [0, 0, 0, 0], [0, 1, 0, 0]], bool)  # the second query may see nothing
EACH = np.stack([SOME, ~SOME])[:, None]  # (2, 1, 3, 4)
BIAS = np.where(np.arange(48).reshape(4, 3, 4) % 5, np.sin(np.arange(48.0).reshape(4, 3, 4)), -np.inf)

ATTENTION = [
    Row("embedding repeated tokens", embed, embed, [(4, 3)], constants=[TOKENS]),
    Row("embedding padding_idx", embed_padded, embed_padded, [(4, 3)], constants=[TOKENS]),
    attention("", HEADS),
    attention("two axes", [(3, 2), (4, 2), (4, 3)]),
    attention("causal", HEADS, is_causal=True),
    attention("causal, more queries", [(1, 2, 4, 2), (1, 2, 3, 2), (1, 2, 3, 1)], is_causal=True),
    attention("scale", HEADS, scale=0.3),
    attention("boolean mask", HEADS, SOME),
    attention("mask of each example", HEADS, EACH),
    attention("added mask", HEADS, BIAS[:2]),
    attention("learned bias", [*HEADS, (3, 4)]),
    attention("learned bias of each head", [*HEADS, (1, 2, 3, 4)]),
    attention("grouped queries", SHARED, enable_gqa=True),
    attention("grouped queries, causal", SHARED, enable_gqa=True, is_causal=True),
    attention("grouped queries, masked", SHARED, EACH, enable_gqa=True),
    attention("grouped queries, bias of each head", SHARED, BIAS, enable_gqa=True),
]
