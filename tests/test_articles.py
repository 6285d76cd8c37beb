"""Every formula and worked number of the articles: minigrad's value, and whether what is printed is right."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import data, nn, optim
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.optim import schedules
from minigrad.tensor import raw
from tests.articles import experiments
from tests.articles.page import PAGE, ROWS, here, page

NAMES = {"mg": mg, "np": np, "nn": nn, "F": F, "init": init, "data": data, "optim": optim, "schedules": schedules}
NAMES |= {name: value for name, value in vars(experiments).items() if not name.startswith("_")}
COMPUTED = [row for row in ROWS if row.code and here(row.needs)]


def names(row):
    return f"{row.topic}: {row.statement}".replace("[", "(").replace("]", ")")


def close(a, b, digits, within=0.0):
    """Whether numbers agree to so many digits after the point, or to a relative error."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return a.shape == b.shape and bool((np.abs(a - b) <= (within * np.abs(b) if within else 0.5 * 10.0**-digits)).all())


@pytest.mark.parametrize("row", COMPUTED, ids=names)
def test_minigrad_computes_the_value(row):
    mg.manual_seed(0)
    got = eval(row.code, dict(NAMES))
    if isinstance(row.value, (bool, str)):
        assert got == row.value
        return
    got = [raw(part) for part in got] if isinstance(got, list) else raw(got)
    assert close(got, row.value, row.digits + 1, row.within), (got, row.value)  # one more digit than is shown


@pytest.mark.parametrize("row", [row for row in ROWS if row.printed is not None], ids=names)
def test_the_verdict_follows_from_the_numbers(row):
    same = close(row.printed, row.value, min(row.digits, 4), row.within)
    assert row.verdict == ("right" if same else "wrong"), (row.printed, row.value)


def test_every_verdict_is_given_and_what_is_wrong_says_what_is_so():
    assert {row.verdict for row in ROWS} == {"right", "wrong"}
    assert all(row.note for row in ROWS if row.verdict == "wrong")
    assert all(row.code or row.value is None for row in ROWS)
    assert len({row.statement for row in ROWS}) == len(ROWS)


def test_the_page_says_what_the_table_says():
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.articles.page`"
