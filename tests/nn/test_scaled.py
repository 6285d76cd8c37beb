"""What keeps variance by itself: constants of activations against closed forms and other integrals, and deep stacks."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ArgumentError
from minigrad.nn import functional as F
from minigrad.tensor import raw

Z = np.linspace(-14, 14, 14001)  # smooth functions: the sum over an even grid is exact to rounding
DENSITY = np.exp(-Z * Z / 2) / math.sqrt(2 * math.pi) * (Z[1] - Z[0])
BELOW = np.array([0.5 * math.erfc(-z / math.sqrt(2)) for z in Z])


def by_sum(y):
    mean = DENSITY @ y
    return 1 / math.sqrt(DENSITY @ (y - mean) ** 2)


def leaky(a):
    """Half of the numbers keep their square, half a^2 of it; the mean is (1 - a) / sqrt(2 pi)."""
    return 1 / math.sqrt((1 + a * a) / 2 - (1 - a) ** 2 / (2 * math.pi))


def exponential(alpha):
    """E f and E f^2 of elu in closed form, from E e^(kz) [z < 0] = e^(k k / 2) P(z < -k)."""
    one, two = (math.exp(k * k / 2) * 0.5 * math.erfc(k / math.sqrt(2)) for k in (1, 2))
    mean = 1 / math.sqrt(2 * math.pi) + alpha * (one - 0.5)
    return 1 / math.sqrt(0.5 + alpha**2 * (two - 2 * one + 0.5) - mean**2)


SIGMOID, SOFTPLUS = 1 / (1 + np.exp(-Z)), np.log1p(np.exp(Z))
GAMMAS = [
    (nn.ReLU(), leaky(0.0)),
    (nn.LeakyReLU(0.2), leaky(0.2)),
    (nn.PReLU(init=0.1), leaky(0.1)),
    (nn.ELU(), exponential(1.0)),
    (nn.ELU(0.5), exponential(0.5)),
    (nn.SELU(), 1.0),  # made so
    (nn.Identity(), 1.0),
    (nn.Sigmoid(), by_sum(SIGMOID)),
    (nn.Tanh(), by_sum(np.tanh(Z))),
    (nn.GELU(), by_sum(Z * BELOW)),
    (nn.SiLU(), by_sum(Z * SIGMOID)),
    (nn.Mish(), by_sum(Z * np.tanh(SOFTPLUS))),
    (nn.Softplus(), by_sum(SOFTPLUS)),
    (nn.LogSigmoid(), by_sum(np.log(SIGMOID))),
    (F.silu, by_sum(Z * SIGMOID)),
    (mg.sin, math.sqrt(2 / (1 - math.exp(-2)))),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "gamma"), GAMMAS, ids=lambda x: getattr(x, "__name__", None) or repr(x))
def test_gamma_is_one_over_the_standard_deviation(activation, gamma):
    layer = nn.ScaledActivation(activation)
    exact = not isinstance(activation, nn.PReLU)  # whose slope is a float32
    assert layer.gamma == pytest.approx(gamma, rel=1e-12 if exact else 1e-8)
    x = np.array([-1.0, 0.5, 2.0])
    np.testing.assert_allclose(raw(layer(x)), layer.gamma * raw(activation(x)), rtol=1e-12)


def test_gamma_of_relu_is_that_of_the_formulas():
    assert round(nn.ScaledActivation(nn.ReLU()).gamma, 4) == 1.7129


def test_gamma_is_found_wherever_the_activation_lives(device):
    with mg.use_backend(device.name):
        assert nn.ScaledActivation(nn.PReLU(init=0.25)).gamma == pytest.approx(leaky(0.25), rel=1e-12)


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        (nn.Softmax(), r"needs a function of each element by itself, got Softmax\(\); pass"),
        (nn.GLU(), r"needs a function of each element by itself, got GLU\(\); pass"),
        (nn.Dropout(0.5), r"needs a function of each element by itself, got Dropout\(\); pass"),
        (mg.sum, r"needs a function of each element by itself, got"),
        (mg.sign, None),
        (lambda x: x * 0, r"f\(z\) of a standard normal z has no finite spread, got std 0.0"),
        ("relu", r"takes a layer or a function, got 'relu'; pass"),
    ],
)
def test_what_is_no_activation_is_refused(activation, words):
    if words is None:
        assert nn.ScaledActivation(activation).gamma == pytest.approx(1)
        return
    with pytest.raises(ArgumentError, match=f"^ScaledActivation: {words}"):
        nn.ScaledActivation(activation)


DEPTH, WIDTH, BATCH = 30, 512, 256


def variance_over_the_batch(layer, activation):
    """Of what a deep stack makes of normal inputs: of each unit over the batch, mean of all; and the mean square."""
    mg.manual_seed(1)
    x = mg.randn(BATCH, WIDTH)
    with mg.no_grad():
        for _ in range(DEPTH):
            x = layer()(activation(x))
    return float(x.numpy().var(axis=0).mean()), float((x.numpy() ** 2).mean())


def test_a_deep_stack_keeps_its_variance():
    """Each layer multiplies a sample's mean square by a number of mean 1 and variance about 5/WIDTH, so that after 30
    layers it is off by a factor e^(+-0.55). The mean of 256 samples, which the weights make depend on each other only
    weakly, is off by 0.55/16 = 3.4 %; five of these, and 1 - (1 - 1e-5 WIDTH)^30 = 14 % for eps, are 32 %.
    """
    relu = nn.ScaledActivation(nn.ReLU())
    variance, square = variance_over_the_batch(lambda: nn.ScaledWSLinear(WIDTH, WIDTH, bias=False), relu)
    assert 0.68 < variance < 1.32
    assert 0.68 < square < 1.32


def test_he_keeps_the_mean_square_and_not_the_variance():
    """Rectified signals have a mean, which the weights pass on: samples become alike. The correlation of two goes to 1
    like 1 - 9 pi^2 / (2 l^2): after 30 layers the variance over the batch is about 5 % of the mean square.
    """
    variance, square = variance_over_the_batch(
        lambda: nn.Linear(WIDTH, WIDTH, bias=False, init=nn.init.he_normal), nn.ReLU()
    )
    assert 0.3 < square < 3
    assert variance < 0.15 * square


def test_without_standardisation_the_scaled_activation_is_too_much():
    """gamma makes the variance 1, not the mean square, which is gamma^2 / 2 = 1.47 times as large: 1.47^30 = 1e5."""
    relu = nn.ScaledActivation(nn.ReLU())
    _, square = variance_over_the_batch(lambda: nn.Linear(WIDTH, WIDTH, bias=False, init=nn.init.lecun_normal), relu)
    assert square > 1e4


def test_a_deep_stack_of_convolutions_keeps_its_variance():
    """Ten layers of 3 x 3 on a ring, where no border takes anything away; eps takes 1 - (1 - 1e-5 576)^10 = 6 %."""
    mg.manual_seed(1)
    x, relu = mg.randn(16, 64, 8, 8), nn.ScaledActivation(nn.ReLU())
    with mg.no_grad():
        for _ in range(10):
            x = nn.ScaledWSConv2d(64, 64, 3, padding=1, bias=False, padding_mode="circular")(relu(x))
    assert 0.7 < float(x.numpy().var(axis=(0, 2, 3)).mean()) < 1.3
