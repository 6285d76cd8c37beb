"""The average of scalars and of arrays: what has decayed becomes 0."""

import numpy as np
import pytest

from minigrad.ewma import EWMA


@pytest.mark.parametrize(
    "first", [np.float16(1), np.float32(1), np.float64(1), np.ones((), np.float32), np.ones((2, 2))]
)
def test_what_has_decayed_becomes_0(first):
    average = EWMA(0.9, first * 0)
    average.update(first)
    for _ in range(8000):
        average.update(first * 0)
    assert not np.any(average.value)


def test_an_average_of_whole_numbers_is_not_measured_by_the_smallest_floating_one():
    assert [EWMA(0.5, np.zeros(2, int)).count(flush_now=now) for now in (False, True)] == [0.0, 0.0]


def test_a_single_update_drops_what_has_decayed_where_it_is_told_to():
    values = [
        EWMA(0.5, np.array([2e-38, 1.0], np.float32)).update(np.zeros(2, np.float32), now) for now in (False, True)
    ]
    assert [(v.value[0] == 0, v.value[1]) for v in values] == [(False, 0.5), (True, 0.5)]
