"""What all optimizers share: flat storage, groups, state, missing gradients, and what they refuse."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, optim
from minigrad.errors import ArgumentError, DTypeError, GraphError, MutationError, ShapeError
from minigrad.nn import Linear, ReLU, Sequential
from minigrad.nn.functional import cross_entropy


def leaves(device, *shapes, dtype=np.float32):
    return [device.leaf(np.arange(1, np.prod(s) + 1).reshape(s), dtype=dtype) for s in shapes]


def send(device, p, g):
    p.grad = device.array(np.full(p.shape, g), dtype=p.dtype)


# -- flat storage ------------------------------------------------------------------------------------------------------


def test_parameters_lie_side_by_side_and_keep_their_values(device):
    a, b = leaves(device, (2, 3), (4,))
    optim.SGD([a, b], lr=1.0)
    storage = a.node.home.storage
    assert storage is b.node.home.storage
    assert storage.values.shape == (10,)
    np.testing.assert_array_equal(device.host(storage.values), [1, 2, 3, 4, 5, 6, 1, 2, 3, 4])
    np.testing.assert_array_equal(device.host(a), [[1, 2, 3], [4, 5, 6]])


def test_gradients_arrive_in_the_storage(device):
    a, b = leaves(device, (2,), (3,))
    a.grad = device.array([7.0, 8.0])
    optim.SGD([a, b], lr=1.0)
    np.testing.assert_array_equal(device.host(a.grad), [7, 8])
    (b * b).sum().backward()
    np.testing.assert_array_equal(device.host(a.node.home.storage.grads), [7, 8, 2, 4, 6])


def test_all_parameters_with_gradients_are_one_run(device):
    params = leaves(device, (2,), (3,), ())
    optimizer = optim.Adam(params)
    ((_, block),) = optimizer._blocks
    for p in params:
        send(device, p, 1.0)
    assert [len(run.values) for run in block.updates()] == [6]
    params[1].grad = None
    assert [len(run.values) for run in block.updates()] == [2, 1]
    send(device, params[1], 1.0)
    assert [(len(run.values), run.t) for run in block.updates()] == [(2, 2), (3, 1), (1, 2)]


def test_runs_are_kept_while_nothing_changes_and_made_anew_when_something_does(device):
    """Every change between two steps that share their runs is seen by the second."""
    a, b = leaves(device, (2,), (2,))
    optimizer = optim.Momentum([("a", a), ("b", b)], lr=1.0, momentum=0.5)
    ((_, block),) = optimizer._blocks
    send(device, a, 1.0), send(device, b, 1.0)
    optimizer.step(), optimizer.step()
    (run,) = block.runs(block.present())
    assert run is next(block.runs(block.present()))
    state = optimizer.state_dict()
    state["state"]["b"]["t"] = 0  # the next update of b is its first
    optimizer.load_state_dict(state)
    before = device.host(b).copy()
    optimizer.step()
    np.testing.assert_array_equal(device.host(b), before - 1)
    assert [len(run.values) for run in block.runs(block.present())] == [2, 2]
    a.requires_grad = False
    a.requires_grad = True  # a leaf of its own, which lies in no storage
    with pytest.raises(GraphError, match=r"^step: .*moved, frozen"):
        optimizer.step()
    optim.SGD([a], lr=0.0)
    send(device, a, 3.0)
    before = device.host(a).copy()
    optimizer.step()
    np.testing.assert_array_equal(device.host(a), before - (0.5 * 1.75 + 3))


def test_a_copy_carries_no_runs(device):
    (a,) = leaves(device, (100,))
    optimizer = optim.Adam([a])
    before = len(pickle.dumps(optimizer))
    send(device, a, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    assert len(pickle.dumps(optimizer)) < before + 100


def test_a_missing_gradient_keeps_parameter_averages_and_t(device):
    a, b = leaves(device, (2,), (2,))
    optimizer = optim.Adam([a, b], lr=0.1)
    for step in range(4):
        send(device, a, 1.0)
        if step != 2:
            send(device, b, 1.0)
        else:
            b.grad = None
            before = device.host(b).copy(), optimizer.state_dict()["state"]["1"]
        optimizer.step()
        if step == 2:
            after = device.host(b), optimizer.state_dict()["state"]["1"]
            np.testing.assert_array_equal(before[0], after[0])
            np.testing.assert_array_equal(before[1]["m"], after[1]["m"])
    assert [kept["t"] for kept in optimizer.state_dict()["state"].values()] == [4, 3]


def test_a_second_optimizer_of_the_same_parameters_shares_the_storage(device):
    a, b = leaves(device, (2,), (2,))
    optim.Adam([a, b])
    storage = a.node.home.storage
    optimizer = optim.SGD([b], lr=1.0)
    assert b.node.home.storage is storage
    send(device, b, 1.0)
    optimizer.step()
    np.testing.assert_array_equal(device.host(storage.values), [1, 2, 0, 1])


def test_mixed_dtypes_train_side_by_side(device):
    a, b = device.leaf([1.0]), device.leaf([1.0], dtype=np.float64)
    optimizer = optim.SGD([a, b], lr=0.5)
    send(device, a, 1.0), send(device, b, 1.0)
    optimizer.step()
    assert [(float(p), p.dtype) for p in (a, b)] == [(0.5, np.float32), (0.5, np.float64)]


def test_a_value_that_is_assigned_is_trained_on(device):
    (a,) = leaves(device, (2,))
    optimizer = optim.SGD([a], lr=1.0)
    a.data = device.array([10.0, 20.0])
    send(device, a, 1.0)
    optimizer.step()
    np.testing.assert_array_equal(device.host(a), [9, 19])
    a.value = device.array([5.0, 5.0])  # past the door
    optimizer.step()
    np.testing.assert_array_equal(device.host(a), [4, 4])


def test_a_deep_copy_is_independent(device):
    model = Sequential(Linear(2, 3), ReLU(), Linear(3, 2))
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    twin = copy.deepcopy(model)
    for p in model.parameters():
        send(device, p, 1.0)
    before = [device.host(p).copy() for p in twin.parameters()]
    optimizer.step()
    for p, old in zip(twin.parameters(), before, strict=True):
        np.testing.assert_array_equal(device.host(p), old)


def test_a_step_between_forward_and_backward_is_noticed(device):
    a, b = leaves(device, (2,), (2,))
    optimizer = optim.SGD([a, b], lr=0.1)
    y = (a * b).sum()
    send(device, a, 1.0), send(device, b, 1.0)
    optimizer.step()
    with pytest.raises(MutationError, match="written after the forward"):
        y.backward()


def test_a_step_waits_for_nothing_on_a_device():
    from minigrad.backend.strict import no_synchronisation

    with mg.use_backend("strict"):
        model = Sequential(Linear(4, 8), ReLU(), Linear(8, 3))
        x, target = mg.rand(5, 4), mg.Tensor(np.array([0, 1, 2, 1, 0])).to("strict")
        optimizer = optim.AdamW(model.parameters(), lr=0.1)
        with no_synchronisation():
            for _ in range(2):
                optimizer.zero_grad()
                cross_entropy(model(x), target).backward()
                optim.clip_grad_norm(model.parameters(), 1.0)
                optimizer.step()


# -- averages ----------------------------------------------------------------------------------------------------------


def test_averages_that_decay_below_the_normal_numbers_become_zero(device):
    (a,) = leaves(device, (3,))
    optimizer = optim.Adam([a], betas=(0.5, 0.5))
    send(device, a, 1.0)
    for step in range(200):
        optimizer.step()
        if step == 0:
            send(device, a, 0.0)
    kept = optimizer.state_dict()["state"]["0"]
    assert kept["m"].tolist() == kept["v"].tolist() == [0.0, 0.0, 0.0]


# -- groups and schedules ----------------------------------------------------------------------------------------------


def test_groups_have_options_of_their_own_and_may_change(device):
    a, b = leaves(device, (1,), (1,))
    optimizer = optim.SGD([{"params": [a], "lr": 0.5}, {"params": b}], lr=0.25)
    send(device, a, 1.0), send(device, b, 1.0)
    optimizer.step()
    assert [float(a), float(b)] == [0.5, 0.75]
    optimizer.param_groups[0]["lr"] = 0.0
    optimizer.step()
    assert [float(a), float(b)] == [0.5, 0.5]


def test_a_schedule_gets_the_number_of_steps_done(device):
    (a,) = leaves(device, (1,))
    seen = []
    optimizer = optim.SGD([a], lr=lambda step: seen.append(step) or np.float64(0.1))
    for _ in range(3):
        send(device, a, 1.0)
        optimizer.step()
    assert seen == [0, 1, 2]
    assert a.dtype == np.float32


# -- state -------------------------------------------------------------------------------------------------------------


def test_a_saved_state_goes_on_bit_for_bit(device):
    def train(p, optimizer, steps):
        for step in steps:
            send(device, p, np.float32(np.sin(step)))
            optimizer.step()

    for name in ("Momentum", "NAG", "Adagrad", "RMSProp", "Adam", "AdamW"):
        whole, half = leaves(device, (3,))[0], leaves(device, (3,))[0]
        make = getattr(optim, name)
        one = make([whole], lr=0.1)
        train(whole, one, range(10))
        first = make([half], lr=0.1)
        train(half, first, range(5))
        second = make([half], lr=0.1)
        second.load_state_dict(first.state_dict())
        train(half, second, range(5, 10))
        assert device.host(whole).tobytes() == device.host(half).tobytes(), name


def test_the_state_is_saved_by_name_and_may_come_in_another_order(device):
    a, b = leaves(device, (1,), (2,))
    saved = optim.Adam([("a", a), ("b", b)])
    send(device, a, 1.0), send(device, b, 2.0)
    saved.step()
    other = optim.Adam([("b", b), ("a", a)])
    other.load_state_dict(saved.state_dict())
    np.testing.assert_array_equal(other.state_dict()["state"]["a"]["m"], saved.state_dict()["state"]["a"]["m"])


def test_the_state_of_another_model_is_refused_and_nothing_changes(device):
    a, b = leaves(device, (1,), (2,))
    optimizer = optim.Adam([("a", a)])
    for other, words in (
        (optim.Adam([("b", b)]), "missing .'a'. and unexpected .'b'."),
        (optim.SGD([("a", leaves(device, (1,))[0])]), "another optimizer"),
    ):
        with pytest.raises(ShapeError, match=rf"^Adam.load_state_dict: .*{words}"):
            optimizer.load_state_dict(other.state_dict())
    assert optimizer.steps == 0


WRONG = [
    (lambda s: s.update(steps="x"), DTypeError, "steps must be a whole number"),
    (lambda s: s.update(steps=-3), ValueError, "steps must be at least 0"),
    (lambda s: s.update(steps=float("nan")), DTypeError, "steps must be a whole number"),
    (lambda s: s.update(state=None), ShapeError, "not the averages of parameters by name, got NoneType"),
    (lambda s: s.update(param_groups=[3]), ShapeError, "not the options of a group, got int"),
    (lambda s: s.update(param_groups=3), ShapeError, "the parameters differ"),
    (lambda s: s["param_groups"][0].update(lr=float("nan")), ArgumentError, "lr must be a finite number"),
    (lambda s: s["param_groups"][0].update(betas=(2, 3)), DTypeError, "betas are two numbers"),
    (lambda s: s["param_groups"][0].update(params=[]), ShapeError, "knows no option .'params'."),
    (lambda s: s["state"].update(b=None), ShapeError, "not the averages of b, got NoneType"),
    (lambda s: s["state"]["b"].update(t=-1), ValueError, "t of b must be at least 0"),
    (lambda s: s["state"]["b"].update(m=np.array(["a"])), ShapeError, "averages are real numbers"),
    (lambda s: s["state"]["b"].update(m=np.array([1j])), ShapeError, "averages are real numbers"),
]


@pytest.mark.parametrize(("spoil", "kind", "words"), WRONG)
@pytest.mark.parametrize("around", [lambda o: o, optim.Lookahead, optim.Together])
def test_a_state_with_nonsense_is_refused_and_nothing_changes(around, spoil, kind, words):
    a, b = (Tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = around(optim.Adam([("a", a), ("b", b)]))
    before, state = copy.deepcopy(optimizer.state_dict()), optimizer.state_dict()
    spoil(state["optimizers"][0] if "optimizers" in state else state)
    with pytest.raises(kind, match=rf"^Adam(\.load_state_dict)?: .*{words}.*; "):
        optimizer.load_state_dict(state)
    np.testing.assert_equal(optimizer.state_dict(), before)


@pytest.mark.parametrize("state", [None, 3, {}, {"optimizers": [1]}, {"optimizer": "Lookahead(SGD)"}])
@pytest.mark.parametrize("around", [lambda o: o, optim.Lookahead, optim.Together])
def test_what_is_no_state_is_refused(around, state):
    optimizer = around(optim.SGD([Tensor([1.0], requires_grad=True)]))
    with pytest.raises((ShapeError, DTypeError), match=r"^(SGD|Lookahead|Together)[^ ]*: .*got .*; "):
        optimizer.load_state_dict(state)


def train_once(model, optimizer):
    optimizer.zero_grad()
    cross_entropy(model(np.eye(4, 3, dtype=np.float32)), np.array([0, 1, 0, 1])).backward()
    optimizer.step()


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))])
@pytest.mark.parametrize(
    "make", [optim.Adam, optim.LAMB, optim.SGD, lambda p: optim.Lookahead(optim.Adam(p), k=2),
             lambda p: optim.Together(optim.AdamW(p))]
)  # fmt: skip
def test_a_model_is_copied_with_its_optimizer(make, duplicate):
    """Both go on alike, and apart: the copy has storage and names of its own."""
    model = Sequential(Linear(3, 4), ReLU(), Linear(4, 2))
    optimizer = make(model.named_parameters())
    train_once(model, optimizer)
    twin, own = duplicate((model, optimizer))
    before = model.state_dict()
    for _ in range(2):
        train_once(twin, own)
    assert all((model.state_dict()[name] == value).all() for name, value in before.items())
    for _ in range(2):
        train_once(model, optimizer)
    np.testing.assert_equal(twin.state_dict(), model.state_dict())
    np.testing.assert_equal(own.state_dict(), optimizer.state_dict())


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_what_cannot_be_trained_is_refused(device):
    p = device.leaf([1.0])
    for params, words in (
        ([], "needs parameters"),
        ([device.tensor([1.0])], "leaves that require gradients"),
        ([p * 2], "leaves that require gradients"),
        ([np.ones(2)], "leaves that require gradients"),
        ([p, p], "comes once"),
        ([{"params": [p], "learning_rate": 1}], "knows no option .'learning_rate'."),
    ):
        with pytest.raises(GraphError, match=rf"^SGD: .*{words}.*; "):
            optim.SGD(params, lr=0.1)


@pytest.mark.parametrize(
    "options", [{"lr": -1}, {"lr": float("nan")}, {"lr": "a"}, {"weight_decay": -1}, {"betas": (1, 0)}]
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises((ArgumentError, DTypeError), match=r"^Adam: .*got .*; "):
        optim.Adam([Tensor([1.0], requires_grad=True)], **options)


def test_a_parameter_that_was_frozen_later_is_named(device):
    p = device.leaf([1.0])
    optimizer = optim.SGD([p], lr=0.1)
    p.requires_grad = False
    optimizer.zero_grad()
    with pytest.raises(GraphError, match=r"^step: .*moved, frozen"):
        optimizer.step()


@pytest.mark.parametrize("rate", [float("nan"), None, "0.1", -1.0, float("inf"), np.ones(2)], ids=str)
def test_a_rate_that_is_no_number_stops_before_the_parameters_are_gone(device, rate):
    p = device.leaf([1.0])
    optimizer = optim.SGD([p], lr=lambda step: rate)
    send(device, p, 1.0)
    with pytest.raises(DTypeError, match=r"^SGD: lr must be finite.*step 0"):
        optimizer.step()
    assert float(p) == 1.0


def test_the_state_of_another_optimizer_with_the_same_averages_is_refused(device):
    state = optim.Adam([device.leaf([1.0])]).state_dict()
    with pytest.raises(ShapeError, match=r"^AdamW.load_state_dict: .*another optimizer, got one of Adam"):
        optim.AdamW([device.leaf([1.0])]).load_state_dict(state)


def test_names_that_collide_are_refused_and_leave_nothing_behind(device):
    a, b = device.leaf([1.0]), device.leaf([1.0])
    optimizer = optim.Adam([("weight", a)])
    with pytest.raises(GraphError, match=r"^Adam: each name comes once, got 'weight' twice"):
        optimizer.add_param_group({"params": [("weight", b)]})
    optimizer.add_param_group({"params": [("other", b)]})
    assert list(optimizer.state_dict()["state"]) == ["weight", "other"]
