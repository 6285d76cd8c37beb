"""The small experiments that docs/ARTICLES.md names: what takes more than one expression to measure."""

import numpy as np

import minigrad as mg
from minigrad import data, nn, optim
from minigrad.nn import functional as F

AGES = np.array([[25.0], [42.0], [31.0], [58.0], [47.0]])
SALARIES = np.array([[40e3], [350e3], [60e3], [90e3], [120e3]])


def column(*values):
    """Samples of one feature, (N, 1), in float64."""
    return np.array(values, dtype=np.float64)[:, None]


def scaled(scaler, *values):
    """The values after a scaler that was fitted to them."""
    return scaler.fit_transform(column(*values)).ravel()


def condition(x):
    """The condition number of the Hessian of a linear model's squared error on samples x (N, F)."""
    hessian = mg.hessian(lambda w: mg.mean((x @ w) ** 2))(np.zeros(x.shape[1]))
    return float(np.linalg.cond(hessian))


def spread(array):
    """The variance of weights."""
    return float(np.var(np.asarray(array, dtype=np.float64)))


def through(*layers):
    """The signal after each layer, for ones as the input: its first element."""
    x, seen = np.ones((1, 4), np.float32), []
    for layer in layers:
        x = layer(x).numpy()
        seen.append(float(x[0, 0]))
    return seen


def twos(shape):
    """Weights that are all 2."""
    return nn.init.constant(shape, 2.0)


def output_variance(fan_in, weight_std, x_std):
    """The variance of a linear layer's outputs, for normal weights and inputs."""
    mg.manual_seed(0)
    weight = nn.init.normal((400, fan_in), std=weight_std)
    return spread(F.linear(nn.init.normal((400, fan_in), std=x_std), weight))


def signal_per_layer(init, depth=30, width=256):
    """By what factor the mean square of the signal changes per ReLU layer, the geometric mean over the depth."""
    mg.manual_seed(0)
    x = nn.init.normal((64, width))
    before = float((x.astype(np.float64) ** 2).mean())
    for _ in range(depth):
        x = F.relu(F.linear(x, init((width, width))))
    return ((x.astype(np.float64) ** 2).mean() / before) ** (1 / depth)


def difference_of_equal_units(value, steps=5):
    """How far apart the rows of a hidden layer's equal weights are after some steps of training."""
    mg.manual_seed(0)
    hidden = nn.Linear(3, 4, init=lambda shape: nn.init.constant(shape, value))
    hidden.bias.data = np.zeros(4, np.float32)
    model = nn.Sequential(hidden, nn.Tanh(), nn.Linear(4, 1, init=lambda shape: nn.init.constant(shape, value)))
    x = nn.init.normal((8, 3))
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(model(x), np.sin(x[:, :1])).backward()
        optimizer.step()
    return float(np.ptp(hidden.weight.numpy(), axis=0).max())


def gradient_norms(depth=8, width=16):
    """The norms of the gradients of the first and of the last weight of a deep sigmoid net."""
    mg.manual_seed(0)
    layers = [layer for _ in range(depth) for layer in (nn.Linear(width, width), nn.Sigmoid())]
    nn.Sequential(*layers)(nn.init.normal((32, width))).sum().backward()
    return [float(np.linalg.norm(layers[i].weight.grad)) for i in (0, -2)]


def running(batch, **options):
    """Running mean and variance after one batch of one feature in training."""
    layer = nn.BatchNorm1d(1, **options)
    layer(column(*batch).astype(np.float32))
    return [layer.running_mean.item(), layer.running_var.item()]


def effect_of_bias(batch, bias):
    """What a bias before BatchNorm changes in its output."""
    layer = nn.BatchNorm1d(1)
    x = column(*batch)
    return float(np.abs(layer(x + bias).numpy() - layer(x).numpy()).max())


def effect_of_the_batch(layer):
    """What the other examples of a batch change in the output of the first one, in training."""
    x = np.array([[2.0, 4.0, 12.0], [1.0, -3.0, 5.0], [0.0, 2.0, 2.5]])
    other = np.concatenate([x[:1], 10 * x[1:]])
    return float(np.abs(layer(x).numpy()[0] - layer(other).numpy()[0]).max())


def size(layer):
    """The number of its parameters."""
    return sum(p.size for p in layer.parameters())


def difference(a, b):
    """How far two layers are apart on random images of four channels."""
    x = mg.randn(2, 4, 3, 3)
    return abs(a(x) - b(x)).max()


def gamma(activation):
    """1 / std of an activation of N(0, 1), by quadrature."""
    x = np.linspace(-12.0, 12.0, 48001)
    p = np.exp(-x * x / 2)
    p /= p.sum()
    y = activation(x)
    return float(1 / np.sqrt((p * y * y).sum() - (p * y).sum() ** 2))


def moves(make, gradients):
    """What each step adds to a parameter, for these gradients."""
    p, steps = mg.tensor(np.zeros(1)).requires_grad_(), []
    optimizer = make([p])
    for g in gradients:
        p.grad, before = np.array([float(g)]), p.item()
        optimizer.step()
        steps.append(p.item() - before)
    return steps


def after_one_step(make, value, gradient):
    """Where a parameter stands after one step."""
    p = mg.tensor(np.array([float(value)])).requires_grad_()
    p.grad = np.array([float(gradient)])
    make([p]).step()
    return p.item()


def memory_of(make):
    """Numbers that a weight takes with its optimizer, the weight itself included and its gradient not."""
    p = mg.tensor(np.zeros(100)).requires_grad_()
    kept = make([p]).state_dict()["state"]["0"]
    return (p.size + sum(a.size for a in kept.values() if isinstance(a, np.ndarray))) / p.size


def averaged(beta, values):
    """The average of values, without and with the correction for its start."""
    average = optim.EWMA(beta)
    for value in values:
        average.update(value)
    return [average.value, average.corrected]


def updates(samples, batch_size, **options):
    """Steps of an epoch."""
    return len(data.DataLoader(data.ArrayDataset(np.zeros((samples, 1), np.int8)), batch_size, **options))


def clipped(gradient, limit, weights=None, clip=optim.clip_grad_norm):
    """A gradient after clipping."""
    p = mg.tensor(np.zeros(len(gradient)) if weights is None else np.array(weights)).requires_grad_()
    p.grad = np.array(gradient, dtype=np.float64)
    clip([p], limit)
    return p.grad


def dropped(p):
    """The values that ones can have after dropout."""
    mg.manual_seed(0)
    return np.unique(F.dropout(np.ones(100), p))
