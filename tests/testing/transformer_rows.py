"""The part of the table of layers that holds blocks of transformers and stacks of them."""

import math

import numpy as np

from minigrad import nn
from tests.testing.attention_rows import Told, attention, dropping, later, seeded, slopes, turned
from tests.testing.row import row, sigmoid

__all__ = ["BLOCKS"]

erf = np.vectorize(math.erf, otypes=[float])


def linear(state, name, x):
    return x @ state[f"{name}.weight"].T + state.get(f"{name}.bias", 0)


def normed(state, name, x):
    """By the parameters that there are: layer norm has a shift, RMS norm a weight alone, no norm has none."""
    if f"{name}.weight" not in state:
        return x
    if f"{name}.bias" not in state:
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-6) * state[f"{name}.weight"]
    d = x - x.mean(-1, keepdims=True)
    return d / np.sqrt((d * d).mean(-1, keepdims=True) + 1e-5) * state[f"{name}.weight"] + state[f"{name}.bias"]


def gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


def network(state, x, drop):
    y = linear(state, "linear1", x)
    y = y * sigmoid(y) * linear(state, "linear3", x) if "linear3.weight" in state else gelu(y)
    return linear(state, "linear2", y * drop(y.shape))


def block(state, x, memory=None, *, heads=2, first=True, path="", bias=None, turn=lambda x: x, drop=np.ones):
    """The formula, from PyTorch's names."""
    part = {name.removeprefix(path): array for name, array in state.items() if name.startswith(path)}
    parts = [lambda x: attention(part, x, x, x, heads, "self_attn.", bias, turn, drop)[0],
             lambda x: network(part, x, drop)]  # fmt: skip
    if memory is not None:
        parts.insert(1, lambda x: attention(part, x, memory, memory, heads, "multihead_attn.", drop=drop)[0])
    for i, f in enumerate(parts):
        name = f"norm{i + 1}"
        y = f(normed(part, name, x) if first else x)
        x = x + y * drop(y.shape)
        x = x if first else normed(part, name, x)
    return x


def stack(state, n, x, *others, **options):
    for i in range(n):
        x = block(state, x, *others, path=f"layers.{i}.", **options)
    return normed(state, "norm", x)


SELF = [f"self_attn.{name}" for name in ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")]
NETWORK = ["linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias"]
NORMS = ["norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"]
X, FEW = (2, 3, 4), (1, 2, 4)
BLOCKS = [
    row("TransformerBlock", seeded(lambda: nn.TransformerBlock(4, 2)), X, lambda s, x: block(s, x),
        parameters=[*SELF, *NETWORK, *NORMS], buffers=[]),
    row("TransformerBlock", seeded(lambda: nn.TransformerBlock(4, 2, 6, norm_first=False)), X,
        lambda s, x: block(s, x, first=False), "norm last"),
    row("TransformerBlock", seeded(lambda: nn.TransformerBlock(4, 2, activation="swiglu", norm="rms", bias=False)), X,
        lambda s, x: block(s, x), "RMS norm, SwiGLU, no bias",
        parameters=[SELF[0], SELF[2], *(f"linear{i}.weight" for i in (1, 2, 3)), "norm1.weight", "norm2.weight"]),
    row("TransformerBlock", seeded(lambda: Told(nn.TransformerBlock(8, 4, 3, num_kv_heads=2, norm=None,
        positions=nn.RotaryEmbedding(2)), is_causal=True)), (2, 3, 8), lambda s, x: block(s, x, heads=4,
        path="inside.", bias=later(3, 3), turn=turned), "no norm, grouped, rotary, causal"),
    row("TransformerBlock", seeded(lambda: Told(nn.TransformerBlock(4, 2, 3, positions=nn.ALiBi(2)), is_causal=True)),
        X, lambda s, x: block(s, x, path="inside.", bias=later(3, 3) + slopes(2, 3, 3)), "ALiBi, causal"),
    row("TransformerBlock", seeded(lambda: nn.TransformerBlock(4, 2, 3, cross_attention=True)), [X, (2, 5, 4)],
        block, "memory", parameters=[*SELF, *(name.replace("self", "multihead") for name in SELF), *NETWORK, *NORMS,
        "norm3.weight", "norm3.bias"]),
    row("TransformerBlock", seeded(lambda: nn.TransformerBlock(4, 2, 3, dropout=0.3, activation=nn.GELU("tanh"))), X,
        None, "dropout, other GELU", differs=True),
    row("TransformerBlock", seeded(lambda: nn.TransformerBlock(4, 2, 3, 0.3, checkpoint=True)), X,
        lambda s, x: block(s, x), "checkpoint", differs=True,
        training_oracle=lambda s, x: block(s, x, drop=dropping(0.3))),
    row("TransformerBlock", seeded(lambda: nn.TransformerBlock(4, 2, 3, 0.3, norm_first=False, cross_attention=True)),
        [X, (2, 5, 4)], lambda s, x, m: block(s, x, m, first=False), "memory, dropout, norm last", differs=True,
        checks=["runs", "modes", "value", "dtypes"],
        training_oracle=lambda s, x, m: block(s, x, m, first=False, drop=dropping(0.3))),
    row("TransformerEncoder", seeded(lambda: nn.TransformerEncoder(2, 4, 2, dim_feedforward=2)), FEW,
        lambda s, x: stack(s, 2, x), parameters=[*(f"layers.{i}.{name}" for i in range(2)
        for name in (*SELF, *NETWORK, *NORMS)), "norm.weight", "norm.bias"]),
    row("TransformerEncoder", seeded(lambda: Told(nn.TransformerEncoder(2, 4, 1, dim_feedforward=2, norm_first=False,
        positions=nn.RotaryEmbedding(4), bias=False), is_causal=True)), FEW, None, "norm last, rotary, causal"),
    row("TransformerEncoder", seeded(lambda: nn.TransformerEncoder(0, 4, 1)), X, lambda s, x: normed(s, "norm", x),
        "no blocks"),
    row("TransformerDecoder", seeded(lambda: nn.TransformerDecoder(2, 4, 2, dim_feedforward=2, norm="rms", bias=False)),
        [FEW, (1, 3, 4)], lambda s, x, m: stack(s, 2, x, m)),
]  # fmt: skip
