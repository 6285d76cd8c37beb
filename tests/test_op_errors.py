"""What ops say when shapes, axes, places, kinds or devices do not fit: `<name>: <what>, got <values>; <what to do>`."""

import contextlib
import gc

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.errors import DeviceError, MinigradError, ShapeError


def z(*shape):
    return mg.zeros(shape, requires_grad=True)


FORM = r": .+[,;] .*got .+; .+"

SHAPES = {
    "add": [lambda: z(2) + z(3), lambda: z(2, 3) + mg.ones(2)],
    "subtract": [lambda: z(2, 2) - z(3)],
    "multiply": [lambda: z(4, 1, 3) * z(2, 3, 3)],
    "divide": [lambda: z(2) / z(3)],
    "power": [lambda: z(2) ** mg.ones(3)],
    "maximum": [lambda: mg.maximum(z(2), z(3))],
    "less": [lambda: z(2) < z(3)],
    "equal": [lambda: z(2) == z(3)],
    "where": [lambda: mg.where([True, False], z(3), 0.0), lambda: mg.where([True, False], z(2), z(3))],
    "matmul": [lambda: z(2, 3) @ z(2, 3), lambda: z(3) @ z(2), lambda: z(2, 2, 3) @ z(3, 3, 1), lambda: z() @ z(2),
               lambda: z(2) @ 3.0, lambda: 3.0 @ z(2)],
    "concatenate": [lambda: mg.concatenate([z(2, 3), z(2, 2)]), lambda: mg.concatenate([z(2), z(2, 2)]),
                    lambda: mg.concatenate([z(), z()]), lambda: mg.concatenate([])],
    "stack": [lambda: mg.stack([z(2), z(3)]), lambda: mg.stack([])],
    "reshape": [lambda: z(6).reshape(4, 2), lambda: z(6).reshape(-1, 4), lambda: z(6).reshape(-1, -1)],
    "transpose": [lambda: z(2, 3).transpose(0, 2), lambda: z(2, 3).transpose(0), lambda: z(2, 3).transpose(0, 0)],
    "broadcast_to": [lambda: mg.broadcast_to(z(3), (2, 2)), lambda: mg.broadcast_to(z(2, 3), (3,))],
    "einsum": [lambda: mg.einsum("ij,jk->ik", z(2, 3), z(2, 3)), lambda: mg.einsum("ij->i", z(2)),
               lambda: mg.einsum("i,j->ij", z(2)), lambda: mg.einsum("i->k", z(2)), lambda: mg.einsum("i->ii", z(2))],
    "tensordot": [lambda: mg.tensordot(z(2, 3), z(2, 3), 1)],
    "squeeze": [lambda: mg.squeeze(z(2, 1), 0)],
    "split": [lambda: mg.split(z(5), 2)],
    "pad": [lambda: mg.pad(z(2), -1), lambda: mg.pad(z(2), [(1, 1), (1, 1)])],
    "diagonal": [lambda: mg.diagonal(z(2))],
    **{
        name: [lambda f=name: getattr(mg, f)(z(2, 3)), lambda f=name: getattr(mg, f)(z(2)),
               lambda f=name: getattr(mg, f)(z(2, 2, 3)), lambda f=name: getattr(mg, f)(2.0)]
        for name in ("inv", "det", "slogdet", "cholesky")
    },
    "solve": [lambda: mg.solve(z(2, 3), z(2)), lambda: mg.solve(z(2, 2), z(3)), lambda: mg.solve(z(2, 2), z(3, 2)),
              lambda: mg.solve(z(2, 2, 2), z(3, 2)), lambda: mg.solve(z(2, 2), z()),
              lambda: mg.solve(z(2, 2, 2), z(3, 2, 1))],
    "topk": [lambda: mg.topk(z(2, 3), 4), lambda: mg.topk(z(2, 3), -1), lambda: mg.topk(z(2, 3), 3, axis=0)],
    "getitem": [lambda: z(2, 2)[mg.ones(3).value > 0]],
    "scatter": [lambda: mg.scatter(z(3), [0, 1], (4,))],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "call"),
    [pytest.param(name, call, id=f"{name}-{i}") for name in SHAPES for i, call in enumerate(SHAPES[name])],
)
def test_shapes_that_do_not_fit_are_named(device, name, call):
    with pytest.raises((ShapeError, IndexError), match=rf"^{name}{FORM}"):
        call()


AXES = {
    "sum": lambda: z(2, 3).sum(axis=2),
    "mean": lambda: z(2, 3).mean(axis=-3),
    "var": lambda: z(2, 3).var(axis=(0, 2)),
    "max": lambda: z(2, 3).max(axis=5),
    "logsumexp": lambda: mg.logsumexp(z(2, 3), axis=2),
    "norm": lambda: mg.norm(z(2, 3), axis=2),
    "prod": lambda: z(2, 3).prod(axis=2),
    "cumsum": lambda: mg.cumsum(z(2, 3), 2),
    "argmax": lambda: z(2, 3).argmax(2),
    "any": lambda: z(2, 3).any(2),
    "sort": lambda: mg.sort(z(2, 3), 2),
    "argsort": lambda: z(2, 3).argsort(-3),
    "topk": lambda: mg.topk(z(2, 3), 1, axis=2),
    "concatenate": lambda: mg.concatenate([z(2), z(2)], axis=1),
    "stack": lambda: mg.stack([z(2), z(2)], axis=3),
    "take": lambda: mg.take(z(2, 3), [0], axis=2),
    "take_along_axis": lambda: mg.take_along_axis(z(2, 3), np.zeros((2, 3), int), 2),
    "squeeze": lambda: mg.squeeze(z(1, 3), axis=2),
    "expand_dims": lambda: mg.expand_dims(z(2), 4),
    "swapaxes": lambda: z(2, 3).swapaxes(0, 2),
    "moveaxis": lambda: mg.moveaxis(z(2, 3), 0, 2),
    "split": lambda: mg.split(z(2, 3), 2, axis=2),
    "flip": lambda: mg.flip(z(2, 3), 2),
    "roll": lambda: mg.roll(z(2, 3), 1, 2),
    "repeat": lambda: mg.repeat(z(2, 3), 2, 2),
    "diagonal": lambda: mg.diagonal(z(2, 3), 0, 0, 2),
}


@pytest.mark.parametrize(("name", "call"), AXES.items(), ids=AXES.keys())
def test_an_axis_out_of_range_is_refused_with_the_shape(device, name, call):
    with pytest.raises((ShapeError, IndexError), match=rf"^{name}: .*ax.*got .*; "):
        call()


PLACES = {
    "an integer": lambda x: x[5],
    "a negative integer": lambda x: x[-4],
    "too many": lambda x: x[0, 0],
    "a second axis": lambda x: x.reshape(3, 1)[0, 2],
}


@pytest.mark.parametrize("call", PLACES.values(), ids=PLACES.keys())
def test_an_index_out_of_range_names_the_shape(device, call):
    with pytest.raises(IndexError, match=rf"^getitem{FORM}"):
        call(z(3))


def test_iteration_by_index_ends(device):
    assert [float(v) for v in z(3)] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("index", [1.0, "a", np.array([0.5]), [0.5], None.__class__], ids=lambda i: type(i).__name__)
def test_an_index_of_the_wrong_kind_is_refused(index):
    with pytest.raises((TypeError, IndexError), match=r"^(getitem|index): .*got .*; "):
        z(3)[index]


OTHER_KINDS = {
    "add": lambda v: z(2) + v,
    "multiply": lambda v: mg.multiply(v, z(2)),
    "power": lambda v: z(2) ** v,
    "maximum": lambda v: mg.maximum(z(2), v),
    "matmul": lambda v: z(2) @ v,
    "concatenate": lambda v: mg.concatenate([z(2), v]),
    "exp": lambda v: mg.exp(v),
    "sum": lambda v: mg.sum(v),
    "less": lambda v: z(2) < v,
}


@pytest.mark.parametrize("value", ["ab", None, {}, 1j, object, np.ones(2, "complex64")], ids=lambda v: type(v).__name__)
@pytest.mark.parametrize(("name", "call"), OTHER_KINDS.items(), ids=OTHER_KINDS.keys())
def test_what_is_no_real_array_is_refused_by_the_op(name, call, value):
    with pytest.raises(TypeError, match=rf"^{name}: .*; ") as caught:
        call(value)
    assert isinstance(caught.value, MinigradError)


# -- devices -----------------------------------------------------------------------------------------------------------


def two(requires_grad=True):
    """A tensor of the host and one of the device double."""
    here = Tensor(np.ones((2, 2), np.float32), requires_grad)
    return here, here.to("strict")


MIXED = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "matmul": lambda a, b: a @ b,
    "maximum": lambda a, b: mg.maximum(a, b),
    "logaddexp": lambda a, b: mg.logaddexp(a, b),
    "less": lambda a, b: a < b,
    "equal": lambda a, b: a == b,
    "concatenate": lambda a, b: mg.concatenate([a, b]),
    "stack": lambda a, b: mg.stack([a, b]),
    "where": lambda a, b: mg.where([[True, False]], a, b),
    "einsum": lambda a, b: mg.einsum("ij,jk->ik", a, b),
    "tensordot": lambda a, b: mg.tensordot(a, b, 1),
    "scatter_add": lambda a, b: mg.scatter_add(a, slice(None), b),
}


@pytest.mark.parametrize(("name", "call"), MIXED.items(), ids=MIXED.keys())
def test_two_devices_in_one_op_give_one_clear_error(name, call):
    inner = {"stack": "(stack|concatenate)", "scatter_add": "(scatter_add|add)", "tensordot": "(tensordot|matmul)"}.get(
        name, name
    )
    for requires_grad in (True, False):
        here, there = two(requires_grad)
        for a, b in ((here, there), (there, here), (here, there.value), (here.value, there), (there.value, here)):
            with pytest.raises(DeviceError, match=rf"^({name}|{inner}): .*got numpy and strict; .*\.to\(") as caught:
                call(a, b)
            assert isinstance(caught.value, TypeError)


def test_a_condition_on_another_device_is_named():
    here, there = two()
    for condition, x in ((here, there), (there, here)):
        with pytest.raises(DeviceError, match=r"^where: .*got numpy and strict; .*\.to\("):
            mg.where(condition.value > 0, x, 0.0)


def test_an_index_from_the_host_is_carried_over():
    _, there = two()
    for index in (np.array([0, 1]), [0, 1], Tensor(np.array([0, 1])), np.array([True, True])):
        assert there[index].tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_numbers_go_with_every_device(device):
    for number in (2, 2.0, np.float32(2), np.float64(2), np.int64(2)):
        assert (z(2) + number).backend == (number * z(2)).backend == device.name


# -- the errors themselves ---------------------------------------------------------------------------------------------


def test_errors_can_be_caught_as_numpy_users_do():
    with pytest.raises(ValueError, match=r"^add: "):
        z(2) + z(3)
    with pytest.raises(TypeError, match=r"^add: "):
        z(2) + "a"
    with pytest.raises(IndexError, match=r"^getitem: "):
        z(2)[5]


FAILING = [lambda: z(2, 3) @ z(2, 3), lambda: mg.maximum(*two()), lambda: z(2) + z(3), lambda: z(2).sum(axis=3)]


def errors_alive():
    """The identities of minigrad's errors; by type, since isinstance follows weak proxies that others left behind."""
    return {id(x) for x in gc.get_objects() if issubclass(type(x), MinigradError)}


@pytest.mark.parametrize("call", FAILING)
def test_an_error_is_not_its_own_cause_and_is_freed_at_once(call):
    with pytest.raises(MinigradError) as caught:
        call()
    error = caught.value
    assert error.__cause__ is not error
    del caught, error
    gc.disable()
    try:
        gc.collect()
        before = errors_alive()
        for _ in range(3):
            with contextlib.suppress(MinigradError):
                call()
        assert errors_alive() <= before
    finally:
        gc.enable()


def test_warnings_of_numpy_stay_warnings():
    with pytest.warns(RuntimeWarning):
        mg.log(Tensor([-1.0], requires_grad=True))
