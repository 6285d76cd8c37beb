"""The table of optimizers: a row for every public optimizer of minigrad.optim, which `check_optimizer` is run on."""

from typing import Any, NamedTuple

import numpy as np

from minigrad import optim
from minigrad.testing.optimizer_case import SHAPES

__all__ = ["ROWS", "Row"]


class Row(NamedTuple):
    name: str
    oracle: Any
    options: dict[str, Any]  # what it is made with
    variants: list[dict[str, Any]]
    shapes: Any = SHAPES
    inside: Any = None  # the optimizer that it is wrapped around

    def make(self, params):
        if self.inside is not None:
            return getattr(optim, self.name)(self.inside(params), **self.options)
        return getattr(optim, self.name)(params, **self.options)


def coupled(rule):
    """The oracle whose weight decay is added to the gradient."""

    def oracle(p, g, kept, t, o):
        return rule(p, (-g if o["maximize"] else g) + o["weight_decay"] * p, kept, t, o)

    return oracle


@coupled
def sgd(p, g, kept, t, o):
    return p - o["lr"] * g


@coupled
def momentum(p, g, kept, t, o):
    mu = o["momentum"]
    if o["average"]:
        kept["v"] = mu * kept.get("v", 0.0) + (1 - mu) * g
        return p - o["lr"] * kept["v"]
    if mu == 0:  # PyTorch's: dampening is of momentum
        return p - o["lr"] * g
    kept["b"] = g if t == 1 else mu * kept["b"] + (1 - o["dampening"]) * g
    return p - o["lr"] * kept["b"]


@coupled
def nag(p, g, kept, t, o):
    kept["b"] = g if t == 1 else o["momentum"] * kept["b"] + g
    return p - o["lr"] * (g + o["momentum"] * kept["b"])


@coupled
def adagrad(p, g, kept, t, o):
    kept["s"] = kept.get("s", 0.0) + g * g
    return p - o["lr"] * g / (np.sqrt(kept["s"]) + o["eps"])


@coupled
def rmsprop(p, g, kept, t, o):
    a = o["alpha"]
    kept["v"] = a * kept.get("v", 0.0) + (1 - a) * g * g
    kept["m"] = a * kept.get("m", 0.0) + (1 - a) * g
    variance = kept["v"] - kept["m"] ** 2 if o["centered"] else kept["v"]
    kept["b"] = o["momentum"] * kept.get("b", 0.0) + g / (np.sqrt(variance) + o["eps"])
    return p - o["lr"] * kept["b"]


@coupled
def adadelta(p, g, kept, t, o):
    rho, eps, u = o["rho"], o["eps"], kept.get("u", 0.0)
    kept["v"] = rho * kept.get("v", 0.0) + (1 - rho) * g**2
    d = np.sqrt((u + eps) / (kept["v"] + eps)) * g
    kept["u"] = rho * u + (1 - rho) * d**2
    return p - o["lr"] * d


def adam_step(p, g, kept, t, o):
    b1, b2 = o["betas"]
    kept["m"] = b1 * kept.get("m", 0.0) + (1 - b1) * g
    kept["v"] = b2 * kept.get("v", 0.0) + (1 - b2) * g * g
    return p - o["lr"] * (kept["m"] / (1 - b1**t)) / (np.sqrt(kept["v"] / (1 - b2**t)) + o["eps"])


adam = coupled(adam_step)


def adamw(p, g, kept, t, o):
    return adam_step(p * (1 - o["lr"] * o["weight_decay"]), -g if o["maximize"] else g, kept, t, o)


@coupled
def amsgrad(p, g, kept, t, o):
    b1, b2 = o["betas"]
    kept["m"] = b1 * kept.get("m", 0.0) + (1 - b1) * g
    kept["v"] = b2 * kept.get("v", 0.0) + (1 - b2) * g * g
    kept["max"] = np.maximum(kept.get("max", 0.0), kept["v"])
    return p - o["lr"] * kept["m"] / (1 - b1**t) / (np.sqrt(kept["max"] / (1 - b2**t)) + o["eps"])


@coupled
def adamax(p, g, kept, t, o):
    b1, b2 = o["betas"]
    kept["m"] = b1 * kept.get("m", 0.0) + (1 - b1) * g
    kept["u"] = np.maximum(b2 * kept.get("u", 0.0), np.abs(g) + o["eps"])
    return p - o["lr"] / (1 - b1**t) * kept["m"] / kept["u"]


def either_decay(rule):
    """The oracle whose weight decay is added to the gradient, or by option applied to the parameter itself."""

    def oracle(p, g, kept, t, o):
        g = -g if o["maximize"] else g
        if o["decoupled_weight_decay"]:
            return rule(p * (1 - o["lr"] * o["weight_decay"]), g, kept, t, o)
        return rule(p, g + o["weight_decay"] * p, kept, t, o)

    return oracle


@either_decay
def nadam(p, g, kept, t, o):
    b1, b2 = o["betas"]
    mus = b1 * (1 - 0.5 * 0.96 ** (o["momentum_decay"] * np.arange(1, t + 2)))  # mu_1 ... mu_{t+1}
    kept["m"] = b1 * kept.get("m", 0.0) + (1 - b1) * g
    kept["v"] = b2 * kept.get("v", 0.0) + (1 - b2) * g * g
    m = mus[-1] * kept["m"] / (1 - np.prod(mus)) + (1 - mus[-2]) * g / (1 - np.prod(mus[:-1]))
    return p - o["lr"] * m / (np.sqrt(kept["v"] / (1 - b2**t)) + o["eps"])


@either_decay
def radam(p, g, kept, t, o):
    b1, b2 = o["betas"]
    kept["m"] = b1 * kept.get("m", 0.0) + (1 - b1) * g
    kept["v"] = b2 * kept.get("v", 0.0) + (1 - b2) * g * g
    m = kept["m"] / (1 - b1**t)
    longest = 2 / (1 - b2) - 1
    length = longest - 2 * t * b2**t / (1 - b2**t)
    if length <= 5:
        return p - o["lr"] * m
    r = np.sqrt((length - 4) * (length - 2) * longest / (longest - 4) / (longest - 2) / length)
    return p - o["lr"] * r * m * np.sqrt(1 - b2**t) / (np.sqrt(kept["v"]) + o["eps"])


def lion(p, g, kept, t, o):
    (b1, b2), g, m = o["betas"], -g if o["maximize"] else g, kept.get("m", 0.0)
    kept["m"] = b2 * m + (1 - b2) * g
    return p - o["lr"] * (np.sign(b1 * m + (1 - b1) * g) + o["weight_decay"] * p)


def lamb(p, g, kept, t, o):
    (b1, b2), g = o["betas"], -g if o["maximize"] else g
    kept["m"] = b1 * kept.get("m", 0.0) + (1 - b1) * g
    kept["v"] = b2 * kept.get("v", 0.0) + (1 - b2) * g * g
    u = kept["m"] / (1 - b1**t) / (np.sqrt(kept["v"] / (1 - b2**t)) + o["eps"]) + o["weight_decay"] * p
    phi, size = np.linalg.norm(np.ravel(p)), np.linalg.norm(np.ravel(u))
    return p - o["lr"] * (phi / size if phi > 0 and size > 0 else 1.0) * u


def lars(p, g, kept, t, o):
    g, decay, size = -g if o["maximize"] else g, o["weight_decay"], np.linalg.norm(np.ravel(p))
    local = o["trust_coefficient"] * size / (np.linalg.norm(np.ravel(g)) + decay * size)
    kept["b"] = o["momentum"] * kept.get("b", 0.0) + local * o["lr"] * (g + decay * p)
    return p - kept["b"]


def adafactor(p, g, kept, t, o):
    """Algorithms 4 and 5 of the paper with its relative step sizes, by one factor for each axis."""
    g = -g if o["maximize"] else g
    eps1 = np.finfo(np.float64).eps if o["eps"][0] is None else o["eps"][0]
    beta, square = 1 - t ** o["beta2_decay"], g * g
    if p.ndim < 2:
        v = kept["v"] = beta * kept.get("v", 0.0) + (1 - beta) * square
    else:
        n, m = p.shape
        r = kept["r"] = beta * kept.get("r", 0.0) + (1 - beta) * square @ np.ones(m) / m
        c = kept["c"] = beta * kept.get("c", 0.0) + (1 - beta) * np.ones(n) @ square / n
        v = np.outer(r, c) / max(r.mean(), eps1)
    u = g / np.sqrt(np.maximum(v, eps1**2))
    size = max(o["eps"][1], np.sqrt(np.mean(p**2))) * min(o["lr"], 1 / np.sqrt(t))
    return p * (1 - o["lr"] * o["weight_decay"]) - size * u / max(1.0, np.sqrt(np.mean(u**2)) / o["d"])


def muon(p, g, kept, t, o):
    """The polynomial of the singular values, applied to them: x -> a x + b x^3 + c x^5, so many times."""
    mu, g = o["momentum"], -g if o["maximize"] else g
    kept["m"] = mu * kept.get("m", 0.0) + (1 - mu) * g
    step = (1 - mu) * g + mu * kept["m"] if o["nesterov"] else kept["m"]
    left, x, right = np.linalg.svd(step, full_matrices=False)
    x = x / max(np.sqrt(np.sum(x**2)), o["eps"])
    for _ in range(o["ns_steps"]):
        x = np.polyval([o["ns_coefficients"][2], 0, o["ns_coefficients"][1], 0, o["ns_coefficients"][0], 0], x)
    n, m = p.shape
    scale = 0.2 * np.sqrt(max(n, m)) if o["adjust_lr_fn"] == "match_rms_adamw" else np.sqrt(max(1, n / m))
    return p * (1 - o["lr"] * o["weight_decay"]) - o["lr"] * scale * (left * x) @ right


def lookahead(rule, k, alpha):
    """The slow weights of the paper around another oracle."""

    def oracle(p, g, kept, t, o):
        slow = kept.setdefault("slow", p)
        fast = rule(p, g, kept, t, o)
        if t % k:
            return fast
        kept["slow"] = slow + alpha * (fast - slow)
        return kept["slow"]

    return oracle


COMMON = [{}, {"weight_decay": 0.1}, {"maximize": True}, {"weight_decay": 0.2, "maximize": True, "lr": 0.03}]
ROWS = [
    Row("SGD", sgd, {"lr": 0.05}, COMMON),
    Row("Momentum", momentum, {"lr": 0.05, "momentum": 0.8},
        [*COMMON, {"momentum": 0.5}, {"dampening": 0.3}, {"average": True}, {"momentum": 0.0, "dampening": 0.3}]),
    Row("NAG", nag, {"lr": 0.05, "momentum": 0.8}, [*COMMON, {"momentum": 0.5}]),
    Row("Adagrad", adagrad, {"lr": 0.5}, [*COMMON, {"eps": 1e-3}]),
    Row("RMSProp", rmsprop, {"lr": 0.02},
        [*COMMON, {"alpha": 0.9, "eps": 1e-3}, {"centered": True}, {"centered": True, "momentum": 0.5}]),
    Row("Adadelta", adadelta, {"lr": 2.0, "eps": 1e-4}, [*COMMON, {"rho": 0.5}]),
    Row("Adam", adam, {"lr": 0.05}, [*COMMON, {"betas": (0.5, 0.9), "eps": 1e-3}]),
    Row("AdamW", adamw, {"lr": 0.05}, [*COMMON, {"betas": (0.5, 0.9), "eps": 1e-3}]),
    Row("AMSGrad", amsgrad, {"lr": 0.05}, [*COMMON, {"betas": (0.5, 0.6), "eps": 1e-3}]),
    Row("Adamax", adamax, {"lr": 0.05}, [*COMMON, {"betas": (0.5, 0.6), "eps": 1e-3}]),
    Row("NAdam", nadam, {"lr": 0.05},
        [*COMMON, {"momentum_decay": 0.5}, {"decoupled_weight_decay": True, "weight_decay": 0.2}]),
    Row("RAdam", radam, {"lr": 0.05},
        [*COMMON, {"betas": (0.5, 0.6)}, {"decoupled_weight_decay": True, "weight_decay": 0.2}]),
    Row("Lion", lion, {"lr": 0.02}, [*COMMON, {"betas": (0.5, 0.6)}]),
    Row("LAMB", lamb, {"lr": 0.02, "weight_decay": 0.0}, [*COMMON, {"betas": (0.5, 0.6), "eps": 1e-3}]),
    Row("LARS", lars, {"lr": 5.0}, [*COMMON, {"momentum": 0.5, "trust_coefficient": 0.01}]),
    Row("Adafactor", adafactor, {"lr": 0.05},
        [*COMMON, {"lr": 0.9}, {"beta2_decay": -0.5, "d": 2.0}, {"eps": (1e-3, 0.5)}]),
    Row("Muon", muon, {"lr": 0.05, "weight_decay": 0.0},
        [*COMMON, {"nesterov": False, "momentum": 0.5}, {"adjust_lr_fn": "match_rms_adamw"}, {"ns_steps": 2}],
        ((3, 2), (4, 3), (1, 2), (2, 5))),
    Row("Lookahead", lookahead(momentum, 3, 0.4), {"k": 3, "alpha": 0.4}, COMMON,
        inside=lambda params: optim.Momentum(params, lr=0.05, momentum=0.8)),
]  # fmt: skip
