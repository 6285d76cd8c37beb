"""Initializers that choose the matrix as a whole: what they promise holds exactly, and their distribution too."""

import functools
import itertools
import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.random import Generator
from minigrad.errors import DTypeError
from minigrad.nn import Linear, init

SHAPES = [(5, 5), (3, 7), (7, 3), (4, 2, 3, 3), (20, 2, 3), (2, 3, 2, 2, 2), (1, 4), (4, 1)]


@pytest.mark.parametrize("gain", [1.0, 2.5])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_orthogonal(shape, gain):
    w = init.orthogonal(shape, gain, rng=Generator(1), dtype=np.float64)
    assert w.shape == shape
    flat = w.reshape(shape[0], -1)
    product = flat @ flat.T if flat.shape[0] <= flat.shape[1] else flat.T @ flat
    np.testing.assert_allclose(product, gain**2 * np.eye(len(product)), atol=1e-14 * gain**2)


def test_orthogonal_matrices_are_uniformly_distributed():
    """A uniform one of 3 x 3 has entries of mean 0 and variance 1/3, determinants of both signs, a trace of variance 1.

    With LAPACK's own signs the diagonal would lean to one side.
    """
    n, rng = 4000, Generator(2)
    found = np.stack([init.orthogonal((3, 3), rng=rng, dtype=np.float64) for _ in range(n)])
    entry = 5 * math.sqrt(1 / 3 / n)  # five standard errors
    assert abs(found.mean(axis=0)).max() < entry
    # Of an entry x of a uniform matrix, x^2 has mean 1/3 and variance 1/5 - 1/9.
    assert abs((found**2).mean(axis=0) - 1 / 3).max() < 5 * math.sqrt((1 / 5 - 1 / 9) / n)
    assert abs(np.sign(np.linalg.det(found)).mean()) < 5 / math.sqrt(n)
    trace = np.trace(found, axis1=1, axis2=2)
    assert abs(trace.mean()) < 5 / math.sqrt(n)
    assert abs((trace**2).mean() - 1) < 5 * math.sqrt((trace**4).mean() / n)


def test_orthogonal_layers_keep_every_length():
    mg.manual_seed(0)
    x = mg.randn(4, 64)
    y = x
    for _ in range(50):
        y = Linear(64, 64, bias=False, init=init.orthogonal)(y)
    np.testing.assert_allclose(*(np.linalg.norm(t.numpy(), axis=1) for t in (x, y)), rtol=1e-4)


@pytest.mark.parametrize(("sparsity", "zeros"), [(0.0, 0), (0.1, 4), (0.9, 36), (0.11, 5), (0.99, 40)])
def test_sparse_has_its_share_of_zeros_in_every_column(sparsity, zeros):
    w = init.sparse((40, 30), sparsity, rng=Generator(3), dtype=np.float64)
    assert ((w == 0).sum(axis=0) == zeros).all()  # ceil(sparsity * 40), as PyTorch counts


def test_what_sparse_leaves_is_normal_and_the_zeros_lie_anywhere():
    w = init.sparse((200, 300), 0.5, std=0.2, rng=Generator(4), dtype=np.float64)
    kept = w[w != 0]
    assert kept.size == 100 * 300
    assert abs(kept.mean()) < 5 * 0.2 / math.sqrt(kept.size)
    assert abs(kept.std() - 0.2) < 5 * 0.2 / math.sqrt(2 * kept.size)
    share = (w == 0).mean(axis=1)  # of 300 columns: a row is chosen in half of them
    assert abs(share - 0.5).max() < 5 * math.sqrt(0.25 / 300)
    assert len({tuple(column) for column in (w == 0).T}) == 300


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)], ids=str)
def test_identity(shape):
    np.testing.assert_array_equal(init.identity(shape, 0.5), 0.5 * np.eye(*shape, dtype=np.float32))
    x = np.arange(1.0, 1 + shape[1])
    y = init.identity(shape, dtype=np.float64) @ x
    kept = min(shape)
    assert y[:kept].tolist() == x[:kept].tolist()
    assert not y[kept:].any()


@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("kernel", [(3,), (4,), (3, 5), (2, 3, 1)], ids=str)
@pytest.mark.parametrize("channels", [(6, 2), (6, 4), (6, 6)], ids=str)
def test_dirac(channels, kernel, groups):
    w = init.dirac((*channels, *kernel), groups)
    middle, each = tuple(k // 2 for k in kernel), channels[0] // groups
    wanted = {(g * each + i, i, *middle) for g in range(groups) for i in range(min(each, channels[1]))}
    assert set(map(tuple, np.argwhere(w).tolist())) == wanted
    assert set(w.ravel().tolist()) <= {0.0, 1.0}


def circular(x, w):
    """A convolution on a ring, by its definition: y[o, p] = sum_i sum_k w[o, i, k] x[i, p + k - middle]."""
    y = np.zeros((len(w), *x.shape[1:]))
    for k in itertools.product(*map(range, w.shape[2:])):
        back = [m // 2 - tap for m, tap in zip(w.shape[2:], k, strict=True)]
        y += np.einsum("oi,i...->o...", w[(..., *k)], np.roll(x, back, tuple(range(1, x.ndim))))
    return y


@pytest.mark.parametrize("shape", [(4, 4, 3), (6, 2, 3, 3), (4, 3, 2, 5), (3, 3, 3, 3, 1)], ids=str)
def test_delta_orthogonal_keeps_the_length_of_every_picture(shape):
    rng = np.random.default_rng(0)
    w = init.delta_orthogonal(shape, rng=Generator(5), dtype=np.float64)
    x = rng.normal(size=(shape[1], *(6 for _ in shape[2:])))
    np.testing.assert_allclose(np.linalg.norm(circular(x, w)), np.linalg.norm(x), rtol=1e-13)
    twice = init.delta_orthogonal(shape, 2.0, rng=Generator(5), dtype=np.float64)
    np.testing.assert_array_equal(twice, 2 * w)
    middle = w[(..., *(k // 2 for k in shape[2:]))]
    np.testing.assert_allclose(middle.T @ middle, np.eye(shape[1]), atol=1e-14)
    assert np.count_nonzero(w) == middle.size


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: init.orthogonal((3,)), r"orthogonal: a weight is \(out, in, \*kernel\), got shape \(3,\); use"),
        (lambda: init.sparse((3, 2), 1.0), r"sparse: sparsity must be a finite number in \[0, 1\), got 1.0"),
        (lambda: init.sparse((3, 2), -0.1), r"sparse: sparsity must be a finite number in \[0, 1\), got -0.1"),
        (lambda: init.sparse((3, 2, 3), 0.5), r"sparse: the weight must be a matrix \(out, in\), got shape"),
        (lambda: init.identity((3,)), r"identity: the weight must be a matrix \(out, in\), got shape \(3,\)"),
        (lambda: init.dirac((3, 3)), r"dirac: a kernel is \(out, in, \*k\) of 3 to 5 axes, got shape \(3, 3\)"),
        (lambda: init.dirac((4, 4, 3), 3), r"dirac: the outputs must be a multiple of groups, got .* and 3; correct"),
        (lambda: init.dirac((4, 4, 3), 2.5), "dirac: groups must be a whole number, got 2.5"),
        (lambda: init.dirac((4, 4, 3), 0), "dirac: groups must be at least 1, got 0"),
        (lambda: init.delta_orthogonal((3, 3)), r"delta_orthogonal: a kernel is .*got shape \(3, 3\)"),
        (lambda: init.delta_orthogonal((2, 3, 3)), r"delta_orthogonal: more inputs than outputs .*got shape \(2, 3"),
    ],
)  # fmt: skip
def test_bad_arguments_by_message(call, words):
    with pytest.raises((ValueError, TypeError), match=f"^{words}"):
        call()


@pytest.mark.parametrize("make", [init.orthogonal, init.identity, functools.partial(init.sparse, sparsity=0.5)])
def test_weights_are_floating_numbers(make):
    with pytest.raises(DTypeError, match=r"^init: weights are floating numbers, got dtype int32; float32"):
        make((3, 3), dtype="int32")


def test_empty_weights_are_no_trouble():
    assert init.orthogonal((0, 4)).shape == (0, 4)
    assert init.orthogonal((4, 0)).shape == (4, 0)
    assert init.sparse((0, 4), 0.5).shape == (0, 4)
    assert init.identity((0, 4)).shape == (0, 4)
    assert init.dirac((0, 4, 3)).shape == (0, 4, 3)
    assert init.delta_orthogonal((4, 0, 3)).shape == (4, 0, 3)
