"""`Embedding`: how it starts, the row of padding, tokens that are none."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.optim import SGD


def test_it_starts_normal(device):
    mg.manual_seed(0)
    weight = device.host(nn.Embedding(1000, 50).weight)
    assert weight.dtype == np.float32
    assert abs(weight.mean()) < 0.02
    assert weight.std() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("init", [None, nn.init.ones])
def test_the_row_of_padding_is_zero_and_stays(init, device):
    layer = nn.Embedding(4, 3, padding_idx=-2, init=init)
    assert layer.padding_idx == 2
    assert device.host(layer.weight)[2].tolist() == [0, 0, 0]
    before = device.host(layer.weight).copy()
    y = layer(device.array([[0, 2], [2, 1]], np.int64))
    (y * 3).sum().backward()
    SGD(layer.parameters(), lr=0.1).step()
    changed = (device.host(layer.weight) != before).any(axis=1)
    assert changed.tolist() == [True, True, False, False]


def test_the_row_of_padding_learns_nothing_from_infinite_gradients(device):
    layer = nn.Embedding(3, 2, padding_idx=1).to(device.name)
    layer([0, 1, 1]).backward(device.tensor(np.array([[1, 2], [np.inf, np.nan], [-np.inf, 1]], np.float32)))
    np.testing.assert_array_equal(device.host(layer.weight.grad), [[1, 2], [0, 0], [0, 0]])


def test_an_initializer_keeps_its_array():
    given = np.ones((3, 2), np.float32)
    nn.Embedding(3, 2, padding_idx=0, init=lambda shape: given)
    assert given.all()


def test_a_repeated_token_learns_from_all_its_places(device):
    layer = nn.Embedding(3, 1)
    (layer(device.array([1, 1, 0, 1], np.int64))[:, 0] * device.array([1, 10, 100, 1000])).sum().backward()
    assert device.host(layer.weight.grad).ravel().tolist() == [100, 1011, 0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.Embedding(3.5, 2), "num_embeddings must be a whole number, got 3.5"),
        (lambda: nn.Embedding(3, -1), "embedding_dim must be at least 0, got -1"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), "padding_idx must name one of the 3 rows, got 3"),
        (lambda: nn.Embedding(3, 2, init="normal"), "init must be a function of the shape, got 'normal'"),
        (lambda: nn.Embedding(3, 2, init=lambda shape: np.ones((2, 3))), r"init must give a weight of shape \(3, 2\)"),
    ],
)
def test_bad_arguments_by_message(call, words):
    with pytest.raises((ValueError, TypeError), match=f"^Embedding: {words}"):
        call()


def test_a_token_out_of_vocabulary_names_the_layer():
    with pytest.raises(IndexError, match="embedding: tokens must lie in 0 to 2, got 0 to 3") as caught:
        nn.Sequential(nn.Embedding(3, 2))(np.array([0, 3]))
    assert "Sequential.0 (Embedding)" in "".join([str(caught.value), *getattr(caught.value, "__notes__", [])])


def test_what_is_written_into_the_tokens_before_backward_moves_no_gradient():
    """A compiled loop adds to the rows that they name, and looks at no bound."""
    tokens, weight = np.array([0, 2]), mg.Tensor(np.ones((4, 3), np.float32), requires_grad=True)
    y = nn.functional.embedding(tokens, weight)
    tokens[:] = 1
    y.sum().backward()
    assert weight.grad[:, 0].tolist() == [1, 0, 1, 0]
