"""Functions with derivatives by hand, and differences, for the tests of the transforms."""

import numpy as np

import minigrad as mg
from minigrad import Tensor
from minigrad.tensor import raw

X = np.array([0.3, -0.8, 1.2])


def host(x):
    return Tensor(raw(x)).numpy()


def scalar(x):
    """A function of a vector with one number as its value; and its derivatives by hand."""
    return (mg.sin(x) * x * x).sum()


def scalar_grad(x):
    return np.cos(x) * x * x + 2 * x * np.sin(x)


def scalar_second(x):
    return -np.sin(x) * x * x + 4 * x * np.cos(x) + 2 * np.sin(x)


def slopes(f, x, eps=1e-6):
    """Central differences of a function of an array, the derivative of every result by every input."""
    columns = []
    for place in np.ndindex(x.shape):
        d = np.zeros_like(x)
        d[place] = eps
        columns.append((host(f(x + d)) - host(f(x - d))) / (2 * eps))
    y = columns[0]
    return np.stack(columns, -1).reshape(*y.shape, *x.shape)
