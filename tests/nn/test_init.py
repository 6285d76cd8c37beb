"""Initializers: one row each, with the distribution it must have; and where they are used."""

import functools
import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend import namespace
from minigrad.backend.random import Generator, default_generator
from minigrad.errors import DTypeError, ShapeError
from minigrad.nn import Bilinear, Linear, init

SHAPE, IN, OUT = (300, 200), 200, 300
ROOT3 = math.sqrt(3)


def normal(std):
    return (0.0, std, 6 * std, 3 * std)


def uniform(limit):
    return (0.0, limit / ROOT3, limit, 0.99 * limit)


# name, arguments, (mean, standard deviation, no element lies beyond, some element lies beyond)
ROWS = [
    ("normal", {}, normal(1.0)),
    ("normal", {"std": 0.2}, normal(0.2)),
    ("normal", {"mean": 1.0}, (1.0, 1.0, 7.0, 4.0)),
    ("uniform", {"low": -0.5, "high": 0.5}, uniform(0.5)),
    ("uniform", {}, (0.5, 1 / math.sqrt(12), 1.0, 0.99)),
    ("trunc_normal", {}, (0.0, 0.87962566, 2.0, 1.95)),
    ("trunc_normal", {"std": 0.5, "a": -1, "b": 1}, (0.0, 0.5 * 0.53956, 0.5, 0.49)),
    ("trunc_normal", {"a": 1, "b": 3}, (1.5100, 0.41665, 3.0, 2.8)),
    ("trunc_normal", {"a": -9, "b": 9}, normal(1.0)),
    ("constant", {"value": 0.3}, (0.3, 0.0, 0.3001, 0.2999)),
    ("zeros", {}, (0.0, 0.0, 0.0, -1.0)),
    ("ones", {}, (1.0, 0.0, 1.0, 0.99)),
    ("variance_scaling", {}, normal(IN**-0.5)),
    ("variance_scaling", {"scale": 2.0, "mode": "fan_out"}, normal((2 / OUT) ** 0.5)),
    ("variance_scaling", {"mode": "fan_avg", "distribution": "uniform"}, uniform((3 / 250) ** 0.5)),
    ("variance_scaling", {"distribution": "truncated_normal"},
     (0.0, IN**-0.5, 2.001 / 0.87962566 * IN**-0.5, 2 * IN**-0.5)),
    ("xavier_uniform", {}, uniform((6 / (IN + OUT)) ** 0.5)),
    ("xavier_uniform", {"gain": 5 / 3}, uniform(5 / 3 * (6 / (IN + OUT)) ** 0.5)),
    ("xavier_normal", {}, normal((2 / (IN + OUT)) ** 0.5)),
    ("he_uniform", {}, uniform((6 / IN) ** 0.5)),
    ("he_uniform", {"mode": "fan_out"}, uniform((6 / OUT) ** 0.5)),
    ("he_normal", {}, normal((2 / IN) ** 0.5)),
    ("he_normal", {"a": math.sqrt(5)}, normal((2 / 6 / IN) ** 0.5)),
    ("he_normal", {"nonlinearity": "relu"}, normal((2 / IN) ** 0.5)),
    ("lecun_uniform", {}, uniform((3 / IN) ** 0.5)),
    ("lecun_normal", {}, normal(IN**-0.5)),
]  # fmt: skip
ALIASES = {"glorot_uniform": "xavier_uniform", "glorot_normal": "xavier_normal", "kaiming_uniform": "he_uniform",
           "kaiming_normal": "he_normal"}  # fmt: skip
IDS = [f"{name}-{'-'.join(map(str, keywords.values()))}" for name, keywords, _ in ROWS]


@pytest.mark.parametrize(("name", "keywords", "wanted"), ROWS, ids=IDS)
def test_distribution(name, keywords, wanted):
    w = getattr(init, name)(SHAPE, **keywords, rng=Generator(1), dtype=np.float64)
    mean, std, never, sometimes = wanted
    n = math.prod(SHAPE)
    assert w.shape == SHAPE
    # Five standard errors, which a right one passes all but once in a million times; that of the standard deviation is
    # std sqrt((kurtosis - 1) / 4n), and no kurtosis here is above the normal's 3. And the digits of the table.
    assert abs(w.mean() - mean) < 5 * std / math.sqrt(n) + 1e-4
    assert abs(w.std() - std) < 5 * std / math.sqrt(2 * n) + 1e-5
    assert sometimes < abs(w).max() <= never


# Those that choose the matrix as a whole: a shape, and what they need beside it.
WHOLE = {"orthogonal": ((3, 4), {}), "sparse": ((3, 4), {"sparsity": 0.5}), "identity": ((3, 4), {}),
         "dirac": ((3, 4, 3), {}), "delta_orthogonal": ((4, 3, 3), {})}  # fmt: skip


@pytest.mark.parametrize("name", [*sorted({name for name, *_ in ROWS}), *WHOLE])
def test_streams_dtypes_and_devices(name, device):
    shape, needed = WHOLE.get(name, ((3, 4), {}))
    f = functools.partial(getattr(init, name), **needed)
    mg.manual_seed(6)
    w = f(shape)
    assert namespace(w) is device.xp
    assert str(w.dtype) == "float32"
    mg.manual_seed(6)
    assert (device.host(f(shape)) == device.host(w)).all()
    state = default_generator().state
    own = [device.host(f(shape, rng=Generator(6))) for _ in range(2)]
    assert (own[0] == device.host(w)).all()
    assert (own[0] == own[1]).all()
    assert default_generator().state == state
    with mg.use_backend("numpy"):
        assert (f(shape, rng=Generator(6)) == own[0]).all()
    assert f(shape, dtype=np.float16).dtype == np.float16


@pytest.mark.parametrize("name", ["normal", "uniform", "trunc_normal", "orthogonal", "sparse", "delta_orthogonal"])
@pytest.mark.parametrize("rng", [0, 7, "seed"])
def test_what_is_no_generator_is_refused(name, rng):
    shape, needed = WHOLE.get(name, ((3, 4), {}))
    with pytest.raises(DTypeError, match=rf"^{name}: rng is a Generator or None, got {rng!r}; pass"):
        getattr(init, name)(shape, rng=rng, **needed)


def test_every_initializer_has_a_row():
    assert {name for name, *_ in ROWS} | set(WHOLE) | set(ALIASES) | {"calculate_gain", "fans"} == set(init.__all__)
    assert all(getattr(init, alias) is getattr(init, name) for alias, name in ALIASES.items())


GAINS = {"linear": 1, "conv2d": 1, "sigmoid": 1, "tanh": 5 / 3, "relu": 2**0.5, "selu": 0.75,
         "leaky_relu": (2 / (1 + 0.01**2)) ** 0.5}  # fmt: skip


@pytest.mark.parametrize(("name", "gain"), GAINS.items())
def test_gains(name, gain):
    assert init.calculate_gain(name) == pytest.approx(gain)


def test_the_gain_of_a_leaky_rectifier_depends_on_its_slope():
    assert init.calculate_gain("leaky_relu", 0.2) == pytest.approx((2 / 1.04) ** 0.5)


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        ((5, 3), (3, 5)),
        ((8, 3, 5, 5), (75, 200)),
        ((8, 2, 3), (6, 24)),
        ((4, 6, 2, 2), (24, 16)),
        ((5, 1, 3, 2, 2), (12, 60)),
    ],
)
def test_fans(shape, found):
    assert init.fans(shape) == found


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: init.he_normal((3,)), r"fans: a weight is \(out, in, \*kernel\), got shape \(3,\)"),
        (
            lambda: init.calculate_gain("gelu"),
            "calculate_gain: no gain is known for this one, got 'gelu'; known: .*relu",
        ),
        (lambda: init.he_normal((3, 2), mode="fan"), "he_normal: mode must be fan_in or fan_out, got 'fan'"),
        (lambda: init.variance_scaling((3, 2), mode="fan"), "variance_scaling: mode must be .*got 'fan'"),
        (lambda: init.variance_scaling((3, 2), distribution="x"), "variance_scaling: distribution is .*got 'x'"),
        (lambda: init.trunc_normal((3,), a=2, b=1), "trunc_normal: a must lie below b, .*got 2 and 1"),
        (lambda: init.trunc_normal((3,), a=9, b=10), "trunc_normal: .*within 8 sigmas, got 9 and 10"),
    ],
)
def test_bad_arguments_by_message(call, words):
    with pytest.raises((ValueError, ShapeError), match=f"^{words}"):
        call()


def test_the_default_of_linear_is_pytorchs():
    mg.manual_seed(0)
    layer = Linear(400, 300)
    for w in (layer.weight.numpy(), layer.bias.numpy()):
        assert 0.045 < abs(w).max() <= 0.05
        assert w.std() == pytest.approx(0.05 / ROOT3, rel=0.1)
    bilinear = Bilinear(400, 3, 2)
    assert 0.045 < abs(bilinear.weight.numpy()).max() <= 0.05


@pytest.mark.parametrize("layer", [Linear(3, 2, init=init.ones), Bilinear(3, 4, 2, init=init.ones)])
def test_init_changes_the_weight(layer):
    assert set(layer.weight.numpy().ravel()) == {1.0}


def test_he_keeps_the_mean_square_through_rectifiers():
    mg.manual_seed(0)
    x = mg.randn(200, 256)
    for _ in range(10):
        x = mg.nn.functional.relu(Linear(256, 256, bias=False, init=init.he_normal)(x))
    assert 0.5 < float((x * x).mean()) < 2


def test_empty_weights_are_no_trouble():
    assert Linear(0, 3)(mg.ones((2, 0))).shape == (2, 3)
    assert init.he_normal((0, 4)).shape == (0, 4)
    assert init.trunc_normal((0,)).shape == (0,)
