"""What is special about recurrent networks: lengths, states, both directions, memory, and what they refuse."""

import copy
import gc
import math
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.backend import move
from minigrad.backend.strict import no_synchronisation
from minigrad.errors import DeviceError, DTypeError, ShapeError
from minigrad.inspect import summary
from minigrad.inspect.cost import nodes_behind
from minigrad.nn import functional as F
from minigrad.nn.functional.recurrent import unstacked
from minigrad.testing import check_gradients
from minigrad.testing.layer_case import flat
from tests.nn.recurrent_rows import network

KINDS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
DEEP = {"num_layers": 2, "bidirectional": True}
LENGTHS = [2, 5, 1, 4]


def wave(*shape):
    return np.sin(1.0 + np.arange(np.prod(shape))).reshape(shape)


def made(kind, *args, dtype="float64", **options):
    mg.manual_seed(5)
    return KINDS[kind](*args, **options).to(dtype=dtype)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


# -- lengths -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [list, tuple, np.array, lambda n: np.array(n, np.uint8), mg.Tensor])
def test_lengths_may_come_in_many_ways(kind, given):
    layer, x = made(kind, 3, 2, **DEEP), wave(4, 5, 3)
    lengths = mg.Tensor(np.array(LENGTHS)) if given is mg.Tensor else given(LENGTHS)
    expected = network(kind.lower() if kind != "RNN" else "tanh", layer.state_dict(), x, lengths=LENGTHS)
    for made_, wanted in zip(flat(layer(x, lengths=lengths)), expected, strict=True):
        np.testing.assert_allclose(made_.numpy(), wanted, atol=1e-14)


def test_each_sequence_is_as_if_it_were_alone(kind, device):
    layer, x = made(kind, 3, 2, **DEEP).to(device.name), wave(4, 5, 3)
    together = [device.host(y) for y in flat(layer(device.tensor(x, np.float64), lengths=LENGTHS))]
    for i, n in enumerate(LENGTHS):
        alone = [device.host(y) for y in flat(layer(device.tensor(x[i, :n], np.float64)))]
        np.testing.assert_allclose(together[0][i, :n], alone[0], atol=1e-14)
        assert not together[0][i, n:].any()
        for end, other in zip(together[1:], alone[1:], strict=True):
            np.testing.assert_allclose(end[:, i], other, atol=1e-14)


def test_what_stands_behind_an_end_is_never_seen(kind, device):
    x = wave(4, 5, 3)
    for i, n in enumerate(LENGTHS):
        x[i, n:] = np.nan
    layer, leaf = made(kind, 3, 2, **DEEP).to(device.name), device.leaf(x, np.float64)
    ys = flat(layer(leaf, lengths=LENGTHS))
    sum((y * y).sum() for y in ys).backward()
    for values in (*ys, leaf.grad, *(p.grad for p in layer.parameters())):
        assert np.isfinite(device.host(values)).all()
    for i, n in enumerate(LENGTHS):
        assert device.host(leaf.grad)[i, :n].all()
        assert not device.host(leaf.grad)[i, n:].any()


def test_full_lengths_change_nothing(kind):
    layer, x = made(kind, 3, 2, **DEEP), wave(4, 5, 3)
    for y, other in zip(flat(layer(x, lengths=[5] * 4)), flat(layer(x)), strict=True):
        assert (y.numpy() == other.numpy()).all()


def test_lengths_on_a_device_are_not_waited_for(kind):
    layer = made(kind, 3, 2).to("strict", "float32")
    with mg.use_backend("strict"):
        x, lengths = mg.Tensor(wave(2, 4, 3).astype(np.float32)).to("strict"), move(np.array([9, 0]), "strict")
        with no_synchronisation():
            outputs, *ends = flat(layer(x, lengths=lengths))
        whole = flat(layer(x[:1]))
    assert np.allclose(outputs.numpy()[0], whole[0].numpy()[0])  # beyond T is as good as T
    assert not outputs.numpy()[1].any()
    assert not any(end.numpy()[:, 1].any() for end in ends)  # and a sequence of nothing keeps its initial state


# -- layers, directions, states ----------------------------------------------------------------------------------------


def test_a_layer_goes_on_from_the_state_of_a_former_call(kind):
    layer, x = made(kind, 3, 2, num_layers=2), wave(2, 6, 3)
    outputs, end = layer(x)
    first, state = layer(x[:, :4])
    second, last = layer(x[:, 4:], state)
    np.testing.assert_allclose(np.concatenate([first.numpy(), second.numpy()], axis=1), outputs.numpy(), atol=1e-14)
    for y, other in zip(flat(last), flat(end), strict=True):
        np.testing.assert_allclose(y.numpy(), other.numpy(), atol=1e-14)


def test_the_other_direction_reads_from_the_end(kind):
    layer, x = made(kind, 3, 2, bidirectional=True), wave(2, 4, 3)
    forward, backward = made(kind, 3, 2), made(kind, 3, 2)
    state = layer.state_dict()
    forward.load_state_dict({name: a for name, a in state.items() if not name.endswith("reverse")})
    backward.load_state_dict({n.removesuffix("_reverse"): a for n, a in state.items() if n.endswith("reverse")})
    outputs, *ends = flat(layer(x))
    (y, *_), (z, *back) = flat(forward(x)), flat(backward(x[:, ::-1]))
    np.testing.assert_allclose(outputs.numpy(), np.concatenate([y.numpy(), z.numpy()[:, ::-1]], axis=2), atol=1e-14)
    assert np.allclose(ends[0].numpy()[1], back[0].numpy()[0])


def test_dropout_acts_between_layers_alone():
    layer, x = made("LSTM", 3, 2, 2, dropout=1.0), wave(2, 4, 3)
    outputs, (h, _) = layer(x)
    changed, (other, _) = layer(-2 * x)
    assert (outputs.numpy() == changed.numpy()).all()  # the second layer sees zeros, whatever comes
    assert outputs.numpy().all()  # what it makes of them is not dropped
    assert (h.numpy()[0] != other.numpy()[0]).all()


def test_dropout_of_one_layer_warns():
    with pytest.warns(UserWarning, match="^GRU: dropout acts between layers, and there is one; add layers"):
        nn.GRU(3, 2, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.GRU(3, 2, 2, dropout=0.5)


@pytest.mark.parametrize("make", [nn.LSTM, nn.LSTMCell])
def test_the_bias_of_the_forget_gate(make):
    state = make(3, 4, forget_bias=1.5).state_dict()
    both = sum(array for name, array in state.items() if "bias" in name)
    assert (both[4:8] == 1.5).all()
    assert (abs(np.delete(both, np.s_[4:8])) <= 1).all()
    assert "forget_bias=1.5" in repr(make(3, 4, forget_bias=1.5))


def test_parameters_start_within_their_bound(kind):
    for name, p in made(kind, 300, 16, **DEEP).named_parameters():
        assert 0.15 < abs(p.numpy()).max() <= 0.25, name


def test_a_batch_of_nothing(kind, device):
    layer = KINDS[kind](3, 2, **DEEP)
    outputs, *ends = flat(layer(device.tensor(np.zeros((0, 4, 3))), lengths=[]))
    assert outputs.shape == (0, 4, 4)
    assert {end.shape for end in ends} == {(4, 0, 2)}


@pytest.mark.parametrize("half", [np.float16])
def test_float16_stays_and_is_near(kind, half, device):
    layer, x = made(kind, 3, 4, **DEEP).to(device.name), wave(2, 6, 3)
    wanted = [device.host(y) for y in flat(layer(device.tensor(x, np.float64), lengths=[6, 4]))]
    layer.to(dtype=half)
    leaf = device.leaf(x, half)
    ys = flat(layer(leaf, lengths=[6, 4]))
    sum((y * y).sum() for y in ys).backward()
    assert {str(v.dtype) for v in (*ys, leaf.grad, *(p.grad for p in layer.parameters()))} == {"float16"}
    for y, other in zip(ys, wanted, strict=True):
        np.testing.assert_allclose(device.host(y), other, atol=5e-3)


def test_second_derivatives_through_time(kind):
    layer = made(kind, 2, 2).requires_grad_(False)

    def f(x):
        return sum((y * y * y).sum() for y in flat(layer(x, lengths=[3, 2])))

    check_gradients(f, wave(2, 3, 2), order=2)


def test_recomputing_changes_nothing(kind):
    def run(wrap):
        layer, x = made(kind, 3, 2, 2, dropout=0.3), mg.Tensor(wave(2, 4, 3), requires_grad=True)
        mg.manual_seed(8)
        (wrap(lambda x: layer(x)[0], x) ** 2).sum().backward()
        return [x.grad, *(p.grad for p in layer.parameters())]

    plain, again = run(lambda f, x: f(x)), run(mg.checkpoint)
    assert all((a == b).all() for a, b in zip(plain, again, strict=True))


# -- memory ------------------------------------------------------------------------------------------------------------


def test_nothing_refers_in_circles(kind):
    layer = made(kind, 3, 2, **DEEP)
    gc.collect()
    gc.disable()
    try:
        y = layer(mg.Tensor(wave(2, 4, 3)), lengths=[4, 2])[0]
        assert gc.collect() == 0
        y.sum().backward()
        del y
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("n", [1, 7, 64])
def test_elements_are_cut_out_by_halves(n):
    x = mg.Tensor(wave(n), requires_grad=True)
    parts = unstacked(x)
    assert [part.shape for part in parts] == [()] * n
    assert [part.item() for part in parts] == x.tolist()
    total = sum(part * k for k, part in enumerate(parts))
    cuts = {id(node): node for part in parts for node in nodes_behind(part.node) if node.op == "getitem"}
    sent_back = sum(math.prod(node.parents[0].shape) for node in cuts.values())  # n^2 if each were cut from the whole
    assert sent_back <= 2 * n * math.ceil(math.log2(n))
    total.backward()
    assert x.grad.tolist() == list(range(n))


# -- what it costs -----------------------------------------------------------------------------------------------------

N, T, IN, H = 5, 7, 3, 4


def test_a_summary_counts_every_step():
    def products(gates):
        return T * (2 * N * gates * H * (IN + H) + 2 * N * gates * H)  # with their biases

    lstm = summary(nn.LSTM(IN, H), (N, T, IN))
    assert lstm.rows[0].shape == (N, T, H)
    assert lstm.parameters == 4 * H * (IN + H + 2)
    assert lstm.flops == products(4) + T * N * H * (4 + 3 * 3 + 2 + 4)  # a sum, 3 sigmoids, 2 tanh, 4 of c and h
    gru = summary(nn.GRU(IN, H), (N, T, IN))
    assert gru.parameters == 3 * H * (IN + H + 2)
    assert gru.flops == products(3) + T * N * H * (2 + 2 * 3 + 2 + 1 + 4)  # sums, 2 sigmoids, r n, tanh, the mixture
    rnn = summary(nn.RNN(IN, H), (N, T, IN))
    assert (rnn.parameters, rnn.flops) == (H * (IN + H + 2), products(1) + T * N * H * 2)
    assert summary(nn.LSTMCell(IN, H), (N, IN)).flops == lstm.flops // T


# -- what is refused ---------------------------------------------------------------------------------------------------

X = wave(2, 4, 3)
REFUSED = [
    (lambda: nn.LSTM(3, 0), r"LSTM: hidden_size must be at least 1, got 0"),
    (lambda: nn.GRUCell(3, 0), r"GRUCell: hidden_size must be at least 1, got 0"),
    (lambda: nn.RNN(-1, 2), r"RNN: input_size must be at least 0, got -1"),
    (lambda: nn.RNN(3, 2.5), r"RNN: hidden_size must be a whole number, got 2.5"),
    (lambda: nn.GRU(3, 2, 0), r"GRU: num_layers must be at least 1, got 0"),
    (lambda: nn.RNN(3, 2, nonlinearity="gelu"), r"RNN: nonlinearity is 'tanh' or 'relu', got 'gelu'"),
    (lambda: nn.RNN(3, 2, nonlinearity=["tanh"]), r"RNN: nonlinearity is 'tanh' or 'relu', got \['tanh'\]"),
    (lambda: nn.RNNCell(3, 2, nonlinearity="sin"), r"RNNCell: nonlinearity is 'tanh' or 'relu', got 'sin'"),
    (lambda: nn.LSTM(3, 2, 2, dropout=1.5), r"LSTM: p is the probability of dropping, in \[0, 1\], got 1.5"),
    (lambda: nn.LSTM(3, 2, batch_first=False), r"LSTM: x is \(N, T, features\), got batch_first=False; swap the axes"),
    (lambda: nn.LSTM(3, 2, forget_bias="1"), r"LSTM: forget_bias must be a finite number, got '1'"),
    (lambda: nn.LSTM(3, 2, bias=False, forget_bias=1), r"LSTM: forget_bias needs biases, got bias=False"),
    (lambda: nn.LSTM(4, 2)(X), r"LSTM: x must be \(N, T, 4\), or \(T, 4\) for one .*, got \(2, 4, 3\); check input"),
    (lambda: nn.GRU(3, 2)(X[0, 0]), r"GRU: x must be \(N, T, 3\), .* got \(3,\)"),
    (lambda: nn.GRU(3, 2)(X[:, :0]), r"GRU: x must be .* with T from 1 up, got \(2, 0, 3\)"),
    (lambda: nn.RNN(3, 2)(np.ones((2, 4, 3), int)), r"RNN: needs floating numbers, got int64; cast"),
    (lambda: nn.RNN(3, 2)(X, np.ones((2, 2, 2))), r"RNN: the initial state must be \(1, 2, 2\), .*, got \(2, 2, 2\)"),
    (lambda: nn.RNN(3, 2)(X, np.ones((1, 2, 3))), r"RNN: the initial state must be \(1, 2, 2\), .*, got \(1, 2, 3\)"),
    (lambda: nn.RNN(3, 2)(X[0], np.ones((1, 1, 2))), r"RNN: the initial state must be \(1, 2\), .*, got \(1, 1, 2\)"),
    (lambda: nn.GRU(3, 2)(X, (np.ones((1, 2, 2)),) * 2), r"GRU: the initial state must be one array h_0, got \("),
    (lambda: nn.LSTM(3, 2)(X, np.ones((1, 2, 2))), r"LSTM: the initial state must be a pair \(h_0, c_0\), got array"),
    (lambda: nn.LSTM(3, 2)(X, (np.ones((1, 2, 2)),)), r"LSTM: the initial state must be a pair \(h_0, c_0\), got \("),
    (lambda: nn.LSTM(3, 2)(X, (np.ones((1, 2, 2)), np.ones((1, 2)))), r"LSTM: the initial .*\(1, 2, 2\).*got \(1, 2\)"),
    (lambda: nn.GRU(3, 2)(X, lengths=[4, 5]), r"GRU: lengths must lie in 1 to 4, .* got 4 to 5; leave empty"),
    (lambda: nn.GRU(3, 2)(X, lengths=[4, 0]), r"GRU: lengths must lie in 1 to 4, .* got 0 to 4"),
    (lambda: nn.GRU(3, 2)(X, lengths=[4, -1]), r"GRU: a length must be at least 0, got -1"),
    (lambda: nn.GRU(3, 2)(X, lengths=np.array([4, -1])), r"GRU: lengths must lie in 1 to 4, .* got -1 to 4"),
    (lambda: nn.GRU(3, 2)(X, lengths=[4]), r"GRU: lengths must be 2, one for each sequence of .*, got \(1,\)"),
    (lambda: nn.GRU(3, 2)(X, lengths=np.array(3)), r"GRU: lengths must be 2, one for each sequence of .*, got \(\)"),
    (lambda: nn.GRU(3, 2)(X, lengths=[4.0, 2.0]), r"GRU: a length must be a whole number, got 4.0"),
    (lambda: nn.GRU(3, 2)(X, lengths=np.array([4.0, 2.0])), r"GRU: lengths must be whole numbers, .*, got float64"),
    (lambda: nn.GRU(3, 2)(X, lengths=np.array([True, False])), r"GRU: lengths must be whole numbers, .*, got bool"),
    (lambda: nn.GRU(3, 2)(X, lengths=4), r"GRU: lengths must be whole numbers, .*, got int"),
    (lambda: nn.GRU(3, 2)(X[0], lengths=[4]), r"GRU: one sequence needs no lengths, got \[4\]; cut it"),
    (lambda: nn.GRUCell(3, 2)(X), r"GRUCell: x must be \(N, 3\) or \(3,\), got \(2, 4, 3\); .* or all by GRU"),
    (lambda: nn.LSTMCell(4, 2)(X[0]), r"LSTMCell: x must be \(N, 4\) or \(4,\), got \(4, 3\)"),
    (lambda: nn.LSTMCell(3, 2)(X[0], X[0]), r"lstm_cell: the state is a pair \(h, c\), got array"),
    (lambda: nn.RNNCell(3, 2)(X[0], X[0]), r"rnn_cell: x must be \(..., 3\) and the state \(..., 2\), .*\(4, 3\)"),
    (lambda: nn.RNNCell(3, 2)(X[0, 0], np.ones((1, 2))), r"rnn_cell: x must be .*, got \(3,\) and \(1, 2\)"),
    (lambda: F.gru_cell(X[0], X[0], np.ones((6, 3)), np.ones((6, 3))), r"gru_cell: the weights must be \(3 hidden"),
    (lambda: F.lstm_cell(X[0], (X[0], X[0]), np.ones(12), np.ones((12, 3))), r"lstm_cell: the weights must be \(4 hid"),
    (lambda: F.rnn_cell(X[0], X[0], np.ones((3, 3)), np.ones((3, 3)), np.ones(1)), r"rnn_cell: the biases must be"),
    (lambda: F.gru_cell(X[0], X[0], np.ones((9, 3)), np.ones((9, 3)), None, np.ones((4, 9))),
     r"gru_cell: the biases must be \(9,\), .*, got \(4, 9\)"),
    (lambda: F.rnn_cell(np.array([1, 2]), X[0], X[0], X[0]), r"rnn_cell: needs floating numbers, got int64"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_bad_input_by_message(call, words):
    with pytest.raises((ShapeError, DTypeError, ValueError), match=rf"^{words}"):
        call()


def test_lengths_of_another_device_are_refused():
    with pytest.raises(DeviceError, match=r"^GRU: lengths must lie on numpy like x, got strict; move them there"):
        nn.GRU(3, 2)(X, lengths=move(np.array([4, 2]), "strict"))


def test_states_that_do_not_fit_are_refused(kind):
    layer = made(kind, 3, 2)
    for other in (made(kind, 3, 3), made(kind, 3, 2, **DEEP), made(kind, 3, 2, bias=False)):
        before = copy.deepcopy(layer.state_dict())
        with pytest.raises(ShapeError, match=r"^load_state_dict: "):
            layer.load_state_dict(other.state_dict())
        assert all((layer.state_dict()[name] == array).all() for name, array in before.items())
