"""The part of the table of layers that holds normalisers, with oracles by other ways than averages over axes."""

import numpy as np

from minigrad import nn
from minigrad.parallel import Single
from minigrad.testing import LAYER_CHECKS
from tests.testing.row import row

__all__ = ["NORMS"]


def standard(x, axes, eps=1e-5):
    return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + eps)


def batch_norm(axes, along):
    def use(state, x):
        part = {name: array.reshape(along) for name, array in state.items() if array.ndim}
        y = (x - part["running_mean"]) / np.sqrt(part["running_var"] + 1e-5)
        return y * part.get("weight", 1) + part.get("bias", 0)

    def training(state, x):
        weight, bias = (state[name].reshape(along) if name in state else d for name, d in (("weight", 1), ("bias", 0)))
        return standard(x, axes) * weight + bias

    return use, training


def running(axes, momentum=0.1):
    """The running statistics after a batch: the variance is the unbiased one."""

    def after(state, x):
        n = x.size / x.shape[1]
        batch = {"running_mean": x.mean(axis=axes), "running_var": x.var(axis=axes) * n / (n - 1)}
        new = {name: (1 - momentum) * state[name] + momentum * value for name, value in batch.items()}
        return {**new, "num_batches_tracked": state["num_batches_tracked"] + 1}

    return after


def slowly_open(t):
    return 1 + t / 1000


def slowly_allow(t):
    return t / 1000


def renorm(rmax, dmax, eps=1e-5):
    """Algorithm 1 of the paper, channel by channel, from running statistics as the layer is made with: 0 and 1."""

    def training(state, x):
        y = np.empty_like(x)
        for c in range(x.shape[1]):
            v = x[:, c]
            mu, sigma = v.mean(), np.sqrt(eps + ((v - v.mean()) ** 2).mean())
            mu_run, sigma_run = state["running_mean"][c], np.sqrt(state["running_var"][c] + eps)
            r = np.clip(sigma / sigma_run, 1 / rmax, rmax)
            d = np.clip((mu - mu_run) / sigma_run, -dmax, dmax)
            y[:, c] = state["weight"][c] * ((v - mu) / sigma * r + d) + state["bias"][c]
        return y

    return training


def one_by_one(x, groups=None):
    """Each group of channels of each example by itself; by default each channel."""
    y, size = np.empty_like(x), x.shape[1] // (groups or x.shape[1])
    for n in range(x.shape[0]):
        for start in range(0, x.shape[1], size):
            part = x[n, start : start + size]
            y[n, start : start + size] = (part - part.mean()) / np.sqrt(part.var() + 1e-5)
    return y


def by_channel(state, x, y):
    along = (-1, *[1] * (x.ndim - 2))
    return y * state["weight"].reshape(along) + state["bias"].reshape(along)


def without_bias(oracle):
    """The same where no shift is learned."""
    return lambda state, x: oracle({**state, "bias": np.zeros_like(state["weight"])}, x)


def instances_running(state, x):
    """Means over examples, of the mean and the unbiased variance of each; nothing is counted, as in PyTorch."""
    flat = x.reshape(*x.shape[:2], -1)
    batch = {"running_mean": flat.mean(axis=2).mean(axis=0), "running_var": flat.var(axis=2, ddof=1).mean(axis=0)}
    new = {name: 0.9 * state[name] + 0.1 * value for name, value in batch.items()}
    return {**new, "num_batches_tracked": state["num_batches_tracked"]}


def rms(axes, eps=1e-6):
    return lambda s, x: x / np.sqrt((x * x).mean(axis=axes, keepdims=True) + eps) * s.get("weight", 1)


def by_neighbours(size, alpha, beta, k):
    def use(state, x):
        y = np.empty_like(x)
        for c in range(x.shape[1]):
            around = x[:, max(c - size // 2, 0) : c + (size - 1) // 2 + 1]
            y[:, c] = x[:, c] / (k + alpha / size * (around**2).sum(axis=1)) ** beta
        return y

    return use


FEATURES, SEQUENCES = batch_norm((0,), (-1,)), batch_norm((0, 2), (-1, 1))
IMAGES, VOLUMES = batch_norm((0, 2, 3), (-1, 1, 1)), batch_norm((0, 2, 3, 4), (-1, 1, 1, 1))
# r and d are constants of the gradient but not of finite differences: tests/nn/test_batch_renorm.py holds them fixed.
FROZEN = [check for check in LAYER_CHECKS if check not in ("gradient", "second")]
RUNNING = ["running_mean", "running_var", "num_batches_tracked"]
NORMS = [
    row("BatchNorm1d", lambda: nn.BatchNorm1d(3), (5, 3), FEATURES[0], training_oracle=FEATURES[1], differs=True,
        parameters=["weight", "bias"], buffers=RUNNING, state_oracle=running((0,))),
    row("BatchNorm1d", lambda: nn.BatchNorm1d(2), (3, 2, 4), SEQUENCES[0], "sequences", training_oracle=SEQUENCES[1],
        differs=True, state_oracle=running((0, 2))),
    row("BatchNorm1d", lambda: nn.BatchNorm1d(3, momentum=None, affine=False), (5, 3), FEATURES[0], "cumulative mean",
        training_oracle=FEATURES[1], differs=True, parameters=[], buffers=RUNNING, state_oracle=running((0,), 1.0)),
    row("BatchNorm1d", lambda: nn.BatchNorm1d(3, track_running_stats=False), (5, 3), FEATURES[1], "untracked",
        buffers=[]),
    row("LayerNorm", lambda: nn.LayerNorm(3), (4, 3), lambda s, x: standard(x, (1,)) * s["weight"] + s["bias"],
        parameters=["weight", "bias"], buffers=[]),
    row("LayerNorm", lambda: nn.LayerNorm((3, 2), elementwise_affine=False), (2, 3, 2),
        lambda s, x: standard(x, (1, 2)), "plain, two axes", parameters=[]),
    row("LayerNorm", lambda: nn.LayerNorm(3, bias=False), (4, 3), lambda s, x: standard(x, (1,)) * s["weight"],
        "no bias", parameters=["weight"]),
    row("BatchNorm2d", lambda: nn.BatchNorm2d(2), (2, 2, 2, 2), IMAGES[0], training_oracle=IMAGES[1], differs=True,
        parameters=["weight", "bias"], buffers=RUNNING, state_oracle=running((0, 2, 3))),
    row("BatchNorm2d", lambda: nn.BatchNorm2d(2, 1e-3, None, decay=None), (2, 2, 2, 2), None, "cumulative mean",
        differs=True, state_oracle=running((0, 2, 3), 1.0)),
    row("BatchNorm2d", lambda: nn.BatchNorm2d(2, bias=False), (2, 2, 2, 2), without_bias(IMAGES[0]), "no bias",
        training_oracle=without_bias(IMAGES[1]), differs=True, parameters=["weight"], buffers=RUNNING,
        state_oracle=running((0, 2, 3))),
    row("BatchNorm3d", lambda: nn.BatchNorm3d(2, decay=0.75), (2, 2, 1, 2, 2), VOLUMES[0], training_oracle=VOLUMES[1],
        differs=True, parameters=["weight", "bias"], buffers=RUNNING, state_oracle=running((0, 2, 3, 4), 0.25)),
    row("SyncBatchNorm", lambda: nn.SyncBatchNorm(2, communicator=Single()), (3, 2, 4), SEQUENCES[0],
        training_oracle=SEQUENCES[1], differs=True, parameters=["weight", "bias"], buffers=RUNNING,
        state_oracle=running((0, 2))),
    row("SyncBatchNorm", lambda: nn.SyncBatchNorm(3, track_running_stats=False), (5, 3), FEATURES[1],
        "alone, untracked", buffers=[]),
    row("BatchRenorm", lambda: nn.BatchRenorm(3), (5, 3), FEATURES[0], training_oracle=renorm(3, 5), differs=True,
        parameters=["weight", "bias"], buffers=RUNNING, state_oracle=running((0,)), checks=FROZEN),
    row("BatchRenorm", lambda: nn.BatchRenorm(3, 1.05, 0.1), (5, 3), FEATURES[0], "clipped",
        training_oracle=renorm(1.05, 0.1), differs=True, state_oracle=running((0,)), checks=FROZEN),
    row("BatchRenorm", lambda: nn.BatchRenorm(2, slowly_open, slowly_allow), (3, 2, 4), SEQUENCES[0],
        "schedules", training_oracle=renorm(1, 0), differs=True, state_oracle=running((0, 2))),
    row("BatchRenorm", lambda: nn.BatchRenorm(3, bias=False), (5, 3), without_bias(FEATURES[0]), "no bias",
        training_oracle=without_bias(renorm(3, 5)), differs=True, parameters=["weight"], buffers=RUNNING,
        state_oracle=running((0,)), checks=FROZEN),
    row("SyncBatchNorm", lambda: nn.SyncBatchNorm(3, bias=False, communicator=Single()), (5, 3),
        without_bias(FEATURES[0]), "no bias", training_oracle=without_bias(FEATURES[1]), differs=True,
        parameters=["weight"], buffers=RUNNING, state_oracle=running((0,))),
    row("BatchRenorm", lambda: nn.BatchRenorm(2, 1, 0, momentum=None), (2, 2, 2, 2), IMAGES[0],
        "closed: batch normalisation", training_oracle=IMAGES[1], differs=True, state_oracle=running((0, 2, 3), 1.0)),
    row("RMSNorm", lambda: nn.RMSNorm(3), (4, 3), rms((1,)), parameters=["weight"], buffers=[]),
    row("RMSNorm", lambda: nn.RMSNorm((3, 2), 1e-3, elementwise_affine=False), (2, 3, 2), rms((1, 2), 1e-3),
        "plain, two axes", parameters=[]),
    row("RMSNorm", lambda: nn.RMSNorm(3, None), (4, 3), None, "eps of the dtype"),
    row("GroupNorm", lambda: nn.GroupNorm(2, 4), (2, 4, 3), lambda s, x: by_channel(s, x, one_by_one(x, 2)),
        parameters=["weight", "bias"], buffers=[]),
    row("GroupNorm", lambda: nn.GroupNorm(1, 4, affine=False), (2, 4, 2, 2), lambda s, x: one_by_one(x, 1),
        "one group, plain", parameters=[]),
    row("GroupNorm", lambda: nn.GroupNorm(2, 4, bias=False), (2, 4, 3),
        without_bias(lambda s, x: by_channel(s, x, one_by_one(x, 2))), "no bias", parameters=["weight"]),
    row("GroupNorm", lambda: nn.GroupNorm(2, 4), (3, 4), lambda s, x: by_channel(s, x, one_by_one(x, 2)), "features"),
    row("InstanceNorm1d", lambda: nn.InstanceNorm1d(2), (3, 2, 4), lambda s, x: one_by_one(x), parameters=[],
        buffers=[]),
    row("InstanceNorm1d", lambda: nn.InstanceNorm1d(2), (2, 4), lambda s, x: one_by_one(x[None])[0], "one example"),
    row("InstanceNorm1d", lambda: nn.InstanceNorm1d(2, affine=True, track_running_stats=True), (3, 2, 4),
        SEQUENCES[0], "tracked", training_oracle=lambda s, x: by_channel(s, x, one_by_one(x)), differs=True,
        parameters=["weight", "bias"], buffers=RUNNING, state_oracle=instances_running),
    row("InstanceNorm2d", lambda: nn.InstanceNorm2d(2, affine=True), (2, 2, 2, 2),
        lambda s, x: by_channel(s, x, one_by_one(x)), parameters=["weight", "bias"], buffers=[]),
    row("InstanceNorm2d", lambda: nn.InstanceNorm2d(2, affine=True, track_running_stats=True), (2, 2, 2, 2),
        IMAGES[0], "tracked", training_oracle=lambda s, x: by_channel(s, x, one_by_one(x)), differs=True,
        state_oracle=instances_running),
    row("InstanceNorm2d", lambda: nn.InstanceNorm2d(2, affine=True, bias=False), (2, 2, 2, 2),
        without_bias(lambda s, x: by_channel(s, x, one_by_one(x))), "no bias", parameters=["weight"]),
    row("InstanceNorm3d", lambda: nn.InstanceNorm3d(2, track_running_stats=True), (2, 2, 1, 2, 2),
        VOLUMES[0], training_oracle=lambda s, x: one_by_one(x), differs=True, parameters=[], buffers=RUNNING,
        state_oracle=instances_running),
    row("LocalResponseNorm", lambda: nn.LocalResponseNorm(3, 0.8, 0.6, 1.5), (2, 5, 2),
        by_neighbours(3, 0.8, 0.6, 1.5), parameters=[], buffers=[]),
    row("LocalResponseNorm", lambda: nn.LocalResponseNorm(4), (1, 3, 2, 2), by_neighbours(4, 1e-4, 0.75, 1.0),
        "even"),
]  # fmt: skip
