"""Initializers: functions of a shape that return an array, for the ``init=`` of layers and for `Parameter`.

Builds on: the files of this folder. Read next: `minigrad.nn.init.scaling`.
"""

from minigrad.nn.init.distribution import constant, normal, ones, trunc_normal, uniform, zeros
from minigrad.nn.init.scaling import (
    calculate_gain,
    fans,
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    kaiming_normal,
    kaiming_uniform,
    lecun_normal,
    lecun_uniform,
    variance_scaling,
    xavier_normal,
    xavier_uniform,
)
from minigrad.nn.init.structured import delta_orthogonal, dirac, identity, orthogonal, sparse

__all__ = [
    "zeros", "ones", "constant", "uniform", "normal", "trunc_normal", "variance_scaling",
    "xavier_uniform", "xavier_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal",
    "glorot_uniform", "glorot_normal", "kaiming_uniform", "kaiming_normal",
    "orthogonal", "sparse", "identity", "dirac", "delta_orthogonal",
    "calculate_gain", "fans",
]  # fmt: skip
