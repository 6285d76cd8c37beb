"""Schedules against their formulas, and against PyTorch's sequences where it has them (stored in tests/reference)."""

import math

import pytest

from minigrad.errors import DTypeError
from minigrad.optim import schedules as s

FORMULAS = [
    (s.constant(0.1), lambda i: 0.1),
    (s.step_decay(0.1, 7, 0.5), lambda i: 0.1 * 0.5 ** math.floor(i / 7)),
    (s.exponential_decay(0.1, 0.9), lambda i: 0.1 * math.exp(i * math.log(0.9))),
    (s.inverse_time_decay(0.1, 0.3), lambda i: 0.1 / (1 + 0.3 * i)),
    (s.cosine(0.1, 20, 0.01), lambda i: 0.01 + 0.09 * math.cos(math.pi * min(i, 20) / 40) ** 2),
    (s.warmup_cosine(0.1, 5, 25, 0.01), lambda i: 0.1 * (i + 1) / 6 if i < 5 else
        0.01 + 0.09 * math.cos(math.pi * min(i - 5, 20) / 40) ** 2),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "formula"), FORMULAS, ids=[repr(schedule) for schedule, _ in FORMULAS])
def test_a_schedule_is_its_formula(schedule, formula):
    for i in range(40):
        assert schedule(i) == pytest.approx(formula(i), rel=1e-12)


def test_every_schedule_has_a_row():
    assert {text.partition("(")[0] for text in map(repr, (row for row, _ in FORMULAS))} == set(s.__all__) - {"Schedule"}


def test_a_schedule_prints_the_call_that_made_it():
    for schedule, _ in FORMULAS:
        again = eval(repr(schedule), vars(s))
        assert [again(i) for i in range(40)] == [schedule(i) for i in range(40)]


@pytest.mark.parametrize("value", ["a", None, float("nan")])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(DTypeError, match=r"^cosine: steps must be a number, got"):
        s.cosine(0.1, value)


@pytest.mark.parametrize("call", [lambda: s.cosine(-1, 3), lambda: s.cosine(1.0, 0), lambda: s.step_decay(1.0, 0)])
def test_rates_and_lengths_that_make_no_sense_are_refused(call):
    with pytest.raises(DTypeError, match=r"must not be negative, nor 0 steps, got"):
        call()


def test_pytorch_has_the_same_sequences():
    torch = pytest.importorskip("torch", reason="needs PyTorch; the formulas above are checked without it")
    schedulers = torch.optim.lr_scheduler
    for ours, make in (
        (s.step_decay(0.1, 7, 0.5), lambda o: schedulers.StepLR(o, 7, 0.5)),
        (s.exponential_decay(0.1, 0.9), lambda o: schedulers.ExponentialLR(o, 0.9)),
        (s.cosine(0.1, 20, 0.01), lambda o: schedulers.CosineAnnealingLR(o, 20, 0.01)),
    ):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        scheduler = make(optimizer)
        for i in range(20):
            assert optimizer.param_groups[0]["lr"] == pytest.approx(ours(i), rel=1e-9)
            optimizer.step()
            scheduler.step()
