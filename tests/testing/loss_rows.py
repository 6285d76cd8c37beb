"""The rows of losses."""

import numpy as np

from minigrad import nn
from tests.testing.row import row, sigmoid, softmax

__all__ = ["LOSSES"]


def reduced(value, reduction="mean"):
    return value if reduction == "none" else value.sum() if reduction == "sum" else value.mean()


def smooth(d, beta):
    return np.where(np.abs(d) < beta, d * d / 2 / beta, np.abs(d) - beta / 2)


def cross_entropy(weight=1.0, smoothing=0.0, ignore=-100, logs=False):
    def oracle(state, x, t):
        p = x if logs else np.log(softmax(x))
        kept = t != ignore
        w = np.broadcast_to(weight, x.shape[1:])
        hot = np.eye(x.shape[1])[np.where(kept, t, 0)] * (1 - smoothing) + smoothing / x.shape[1]
        return ((-(p * w * hot).sum(axis=1)) * kept).sum() / (w[np.where(kept, t, 0)] * kept).sum()

    return oracle


def bce(x, t, w=1.0):
    return -w * (t * np.log(x) + (1 - t) * np.log(1 - x))


LABELS, SOME = np.array([0, 2, 1, 2]), np.array([0, -100, 1, 2])
PROBABLE = np.array([[0.2, 0.9], [0.6, 0.35]])
W3 = np.array([0.5, 1.0, 2.0], np.float32)
PAIR = [(4, 3), (4, 3)]
LOSSES = [
    row("MSELoss", nn.MSELoss, PAIR, lambda s, x, t: reduced((x - t) ** 2)),
    row("MSELoss", lambda: nn.MSELoss("none"), PAIR, lambda s, x, t: (x - t) ** 2, "none"),
    row("L1Loss", lambda: nn.L1Loss("sum"), PAIR, lambda s, x, t: reduced(np.abs(x - t), "sum")),
    row("SmoothL1Loss", lambda: nn.SmoothL1Loss(beta=0.7), PAIR, lambda s, x, t: reduced(smooth(x - t, 0.7))),
    row("HuberLoss", lambda: nn.HuberLoss(delta=0.7), PAIR, lambda s, x, t: reduced(0.7 * smooth(x - t, 0.7))),
    row("CrossEntropyLoss", nn.CrossEntropyLoss, [(4, 3), LABELS], cross_entropy()),
    row("CrossEntropyLoss", lambda: nn.CrossEntropyLoss(W3, label_smoothing=0.1), [(4, 3), SOME],
        cross_entropy(W3, 0.1), "weight, smoothing, ignored", buffers=["weight"]),
    row("CrossEntropyLoss", nn.CrossEntropyLoss, [(4, 3), softmax(np.arange(12.0).reshape(4, 3) % 5)],
        lambda s, x, t: -(t * np.log(softmax(x))).sum() / 4, "probabilities"),
    row("NLLLoss", lambda: nn.NLLLoss(W3), [(4, 3), SOME], cross_entropy(W3, logs=True), buffers=["weight"]),
    row("BCELoss", nn.BCELoss, [PROBABLE, PROBABLE.T.copy()], lambda s, x, t: reduced(bce(x, t))),
    row("BCELoss", lambda: nn.BCELoss(W3[:2], "sum"), [PROBABLE, PROBABLE.T.copy()],
        lambda s, x, t: reduced(bce(x, t, W3[:2]), "sum"), "weight", buffers=["weight"]),
    row("BCEWithLogitsLoss", nn.BCEWithLogitsLoss, PAIR, lambda s, x, t: reduced(bce(sigmoid(x), t)),
        domain=(0.05, 0.95)),
    row("BCEWithLogitsLoss", lambda: nn.BCEWithLogitsLoss(pos_weight=W3), PAIR,
        lambda s, x, t: reduced(-W3 * t * np.log(sigmoid(x)) - (1 - t) * np.log(sigmoid(-x))), "pos_weight",
        domain=(0.05, 0.95), buffers=["pos_weight"]),
    row("KLDivLoss", lambda: nn.KLDivLoss("batchmean"), PAIR, lambda s, x, t: (t * (np.log(t) - x)).sum() / 4,
        domain=(0.05, 0.95)),
    row("KLDivLoss", lambda: nn.KLDivLoss("sum", log_target=True), PAIR,
        lambda s, x, t: (np.exp(t) * (t - x)).sum(), "log target", domain=(-2.0, -0.05)),
]  # fmt: skip
