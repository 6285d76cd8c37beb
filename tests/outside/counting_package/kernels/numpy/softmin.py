"""Softmin in NumPy, in the memory of the result."""

import numpy as np


def softmin(x, y):
    np.subtract(x.min(axis=1, keepdims=True, initial=np.inf), x, out=y)
    np.exp(y, out=y)
    y /= y.sum(axis=1, keepdims=True)


def softmin_backward(g, y, dx):
    np.subtract((g * y).sum(axis=1, keepdims=True), g, out=dx)
    dx *= y
