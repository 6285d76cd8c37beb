"""Values, gradients and second derivatives of every op against PyTorch's: stored ones always, live ones where it is."""

import functools
import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import TOLERANCE
from minigrad.testing.tolerance import close
from tools.op_rows import ROWS, WITHOUT_TORCH, by_op
from tools.op_rows.stored import parts, read
from tools.op_rows.with_minigrad import minigrad_results
from tools.op_rows.with_torch import torch_results

STORED = Path(__file__).with_name("ops.npz")
NAMES = [row.name for row in ROWS]
# Rows at places where the value or the gradient is infinite, and NumPy says so.
WARNS = {"sqrt at 0", "power half at 0"}
WITHOUT = pytest.mark.skip(reason="needs PyTorch; its stored results are compared by test_stored")
LIVE = ROWS if importlib.util.find_spec("torch") else [pytest.param(None, marks=WITHOUT)]


@functools.cache
def stored():
    """{name: vector of results}, and {name: shape of the value}."""
    return read(STORED)


def expected(row):
    """[value, a gradient per input, a second derivative per input]"""
    return parts(row, *stored())


def differences(row, device, wanted):
    """What differs, in words; empty if nothing does."""
    with warnings.catch_warnings():
        if row.name in WARNS:
            warnings.simplefilter("ignore", RuntimeWarning)
        made = minigrad_results(row, device)
    words = ["value", *("gradient" for _ in row.inputs), *("second derivative" for _ in row.inputs)]
    return [
        f"{word}: {got.tolist()}, PyTorch has {other.tolist()}"
        for word, got, other in zip(words, made, wanted, strict=False)
        if not close(np.asarray(got, np.float64), np.asarray(other, np.float64), TOLERANCE["float64"].value)
    ]


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_stored(row, device):
    assert differences(row, device, expected(row)) == []


@pytest.mark.parametrize("row", LIVE, ids=lambda row: row.name if row else "all")
def test_live(row):
    assert differences(row, "numpy", torch_results(row)) == []


def test_every_op_has_a_row_or_a_reason():
    have = by_op().keys() | WITHOUT_TORCH.keys()
    missing = sorted(set(mg.ops.__all__) - have)
    assert not missing, f"{missing}: add rows to tools/op_rows and `make reference`, or a reason to WITHOUT_TORCH"
    assert by_op().keys() & WITHOUT_TORCH.keys() == set()


def test_the_stored_results_are_those_of_the_table():
    vectors, shapes = stored()
    assert set(vectors) == set(NAMES) == set(shapes), "the table has changed; run `make reference`"
    assert len(NAMES) == len(set(NAMES))
    assert STORED.stat().st_size < 300 * 1024


def test_a_wrong_result_is_found():
    row = by_op()["tanh"]
    value, gradient, second = expected(row)
    assert differences(row, "numpy", [value, gradient * 1.001, second])[0].startswith("gradient: ")
    assert differences(row, "numpy", [value[:1], gradient, second])[0].startswith("value: ")


def test_an_op_is_compared_to_second_order_unless_a_row_says_why():
    once = {row.name for row in ROWS if row.order == 1 and not row.note}
    assert once == {"power half at 0", "sqrt at 0", "logsumexp -inf"}  # infinite already to first order
