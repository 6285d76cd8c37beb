"""`minigrad.tune` sets what it says, once, and nothing where it is told not to."""

import json
import os
import subprocess
import sys

import pytest

CODE = """
import gc, json, minigrad, sys
before = gc.get_threshold()
{before}
first, second = minigrad.tune(), minigrad.tune()
print(json.dumps([first, second, before, gc.get_threshold()]))
"""


def run(before="", **environment):
    code = CODE.format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ | environment
    )
    return json.loads(done.stdout)


def test_the_switches_are_set_once_and_named():
    first, second, before, after = run()
    assert first == second
    assert first["gc"] == "collections after 10000 objects"
    assert before != after == [10_000, 20, 100]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc is Linux's; elsewhere 'malloc' is left out")
def test_glibc_keeps_memory():
    assert run()[0]["malloc"].startswith("freed memory below ")


def test_zero_in_the_environment_leaves_the_process_as_it_is():
    first, _, before, after = run(MINIGRAD_TUNE="0")
    assert first == {}
    assert before == after


def test_a_collector_that_is_off_or_rarer_stays():
    for threshold in (0, 50_000):
        _, _, _, after = run(f"gc.set_threshold({threshold}, 5, 5)")
        assert after == [threshold, 5, 5]


def test_without_glibc_nothing_is_said_of_malloc():
    assert "malloc" not in run("import ctypes; ctypes.CDLL = lambda name: object()")[0]
