"""Metrics are exact over a whole data set, however it is cut, on every device; wrong shapes and labels are refused."""

import functools

import numpy as np
import pytest

from minigrad.backend.strict import no_synchronisation
from minigrad.errors import DTypeError, ShapeError
from minigrad.train import accuracy, confusion, metric, perplexity, r2, top_k
from minigrad.train.metric import Metric, Totals

rng = np.random.default_rng(0)
LOGITS = rng.normal(size=(50, 4)).astype(np.float32)
LABELS = rng.integers(0, 4, 50)
SEQUENCES = rng.normal(size=(6, 4, 5)).astype(np.float32)  # (N, classes, length)
STEPS = np.where(rng.random((6, 5)) < 0.3, -100, rng.integers(0, 4, (6, 5)))
VALUES, TARGETS = rng.normal(size=(50, 3)), rng.normal(size=(50, 3)) + 5


def oracle_perplexity(logits, labels):
    rows = np.moveaxis(logits.astype(np.float64), 1, -1)[labels != -100]
    picked = rows[np.arange(len(rows)), labels[labels != -100]]
    return np.exp((np.log(np.exp(rows).sum(-1)) - picked).mean())


def oracle_top(logits, labels, k):
    rows = np.moveaxis(logits, 1, -1)[labels != -100]
    best = np.argsort(-rows, axis=-1)[:, :k]
    return (best == labels[labels != -100][:, None]).any(-1).mean()


def oracle_confusion(logits, labels):
    found = np.zeros((4, 4), int)
    np.add.at(found, (labels[labels != -100], logits.argmax(1)[labels != -100]), 1)
    return found


def oracle_r2(y, t):
    return (1 - ((t - y) ** 2).sum(0) / ((t - t.mean(0)) ** 2).sum(0)).mean()


ROWS = {
    "accuracy": (accuracy, LOGITS, LABELS, (LOGITS.argmax(1) == LABELS).mean()),
    "accuracy of classes": (accuracy, LOGITS.argmax(1), LABELS, (LOGITS.argmax(1) == LABELS).mean()),
    "accuracy of sequences": (accuracy, SEQUENCES, STEPS, oracle_top(SEQUENCES, STEPS, 1)),
    "top_k": (functools.partial(top_k, k=2), LOGITS, LABELS, oracle_top(LOGITS, LABELS, 2)),
    "top_k of sequences": (functools.partial(top_k, k=3), SEQUENCES, STEPS, oracle_top(SEQUENCES, STEPS, 3)),
    "confusion": (confusion, LOGITS, LABELS, oracle_confusion(LOGITS, LABELS)),
    "confusion of sequences": (confusion, SEQUENCES, STEPS, oracle_confusion(SEQUENCES, STEPS)),
    "confusion of classes": (
        functools.partial(confusion, classes=4), LOGITS.argmax(1), LABELS, oracle_confusion(LOGITS, LABELS),
    ),
    "perplexity": (perplexity, LOGITS, LABELS, oracle_perplexity(LOGITS, LABELS)),
    "perplexity of sequences": (perplexity, SEQUENCES, STEPS, oracle_perplexity(SEQUENCES, STEPS)),
    "r2": (r2, VALUES, TARGETS, oracle_r2(VALUES, TARGETS)),
    "r2 of one feature": (r2, VALUES[:, 0], TARGETS[:, 0], oracle_r2(VALUES[:, 0], TARGETS[:, 0])),
    "a plain function": (lambda y, t: ((y - t) ** 2).mean(), VALUES, TARGETS, ((VALUES - TARGETS) ** 2).mean()),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_the_figure_is_that_of_the_formula_however_the_data_is_cut(device, name):
    given, outputs, targets, wanted = ROWS[name]
    for cuts in ([], [1], [3, 4], [2, 5]):
        totals = Totals({"it": given})
        for y, t in zip(np.split(outputs, cuts), np.split(targets, cuts), strict=True):
            arrays = device.array(y, None), device.array(t, None)
            with no_synchronisation():
                totals.add(*arrays)
        np.testing.assert_allclose(totals.values()["it"], wanted, rtol=1e-5)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if "plain" not in name])
def test_called_by_itself(name):
    given, outputs, targets, wanted = ROWS[name]
    found = given(outputs, targets)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert isinstance(found, float) or found.dtype == np.int64


def test_nan_is_no_hit():
    logits = np.full((3, 4), np.nan, np.float32)
    assert top_k(logits, np.array([1, 2, 3]), k=3) == 0
    assert accuracy(logits, np.array([1, 2, 3])) == 0


def test_r2_of_constant_targets():
    assert r2(np.array([2.0, 2.0]), np.array([2.0, 2.0])) == 1
    assert r2(np.array([2.0, 3.0]), np.array([2.0, 2.0])) == 0


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e8, 1e12])
@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(300,), (300, 1), (300, 3)])
def test_r2_far_from_zero_is_that_of_two_passes_in_float64(device, offset, kind, shape):
    noise = np.random.default_rng(1).normal(size=(2, *shape)) * (1.0 if kind == "float64" else abs(offset) * 1e-5 + 1)
    targets = (offset + noise[0]).astype(kind)
    outputs = (offset + noise[0] + 0.3 * noise[1]).astype(kind)
    wanted = oracle_r2(outputs.astype(np.float64).reshape(300, -1), targets.astype(np.float64).reshape(300, -1))
    for cuts in ([], [1, 2, 250], [7, 8, 100]):
        totals = Totals({"it": r2})
        for y, t in zip(np.split(outputs, cuts), np.split(targets, cuts), strict=True):
            arrays = device.array(y, None), device.array(t, None)
            with no_synchronisation():
                totals.add(*arrays)
        assert totals.values()["it"] == pytest.approx(wanted, rel=1e-7)


def test_constant_targets_are_found_constant_in_any_cut():
    for value in (0.1, 1e8 + 0.1, -3e-7):
        totals = Totals({"it": r2})
        for n in (3, 1, 7):
            totals.add(np.full(n, value + 1), np.full(n, value))
        assert totals.values()["it"] == 0


def test_sums_of_float16_neither_overflow_nor_lose_digits(device):
    logits = (np.random.default_rng(2).normal(size=(3000, 4)) * 30).astype(np.float16)
    labels = np.arange(3000) % 4
    wanted = {
        "accuracy": (logits.argmax(1) == labels).mean(),
        "top_k": oracle_top(logits, labels, 2),
        "perplexity": oracle_perplexity(logits, labels),
        "mean": logits.astype(np.float64).max(1).mean(),
    }
    totals = Totals({
        "accuracy": accuracy,
        "top_k": functools.partial(top_k, k=2),
        "perplexity": perplexity,
        "mean": lambda outputs, targets: outputs.max(axis=1).mean(),
    })  # fmt: skip
    for start in range(0, 3000, 1500):
        part = slice(start, start + 1500)
        totals.add(device.array(logits[part], None), device.array(labels[part], None))
    found = totals.values()
    assert found["accuracy"] == wanted["accuracy"]
    assert found["top_k"] == pytest.approx(wanted["top_k"], rel=0.02)  # ties at the second place
    assert found["perplexity"] == pytest.approx(wanted["perplexity"], rel=1e-4)
    assert found["mean"] == pytest.approx(wanted["mean"], rel=1e-3)


def test_perplexity_of_float32_over_many_batches(device):
    logits = np.log(np.array([[0.25, 0.75]], np.float32)).repeat(100, axis=0) + np.float32(1000)
    logits, labels = device.array(logits, None), device.array(np.zeros(100, int), None)
    totals = Totals({"it": perplexity})
    for _ in range(2000):
        totals.add(logits, labels)
    shift = np.float32(1000) + np.log(np.float32([0.25, 0.75]))
    assert totals.values()["it"] == pytest.approx(oracle_perplexity((shift - 1000)[None], np.array([0])), rel=2e-7)


def test_a_metric_says_how_partial_results_merge():
    largest = Metric(lambda outputs, targets: (outputs.max(),), lambda top: top, merge=lambda a, b: (max(a[0], b[0]),))
    totals = Totals({"largest": largest, "with options": functools.partial(largest)})
    for part in ([1.0, 7.0], [3.0]):
        totals.add(np.array(part), np.array(part))
    assert totals.values() == {"largest": 7.0, "with options": 7.0}


def test_a_metric_of_ones_own():
    @metric(lambda total, n: total / n)
    def absolute_error(outputs, targets):
        """The mean distance."""
        return abs(outputs - targets).sum(), targets.size

    assert absolute_error.__doc__ == "The mean distance."
    assert absolute_error(np.array([1.0, 2.0]), np.array([1.0, 4.0])) == 1


@pytest.mark.parametrize("given", [accuracy, functools.partial(top_k, k=2), confusion, perplexity])
def test_labels_that_do_not_fit(given):
    name = getattr(given, "func", given).__name__
    with pytest.raises(DTypeError, match=rf"^{name}: labels must be integers, got float32; cast"):
        given(LOGITS, LABELS.astype(np.float32))
    for labels in (LABELS[:, None], LABELS[:49]):
        with pytest.raises(ShapeError, match=rf"^{name}: outputs must be logits .* \(50, 4\) and \(\d+.*; reshape"):
            given(LOGITS, labels)


def test_other_mistakes():
    with pytest.raises(ShapeError, match=r"^r2: outputs and targets must agree in shape, got \(50, 1\), \(50,\)"):
        r2(VALUES[:, :1], TARGETS[:, 0])
    for empty in (np.zeros(0), np.zeros((0, 3)), 1.0):
        with pytest.raises(ShapeError, match=r"^r2: needs at least one sample, got shape \(.*\); pass \(N,\) or"):
            r2(empty, empty)
    for k in (0, 5):
        with pytest.raises(ShapeError, match=rf"^top_k: k must lie in 1 to 4, the classes, got {k}"):
            top_k(LOGITS, LABELS, k=k)
    with pytest.raises(ShapeError, match=r"^confusion: predicted classes do not say how many .*; pass classes="):
        confusion(LABELS, LABELS)
    with pytest.raises(DTypeError, match=r"^metrics: must be functions by name, got 'accuracy'"):
        Totals({"it": "accuracy"})
    for given in ([accuracy], {accuracy}, (accuracy,), accuracy, "accuracy", {1: accuracy}):
        with pytest.raises(DTypeError, match=r"^metrics: must be functions by name, got .+; pass {'accuracy': "):
            Totals(given)
    for k in (True, 2.5, "a", None):
        with pytest.raises(DTypeError, match=rf"^top_k: k must be a whole number, got {k!r}; pass an int"):
            top_k(LOGITS, LABELS, k=k)
    with pytest.raises(DTypeError, match=r"^confusion: classes must be a whole number, got 2.5; pass an int"):
        confusion(LABELS, LABELS, classes=2.5)
    assert top_k(LOGITS, LABELS, k=np.int64(4)) == 1


def test_a_label_that_names_no_class_is_refused():
    logits = np.array([[0.0, 0.0, 9.0]], np.float32)
    for figure in (accuracy, top_k, perplexity, confusion):
        for label in (-1, 3):
            with pytest.raises(ShapeError, match=r"labels must lie in 0 to 2, got"):
                figure(logits, np.array([label]))
