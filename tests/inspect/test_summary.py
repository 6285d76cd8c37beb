"""`summary`: shapes, parameters, operations and memory, and that the model does not notice."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.random import default_generator
from minigrad.errors import ShapeError
from minigrad.inspect import summary
from minigrad.nn import (
    BatchNorm1d,
    BatchNorm2d,
    BatchRenorm,
    Bilinear,
    Dropout,
    Embedding,
    GroupNorm,
    InstanceNorm2d,
    Layer,
    LayerList,
    LayerNorm,
    Linear,
    LocalResponseNorm,
    Parameter,
    ReLU,
    Residual,
    RMSNorm,
    RotaryEmbedding,
    Sequential,
    SyncBatchNorm,
    TransformerBlock,
)


def test_a_perceptron_by_hand(device):
    found = summary(Sequential(Linear(64, 32), ReLU(), Linear(32, 10)), (8, 64))
    rows = {row.path: row for row in found.rows}
    assert [(row.path, row.depth, row.shape) for row in found.rows] == [
        ("", 0, (8, 10)), ("0", 1, (8, 32)), ("1", 1, (8, 32)), ("2", 1, (8, 10)),
    ]  # fmt: skip
    assert [row.parameters for row in found.rows] == [0, 64 * 32 + 32, 0, 32 * 10 + 10]
    assert rows["0"].flops == 2 * 8 * 64 * 32 + 8 * 32  # a product of matrices, and a bias
    assert rows["1"].flops == 8 * 32
    assert rows["2"].flops == 2 * 8 * 32 * 10 + 8 * 10
    assert found.parameters == found.trainable == 2410
    assert found.buffers == 4 * 2410
    if device == "numpy":  # the double of a device does not say which arrays are views of others
        assert (
            found.memory == rows["1"].memory == 8 * 32 * 4
        )  # what ReLU made serves its backward, and that of the product


def test_it_prints_a_table():
    lines = str(summary(Sequential(Linear(4, 2), BatchNorm1d(2)), (3, 4))).splitlines()
    assert lines[0].split("  ")[0] == "layer"
    assert lines[3].startswith("  0: Linear(4, 2)")
    assert "14 parameters; " in lines[-1]
    assert len({len(line) for line in lines[:-1]}) == 1


def test_the_model_does_not_notice():
    model = Sequential(Linear(4, 2), BatchNorm1d(2), Dropout(0.5))
    model[0].eval()
    model[2].register_forward_hook(lambda *args: pytest.fail("a hook was called"))
    model[0].weight.grad = np.ones((2, 4), np.float32)
    before, flags = model.state_dict(), [layer.training for layer in model.layers()]
    stream = default_generator().state
    for training in (False, True):
        summary(model, (3, 4), training=training)
    assert all((model.state_dict()[name] == array).all() for name, array in before.items())
    assert [layer.training for layer in model.layers()] == flags
    assert default_generator().state == stream
    assert model[0].weight.grad.sum() == 8
    assert (model[0]._pre_hooks, len(model[2]._forward_hooks)) == (None, 1)


def test_it_records_whatever_is_frozen_or_paused():
    model = Sequential(Linear(4, 2), Linear(2, 1))
    model[0].requires_grad_(False)
    with mg.no_grad():
        found = summary(model, (3, 4))
    assert (found.parameters, found.trainable) == (13, 3)
    assert "13 parameters, 10 of them frozen" in str(found)
    assert found.flops == summary(Sequential(Linear(4, 2), Linear(2, 1)), (3, 4)).flops
    assert not model[0].weight.requires_grad


class Shared(Layer):
    def __init__(self):
        self.step = Linear(3, 3)
        self.scale = Parameter([2.0])

    def forward(self, x):
        return self.step(self.step(x)) * self.scale


def test_a_layer_called_twice_is_counted_twice_but_its_parameters_once():
    found = summary(Shared(), (1, 3))
    assert [row.path for row in found.rows] == ["", "step", "step"]
    assert [row.parameters for row in found.rows] == [1, 12, 0]
    assert [row.flops for row in found.rows] == [3, 2 * 9 + 3, 2 * 9 + 3]
    assert found.parameters == 13


class Placed(Layer):
    """A table that is read in place, and blocks in a list: neither is called."""

    def __init__(self):
        self.inner = Shared()
        self.inner.places = Embedding(5, 3)
        self.blocks = LayerList([Linear(3, 3, bias=False)])

    def forward(self, x):
        return self.blocks[0](self.inner(x)) + self.inner.places.weight[:1]


def test_every_parameter_is_in_a_row_with_its_path():
    found = summary(Placed(), (1, 3))
    assert [(row.path, row.parameters) for row in found.rows] == [
        ("", 0), ("inner", 1), ("inner.step", 12), ("inner.step", 0), ("blocks.0", 9), ("inner.places", 15),
    ]  # fmt: skip
    assert sum(row.parameters for row in found.rows) == found.parameters
    last = found.rows[-1]
    assert (last.layer, last.depth, last.shape) == ("inner.places: Embedding(5, 3), not called", 1, None)
    titles = [line.split("  (")[0].rstrip() for line in str(found).splitlines()]
    assert titles[4:7] == ["    step: Linear(3, 3)", "    step: Linear(3, 3)", "  blocks.0: Linear(3, 3, bias=False)"]


class Embedded(Layer):
    """Integers in: no gradient flows to the input."""

    def __init__(self):
        self.table = Parameter(np.ones((7, 3), np.float32))
        self.head = Linear(3, 2, bias=False)

    def forward(self, tokens):
        return self.head(self.table[tokens])


def test_integer_inputs_and_several_inputs():
    found = summary(Embedded(), np.array([[0, 6, 3, 1]]))
    assert (found.rows[0].shape, found.flops) == ((1, 4, 2), 2 * 4 * 3 * 2)
    found = summary(Bilinear(3, 4, 2, bias=False), (5, 3), (5, 4))
    assert found.flops == 3 * 5 * 3 * 4 * 2  # three operands, the sizes of all letters


def test_products_with_constants():
    class Fixed(Layer):
        def forward(self, x):
            return mg.matmul(np.ones((2, 5), np.float32), x) + mg.matmul(x.T, np.ones((5, 2), np.float32)).T

    assert summary(Fixed(), (5, 3)).flops == 2 * (2 * 2 * 5 * 3) + 2 * 3


def test_normalisers():
    layers = [BatchNorm2d(4), SyncBatchNorm(4), BatchRenorm(4), GroupNorm(2, 4), InstanceNorm2d(4),
              LocalResponseNorm(3), RMSNorm((4, 5, 5)), LayerNorm((4, 5, 5))]  # fmt: skip
    n = 2 * 4 * 5 * 5
    for training, batch in ((True, 7 * n), (False, 4 * n)):  # in use: minus, times, and scale and shift
        rows = summary(Sequential(*layers), (2, 4, 5, 5), training=training).rows[1:]
        assert [row.parameters for row in rows] == [8, 8, 8, 8, 0, 0, 100, 200]
        renorm = batch + 2 * n * training  # times r, plus d
        assert [row.flops for row in rows] == [batch, batch, renorm, 7 * n, 5 * n, 7 * n, 6 * n, 7 * n]


def test_attention():
    block = TransformerBlock(8, 2, num_kv_heads=1, positions=RotaryEmbedding(4), bias=False, norm=None)
    found = summary(block, (3, 5, 8))
    rows = {row.path: row for row in found.rows}
    assert rows["self_attn"].shape == (3, 5, 8)
    projections = 2 * 15 * 8 * (8 + 4 + 4)
    weights = 3 * 2 * 5 * 5  # each by a product of 4 numbers, softmax, and for 4 features of a value
    assert rows["self_attn"].flops == projections + weights * (2 * 4 + 4 + 2 * 4)
    turned = [row.flops for row in found.rows if row.path == "self_attn.positions"]
    assert turned == [3 * 15 * 8, 3 * 15 * 4]  # queries, and half as many keys
    found = summary(TransformerBlock(8, 2, bias=False, norm=None), (3, 5, 8))  # in one step, with as many
    assert found.rows[2].flops == 2 * 15 * 8 * (8 + 8 + 8) + weights * (2 * 4 + 4 + 2 * 4)
    tokens = summary(Sequential(Embedding(7, 4)), np.zeros((2, 3), int))
    assert (tokens.rows[1].shape, tokens.flops) == ((2, 3, 4), 0)


def test_residual_and_nested_paths():
    found = summary(Sequential(Residual(Linear(3, 3))), (2, 3))
    assert [(row.path, row.depth) for row in found.rows] == [("", 0), ("0", 1), ("0.layer", 2)]
    assert found.rows[1].flops == 6  # the addition


def test_errors_of_the_model_are_those_of_a_call():
    with pytest.raises(ShapeError, match=r"linear: the last axis of x must be 3.*got \(2, 5\)"):
        summary(Sequential(Linear(3, 3)), (2, 5))
