"""The table of functions: at least one row for every public function of minigrad.nn.functional, with a NumPy oracle."""

import math
from functools import partial

import numpy as np

from minigrad.backend import move, namespace
from minigrad.nn import functional as F
from minigrad.parallel import Single
from minigrad.tensor import raw
from tests.nn.attention_rows import ATTENTION
from tests.nn.convolution_rows import CONVOLUTIONS
from tests.nn.pooling_rows import POOLING
from tests.nn.recurrent_rows import CELLS
from tests.ops.row import UNARY, Row

__all__ = ["ROWS"]

erf = np.vectorize(math.erf, otypes=[float])
ONE = [(2, 3)]


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    return np.log(softmax(x, axis))


def standard(x, axes, eps=1e-5):
    return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + eps)


def row(op, inputs, oracle, variant="", call=None, **options):
    """A row of `F.op`; what refuses integers refuses them whatever the variant."""
    options.setdefault("integers", None)
    options.setdefault("broadcasts", False)
    return Row(op, inputs, oracle, variant, call or getattr(F, op), **options)


def negative(x, y):
    return np.where(x > 0, x, y)


SELU = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
ACTIVATIONS = [
    row("relu", ONE, lambda x: np.maximum(x, 0), shapes=UNARY, integers="kept"),
    row("leaky_relu", ONE, lambda x, negative_slope: negative(x, x * negative_slope), static={"negative_slope": 0.2}),
    row("elu", ONE, lambda x, alpha: negative(x, alpha * (np.exp(x) - 1)), static={"alpha": 0.7}, shapes=UNARY),
    row("celu", ONE, lambda x, alpha: negative(x, alpha * (np.exp(x / alpha) - 1)), static={"alpha": 0.7}),
    row("selu", ONE, lambda x: SELU[0] * negative(x, SELU[1] * (np.exp(x) - 1)), shapes=UNARY),
    row("prelu", [(2, 3, 2), (3,)], lambda x, w: negative(x, w[:, None] * x)),
    row("prelu", [(2, 3), (1,)], lambda x, w: negative(x, w * x), "one"),
    row("hardtanh", ONE, lambda x: np.clip(x, -1, 1), shapes=UNARY),
    row("hardswish", ONE, lambda x: x * np.clip(x + 3, 0, 6) / 6, domain=(-4.0, 4.0), shapes=UNARY),
    row("gelu", ONE, lambda x: x / 2 * (1 + erf(x / math.sqrt(2))), shapes=UNARY),
    row("gelu", ONE, lambda x, approximate: x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        "tanh", static={"approximate": "tanh"}),
    row("silu", ONE, lambda x: x / (1 + np.exp(-x)), shapes=UNARY),
    row("mish", ONE, lambda x: x * np.tanh(np.log1p(np.exp(x))), shapes=UNARY),
    row("sigmoid", ONE, lambda x: 1 / (1 + np.exp(-x)), shapes=UNARY),
    row("tanh", ONE, np.tanh, shapes=UNARY),
    row("softplus", ONE, lambda x, beta: np.log1p(np.exp(beta * x)) / beta, static={"beta": 2.0}, shapes=UNARY),
    row("softsign", ONE, lambda x: x / (1 + abs(x)), shapes=UNARY),
    row("logsigmoid", ONE, lambda x: -np.log1p(np.exp(-x)), shapes=UNARY),
    row("glu", [(2, 4)], lambda x: x[:, :2] / (1 + np.exp(-x[:, 2:])), shapes=[[(0, 4)], [(3, 4)]]),
    row("softmax", ONE, softmax, shapes=[[(3,)], [(0, 3)]]),
    row("softmax", ONE, softmax, "axis", static={"axis": 0}),
    row("log_softmax", ONE, log_softmax, shapes=[[(3,)], [(0, 3)]]),
    row("log_softmax", ONE, log_softmax, "axis", static={"axis": 0}),
]  # fmt: skip


def plain_batch_norm(x, w, b):
    return F.batch_norm(x, None, None, w, b, training=True)


def used_batch_norm(x, w, b):
    like = raw(x)
    mean, var = (move(np.array(v, like.dtype), namespace(like).name) for v in ([0.5, 1.0, 2.0], [1.0, 4.0, 0.25]))
    return F.batch_norm(x, mean, var, w, b)


def batch_norm_in_use(x, w, b):
    return (x - [0.5, 1.0, 2.0]) / np.sqrt(np.array([1.0, 4.0, 0.25]) + 1e-5) * w + b


def given(x, shape, *values):
    """Statistics on the device of x, in its dtype."""
    like = raw(x)
    return [move(np.array(v, like.dtype).reshape(shape), namespace(like).name) for v in values]


MEAN, VAR = np.array([0.5, -1.0, 0.2]), np.array([1.0, 4.0, 0.25])


def renormed(x, w, b, rmax=3.0, dmax=5.0):
    """Algorithm 1 of the paper, channel by channel; r and d are constants, taken at the point of the row."""
    y = np.empty_like(x)
    for c in range(3):
        v = x[:, c]
        sigma = math.sqrt(((v - v.mean()) ** 2).mean() + 1e-5)
        run = math.sqrt(VAR[c] + 1e-5)
        r = min(max(sigma / run, 1 / rmax), rmax)
        d = min(max((v.mean() - MEAN[c]) / run, -dmax), dmax)
        y[:, c] = ((v - v.mean()) / sigma * r + d) * w[c] + b[c]
    return y


def per_channel(part, x):
    return part.reshape(-1, *[1] * (x.ndim - 2))


def grouped(x, groups):
    """Each group of channels of each example by itself."""
    y, size = np.empty_like(x), x.shape[1] // groups
    for n in range(x.shape[0]):
        for start in range(0, x.shape[1], size):
            part = x[n, start : start + size]
            y[n, start : start + size] = (part - part.mean()) / np.sqrt(part.var() + 1e-5)
    return y


def by_neighbours(x, size, alpha, beta, k):
    """Each channel by its neighbours."""
    y = np.empty_like(x)
    for c in range(x.shape[1]):
        around = x[:, max(c - size // 2, 0) : c + (size - 1) // 2 + 1]
        y[:, c] = x[:, c] / (k + alpha / size * (around**2).sum(axis=1)) ** beta
    return y


def rms(x, axes, eps=1e-6):
    return x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + eps)


def unit(x, p=2.0, axis=1):
    return x / (np.abs(x) ** p).sum(axis=axis, keepdims=True) ** (1 / p)


IMAGES = [(2, 3, 2, 2), (3,), (3,)]
NORMS = [
    row("standardize", [(4, 3)], partial(standard, axes=(0,)), call=lambda x: F.standardize(x, (0,)), half=False),
    row("standardize", [(4, 3)], partial(rms, axes=(0,), eps=1e-5), "not centred",
        lambda x: F.standardize(x, (0,), centred=False), half=False),
    row("standardize", [(4, 3)], partial(standard, axes=(0,)), "one worker",
        lambda x: F.standardize(x, (0,), communicator=Single()), half=False),
    row("batch_norm", IMAGES, lambda x, w, b: standard(x, (0, 2, 3)) * w[:, None, None] + b[:, None, None],
        "images", plain_batch_norm),
    row("batch_renorm", [(4, 3), (3,), (3,)], batch_norm_in_use, "in use",
        lambda x, w, b: F.batch_renorm(x, *given(x, 3, [0.5, 1.0, 2.0], [1.0, 4.0, 0.25]), w, b), half=False),
    row("batch_renorm", [(4, 3), (3,), (3,)], lambda x, w, b: standard(x, 0) * w + b, "closed",
        lambda x, w, b: F.batch_renorm(x, *given(x, 3, MEAN, VAR), w, b, True, 0.0, rmax=1, dmax=0)),
    row("instance_norm", IMAGES, lambda x, w, b: standard(x, (2, 3)) * w[:, None, None] + b[:, None, None],
        call=lambda x, w, b: F.instance_norm(x, None, None, w, b)),
    row("instance_norm", [(2, 3, 4)], lambda x: standard(x, 2), "plain", F.instance_norm, shapes=[[(0, 3, 4)]]),
    row("instance_norm", [(2, 3, 4)], lambda x: (x - MEAN[:, None]) / np.sqrt(VAR[:, None] + 1e-5), "in use",
        lambda x: F.instance_norm(x, *given(x, 3, MEAN, VAR), use_input_stats=False), half=False),
    row("rms_norm", [(3, 4), (4,)], lambda x, w: rms(x, -1) * w, call=lambda x, w: F.rms_norm(x, 4, w),
        shapes=[[(0, 4), (4,)], [(4,), (4,)]]),
    row("rms_norm", [(2, 3, 2)], lambda x: rms(x, (1, 2), 1e-3), "two axes",
        lambda x: F.rms_norm(x, (3, 2), eps=1e-3)),
    row("group_norm", [(2, 4, 3), (4,), (4,)], lambda x, w, b: grouped(x, 2) * per_channel(w, x) + per_channel(b, x),
        call=lambda x, w, b: F.group_norm(x, 2, w, b), shapes=[[(0, 4, 3), (4,), (4,)], [(2, 4), (4,), (4,)]]),
    row("group_norm", [(2, 4, 2, 2)], lambda x: grouped(x, 1), "one group", lambda x: F.group_norm(x, 1)),
    row("group_norm", [(2, 3, 4)], lambda x: grouped(x, 3), "each channel", lambda x: F.group_norm(x, 3)),
    row("local_response_norm", [(2, 5, 2)], by_neighbours,
        static={"size": 3, "alpha": 0.8, "beta": 0.6, "k": 1.5}, shapes=[[(0, 5, 2)], [(1, 1, 1)]]),
    row("local_response_norm", [(1, 3, 2, 2)], by_neighbours, "even, wider than x",
        static={"size": 8, "alpha": 2.0, "beta": 0.75, "k": 1.0}),
    row("normalize", [(3, 4)], unit, shapes=[[(0, 4)], [(2, 3, 4)]]),
    row("normalize", [(3, 4)], unit, "order, axis", static={"p": 3.0, "axis": 0}),
    row("normalize", [(3, 4)], lambda x: x / np.abs(x).max(axis=-1, keepdims=True), "largest",
        lambda x: F.normalize(x, float("inf"), -1)),
]  # fmt: skip

MAPS = [
    row("linear", [(4, 3), (2, 3), (2,)], lambda x, w, b: x @ w.T + b),
    row("linear", [(2, 4, 3), (2, 3)], lambda x, w: x @ w.T, "no bias", shapes=[[(0, 3), (2, 3)], [(3,), (2, 3)]]),
    row("bilinear", [(4, 3), (4, 2), (5, 3, 2), (5,)], lambda x, y, w, b: np.einsum("ni,kij,nj->nk", x, w, y) + b),
    row("batch_norm", [(4, 3), (3,), (3,)], lambda x, w, b: standard(x, 0) * w + b, call=plain_batch_norm),
    row("batch_norm", [(2, 3, 4), (3,), (3,)], lambda x, w, b: standard(x, (0, 2)) * w[:, None] + b[:, None],
        "sequence", plain_batch_norm),
    row("batch_norm", [(4, 3), (3,), (3,)], batch_norm_in_use, "in use", used_batch_norm, half=False),
    row("layer_norm", [(3, 4), (4,), (4,)], lambda x, w, b: standard(x, -1) * w + b,
        call=lambda x, w, b: F.layer_norm(x, 4, w, b), shapes=[[(0, 4), (4,), (4,)], [(4,), (4,), (4,)]]),
    row("layer_norm", [(2, 3, 2), (3, 2)], lambda x, w: standard(x, (1, 2)) * w, "two axes",
        lambda x, w: F.layer_norm(x, (3, 2), w)),
    row("layer_norm", [(4, 3)], lambda x: standard(x, -1), "no scale", lambda x: F.layer_norm(x, 3)),
    row("dropout", ONE, lambda x: x, "in use", lambda x: F.dropout(x, 0.5, False)),
    row("dropout", ONE, lambda x: x * 0, "all", lambda x: F.dropout(x, 1.0)),
]  # fmt: skip

TWO, PROBABLE = [(2, 3), (2, 3)], ((-2.0, 2.0), (0.05, 0.95))


def smooth(d, beta=1.0):
    return np.where(abs(d) < beta, d * d / (2 * beta), abs(d) - beta / 2)


def huber(d, delta=1.0):
    return np.where(abs(d) <= delta, d * d / 2, delta * (abs(d) - delta / 2))


def bce(x, t):
    return -(t * np.log(x) + (1 - t) * np.log(1 - x))


def per_element(name, f, domain=(-2.0, 2.0), **static):
    """Rows of a loss of two arrays of one shape: each element, their mean, their sum."""
    done = {"none": lambda a: a, "mean": np.mean, "sum": np.sum}
    return [
        row(name, TWO, lambda x, t, reduction, red=red, **_: red(f(x, t)), reduction,
            static={"reduction": reduction, **static}, domain=domain)
        for reduction, red in done.items()
    ]  # fmt: skip


def labelled(name, labels, **static):
    """A loss with these labels, handed over on the device of the logits."""
    return lambda x: getattr(F, name)(x, move(np.array(labels), namespace(raw(x)).name), **static)


def likelihood(log_p, labels, weights, smoothing=0.0):
    """Mean loss, by loops."""
    losses, total = 0.0, 0.0
    for logs, label in zip(log_p, labels, strict=True):
        if label != -100:
            nll, smoothed = -logs[label] * weights[label], -(logs * weights).sum() / len(logs)
            losses, total = losses + (1 - smoothing) * nll + smoothing * smoothed, total + weights[label]
    return losses / total


LABELS, WEIGHTS = [2, 0, -100], [0.5, 2.0, 1.0]
LOSSES = [
    *per_element("mse_loss", lambda x, t: (x - t) ** 2),
    *per_element("l1_loss", lambda x, t: abs(x - t)),
    *per_element("smooth_l1_loss", lambda x, t: smooth(x - t, 0.7), beta=0.7),
    *per_element("huber_loss", lambda x, t: huber(x - t, 0.7), delta=0.7),
    *per_element("binary_cross_entropy", bce, ((0.1, 0.9), (0.05, 0.95))),
    *per_element("binary_cross_entropy_with_logits", lambda x, t: bce(1 / (1 + np.exp(-x)), t), PROBABLE),
    *per_element("kl_div", lambda x, t: t * (np.log(t) - x), PROBABLE),
    *per_element("kl_div", lambda x, t: np.exp(t) * (t - x), log_target=True),
    row("cross_entropy", [(3, 3)], lambda x: likelihood(log_softmax(x), LABELS, np.ones(3)), "",
        labelled("cross_entropy", LABELS)),
    row("cross_entropy", [(3, 3)], lambda x: likelihood(log_softmax(x), LABELS, np.array(WEIGHTS), 0.2), "weights",
        labelled("cross_entropy", LABELS, weight=WEIGHTS, label_smoothing=0.2)),
    row("cross_entropy", TWO, lambda x, t: -(t * log_softmax(x)).sum(1).mean(), "probabilities", domain=PROBABLE),
    row("nll_loss", [(3, 3)], lambda x: likelihood(x, LABELS, np.array(WEIGHTS)), "weights",
        labelled("nll_loss", LABELS, weight=WEIGHTS)),
]  # fmt: skip
for i, loss in enumerate(LOSSES):  # two rows of kl_div share their names
    if loss.static.get("log_target"):
        LOSSES[i] = Row(**{**vars(loss), "variant": f"log_target {loss.variant}"})

ROWS = [*ACTIVATIONS, *MAPS, *NORMS, *LOSSES, *CONVOLUTIONS, *POOLING, *ATTENTION, *CELLS]
