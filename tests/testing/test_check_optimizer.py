"""`check_optimizer` must be able to fail: a wrong optimizer for each defect. Every one of minigrad passes."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim
from minigrad.backend.strict import audit_float64
from minigrad.testing import OPTIMIZER_CHECKS, CheckError, check_optimizer, usable_backends
from tests.testing.optimizer_rows import ROWS
from tests.testing.wrong_optimizers import WRONG, Keeps, Mixes, Right, average_oracle


@pytest.mark.parametrize(
    ("make", "options", "check", "backend", "words"),
    [pytest.param(*row, id=f"{row[0].__name__}-{row[2]}-{row[3]}") for row in WRONG],
)
def test_a_wrong_optimizer_is_caught(make, options, check, backend, words):
    with pytest.raises(CheckError) as caught:
        check_optimizer(make, backends=["numpy", "strict"], **options)
    blamed = [f for f in caught.value.failures if f.check == check and f.backend == backend]
    assert blamed, f"not caught by {check} on {backend}:\n{caught.value}"
    assert any(words in str(failure) for failure in blamed), "\n".join(map(str, blamed))


# What a defect must not be blamed for, so that a message leads to the right place.
INNOCENT = [
    ("Uncorrected", set(OPTIMIZER_CHECKS) - {"formula"}),
    ("Waits", set(OPTIMIZER_CHECKS) - {"device", "dtypes"}),
    ("Widens", set(OPTIMIZER_CHECKS) - {"device", "dtypes"}),
    ("Uphill", set(OPTIMIZER_CHECKS) - {"converges", "formula"}),
    ("AsksLate", {"made", "flat", "maximize", "dtypes", "converges", "device"}),
    ("LiveState", set(OPTIMIZER_CHECKS) - {"state"}),
    ("ForgetsTheStep", set(OPTIMIZER_CHECKS) - {"state"}),
    ("OnlyDown", set(OPTIMIZER_CHECKS) - {"maximize"}),
    ("OneRate", set(OPTIMIZER_CHECKS) - {"groups", "schedule"}),
]


@pytest.mark.parametrize(("name", "checks"), INNOCENT, ids=[row[0] for row in INNOCENT])
def test_a_wrong_optimizer_passes_the_checks_that_it_keeps(name, checks):
    make = next(row[0] for row in WRONG if row[0].__name__ == name)
    check_optimizer(make, checks=sorted(checks))


def test_a_right_optimizer_passes_everything():
    variants = [{}, {"beta": 0.9}, {"weight_decay": 0.1, "maximize": True}]
    report = check_optimizer(Right, average_oracle, variants=variants)
    assert report.name == "Right"
    assert report.backends == usable_backends()
    assert set(report.counts) == set(OPTIMIZER_CHECKS)
    assert all(report.counts.values())


def test_a_schedule_may_be_what_it_is_made_with():
    check_optimizer(lambda ps: Right(ps, lr=optim.schedules.constant(0.1)), average_oracle)


def test_a_norm_of_each_parameter_is_no_norm_of_the_storage():
    """The fault of Mixes is the storage; alone in its array each parameter passes."""
    with pytest.raises(CheckError):
        check_optimizer(Mixes, checks=["flat"])
    check_optimizer(Mixes, checks=["made", "maximize", "schedule"])


def test_no_more_than_asked_is_checked():
    report = check_optimizer(Keeps, backends=["numpy"], checks=["made", "schedule"], name="mine")
    assert (report.name, report.backends, list(report.counts)) == ("mine", ("numpy",), ["made", "schedule"])


def test_bad_calls_are_refused():
    with pytest.raises(ValueError, match=r"^check_optimizer: there are no checks \['speed'\]"):
        check_optimizer(Right, checks=["speed"])


def test_an_error_in_the_optimizer_is_told_with_its_place():
    def make(params):
        raise RuntimeError("no such thing")

    with pytest.raises(CheckError) as caught:
        check_optimizer(make)
    assert {failure.check for failure in caught.value.failures} == {"made"}
    assert "RuntimeError: no such thing" in str(caught.value)


# -- minigrad's own ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_an_optimizer_of_minigrad(row):
    report = check_optimizer(row.make, row.oracle, name=row.name, variants=row.variants, shapes=row.shapes)
    assert set(report.counts) == set(OPTIMIZER_CHECKS)


def test_every_public_optimizer_has_a_row():
    public = {n for n in optim.__all__ if isinstance(getattr(optim, n), type)}
    assert {n for n in public if issubclass(getattr(optim, n), optim.Optimizer)} - {"Optimizer"} == {
        row.name for row in ROWS
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_numpy_scalars_as_options_compute_in_float32(row):
    def wide(value):
        if isinstance(value, tuple):
            return tuple(map(wide, value))
        return np.float64(value) if isinstance(value, float) else value

    p = mg.tensor(np.ones(row.shapes[0], np.float32)).to("strict").requires_grad_()
    options = {name: wide(value) for name, value in row.make([p]).defaults.items()}
    optimizer = row.make([{"params": [p], **options}])
    for _ in range(2):
        p.grad = mg.tensor(np.ones(row.shapes[0], np.float32)).to("strict")
        with audit_float64():
            optimizer.step()
