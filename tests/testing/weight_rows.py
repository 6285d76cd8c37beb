"""Layers that make their weight of something else, in the table of layers."""

import numpy as np

from minigrad import nn
from minigrad.backend import default_backend
from tests.nn.convolution_rows import convolve
from tests.testing.row import row, seeded, sigmoid

__all__ = ["ROWS"]


def narrow(shape):
    """A weight whose largest singular value is far above the others: u and v are found to the last digit."""
    w = np.outer(np.cos(np.arange(shape[0])), np.sin(1 + np.arange(np.prod(shape[1:])))).reshape(shape)
    noise = 1e-3 * np.cos(7.0 * np.arange(w.size)).reshape(shape)
    return default_backend().from_host((w + noise).astype(np.float32))


def matrix(w, axis=0):
    return np.moveaxis(w, axis, 0).reshape(w.shape[axis], -1)


def lengths(v, axis=0):
    over = tuple(i for i in range(v.ndim) if i != axis)
    return np.sqrt((v**2).sum(axis=over, keepdims=True))


def with_length(state, axis=0, name="weight"):
    g, v = (state[f"parametrizations.{name}.original{i}"] for i in (0, 1))
    return g * v / lengths(v, axis)


SPECTRAL = "parametrizations.weight."


def spectral(state, axis=0):
    w, u, v = (state[SPECTRAL + name] for name in ("original", "0._u", "0._v"))
    return w / (u @ matrix(w, axis) @ v)


def turned(times=1, axis=0):
    """The state after so many power iterations."""

    def after(state, x):
        w, u, v = (state[SPECTRAL + name] for name in ("original", "0._u", "0._v"))
        for _ in range(times):
            u = matrix(w, axis) @ v / np.linalg.norm(matrix(w, axis) @ v)
            v = matrix(w, axis).T @ u / np.linalg.norm(matrix(w, axis).T @ u)
        return {**state, SPECTRAL + "0._u": u, SPECTRAL + "0._v": v}

    return after


def trained(oracle, after):
    """The value in training: that of use, after the state has moved on."""
    return lambda state, x: oracle(after(state, x), x)


def standard(w, axis=0, eps=1e-5):
    over = tuple(i for i in range(w.ndim) if i != axis)
    return (w - w.mean(axis=over, keepdims=True)) / np.sqrt(w.var(axis=over, keepdims=True) + eps)


def scaled(state, eps=1e-5):
    w = state["weight"]
    return state["gain"] * standard(w, eps=eps) / np.sqrt(w[0].size)


def affine(weight):
    return lambda state, x: x @ weight(state).T + state.get("bias", 0)


def conv(weight, **static):
    return lambda state, x: convolve(x, weight(state), state.get("bias"), **static)


def made(wrapper, layer, *args, wrap=None, **keywords):
    return seeded(lambda: getattr(nn, wrapper)(getattr(nn, layer)(*args, **keywords), **(wrap or {})))


G, V = (f"parametrizations.weight.original{i}" for i in (0, 1))
U = [SPECTRAL + "0._u", SPECTRAL + "0._v"]
WEIGHT_NORM = [
    row("WeightNorm", made("WeightNorm", "Linear", 3, 2), (4, 3), affine(with_length), parameters=["bias", G, V],
        buffers=[]),
    row("WeightNorm", made("WeightNorm", "Linear", 3, 2, bias=False, wrap={"axis": 1}), (4, 3),
        affine(lambda s: with_length(s, 1)), "axis 1, no bias", parameters=[G, V]),
    row("WeightNorm", made("WeightNorm", "Linear", 3, 2, wrap={"axis": None}), (4, 3),
        affine(lambda s: with_length(s, None)), "one length"),
    row("WeightNorm", made("WeightNorm", "Bilinear", 3, 2, 2), [(4, 3), (4, 2)],
        lambda s, x, y: np.einsum("ni,oij,nj->no", x, with_length(s), y) + s["bias"], "two inputs"),
    row("WeightNorm", made("WeightNorm", "Conv2d", 2, 3, 2, padding=1), (1, 2, 3, 4), conv(with_length, padding=1),
        "kernel"),
    row("WeightNorm", seeded(lambda: nn.Sequential(nn.WeightNorm(nn.Linear(3, 2)), nn.Tanh())), (4, 3),
        lambda s, x: np.tanh(affine(with_length)({k.removeprefix("0."): v for k, v in s.items()}, x)), "in a model",
        parameters=["0.bias", f"0.{G}", f"0.{V}"]),
]  # fmt: skip

# Second order in training is not checked: u and v follow the weight, and no gradient is meant to know.
SPECTRAL_NORM = [
    row("SpectralNorm", made("SpectralNorm", "Linear", 3, 2, init=narrow), (4, 3), affine(spectral), differs=None,
        training_oracle=trained(affine(spectral), turned()), state_oracle=turned(), order=1,
        parameters=["bias", SPECTRAL + "original"], buffers=U),
    row("SpectralNorm", made("SpectralNorm", "Linear", 3, 4, bias=False, init=narrow,
        wrap={"axis": 1, "n_power_iterations": 2}), (4, 3), affine(lambda s: spectral(s, 1)), "axis 1", differs=None,
        training_oracle=trained(affine(lambda s: spectral(s, 1)), turned(2, 1)), state_oracle=turned(2, 1), order=1),
    row("SpectralNorm", made("SpectralNorm", "Conv2d", 2, 3, 2, init=narrow), (1, 2, 3, 4), conv(spectral), "kernel",
        differs=None, training_oracle=trained(conv(spectral), turned()), state_oracle=turned(), order=1),
]  # fmt: skip

STANDARDISED = [
    row("WeightStandardization", made("WeightStandardization", "Linear", 3, 2), (4, 3),
        affine(lambda s: standard(s["weight"])), parameters=["weight", "bias"], buffers=[]),
    row("WeightStandardization", made("WeightStandardization", "Linear", 3, 4, wrap={"axis": 1, "eps": 1e-3}), (4, 3),
        affine(lambda s: standard(s["weight"], 1, 1e-3)), "axis 1"),
    row("WeightStandardization", made("WeightStandardization", "Conv2d", 2, 3, 2, groups=1), (1, 2, 3, 4),
        conv(lambda s: standard(s["weight"])), "kernel"),
    row("ScaledWSLinear", seeded(lambda: nn.ScaledWSLinear(3, 2)), (4, 3), affine(scaled),
        parameters=["weight", "bias", "gain"], buffers=[]),
    row("ScaledWSLinear", seeded(lambda: nn.ScaledWSLinear(3, 2, bias=False, init=nn.init.normal, eps=1e-2)), (4, 3),
        affine(lambda s: scaled(s, 1e-2)), "options", parameters=["weight", "gain"]),
    row("ScaledWSConv2d", seeded(lambda: nn.ScaledWSConv2d(2, 3, 2)), (1, 2, 3, 4), conv(scaled),
        parameters=["weight", "bias", "gain"], buffers=[]),
    row("ScaledWSConv2d", seeded(lambda: nn.ScaledWSConv2d(4, 2, (2, 1), stride=2, padding=1, groups=2, bias=False)),
        (1, 4, 3, 4), conv(scaled, stride=2, padding=1, groups=2), "options"),
    row("ScaledActivation", lambda: nn.ScaledActivation(nn.ReLU()), (3, 4),
        lambda s, x: np.maximum(x, 0) * np.sqrt(2 / (1 - 1 / np.pi)), parameters=[], buffers=[]),
    row("ScaledActivation", lambda: nn.ScaledActivation(nn.SiLU()), (3, 4),
        lambda s, x: 1.7871872221004421 * x * sigmoid(x), "silu"),
    row("ScaledActivation", lambda: nn.ScaledActivation(nn.PReLU()), (3, 4),
        lambda s, x: 1.504609643215645 * np.where(x > 0, x, s["activation.weight"] * x), "with a weight",
        parameters=["activation.weight"]),
]  # fmt: skip

ROWS = [*WEIGHT_NORM, *SPECTRAL_NORM, *STANDARDISED]
