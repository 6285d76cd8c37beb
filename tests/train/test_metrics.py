"""Metrics are exact over a whole data set, however it is cut, on every device; wrong shapes and labels are refused."""

import functools

import numpy as np
import pytest

from minigrad.backend.strict import no_synchronisation
from minigrad.errors import DTypeError, ShapeError
from minigrad.train import accuracy, confusion, metric, perplexity, r2, top_k
from minigrad.train.metric import Totals

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
    for k in (0, 5):
        with pytest.raises(ShapeError, match=rf"^top_k: k must lie in 1 to 4, the classes, got {k}"):
            top_k(LOGITS, LABELS, k=k)
    with pytest.raises(ShapeError, match=r"^confusion: predicted classes do not say how many .*; pass classes="):
        confusion(LABELS, LABELS)
    with pytest.raises(DTypeError, match=r"^metrics: must be functions by name, got 'accuracy'"):
        Totals({"it": "accuracy"})


def test_a_label_that_names_no_class_is_refused():
    logits = np.array([[0.0, 0.0, 9.0]], np.float32)
    for figure in (accuracy, top_k, perplexity, confusion):
        for label in (-1, 3):
            with pytest.raises(ShapeError, match=r"labels must lie in 0 to 2, got"):
                figure(logits, np.array([label]))
