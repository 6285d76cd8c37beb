"""Synced batch normalisation: shards in threads against batch normalisation of the whole batch."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import ShapeError
from minigrad.nn import BatchNorm1d, BatchNorm2d, Linear, Sequential, SyncBatchNorm, Tanh
from minigrad.parallel import CommunicationError, Threads
from minigrad.testing.tolerance import TOLERANCE, close

# How many examples each worker holds.
SHARDS = [(2, 2), (1, 4), (3, 1, 2), (1, 1, 1, 5)]
shards = pytest.mark.parametrize("sizes", SHARDS, ids=str)


def draw(n, shape, phase=0.0):
    return np.sin(np.arange(n * np.prod(shape)) * 1.7 + phase).reshape(n, *shape) * 2 + 0.5


def cut(x, sizes):
    return np.split(x, np.cumsum(sizes)[:-1])


def step(layer, x, weights):
    """Output, gradient of x and of the parameters, of a loss that sums over examples."""
    for p in layer.parameters():
        p.grad = None
    y = layer(x)
    (y * y * y * weights).sum().backward()
    return y, x.grad, [p.grad for p in layer.parameters()]


@shards
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("whole", "shape"), [(BatchNorm1d, (3,)), (BatchNorm2d, (3, 2, 2))], ids=["1d", "2d"])
@pytest.mark.parametrize("options", [{}, {"momentum": None}, {"affine": False}], ids=str)
def test_it_is_batch_normalisation_of_the_whole_batch(sizes, dtype, whole, shape, options, device):
    start = {"weight": np.array([0.5, 1.5, -2.0]), "bias": np.array([0.3, 0.0, 1.0])}
    batches = [draw(sum(sizes), shape, phase) for phase in (0.0, 1.0)]
    weights = draw(sum(sizes), shape, 2.0)

    def train(layer, part):
        layer.to(device.name, dtype)
        layer.load_state_dict(start if options.get("affine", True) else {}, strict=False)
        for batch in batches:
            found = step(layer, device.leaf(part(batch), dtype), device.array(part(weights), dtype))
        used = layer.eval()(device.tensor(part(batches[0]), dtype))
        return [device.host(v) for v in (*found[:2], used)], [device.host(g) for g in found[2]], layer.state_dict()

    def work(communicator):
        layer = SyncBatchNorm(3, communicator=communicator, **options)
        return train(layer, lambda v: cut(v, sizes)[communicator.rank])

    wanted, parameters, state = train(whole(3, **options), lambda v: v)
    found = Threads(len(sizes)).run(work)
    near = TOLERANCE[dtype].gradient if dtype == "float32" else 1e-12
    for i, value in enumerate(wanted):
        assert close(np.concatenate([values[i] for values, _, _ in found]), value, near), i
    for i, value in enumerate(parameters):
        assert close(sum(grads[i] for _, grads, _ in found), value, near), i
    for _, _, other in found:
        assert other.keys() == state.keys()
        assert all(close(other[name], array, near) for name, array in state.items())
        assert all((other[name] == found[0][2][name]).all() for name in state)  # the same bits on every worker


@shards
def test_second_order(sizes, device):
    x, way, weights = (draw(sum(sizes), (2,), phase) for phase in (0.0, 1.0, 2.0))

    def twice(layer, part):
        v, w = (device.array(part(a), np.float64) for a in (way, weights))

        def along(t):
            return (mg.grad(lambda u: (layer(u) ** 3 * w).sum())(t) * v).sum()

        return device.host(mg.grad(along)(device.tensor(part(x), np.float64)))

    whole = twice(BatchNorm1d(2).to(dtype="float64"), lambda a: a)
    found = Threads(len(sizes)).run(
        lambda c: twice(SyncBatchNorm(2, communicator=c).to(dtype="float64"), lambda a: cut(a, sizes)[c.rank])
    )
    assert np.abs(whole).max() > 0.1
    np.testing.assert_allclose(np.concatenate(found), whole, rtol=1e-9, atol=1e-9)


def test_float16_is_summed_wide(device):
    x = np.array([[300.0], [500.0], [-700.0], [100.0]])
    found = Threads(2).run(
        lambda c: device.host(SyncBatchNorm(1, communicator=c)(device.tensor(cut(x, (1, 3))[c.rank], np.float16)))
    )
    wanted = (x - x.mean()) / x.std()
    np.testing.assert_allclose(np.concatenate(found), wanted, rtol=2e-3)


def test_in_a_model_and_through_a_checkpoint(device):
    mg.manual_seed(1)
    model = Sequential(Linear(3, 4), BatchNorm1d(4), Tanh(), Linear(4, 1)).to(device.name, "float64")
    x = draw(5, (3,))

    def gradients(net, part):
        mg.checkpoint(net, device.leaf(part, np.float64)).sum().backward()
        return [device.host(p.grad) for p in net.parameters()], net[1].num_batches_tracked.item()

    def work(communicator):
        net = copy.deepcopy(model)
        net[1] = SyncBatchNorm(4, communicator=communicator).to(device.name, "float64")
        net[1].load_state_dict(model[1].state_dict())
        return gradients(net, cut(x, (2, 3))[communicator.rank])

    found = Threads(2).run(work)
    wanted, _ = gradients(model, x)
    for i, value in enumerate(wanted):
        np.testing.assert_allclose(found[0][0][i] + found[1][0][i], value, rtol=1e-9, atol=1e-12)
    assert [count for _, count in found] == [1, 1]


def test_in_use_nobody_is_asked(device):
    def work(communicator):
        layer = SyncBatchNorm(2, communicator=communicator).eval()
        return layer(mg.ones((1, 2))).shape if communicator.rank else None

    assert Threads(2).run(work) == [None, (1, 2)]


def test_a_worker_without_examples_is_refused_and_the_others_hear_of_it():
    messages = {}

    def work(communicator):
        layer = SyncBatchNorm(2, communicator=communicator)
        try:
            layer(mg.ones((communicator.rank * 3, 2)))
        except CommunicationError as error:
            messages[communicator.rank] = str(error)
            raise
        finally:
            assert layer.num_batches_tracked.item() == 0

    with pytest.raises(ShapeError, match=r"^SyncBatchNorm: every worker needs an example, got \(0, 2\)"):
        Threads(2).run(work)
    assert "rank 0 has failed with ShapeError" in messages[1]


def test_workers_of_other_shapes_are_told():
    def work(communicator):
        SyncBatchNorm(2 + communicator.rank, communicator=communicator)(mg.ones((3, 2 + communicator.rank)))

    with pytest.raises(CommunicationError, match=r"the arrays of the ranks differ: float32 \(1, 2\), float32 \(1, 3\)"):
        Threads(2).run(work)
