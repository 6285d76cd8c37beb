"""States that do not fit are refused before anything is changed; what is shared may come under all of its paths."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import MinigradError
from minigrad.nn import Layer, Linear


class Tied(Layer):
    def __init__(self):
        self.encoder = Linear(2, 2, bias=False)
        self.decoder = self.encoder
        self.seen = nn.Buffer(np.array(3))


class Elsewhere:
    """An array of another library that does not convert, as PyTorch's do not where they require gradients."""

    dtype = "float32"

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("call detach() first")


def tied(**changes):
    ones = np.ones((2, 2), np.float32)
    return {"encoder.weight": ones, "decoder.weight": ones.copy(), "seen": np.array(5)} | {
        name.replace("_", "."): value for name, value in changes.items()
    }


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (
            tied(decoder_weight=np.zeros((2, 2))),
            "encoder.weight and decoder.weight name one array and must be equal",
        ),
        (tied(decoder_weight=np.full((2, 2), np.nan)), "encoder.weight and decoder.weight name one array"),
        (tied(decoder_weight=np.ones((3, 2))), r"shapes differ, got decoder.weight has \(3, 2\)"),
        (tied(decoder_weight=None), "decoder.weight must be an array of real numbers, got NoneType; pass a state_dict"),
        (tied(decoder_weight="text"), "decoder.weight must be an array of real numbers, got str"),
        (tied(decoder_weight=np.array([["a", "b"]] * 2)), "decoder.weight must be an array of real numbers, got <U1"),
        (tied(decoder_weight=np.full((2, 2), None)), "decoder.weight must be an array of real numbers, got object"),
        (
            tied(decoder_weight=np.ones((2, 2), complex)),
            "decoder.weight must be an array of .*, got complex128",
        ),
        (tied(decoder_weight=[[1, 2], [3]]), "decoder.weight must be an array of real numbers, got list"),
        (tied(decoder_weight=np.ma.ones((2, 2))), "decoder.weight must be an array of real numbers, got MaskedArray"),
        (tied(decoder_weight=Elsewhere()), "decoder.weight must be an array of real numbers, got Elsewhere"),
        (tied(seen=2.5), "seen holds whole numbers, got 2.5; round it"),
        (tied(seen=np.array(np.nan)), "seen holds whole numbers, got nan"),
        (tied(seen=np.array(-np.inf)), "seen holds whole numbers, got -inf"),
        (tied(seen=np.array(1e300)), r"seen holds whole numbers from -9223372036854775808 to .*, got 1e\+300; correct"),
        (tied(seen=2.0**63), r"seen holds whole numbers from .*, got 9.223372e\+18; correct it"),
        (tied(seen=np.array(2**64 - 1, np.uint64)), "seen holds whole numbers from .*, got 18446744073709551615; "),
        ({"encoder.weight": np.full((2, 2), 1e300), "seen": 1}, r"encoder.weight has .* float32, got 1e\+300; take"),
        (None, "a state is a dict of arrays by path, got NoneType; pass a state_dict"),
        (["encoder.weight"], "a state is a dict of arrays by path, got list"),
        ("encoder.weight", "a state is a dict of arrays by path, got str"),
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_state_that_cannot_be_loaded_changes_nothing(device, state, words, strict):
    model = Tied()
    model.to(device.name)
    before = model.state_dict()
    with pytest.raises(MinigradError, match=f"^load_state_dict: {words}"):
        model.load_state_dict(state, strict=strict)
    for path, value in model.state_dict().items():
        assert np.array_equal(value, before[path])


def test_numbers_beyond_the_dtype_change_nothing(device):
    model = nn.Sequential(Linear(2, 2), Linear(2, 2)).to(device.name, dtype="float16")
    before = model.state_dict()
    state = {name: np.full(array.shape, 7.0, np.float32) for name, array in before.items()}
    state["1.bias"][1] = 7e4
    for narrowed in (state, {name: mg.Tensor(array).to(device.name) for name, array in state.items()}):
        with pytest.raises(MinigradError, match=r"^load_state_dict: 1\.bias has numbers beyond float16, got 70000"):
            model.load_state_dict(narrowed)
        assert all(np.array_equal(value, before[name]) for name, value in model.state_dict().items())
    state["1.bias"][:] = np.inf, np.nan  # these are there in every dtype
    model.load_state_dict(state)
    assert model[0].weight.tolist() == [[7.0, 7.0]] * 2
    np.testing.assert_array_equal(model.state_dict()["1.bias"], np.float16([np.inf, np.nan]))


def test_counts_are_not_rounded(device):
    model = Tied().to(device.name)
    model.load_state_dict(tied(seen=2**24 + 1))
    assert model.seen.item() == 2**24 + 1


def test_a_load_that_breaks_off_changes_nothing(device, monkeypatch):
    model = nn.Sequential(Linear(2, 2), Linear(2, 2)).to(device.name)
    before = model.state_dict()
    moved = []

    def move(array, name):
        moved.append(array)
        if len(moved) == 3:
            raise MemoryError("the device is full")
        return mg.backend.move(array, name)

    monkeypatch.setattr("minigrad.nn.state.move", move)
    with pytest.raises(MemoryError):
        model.load_state_dict({name: array + 1 for name, array in before.items()})
    assert all(np.array_equal(value, before[name]) for name, value in model.state_dict().items())


def test_equal_values_under_several_paths_are_loaded(device):
    model, odd = Tied(), np.array([[np.nan, 1.0], [2.0, 1 / 3]])
    model.to(device.name)
    there = mg.Tensor(odd).to(device.name)
    for state in (
        tied(encoder_weight=odd, decoder_weight=odd.astype(np.float32)),  # equal in the dtype of the model
        tied(encoder_weight=there, decoder_weight=odd),
        {"decoder.weight": odd, "seen": 5.0},
    ):
        model.load_state_dict(tied())
        model.load_state_dict(state)
        np.testing.assert_array_equal(model.state_dict()["encoder.weight"], odd.astype(np.float32))
        assert model.seen.item() == 5
