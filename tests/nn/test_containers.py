"""Layers that hold layers behave like the lists and dicts they stand for."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import Flatten, Identity, LayerDict, LayerList, Linear, ReLU, Residual, Sequential, Tanh


def test_sequential_is_a_list_of_layers_that_runs(device):
    model = Sequential(Linear(2, 3), ReLU())
    assert model.append(Linear(3, 1)) is model
    assert (len(model), [type(layer).__name__ for layer in model]) == (3, ["Linear", "ReLU", "Linear"])
    assert model[-1] is model[2]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    x = mg.ones((4, 2))
    y = model[2](model[1](model[0](x)))
    assert (device.host(model(x)) == device.host(y)).all()


def test_a_slice_shares_its_layers_and_mode():
    model = Sequential(Linear(2, 3), ReLU(), Linear(3, 1)).eval()
    part = model[1:]
    assert type(part) is Sequential
    assert (len(part), part[1], part.training) == (2, model[2], False)
    assert type(LayerList([ReLU(), Tanh()])[:1]) is LayerList


def test_a_layer_can_be_put_in_place_of_another():
    model = Sequential(Linear(2, 3), ReLU())
    model[1] = Tanh()
    model.insert(0, Identity())
    model.extend([ReLU(), ReLU()])
    del model[-1]
    assert [type(layer).__name__ for layer in model] == ["Identity", "Linear", "Tanh", "ReLU"]
    assert list(model.state_dict()) == ["1.weight", "1.bias"]


def test_an_index_out_of_range_ends_loops():
    with pytest.raises(IndexError):
        Sequential(ReLU())[1]


def test_an_empty_sequential_is_the_identity():
    assert Sequential()(3.0) == 3.0


def test_attributes_of_a_container_are_found_too():
    model = LayerList([ReLU()])
    model.head = Linear(1, 1)
    assert list(model.state_dict()) == ["head.weight", "head.bias"]


def test_layer_dict_is_a_dict():
    heads = LayerDict({"a": Linear(1, 2)})
    heads["forward"] = ReLU()  # any name will do
    assert ("a" in heads, "b" in heads, len(heads), list(heads), list(heads.keys())) == (
        True,
        False,
        2,
        *[["a", "forward"]] * 2,
    )
    assert list(heads.values()) == [heads["a"], heads["forward"]]
    assert dict(heads.items()) == {"a": heads["a"], "forward": heads["forward"]}
    assert list(heads.state_dict()) == ["a.weight", "a.bias"]
    del heads["a"]
    assert not heads.parameters()


def test_residual_with_and_without_shortcut():
    x, f, g = mg.ones((2, 3)), Linear(3, 3), Linear(3, 3)
    np.testing.assert_array_equal(Residual(f)(x).numpy(), (x + f(x)).numpy())
    np.testing.assert_array_equal(Residual(f, g)(x).numpy(), (g(x) + f(x)).numpy())
    assert list(Residual(f, g).state_dict()) == ["layer.weight", "layer.bias", "shortcut.weight", "shortcut.bias"]


@pytest.mark.parametrize(
    ("arguments", "shape"), [((), (2, 60)), ((0,), (120,)), ((1, 2), (2, 12, 5)), ((2,), (2, 3, 20))]
)
def test_flatten(arguments, shape):
    assert Flatten(*arguments)(mg.ones((2, 3, 4, 5))).shape == shape
