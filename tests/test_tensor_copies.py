"""Tensors as keys, pickled, copied and moved."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import DeviceError, GraphError

# -- identity, copies, moves -------------------------------------------------------------------------------------------


def test_tensors_are_dictionary_keys_by_identity(device):
    a, b = Tensor([1.0]), Tensor([1.0])
    table = {a: "a", b: "b"}
    assert (table[a], table[b], len({a, b})) == ("a", "b", 2)


def test_pickle_keeps_values_dtype_and_whether_gradients_flow(device):
    for t in (Tensor([1.0, 2.0], requires_grad=True), Tensor(device.array(np.arange(3), None))):
        back = pickle.loads(pickle.dumps(t))
        assert (back.tolist(), back.dtype, back.backend) == (t.tolist(), t.dtype, device.name)
        assert (back.requires_grad, back.is_leaf) == (t.requires_grad, True)


def test_deepcopy_of_a_leaf_has_its_own_values_and_gradient(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * 3).sum().backward()
    y = copy.deepcopy({"x": x, "again": x})
    assert y["x"] is y["again"]
    y = y["x"]
    assert Tensor(y.grad).tolist() == [3.0, 3.0]
    y.grad = None
    with mg.no_grad():
        y += 1
    assert Tensor(x.grad).tolist() == [3.0, 3.0]
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("name", "duplicate"), [("copy", pickle.dumps), ("copy", copy.deepcopy), ("to", lambda t: t.to("strict"))]
)
def test_a_tensor_with_a_graph_is_not_copied(name, duplicate):
    with pytest.raises(GraphError, match=rf"^{name}: .*exp.*detach"):
        duplicate(mg.exp(Tensor([1.0], requires_grad=True)))


def test_to_moves_values_and_a_leaf_stays_a_leaf():
    x = Tensor([1.0, 2.0], requires_grad=True)
    there = x.to("strict")
    assert (there.backend, there.requires_grad, there.is_leaf) == ("strict", True, True)
    back = there.to("numpy")
    assert (back.backend, back.tolist()) == ("numpy", [1.0, 2.0])
    assert not Tensor([1.0]).to("strict").requires_grad


def test_to_an_unknown_backend_lists_the_known_ones():
    with pytest.raises(DeviceError, match=r"got 'gpu'; known: .*numpy"):
        Tensor([1.0]).to("gpu")


class Labelled(Tensor):
    """What a user may derive: a constructor and attributes of its own."""

    def __init__(self, size):
        super().__init__(np.zeros(size, np.float32), requires_grad=True)
        self.label = ["size", size]


def test_a_subclass_is_copied_and_moved_with_its_attributes():
    x = Labelled(3)
    for y in (copy.deepcopy(x), pickle.loads(pickle.dumps(x)), copy.copy(x), x.to("strict")):
        assert type(y) is Labelled
        assert (y.shape, y.requires_grad, y.label) == ((3,), True, ["size", 3])
    assert copy.deepcopy(x).label is not x.label
