"""The part of the table of layers that holds what sequences are made of: embeddings, attention, positions."""

import numpy as np

import minigrad as mg
from minigrad import nn
from minigrad.backend.random import random_bits
from minigrad.nn import Layer
from minigrad.testing.layer_case import STREAM
from tests.nn.attention_rows import attend
from tests.testing.row import row

__all__ = ["ATTENTION", "Told", "attention", "dropping", "later", "seeded", "slopes", "turned"]


def seeded(make):
    """The layer with weights of one stream, whatever was drawn before."""

    def made():
        mg.manual_seed(3)
        return make()

    return made


class Told(Layer):
    """A layer with what it is told by keyword."""

    def __init__(self, inside, **options):
        self.inside, self.options = inside, options

    def forward(self, *xs):
        return self.inside(*xs, **self.options)


# -- embedding ---------------------------------------------------------------------------------------------------------

TOKENS = np.array([[2, 0, 2], [2, 3, 1]])


def looked_up(state, tokens):
    return np.stack([[state["weight"][t] for t in line] for line in tokens])


EMBEDDING = [
    row("Embedding", seeded(lambda: nn.Embedding(4, 3)), TOKENS, looked_up, parameters=["weight"], buffers=[]),
    row("Embedding", lambda: nn.Embedding(4, 3, init=nn.init.ones), np.int32(2), lambda s, t: s["weight"][t],
        "init, one token"),
]  # fmt: skip

# -- positions ---------------------------------------------------------------------------------------------------------


def waves(x, base=10000.0):
    y = x.copy()
    for *batch, p, i in np.ndindex(*x.shape):
        angle = p / base ** ((i - i % 2) / x.shape[-1])
        y[(*batch, p, i)] += np.cos(angle) if i % 2 else np.sin(angle)
    return y


def turned(x, base=10000.0, offset=0):
    """Pairs as complex numbers, each turned by its angle."""
    n = x.shape[-1] // 2
    z = x[..., :n] + 1j * x[..., n:]
    for p in range(x.shape[-2]):
        z[..., p, :] *= np.exp(1j * (offset + p) * np.array([base ** (-2 * i / (2 * n)) for i in range(n)]))
    return np.concatenate([z.real, z.imag], -1)


def slopes(heads, queries, keys):
    y = np.zeros((heads, queries, keys))
    for h, i, j in np.ndindex(*y.shape):
        y[h, i, j] = -(2 ** (-8 * (h + 1) / heads)) * abs(i + keys - queries - j)
    return y


POSITIONS = [
    row("SinusoidalPositionalEncoding", lambda: nn.SinusoidalPositionalEncoding(6), (2, 4, 6),
        lambda s, x: waves(x), parameters=[], buffers=[]),
    row("SinusoidalPositionalEncoding", lambda: nn.SinusoidalPositionalEncoding(2, 5, 10.0), (5, 2),
        lambda s, x: waves(x, 10.0), "short, other base"),
    row("SinusoidalPositionalEncoding", lambda: Told(nn.SinusoidalPositionalEncoding(4), offset=2), (3, 4),
        lambda s, x: waves(np.vstack([np.zeros((2, 4)), x]))[2:], "offset"),
    row("RotaryEmbedding", lambda: nn.RotaryEmbedding(6), (2, 2, 4, 6), lambda s, x: turned(x), parameters=[],
        buffers=[]),
    row("RotaryEmbedding", lambda: Told(nn.RotaryEmbedding(4, 7, 100.0), offset=4), (3, 4),
        lambda s, x: turned(x, 100.0, 4), "offset"),
    row("ALiBi", lambda: nn.ALiBi(4), (2, 4, 3, 2), lambda s, q: slopes(4, 3, 3), parameters=[], buffers=[]),
    row("ALiBi", lambda: Told(nn.ALiBi(3), length=4), (1, 2), lambda s, q: slopes(3, 1, 4), "behind others"),
]  # fmt: skip

# -- attention ---------------------------------------------------------------------------------------------------------


def in_heads(x, size):
    return np.swapaxes(x.reshape(*x.shape[:-1], -1, size), -2, -3)


def later(queries, keys):
    """What forbids to see later keys."""
    return np.where(np.tri(queries, keys, keys - queries, dtype=bool), 0, -np.inf)


def attention(state, query, key, value, heads, path="", bias=None, turn=lambda x: x, drop=np.ones):
    """[y, weights of each head], from PyTorch's names."""
    part = {name.removeprefix(path): array for name, array in state.items() if name.startswith(path)}
    width = query.shape[-1]
    if "in_proj_weight" in part:
        weights = np.split(part["in_proj_weight"], 3)
    else:
        weights = [part[f"{name}_proj_weight"] for name in "qkv"]
    ends = np.cumsum([len(w) for w in weights])
    biases = np.split(part.get("in_proj_bias", np.zeros(ends[-1])), ends[:2])
    q, k, v = (
        in_heads(x @ w.T + b, width // heads) for x, w, b in zip((query, key, value), weights, biases, strict=True)
    )
    q, k = turn(q), turn(k)
    every = np.broadcast_to(np.eye(k.shape[-2]), (*v.shape[:-1], k.shape[-2]))
    dropped = drop((*q.shape[:-1], k.shape[-2]))
    y = np.swapaxes(attend(q, k, v, bias, dropped=dropped), -2, -3).reshape(query.shape)
    return [y @ part["out_proj.weight"].T + part.get("out_proj.bias", 0), attend(q, k, every, bias, dropped=dropped)]


def dropping(p):
    """What dropout multiplies with, call after call, from the stream that `check_layer` calls layers with."""
    start = [STREAM[1]]

    def drop(shape):
        bits = random_bits(np, STREAM[0], shape, start[0])
        start[0] += bits.size
        return np.where(bits >= round(p * 2**32), 1 / (1 - p), 0)

    return drop


def averaged(made):
    y, weights = made
    return [y, weights.mean(-3)]


PROJECTIONS = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
SEPARATE = ["q_proj_weight", "k_proj_weight", "v_proj_weight", *PROJECTIONS[1:]]
LINEAR_BIAS = slopes(2, 3, 3) + later(3, 3)
HIDDEN = mg.Tensor(np.array([[0, 0, 1], [1, 0, 0]], bool))  # PyTorch's True: must not be seen
ADDED = mg.Tensor(np.sin(np.arange(18.0)).reshape(2, 3, 3))
ATTENDING = [
    row("MultiHeadAttention", seeded(lambda: nn.MultiHeadAttention(4, 2)), (2, 3, 4),
        lambda s, x: averaged(attention(s, x, x, x, 2)), parameters=PROJECTIONS, buffers=[]),
    row("MultiHeadAttention", seeded(lambda: nn.MultiHeadAttention(4, 2, bias=False, kdim=3, vdim=2)),
        [(2, 3, 4), (2, 5, 3), (2, 5, 2)], lambda s, q, k, v: averaged(attention(s, q, k, v, 2)), "other features",
        parameters=[*SEPARATE[:3], "out_proj.weight"]),
    row("MultiHeadAttention", seeded(lambda: Told(nn.MultiHeadAttention(6, 3), is_causal=True, need_weights=False)),
        (3, 6), lambda s, x: attention(s, x, x, x, 3, "inside.", later(3, 3))[:1], "causal, no batch"),
    row("MultiHeadAttention", seeded(lambda: Told(nn.MultiHeadAttention(8, 4, num_kv_heads=2,
        positions=nn.RotaryEmbedding(2)), is_causal=True, average_attn_weights=False)), (2, 3, 8),
        lambda s, x: attention(s, x, x, x, 4, "inside.", later(3, 3), turned), "grouped, rotary, causal",
        parameters=[f"inside.{name}" for name in SEPARATE]),
    row("MultiHeadAttention", seeded(lambda: Told(nn.MultiHeadAttention(4, 2, positions=nn.ALiBi(2)), is_causal=True,
        need_weights=False)), (2, 3, 4), lambda s, x: attention(s, x, x, x, 2, "inside.", LINEAR_BIAS)[:1], "ALiBi"),
    row("MultiHeadAttention", seeded(lambda: Told(nn.MultiHeadAttention(4, 2), key_padding_mask=HIDDEN,
        attn_mask=ADDED)), (2, 3, 4), lambda s, x: averaged(attention(s, x, x, x, 2, "inside.",
        ADDED.numpy() + np.where(HIDDEN.numpy(), -np.inf, 0)[:, None, None])), "masked"),
    row("MultiHeadAttention", seeded(lambda: Told(nn.MultiHeadAttention(4, 2), key_padding_mask=HIDDEN,
        attn_mask=ADDED, is_causal=True, need_weights=False)), (2, 3, 4), lambda s, x: attention(s, x, x, x, 2,
        "inside.", ADDED.numpy() + later(3, 3) + np.where(HIDDEN.numpy(), -np.inf, 0)[:, None, None])[:1],
        "masked, causal, no weights"),
    row("MultiHeadAttention", seeded(lambda: nn.MultiHeadAttention(4, 2, dropout=0.4)), (2, 3, 4),
        lambda s, x: averaged(attention(s, x, x, x, 2)), "dropout", differs=True,
        training_oracle=lambda s, x: averaged(attention(s, x, x, x, 2, drop=dropping(0.4)))),
    row("MultiHeadAttention", seeded(lambda: Told(nn.MultiHeadAttention(4, 2, 0.4, init=nn.init.xavier_normal),
        need_weights=False)), (2, 3, 4), lambda s, x: attention(s, x, x, x, 2, "inside.")[:1], "dropout alone",
        differs=True),
]  # fmt: skip

ATTENTION = [*EMBEDDING, *POSITIONS, *ATTENDING]
