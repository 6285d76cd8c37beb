"""The page of differences from PyTorch names what the tables name, and the measure finds what differs."""

import re

import numpy as np
import pytest

from tools.parity_table import PAGE, Compared, page

DIFFERENCE = re.compile(r"(?<=\| )(equal|inf|\d\.\de-\d+)(?= \|)")
VERSIONS = re.compile(r"^minigrad .*, PyTorch .*\.$", re.MULTILINE)


def without_digits(text):
    return VERSIONS.sub("", DIFFERENCE.sub("", text))


def test_the_page_is_that_of_the_tables():
    now, stored = page(), PAGE.read_text()
    assert without_digits(now) == without_digits(stored), "the tables have changed; run `make reference`"
    assert VERSIONS.search(stored)
    for line in now.splitlines():
        if (found := DIFFERENCE.search(line)) and found[0] != "equal" and "bfloat16" not in line:
            assert float(found[0]) < 1e-12, line


@pytest.mark.parametrize(
    ("made", "wanted", "difference"),
    [
        ([[1.0, -2.0], [4.0]], [[1.0, -2.0], [4.0]], 0.0),
        ([[1.0, -2.5], [4.0]], [[1.0, -2.0], [4.0]], 0.125),
        ([[0.5]], [[0.0]], 0.5),
        ([[]], [[]], 0.0),
        ([[np.inf, np.nan, 1.0]], [[np.inf, np.nan, 1.0]], 0.0),
        ([[np.inf, 1.0]], [[-np.inf, 1.0]], np.inf),
        ([[np.nan, 1.0]], [[2.0, 1.0]], np.inf),
        ([[2.0, 1.0]], [[np.nan, 1.0]], np.inf),
    ],
)
def test_the_difference_is_relative_to_the_largest_number(made, wanted, difference):
    assert Compared("name", [np.array(a) for a in made], [np.array(a) for a in wanted]).difference == difference
