"""Recurrent networks beside PyTorch's, live: packed sequences, second derivatives, states, float32."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.tensor import raw
from minigrad.testing.layer_case import flat

torch = pytest.importorskip("torch", reason="needs PyTorch; tests/nn holds networks to loops over single sequences")

LENGTHS = [3, 6, 1, 4]
OPTIONS = {
    "one layer": {},
    "two layers, both directions": {"num_layers": 2, "bidirectional": True},
    "three layers, no bias": {"num_layers": 3, "bias": False},
}


def pair(kind, dtype="float64", **options):
    """minigrad's network and PyTorch's, with PyTorch's weights."""
    torch.manual_seed(2)
    theirs = getattr(torch.nn, kind)(3, 5, batch_first=True, **options).to(getattr(torch, dtype))
    ours = getattr(nn, kind)(3, 5, **options).to(dtype=dtype)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    return ours, theirs


def wave(*shape):
    return np.sin(1.0 + np.arange(np.prod(shape))).reshape(shape)


def pieces(y):
    return [part for inside in y for part in pieces(inside)] if isinstance(y, tuple) else [y]


def both(kind, options, dtype="float64", start=False, lengths=LENGTHS):
    """Outputs, last states and gradients of one network in both libraries."""
    ours, theirs = pair(kind, dtype, **options)
    x = wave(4, 6, 3).astype(dtype)
    count = options.get("num_layers", 1) * (1 + options.get("bidirectional", False))
    states = [wave(count, 4, 5).astype(dtype) / 2 ** (i + 1) for i in range(1 + (kind == "LSTM"))] if start else []
    mini, other = ([make(a) for a in (x, *states)] for make in (mg_leaf, torch_leaf))
    hx, h = [None if not s else tuple(s) if kind == "LSTM" else s[0] for s in (mini[1:], other[1:])]
    made = flat(ours(mini[0], hx, lengths))
    if lengths is None:
        wanted = pieces(theirs(other[0], h))
    else:
        pack = torch.nn.utils.rnn.pack_padded_sequence
        packed, end = theirs(pack(other[0], torch.tensor(lengths), batch_first=True, enforce_sorted=False), h)
        wanted = [torch.nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)[0], *pieces(end)]
    sum((y * y * y).sum() for y in made).backward()
    sum((y * y * y).sum() for y in wanted).backward()
    ours_all = [*map(raw, made), *(leaf.grad for leaf in mini), *(p.grad for p in ours.parameters())]
    theirs_all = [*(y.detach() for y in wanted), *(leaf.grad for leaf in other), *(p.grad for p in theirs.parameters())]
    return ours_all, [y.numpy() for y in theirs_all]


def mg_leaf(a):
    return mg.Tensor(a.copy(), requires_grad=True)


def torch_leaf(a):
    return torch.tensor(a, requires_grad=True)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("start", [False, True], ids=["from zeros", "started"])
@pytest.mark.parametrize("lengths", [LENGTHS, None], ids=["lengths", "full"])
def test_values_and_gradients(kind, options, start, lengths):
    for made, wanted in zip(*both(kind, options, "float64", start, lengths), strict=True):
        np.testing.assert_allclose(made, wanted, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_float32(kind):
    for made, wanted in zip(*both(kind, OPTIONS["two layers, both directions"], "float32"), strict=True):
        assert made.dtype == np.float32
        np.testing.assert_allclose(made, wanted, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_second_derivatives(kind):
    """The gradient of the gradient's squared length, of the input and of every parameter."""
    ours, theirs = pair(kind, num_layers=2, bidirectional=True)
    x = wave(2, 4, 3)
    xt = torch_leaf(x)
    first = torch.autograd.grad(
        sum((y * y).sum() for y in pieces(theirs(xt))), [xt, *theirs.parameters()], create_graph=True
    )
    sum((g * g).sum() for g in first).backward()
    state, names = ours.state(), list(ours.state())

    def objective(x, *values):
        for name, value in zip(names, values, strict=True):
            setattr(ours, name, value)
        return sum((y * y).sum() for y in flat(ours(x)))

    places = list(range(len(names) + 1))
    gradients = mg.grad(objective, places)

    def length(*values):
        return sum((g * g).sum() for g in gradients(*values))

    second = mg.grad(length, places)(mg.Tensor(x), *(mg.Tensor(raw(p)) for p in state.values()))
    for made, wanted in zip(second, [xt, *theirs.parameters()], strict=True):
        np.testing.assert_allclose(raw(made), wanted.grad.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
def test_cells_load_states_of_torch(kind):
    ours, theirs = getattr(nn, kind)(3, 5).to(dtype="float64"), getattr(torch.nn, kind)(3, 5).double()
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    x = wave(4, 3)
    for y, wanted in zip(flat(ours(x)), pieces(theirs(torch.tensor(x))), strict=True):
        np.testing.assert_allclose(raw(y), wanted.detach().numpy(), atol=1e-14)
