"""The table of optimizers: a row for every public optimizer of minigrad.optim, which `check_optimizer` is run on."""

from typing import Any, NamedTuple

import numpy as np

from minigrad import optim

__all__ = ["ROWS", "Row"]


class Row(NamedTuple):
    name: str
    oracle: Any
    options: dict[str, Any]  # what it is made with
    variants: list[dict[str, Any]]

    def make(self, params):
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
    kept["v"] = o["alpha"] * kept.get("v", 0.0) + (1 - o["alpha"]) * g * g
    return p - o["lr"] * g / (np.sqrt(kept["v"]) + o["eps"])


def adam_step(p, g, kept, t, o):
    b1, b2 = o["betas"]
    kept["m"] = b1 * kept.get("m", 0.0) + (1 - b1) * g
    kept["v"] = b2 * kept.get("v", 0.0) + (1 - b2) * g * g
    return p - o["lr"] * (kept["m"] / (1 - b1**t)) / (np.sqrt(kept["v"] / (1 - b2**t)) + o["eps"])


adam = coupled(adam_step)


def adamw(p, g, kept, t, o):
    return adam_step(p * (1 - o["lr"] * o["weight_decay"]), -g if o["maximize"] else g, kept, t, o)


COMMON = [{}, {"weight_decay": 0.1}, {"maximize": True}, {"weight_decay": 0.2, "maximize": True, "lr": 0.03}]
ROWS = [
    Row("SGD", sgd, {"lr": 0.05}, COMMON),
    Row("Momentum", momentum, {"lr": 0.05, "momentum": 0.8},
        [*COMMON, {"momentum": 0.5}, {"dampening": 0.3}, {"average": True}]),
    Row("NAG", nag, {"lr": 0.05, "momentum": 0.8}, [*COMMON, {"momentum": 0.5}]),
    Row("Adagrad", adagrad, {"lr": 0.5}, [*COMMON, {"eps": 1e-3}]),
    Row("RMSProp", rmsprop, {"lr": 0.02}, [*COMMON, {"alpha": 0.9, "eps": 1e-3}]),
    Row("Adam", adam, {"lr": 0.05}, [*COMMON, {"betas": (0.5, 0.9), "eps": 1e-3}]),
    Row("AdamW", adamw, {"lr": 0.05}, [*COMMON, {"betas": (0.5, 0.9), "eps": 1e-3}]),
]  # fmt: skip
