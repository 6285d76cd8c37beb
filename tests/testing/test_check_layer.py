"""`check_layer` must be able to fail: a wrong layer for each kind of defect. Every layer of minigrad passes."""

import copy

import numpy as np
import pytest

from minigrad import nn
from minigrad.nn import Layer
from minigrad.testing import LAYER_CHECKS, CheckError, check_layer, usable_backends
from tests.testing.layer_rows import ROWS
from tests.testing.wrong_layers import WRONG, OtherName, Right
from tests.testing.wrong_values import WrongGradient, wrong_tanh


@pytest.mark.parametrize(
    ("make", "options", "check", "backend", "words"),
    [pytest.param(*row, id=f"{row[0].__name__}-{row[2]}-{row[3]}") for row in WRONG],
)
def test_a_wrong_layer_is_caught(make, options, check, backend, words):
    with pytest.raises(CheckError) as caught:
        check_layer(make(), (4, 3), backends=["numpy", "strict"], **options)
    blamed = [f for f in caught.value.failures if f.check == check and f.backend == backend]
    assert blamed, f"not caught by {check} on {backend}:\n{caught.value}"
    assert any(words in str(failure) for failure in blamed), "\n".join(map(str, blamed))


# What a defect must not be blamed for, so that a message leads to the right place.
INNOCENT = [
    ("WrongGradient", {"parts", "copies", "repr", "state", "modes", "value", "dtypes", "memory", "device"}),
    ("FirstOrderOnly", set(LAYER_CHECKS) - {"second"}),
    ("RandomInUse", {"parts", "copies", "repr", "dtypes", "memory", "device", "gradient"}),
    ("Waits", set(LAYER_CHECKS) - {"device"}),
    ("Address", set(LAYER_CHECKS) - {"repr"}),
    ("KeepsAFunction", set(LAYER_CHECKS) - {"copies"}),
    ("AcceptsAnyState", set(LAYER_CHECKS) - {"state"}),
    ("UpdatesInUse", set(LAYER_CHECKS) - {"modes"}),
    ("OtherName", set(LAYER_CHECKS)),
]


@pytest.mark.parametrize(("name", "checks"), INNOCENT, ids=[row[0] for row in INNOCENT])
def test_a_wrong_layer_passes_the_checks_that_it_keeps(name, checks):
    make = next(row[0] for row in WRONG if row[0].__name__ == name)
    check_layer(make(), (4, 3), checks=sorted(checks))


def rms(x):
    return np.sqrt((x * x).mean())


def test_a_right_layer_passes_everything():
    layer = Right(3)
    state = layer.state_dict()
    report = check_layer(
        layer, (4, 3), lambda state, x: x * state["weight"] / state["scale"], differs=True,
        training_oracle=lambda state, x: x * state["weight"] / rms(x), parameters=["weight"], buffers=["scale"],
    )  # fmt: skip
    assert report.backends == usable_backends()
    assert set(report.counts) == set(LAYER_CHECKS)
    assert all(report.counts.values())
    assert all((layer.state_dict()[name] == array).all() for name, array in state.items())  # it was not called


def test_the_first_failures_are_the_structural_ones_and_twenty_are_shown():
    class Everything(OtherName):
        __repr__ = object.__repr__

        def __init__(self):
            super().__init__()
            self.hidden = {nn.Tanh()}

        def forward(self, x):
            return nn.functional.dropout(wrong_tanh(x * self.w), 0.5)

    with pytest.raises(CheckError) as caught:
        check_layer(Everything(), (4, 3), name="bad")
    failures = caught.value.failures
    assert len(failures) > 20
    assert failures[0].check == "parts"
    order = [list(LAYER_CHECKS).index(failure.check) for failure in failures]
    assert order == sorted(order)
    text = str(caught.value)
    assert text.startswith(f"check_layer(bad): {len(failures)} checks failed\n1. parts on numpy: ")
    assert text.endswith(f"\nand {len(failures) - 20} more")


def test_what_does_not_run_is_not_checked_further():
    with pytest.raises(CheckError) as caught:
        check_layer(nn.Linear(5, 2), (4, 3))
    assert {failure.check for failure in caught.value.failures} == {"runs"}
    assert "linear" in str(caught.value)


def test_second_order_is_left_out_where_it_is_not_asked_for():
    make = next(row[0] for row in WRONG if row[0].__name__ == "FirstOrderOnly")
    assert "second" not in check_layer(make(), (4, 3), order=1).counts


def test_unused_parameters_and_constant_inputs_may_be_named():
    class Unused(OtherName):
        def __init__(self):
            super().__init__()
            self.spare = nn.Parameter([1.0])

    with pytest.raises(CheckError, match="gradient of parameter spare in training"):
        check_layer(Unused(), (4, 3), checks=["gradient"])
    check_layer(Unused(), (4, 3), checks=["gradient"], unused=["spare"])

    class Detached(Layer):
        def forward(self, x, y):
            return x * y.detach() if hasattr(y, "detach") else x * y

    with pytest.raises(CheckError, match="gradient of input 2"):
        check_layer(Detached(), [(4, 3), (4, 3)], checks=["gradient"])
    check_layer(Detached(), [(4, 3), (4, 3)], checks=["gradient"], constant=[1])


def test_large_parameters_are_measured_in_places():
    check_layer(nn.Linear(40, 30), (2, 40), checks=["gradient", "second"])
    with pytest.raises(CheckError, match="gradient of input 1"):
        check_layer(WrongGradient(), (20, 40), checks=["gradient"])


def test_several_outputs_are_all_checked():
    class Two(Layer):
        def __init__(self):
            self.a, self.b = nn.Linear(3, 2), WrongGradient()

        def forward(self, x):
            return {"good": self.a(x), "more": (x * 2.0, self.b(x))}

    with pytest.raises(CheckError, match="gradient of input 1"):
        check_layer(Two(), (4, 3), checks=["gradient", "value", "runs"])


def test_a_kink_between_the_points_of_a_difference_is_not_blamed():
    x = np.array([[1e-3, -5e-4, 0.7]])
    check_layer(nn.ReLU(), x)


def test_bad_calls_are_refused():
    with pytest.raises(TypeError, match=r"^check_layer: checks a minigrad.nn.Layer, got function"):
        check_layer(lambda x: x, (3,))
    with pytest.raises(ValueError, match=r"^check_layer: there are no checks \['speed'\]"):
        check_layer(nn.ReLU(), (3,), checks=["speed"])


# -- minigrad's own ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_a_layer_of_minigrad(row):
    check_layer(row.make(), row.input, row.oracle, name=row.id, **row.options)


def test_every_public_layer_has_a_row():
    public = {n for n in nn.__all__ if isinstance(getattr(nn, n), type) and issubclass(getattr(nn, n), Layer)}
    assert public - {"Layer"} == {row.layer for row in ROWS}


def test_a_row_contains_the_layer_that_it_names():
    for row in ROWS:
        kinds = {type(part).__name__ for part in row.make().layers()}
        assert row.layer in kinds, row.id
        assert copy.deepcopy(row.options) is not None
