"""Arguments of layers and initializers that mean nothing: one wording for numbers and for whole numbers.

A row says what the message begins with, the error, the call, and values that it refuses; each value is a test.
"""

import re

import numpy as np
import pytest

from minigrad import nn
from minigrad.errors import ArgumentError, DTypeError, ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from tests.test_misuse import BAD, INF, NAN, NO_NUMBERS, NO_SIZES, each_value

X = np.ones((1, 4, 5, 5), np.float32)
W = np.ones((4, 2, 3, 3), np.float32)


def counts(name, what, call):
    """Rows of a whole number from 1 on."""
    return [
        (f"{name}: {what} must be a whole number, got", DTypeError, call, [v for v in NO_SIZES if v is not None]),
        (f"{name}: {what} must be at least 1, got", ArgumentError, call, [0, -1]),
    ]


def numbers(name, what, call, kind="", *more):
    """Rows of a finite number."""
    return [(f"{name}: {what} must be a finite number{kind}, got", BAD, call, [*NO_NUMBERS, NAN, INF, *more])]


WHOLE = [
    *counts("Conv2d", "groups", lambda v: nn.Conv2d(4, 4, 3, groups=v)),
    *counts("conv2d", "groups", lambda v: F.conv2d(X, W, groups=v)),
    *counts("ConvTranspose2d", "groups", lambda v: nn.ConvTranspose2d(4, 4, 3, groups=v)),
    *counts("conv_transpose2d", "groups", lambda v: F.conv_transpose2d(X, W, groups=v)),
    *counts("group_norm", "num_groups", lambda v: F.group_norm(X, v)),
    *counts("PixelShuffle", "upscale_factor", nn.PixelShuffle),
    *counts("pixel_unshuffle", "downscale_factor", lambda v: F.pixel_unshuffle(X, v)),
    *counts("AdaptiveAvgPool2d", "output_size", nn.AdaptiveAvgPool2d),
    *counts("adaptive_max_pool2d", "output_size", lambda v: F.adaptive_max_pool2d(X, (2, v))),
    *counts("LocalResponseNorm", "size", nn.LocalResponseNorm),
    *counts("local_response_norm", "size", lambda v: F.local_response_norm(X, v)),
    *counts("SpectralNorm", "n_power_iterations", lambda v: nn.SpectralNorm(nn.Linear(2, 2), n_power_iterations=v)),
    *counts("dirac", "groups", lambda v: init.dirac((4, 4, 3), v)),
    ("AvgPool2d: divisor_override must be a whole number, got", DTypeError,
     lambda v: nn.AvgPool2d(2, divisor_override=v), [v for v in NO_SIZES if v is not None]),
    ("AvgPool2d: divisor_override must not be 0, got", ArgumentError, lambda v: nn.AvgPool2d(2, divisor_override=v),
     [0]),
    ("AdaptiveAvgPool2d: output_size is one number, or one for each of 2 axes, got", ArgumentError,
     nn.AdaptiveAvgPool2d, [(1, 2, 3)]),
    *((f"{kind.__name__}: kernel_size is one whole number, or one for each of 2 axes, 1 or more, got", ShapeError,
       lambda v, make=make: make(v), [0, -1, 2.5, True, np.bool_(True), "a", (1, 2, 3), (2, True)])
      for kind, make in ((nn.Conv2d, lambda v: nn.Conv2d(4, 4, v)), (nn.MaxPool2d, nn.MaxPool2d),
                         (nn.ConvTranspose2d, lambda v: nn.ConvTranspose2d(4, 4, v)), (nn.AvgPool2d, nn.AvgPool2d),
                         (nn.Unfold, nn.Unfold))),
]  # fmt: skip

NUMBERS = [
    *(row for what in ("alpha", "beta", "k")
      for row in numbers("LocalResponseNorm", what, lambda v, what=what: nn.LocalResponseNorm(3, **{what: v}))),
    *numbers("local_response_norm", "alpha", lambda v: F.local_response_norm(X, 3, v)),
    *numbers("xavier_normal", "gain", lambda v: init.xavier_normal((2, 2), v)),
    *numbers("xavier_uniform", "gain", lambda v: init.xavier_uniform((2, 2), v)),
    *numbers("orthogonal", "gain", lambda v: init.orthogonal((2, 2), v)),
    *numbers("delta_orthogonal", "gain", lambda v: init.delta_orthogonal((2, 2, 3), v)),
    *numbers("identity", "gain", lambda v: init.identity((2, 2), v)),
    *numbers("variance_scaling", "scale", lambda v: init.variance_scaling((2, 2), v), " from 0 up", -1),
    *numbers("sparse", "sparsity", lambda v: init.sparse((2, 2), v), " in [0, 1)", 1, -0.1),
    ("calculate_gain: param must be a finite number, got", BAD, lambda v: init.calculate_gain("leaky_relu", v),
     ["a", True, NAN, INF]),
    ("Upsample: scale_factor must be above 0, got", ArgumentError, lambda v: nn.Upsample(scale_factor=v),
     [0, -1, "a", True, NAN, INF, (2, 0)]),
    ("normalize: p is the order of a norm, a number above 0 or inf, got", ArgumentError, lambda v: F.normalize(X, v),
     ["a", None, True, 0, -1, NAN]),
    ("BatchRenorm: rmax must be a number from 1 on, got", ArgumentError, lambda v: nn.BatchRenorm(3, v),
     [True, "a", None, 0.5, NAN]),
]  # fmt: skip


@pytest.mark.parametrize(("message", "error", "call", "value"), each_value([*WHOLE, *NUMBERS]))
def test_what_means_nothing_is_refused_at_the_door(message, error, call, value):
    with pytest.raises(error, match=rf"(?s)^{re.escape(message)}.*; .+"):
        call(value)


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint32])
def test_whole_numbers_of_numpy_are_as_good_as_those_of_python(kind):
    assert repr(nn.Conv2d(4, 2, 3, groups=kind(2))) == "Conv2d(4, 2, 3, groups=2)"
    assert repr(nn.ConvTranspose2d(4, 2, 3, groups=kind(2))) == "ConvTranspose2d(4, 2, 3, groups=2)"
    assert repr(nn.PixelShuffle(kind(2))) == "PixelShuffle(2)"
    assert repr(nn.PixelUnshuffle(kind(2))) == "PixelUnshuffle(2)"
    assert repr(nn.LocalResponseNorm(kind(3))) == "LocalResponseNorm(3)"
    assert repr(nn.AvgPool2d(2, divisor_override=kind(3))) == "AvgPool2d(2, divisor_override=3)"
    assert nn.SpectralNorm(nn.Linear(2, 2), n_power_iterations=kind(2)).n_power_iterations == 2
    for ours, theirs in (
        (F.group_norm(X, kind(2)), F.group_norm(X, 2)),
        (F.adaptive_avg_pool2d(X, kind(2)), F.adaptive_avg_pool2d(X, 2)),
        (F.conv2d(X, W, stride=kind(2), groups=kind(2)), F.conv2d(X, W, stride=2, groups=2)),
        (F.conv_transpose2d(X, W, groups=kind(2)), F.conv_transpose2d(X, W, groups=2)),
        (F.pixel_shuffle(X, kind(2)), F.pixel_shuffle(X, 2)),
    ):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(init.dirac((4, 2, 3), kind(2)), init.dirac((4, 2, 3), 2))
