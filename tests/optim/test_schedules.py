"""Schedules against their formulas written another way, and against PyTorch's sequences (stored in tests/reference)."""

import copy
import math
import pickle
from pathlib import Path

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.errors import ArgumentError, DTypeError
from minigrad.optim import SGD
from minigrad.optim import schedules as s
from tools.schedule_rows import FIGURES, PLATEAUS, ROWS, WITHOUT_TORCH, minigrad_plateau, minigrad_rates, stored

STEPS = 64


def through(*points):
    """A line through points (step, rate), flat before the first and after the last."""
    steps, rates = zip(*points, strict=True)
    return lambda i: float(np.interp(i, steps, rates))


def half_cosine(lr, end, steps):
    return lambda i: end + (lr - end) * math.cos(math.pi * min(i, steps) / steps / 2) ** 2


def restarts(i):
    begins = [0, 3, 9, 21, 45, 93]  # lengths 3, 6, 12, 24, 48
    k = max(k for k in range(5) if begins[k] <= i)
    return half_cosine(0.1, 0.01, begins[k + 1] - begins[k])(i - begins[k])


def triangles(i, height):
    """Up in 4, down in 6."""
    cycle, t = divmod(i, 10)
    return 0.01 + 0.09 * float(np.interp(t, [0, 4, 10], [0, 1, 0])) * height(cycle, i)


FORMULAS = [
    (s.constant(0.1), lambda i: 0.1),
    (s.linear(0.1, 10), through((0, 0.1 / 3), (10, 0.1))),
    (s.linear(0.1, 10, 1.0, 0.2), through((0, 0.1), (10, 0.02))),
    (s.step_decay(0.1, 7, 0.5), lambda i: 0.1 * 0.5 ** math.floor(i / 7)),
    (s.multistep_decay(0.1, [5, 6, 20], 0.5), lambda i: 0.1 / 2 ** sum(i >= m for m in (5, 6, 20))),
    (s.exponential_decay(0.1, 0.9), lambda i: 0.1 * math.exp(i * math.log(0.9))),
    (s.inverse_time_decay(0.1, 0.3), lambda i: 0.1 / (1 + 0.3 * i)),
    (s.polynomial_decay(0.1, 20, 0.01, 2), lambda i: 0.01 + 0.09 * ((20 - min(i, 20)) / 20) ** 2),
    (s.polynomial_decay(0.1, 20, 0.01), through((0, 0.1), (20, 0.01))),
    (s.cosine(0.1, 20, 0.01), half_cosine(0.1, 0.01, 20)),
    (s.noam(512, 10, 2.0), lambda i: 2 / math.sqrt(512) * ((i + 1) / 10**1.5 if i < 10 else 1 / math.sqrt(i + 1))),
    (s.cosine_restarts(0.1, 10, end=0.01), lambda i: half_cosine(0.1, 0.01, 10)(i % 10)),
    (s.cosine_restarts(0.1, 3, 2, 0.01), restarts),
    (s.cyclic(0.01, 0.1, 4, 6), lambda i: triangles(i, lambda cycle, i: 1)),
    (s.cyclic(0.01, 0.1, 4, 6, "triangular2"), lambda i: triangles(i, lambda cycle, i: 2.0**-cycle)),
    (s.cyclic(0.01, 0.1, 4, 6, "exp_range", 0.9), lambda i: triangles(i, lambda cycle, i: 0.9**i)),
    (s.one_cycle(0.1, 21, 1 / 3, "linear", 10, 100), through((0, 0.01), (6, 0.1), (20, 1e-4))),
    (s.one_cycle(0.1, 20, 0.25, "cos", 10, 100), lambda i: 0.11 - half_cosine(0.1, 0.01, 4)(i) if i < 4 else
        half_cosine(0.1, 1e-4, 15)(i - 4)),
    (s.one_cycle(0.1, 20, 0.25, "linear", 10, 100, True), through((0, 0.01), (4, 0.1), (8, 0.01), (19, 1e-4))),
    (s.warmup_cosine(0.1, 5, 25, 0.01), lambda i: 0.1 * (i + 1) / 6 if i < 5 else half_cosine(0.1, 0.01, 20)(i - 5)),
    (s.warmup_cosine(0.1, 0, 25), half_cosine(0.1, 0.0, 25)),
    (s.warmup_stable_decay(0.1, 4, 10, 30, 0.01), through((-1, 0), (4, 0.1), (20, 0.1), (30, 0.01))),
    (s.warmup_stable_decay(0.1, 4, 10, 30, 0.01, "1-sqrt"),
        lambda i: through((-1, 0), (4, 0.1))(i) if i < 20 else 0.1 - 0.09 * math.sqrt(min(i - 20, 10) / 10)),
    (s.warmup_stable_decay(0.1, 0, 0, 30, 0.05), lambda i: 0.1 if i < 30 else 0.05),
    (s.join([s.constant(0.2), s.linear(0.1, 4, 0.5), s.exponential_decay(0.1, 0.9)], [3, 10]),
        lambda i: 0.2 if i < 3 else through((3, 0.05), (7, 0.1))(i) if i < 10 else 0.1 * 0.9 ** (i - 10)),
]  # fmt: skip
SCHEDULES = [schedule for schedule, _ in FORMULAS]


@pytest.mark.parametrize(("schedule", "formula"), FORMULAS, ids=[repr(schedule) for schedule in SCHEDULES])
def test_a_schedule_is_its_formula(schedule, formula):
    for i in range(STEPS):
        assert schedule(i) == pytest.approx(formula(i), rel=1e-12, abs=1e-16)


def test_every_schedule_has_a_row():
    public = set(s.__all__) - {"Schedule", "ReduceOnPlateau"}
    assert {schedule.make.__name__ for schedule in SCHEDULES} == public
    assert {row.id.partition("(")[0] for row in ROWS} == public - WITHOUT_TORCH.keys()


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_schedule_prints_the_call_that_made_it_and_travels(schedule):
    wanted = [schedule(i) for i in range(STEPS)]
    for again in (eval(repr(schedule), vars(s)), copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))):
        assert [again(i) for i in range(STEPS)] == wanted
        assert repr(again) == repr(schedule)


STORED = stored(Path(__file__).parents[1] / "reference" / "schedules.npz")


def test_the_stored_sequences_are_those_of_the_table():
    assert set(STORED) == {row.id for row in [*ROWS, *PLATEAUS]}, "the table has changed; run `make reference`"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_pytorch_has_the_same_sequence(row):
    np.testing.assert_allclose(minigrad_rates(row), STORED[row.id], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("row", PLATEAUS, ids=lambda row: row.id)
def test_pytorch_reduces_at_the_same_figures(row):
    found = minigrad_plateau(row)
    np.testing.assert_allclose(found, STORED[row.id], rtol=1e-12)
    assert min(found) < 0.1, "a row in which nothing happens"


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["a", None, float("nan"), True, [3], 3.0])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(DTypeError, match=r"^cosine: steps must be a whole number, got"):
        s.cosine(0.1, value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: s.cosine(-1, 3), "cosine: lr must be a finite number from 0 up, got -1; correct"),
        (lambda: s.cosine(float("inf"), 3), "cosine: lr must be a finite number from 0 up, got inf"),
        (lambda: s.cosine(10**400, 3), "cosine: lr must be a finite number from 0 up, got 1000"),
        (lambda: s.cosine(1.0, 0), "cosine: steps must be at least 1, got 0"),
        (lambda: s.cosine(1.0, 2.5), "cosine: steps must be a whole number, got 2.5"),
        (lambda: s.step_decay(1.0, 0), "step_decay: size must be at least 1, got 0"),
        (lambda: s.step_decay(1.0, 3, -0.1), "step_decay: gamma must be a finite number from 0 up, got -0.1"),
        (lambda: s.linear(1.0, 3, 1.5), r"linear: start_factor must be a finite number in \[0, 1\], got 1.5"),
        (lambda: s.linear(1.0, 3, 1.0, -0.5), r"linear: end_factor must be a finite number in \[0, 1\], got -0.5"),
        (lambda: s.multistep_decay(1.0, [3, 3]), r"multistep_decay: milestones must increase, got \[3, 3\]; sort"),
        (lambda: s.multistep_decay(1.0, [9, 3]), r"multistep_decay: milestones must increase, got \[9, 3\]; sort"),
        (lambda: s.multistep_decay(1.0, [0, 3]), "multistep_decay: each of milestones must be at least 1, got 0"),
        (lambda: s.multistep_decay(1.0, 30), r"multistep_decay: milestones must be whole numbers in a list, got 30"),
        (lambda: s.cosine_restarts(1.0, 0), "cosine_restarts: T0 must be at least 1, got 0"),
        (lambda: s.cosine_restarts(1.0, 5, 0), "cosine_restarts: mult must be at least 1, got 0"),
        (lambda: s.cosine_restarts(1.0, 5, 1.5), "cosine_restarts: mult must be a whole number, got 1.5"),
        (lambda: s.cyclic(0.1, 0.01), "cyclic: max_lr must not be below lr, got 0.01 and 0.1; exchange"),
        (lambda: s.cyclic(0.1, 1.0, mode="square"), "cyclic: mode must be triangular, .*, got 'square'"),
        (lambda: s.cyclic(0.1, 1.0, down=0), "cyclic: down must be at least 1, got 0"),
        (lambda: s.one_cycle(1.0, 10, 1.5), r"one_cycle: pct_start must be a finite number in \[0, 1\], got 1.5"),
        (lambda: s.one_cycle(1.0, 10, 0.6, three_phase=True), "one_cycle: of three phases .*got pct_start=0.6"),
        (lambda: s.one_cycle(1.0, 10, anneal="exp"), "one_cycle: anneal must be cos, linear, got 'exp'"),
        (lambda: s.one_cycle(1.0, 10, div_factor=0), "one_cycle: div_factor must be a finite number above 0, got 0"),
        (lambda: s.noam(0), "noam: d_model must be at least 1, got 0"),
        (lambda: s.warmup_cosine(1.0, 5, 5), "warmup_cosine: the warm-up must be shorter than all steps, got 5 of 5"),
        (lambda: s.warmup_cosine(1.0, 9, 5), "warmup_cosine: the warm-up must be shorter than all steps, got 9 of 5"),
        (lambda: s.warmup_cosine(1.0, -1, 5), "warmup_cosine: warmup must be at least 0, got -1"),
        (lambda: s.warmup_stable_decay(1.0, 4, 4, 6), "warmup_stable_decay: .*must fit into all steps, got 4 and 4 of"),
        (lambda: s.warmup_stable_decay(1.0, 1, 1, 6, shape="exp"), "warmup_stable_decay: shape must be .*got 'exp'"),
        (lambda: s.join([0.1, s.constant(1.0)], [3]), "join: schedules are functions of the step in a list, got"),
        (lambda: s.join([], []), r"join: schedules are functions of the step in a list, got \(\)"),
        (lambda: s.join([s.constant(1.0)], [3]), "join: between 1 schedules lie 0 boundaries, got"),
        (lambda: s.join([s.constant(1.0)] * 3, [5, 3]), "join: boundaries must increase, got"),
        (lambda: s.ReduceOnPlateau(0.1, 1.0), r"ReduceOnPlateau: factor must be a finite number in \(0, 1\), got 1.0"),
        (lambda: s.ReduceOnPlateau(0.1, 0), r"ReduceOnPlateau: factor must be a finite number in \(0, 1\), got 0"),
        (lambda: s.ReduceOnPlateau(0.1, patience=-1), "ReduceOnPlateau: patience must be at least 0, got -1"),
        (lambda: s.ReduceOnPlateau(0.1, min_lr=0.5), "ReduceOnPlateau: min_lr must not be above lr, got 0.5 and 0.1"),
        (lambda: s.ReduceOnPlateau(0.1, mode="up"), "ReduceOnPlateau: mode must be min, max, got 'up'"),
        (lambda: s.ReduceOnPlateau(0.1, threshold_mode="x"), "ReduceOnPlateau: threshold_mode must be rel, abs, got"),
        (lambda: s.ReduceOnPlateau(0.1).load_state_dict({"lr": 1}), "ReduceOnPlateau.load_state_dict: .*no .'best'"),
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_refused(call, words):
    with pytest.raises((ArgumentError, DTypeError), match=f"^{words}"):
        call()


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_steps_that_make_no_sense_are_refused(schedule):
    with pytest.raises(ArgumentError, match=r": a step is 0 or more, got -1; count"):
        schedule(-1)
    for step in (1.0, 0.5, "1", None):
        with pytest.raises(DTypeError, match=r": a step is a whole number, got"):
            schedule(step)
    assert schedule(np.int64(3)) == schedule(3)


def test_arguments_that_do_not_fit_the_call_are_refused():
    with pytest.raises(DTypeError, match=r"^cosine: missing a required argument: 'steps', got .*it is cosine\(lr"):
        s.cosine(0.1)
    with pytest.raises(DTypeError, match=r"^cosine: got an unexpected keyword argument 'length', got"):
        s.cosine(0.1, 3, length=5)
    with pytest.raises(DTypeError, match=r"^ReduceOnPlateau.step: a figure is one number, got \[1, 2\]"):
        s.ReduceOnPlateau(0.1).step([1, 2])


# -- in use ------------------------------------------------------------------------------------------------------------


def test_numpys_numbers_become_pythons():
    schedule = s.cosine(np.float64(0.1), np.int64(3), np.float32(0.5))
    assert repr(schedule) == "cosine(0.1, steps=3, end=0.5)"
    assert type(schedule(1)) is float


def test_growth_without_end_is_refused_by_the_optimizer_by_name():
    schedule = s.exponential_decay(0.1, 1.1)
    assert schedule(10**6) == math.inf
    p = Tensor([1.0], requires_grad=True)
    optimizer = SGD([p], schedule)
    optimizer.steps, p.grad = 10**6, np.ones(1, np.float32)
    with pytest.raises(DTypeError, match="SGD: lr must be finite and not negative, got inf at step 1000000"):
        optimizer.step()


def test_an_optimizer_follows_a_plateau():
    p, rate = Tensor([1.0], requires_grad=True), s.ReduceOnPlateau(0.5, factor=0.5, patience=0)
    optimizer = SGD([p], rate)
    for wanted in (0.5, 0.5, 0.25):
        before, p.grad = p.item(), np.ones(1, np.float32)
        optimizer.step()
        assert before - p.item() == wanted
        rate.step(1.0)


def test_a_plateau_goes_on_from_its_state():
    options = {"factor": 0.5, "patience": 1, "cooldown": 2}
    whole, part = s.ReduceOnPlateau(0.1, **options), s.ReduceOnPlateau(0.1, **options)
    for k, figure in enumerate(FIGURES):
        if k % 5 == 0:
            state = part.state_dict()
            part = s.ReduceOnPlateau(0.1, **options)
            part.load_state_dict(state)
        whole.step(figure)
        part.step(figure)
        assert (whole.lr, whole.state_dict()) == (part.lr, part.state_dict())
    assert whole.lr < 0.1
    again = eval(repr(whole), vars(s))
    assert repr(again) == repr(whole) == "ReduceOnPlateau(0.1, factor=0.5, patience=1, cooldown=2)"
