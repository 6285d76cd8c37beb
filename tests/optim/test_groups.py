"""Calls that split a model, and optimizers made of optimizers."""

import copy

import numpy as np
import pytest

from minigrad import optim
from minigrad.errors import ArgumentError, DTypeError, GraphError, ShapeError
from minigrad.nn import LayerNorm, Linear, ReLU, ScaledWSConv2d, ScaledWSLinear, Sequential, WeightNorm
from minigrad.nn import functional as F
from minigrad.testing import check_optimizer
from minigrad.train import Checkpoints, fit
from tests.testing.optimizer_rows import adafactor, lookahead
from tests.train.stop import Stop


def model():
    return Sequential(Linear(4, 8), LayerNorm(8), ReLU(), Linear(8, 8), ReLU(), Linear(8, 3))


def names(pairs):
    return [name for name, _ in pairs]


BIASES = ["0.bias", "1.weight", "1.bias", "3.bias", "5.bias"]


def test_biases_gains_and_named_parameters_do_not_decay():
    decays, rest = optim.decay_groups(model().named_parameters(), weight_decay=0.1)
    assert (names(decays["params"]), decays["weight_decay"]) == (["0.weight", "3.weight", "5.weight"], 0.1)
    assert (names(rest["params"]), rest["weight_decay"]) == (BIASES, 0.0)
    decays, rest = optim.decay_groups(model().named_parameters(), 0.1, exempt=["5", "0.weight"])
    assert names(decays["params"]) == ["3.weight"]
    assert sorted(names(rest["params"])) == sorted(["0.weight", "5.weight", *BIASES])


@pytest.mark.parametrize("layer", [ScaledWSLinear(3, 2), ScaledWSConv2d(3, 2, 3), WeightNorm(Linear(3, 2))])
def test_gains_with_the_axes_of_their_weights_are_gains(layer):
    pairs = [(f"0.{name}", p) for name, p in layer.named_parameters()]
    gains = [name for name, p in pairs if p.ndim > 1 and p.size == 2]
    assert len(gains) == 1
    decays, rest = optim.decay_groups(pairs, 0.1)
    assert len(decays["params"]) == 1
    assert sorted(names(rest["params"])) == sorted(["0.bias", *gains])
    hidden, others = optim.muon_groups(pairs, adamw=["0.bias"])
    assert len(hidden) == (layer.state()[names(decays["params"])[0][2:]].ndim == 2)
    assert gains[0] in names(others)


def test_a_group_without_parameters_is_left_out():
    pairs = [(name, p) for name, p in model().named_parameters() if p.ndim == 2]
    assert len(optim.decay_groups(pairs)) == 1
    optim.AdamW(optim.decay_groups(pairs))


def test_exempt_parameters_stay_where_no_gradient_moves_them():
    net = model()
    optimizer = optim.AdamW(optim.decay_groups(net.named_parameters(), weight_decay=0.5), lr=0.1)
    before = net.state_dict()
    for p in net.parameters():
        p.grad = np.zeros(p.shape, np.float32)
    optimizer.step()
    for name, array in net.state_dict().items():
        expected = before[name] * (0.95 if array.ndim == 2 else 1)
        np.testing.assert_allclose(array, expected, rtol=1e-6, err_msg=name)
    assert list(optimizer.state_dict()["state"])[:2] == ["0.weight", "3.weight"]


def test_hidden_matrices_are_muons_and_all_else_is_adamws():
    hidden, rest = optim.muon_groups(model().named_parameters(), adamw=["0", "5"])
    assert names(hidden) == ["3.weight"]
    assert names(rest) == ["0.weight", "0.bias", "1.weight", "1.bias", "3.bias", "5.weight", "5.bias"]


@pytest.mark.parametrize(("split", "option"), [(optim.decay_groups, "exempt"), (optim.muon_groups, "adamw")])
def test_names_that_the_model_lacks_are_refused(split, option):
    for given in (["head"], ["5.wei"], ["0", "50"]):
        words = rf"^{split.__name__}: the model has no such parameter or layer, got '{given[-1]}'; there are 0.weight, "
        with pytest.raises(GraphError, match=words):
            split(model().named_parameters(), **{option: given})
    with pytest.raises(GraphError, match=rf"^{split.__name__}: takes a list of names, got the text 'head'; write"):
        split(model().named_parameters(), **{option: "head"})
    with pytest.raises(
        GraphError, match=rf"^{split.__name__}: takes names and parameters, got Parameter; pass model.na"
    ):
        split(model().parameters(), **{option: []})
    with pytest.raises(GraphError, match=rf"^{split.__name__}: takes names and parameters, got int; pass model.na"):
        split(3, **{option: []})


# -- together ----------------------------------------------------------------------------------------------------------


def both(net):
    hidden, rest = optim.muon_groups(net.named_parameters(), adamw=["0", "5"])
    lr = optim.schedules.exponential_decay(0.05, 0.9)
    adamw = optim.Lookahead(optim.AdamW(optim.decay_groups(rest), lr=lr), k=3)
    return optim.Together(optim.Muon(hidden, lr=lr), adamw)


def batches():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4)).astype(np.float32)
    return list(zip(np.split(x, 5), np.split((x[:, 0] > 0).astype(np.int64), 5), strict=True))


def test_together_is_each_by_itself(device):
    nets = [model().to(device.name) for _ in range(2)]
    nets[1].load_state_dict(nets[0].state_dict())
    one, parts = both(nets[0]), both(nets[1]).optimizers
    for step in range(7):
        for net in nets:
            for k, p in enumerate(net.parameters()):
                p.grad = device.array(np.sin(np.arange(p.size) + k + step).reshape(p.shape))
        one.step()
        for part in parts:
            part.step()
    assert one.steps == 7
    for name, array in nets[1].state_dict().items():
        assert nets[0].state_dict()[name].tobytes() == array.tobytes(), name
    one.zero_grad()
    assert all(p.grad is None for p in nets[0].parameters())


def test_fit_trains_with_it_and_resumes_bit_for_bit(tmp_path, device):
    start = model().state_dict()

    def train(folder, stop, **options):
        net = model().to(device.name)
        net.load_state_dict(start)
        history = fit(
            net, batches(), F.cross_entropy, both(net), epochs=3, clip=1.0, callbacks=[Stop(stop)],
            checkpoints=Checkpoints(folder, every_steps=1), progress_bar=False, **options,
        )  # fmt: skip
        return net.state_dict(), history

    wanted, history = train(tmp_path / "whole", 0)
    assert history.steps["loss"][-1] < history.steps["loss"][0]
    np.testing.assert_allclose(history.steps["lr"], 0.05 * 0.9 ** np.arange(15))
    for step in (1, 4, 7):
        train(tmp_path / str(step), step)
        found, _ = train(tmp_path / str(step), 0, resume=True)
        assert all(found[name].tobytes() == array.tobytes() for name, array in wanted.items()), step


def test_a_state_of_others_is_refused_and_changes_nothing(device):
    p, q = device.leaf([[1.0, 2.0]]), device.leaf([1.0])
    together = optim.Together(optim.Muon([("p", p)]), optim.AdamW([("q", q)]))
    for t in (p, q):
        t.grad = device.array(np.ones(t.shape))
    together.step()
    saved = copy.deepcopy(together.state_dict())
    with pytest.raises(ShapeError, match=r"^Together.load_state_dict: .*got those of \['AdamW', 'Muon'\] for \['Muon"):
        together.load_state_dict({"optimizers": saved["optimizers"][::-1]})
    wrong = copy.deepcopy(saved)
    wrong["optimizers"][0]["steps"] = 77
    del wrong["optimizers"][1]["state"]["q"]
    with pytest.raises(ShapeError, match=r"^AdamW.load_state_dict: the parameters differ"):
        together.load_state_dict(wrong)
    assert together.steps == 1
    np.testing.assert_equal(together.state_dict(), saved)


def test_what_cannot_work_together_is_refused(device):
    p, q = device.leaf([1.0]), device.leaf([1.0])
    sgd = optim.SGD([p], lr=0.1)
    with pytest.raises(GraphError, match=r"^Together: needs optimizers, got none; pass"):
        optim.Together()
    with pytest.raises(
        GraphError, match=r"^Together: each parameter belongs to one .*got one of shape \(1,\) in two; "
    ):
        optim.Together(sgd, optim.Adam([q, p]))
    for wrap in (optim.Together, optim.Lookahead):
        with pytest.raises(GraphError, match=rf"^{wrap.__name__}: works with optimizers of .*got list; wrap"):
            wrap([p])
        with pytest.raises(GraphError, match=rf"^{wrap.__name__}: the optimizer inside may not look ahead.*got NAG"):
            wrap(optim.NAG([q], look_ahead=True))
    with pytest.raises(GraphError, match=r"^Lookahead: works with optimizers of .*got Together; wrap"):
        optim.Lookahead(optim.Together(sgd))


# -- Lookahead ---------------------------------------------------------------------------------------------------------


def test_slow_weights_are_those_of_the_paper(device):
    p = device.leaf([1.0, -2.0], dtype=np.float64)
    optimizer = optim.Lookahead(optim.SGD([p], lr=0.1), k=2, alpha=0.25)
    slow = fast = np.array([1.0, -2.0])
    for step in range(1, 8):
        g = np.array([np.sin(step), np.cos(step)])
        p.grad = device.array(g, dtype=np.float64)
        optimizer.step()
        fast = fast - 0.1 * g
        if step % 2 == 0:
            slow = fast = slow + 0.25 * (fast - slow)
        np.testing.assert_allclose(device.host(p), fast, rtol=1e-12)


def test_it_wraps_what_goes_tensor_by_tensor_with_state_of_other_shapes():
    check_optimizer(
        lambda params: optim.Lookahead(optim.Adafactor(params, lr=0.05), k=2),
        lookahead(adafactor, 2, 0.5),
        checks=["made", "formula", "missing", "state", "flat"],
    )


def test_weights_that_are_loaded_before_the_first_step_are_the_slow_ones(device):
    p = device.leaf([1.0])
    optimizer = optim.Lookahead(optim.SGD([p], lr=1.0), k=1)
    p.data = device.array([10.0])
    p.grad = device.array([1.0])
    optimizer.step()
    assert float(p) == 9.5


def test_what_is_assigned_stays_where_no_gradient_comes(device):
    p = device.leaf([1.0])
    optimizer = optim.Lookahead(optim.SGD([p], lr=1.0), k=1)
    p.grad = device.array([1.0])
    optimizer.step()
    p.data, p.grad = device.array([10.0]), None
    optimizer.step()
    assert float(p) == 10.0


def test_an_optimizer_that_has_stepped_before_may_be_wrapped(device):
    p = device.leaf([1.0])
    sgd = optim.SGD([p], lr=1.0)
    p.grad = device.array([-1.0])
    sgd.step()
    optimizer = optim.Lookahead(sgd, k=2)
    optimizer.step()  # the second update of p, the first from where it stood: from 2 to 3, and half the way back
    assert float(p) == 2.5


def test_the_state_of_the_optimizer_inside_alone_is_refused(device):
    p = device.leaf([1.0])
    plain = optim.SGD([p], lr=0.1).state_dict()
    optimizer = optim.Lookahead(optim.SGD([p], lr=0.1), k=2, alpha=0.25)
    with pytest.raises(ShapeError, match=r"^Lookahead\(SGD\).load_state_dict: .*another optimizer, got one of SGD; "):
        optimizer.load_state_dict(plain)
    other = optim.Lookahead(optim.SGD([p], lr=0.1))
    other.load_state_dict(optimizer.state_dict())
    assert (other.k, other.alpha) == (2, 0.25)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 0}, "k must be at least 1, got 0"),
        ({"k": 2.5}, "k must be a whole number, got 2.5"),
        ({"alpha": 1.5}, r"alpha must be a finite number in \[0, 1\], got 1.5"),
        ({"alpha": float("nan")}, r"alpha must be a finite number in \[0, 1\], got nan"),
    ],
)
def test_options_of_lookahead_that_make_no_sense_are_refused(options, words, device):
    with pytest.raises((ArgumentError, DTypeError), match=rf"^Lookahead: {words}; ."):
        optim.Lookahead(optim.SGD([device.leaf([1.0])]), **options)
