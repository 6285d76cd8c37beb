"""A scaler as the first layer of a model, so that the statistics of training travel with it."""

import numpy as np

import minigrad as mg
from minigrad.data import StandardScaler
from minigrad.nn import Linear, Sequential

TABLE = np.array([[42, 350_000.0], [23, 18_000], [65, 61_000], [31, 40_000]], np.float32)  # age, salary


def test_first_layer_of_a_model(device):
    mg.manual_seed(0)
    scaler = StandardScaler().fit(TABLE)
    model = Sequential(scaler, Linear(2, 3))
    model.to(device.name)
    y = model(device.tensor(TABLE))
    assert y.shape == (4, 3)
    y.sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert "StandardScaler()" in repr(model)
