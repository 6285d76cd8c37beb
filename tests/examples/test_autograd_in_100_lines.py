"""The smallest autograd: it runs, its gradients are right, and the page that leads on from it names what exists."""

import ast
import importlib
import importlib.util
import math
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "examples" / "autograd_in_100_lines.py"
PAGE = ROOT / "docs" / "FROM_100_LINES.md"


@pytest.fixture(scope="module")
def small():
    spec = importlib.util.spec_from_file_location("autograd_in_100_lines", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_learns_exclusive_or_and_shows_both_orders(small, capsys):
    small.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("nearest first 4 (wrong), newest first 36")
    losses = [float(line.split()[-1]) for line in lines if line.startswith("step")]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 1e-4
    rows = [re.findall(r"-?\d[.\d]*", line) for line in lines if "xor" in line]
    assert len(rows) == 4
    assert all(abs(float(got) - float(target)) < 0.05 for _, _, got, target in rows)


def test_the_wrong_order_is_wrong_and_the_right_one_right(small):
    assert small.slope_at_2(newest_first=False) == 4.0
    assert small.slope_at_2(newest_first=True) == 36.0


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x + y,
        lambda x, y: x - y,
        lambda x, y: x * y,
        lambda x, y: x * x * y - y,
        lambda x, y: (x * y).tanh() * x + y.tanh(),
        lambda x, y: (x + y) * (x + y) * (x - y),
        lambda x, y: x - x + y * y,
    ],
)
def test_gradients_are_those_of_finite_differences(small, f):
    x, y = small.Number(0.7), small.Number(-1.2)
    small.backward(f(x, y))
    h = 1e-6

    def value(a, b):
        return f(small.Number(a), small.Number(b)).value

    assert math.isclose(x.grad, (value(0.7 + h, -1.2) - value(0.7 - h, -1.2)) / (2 * h), abs_tol=1e-7)
    assert math.isclose(y.grad, (value(0.7, -1.2 + h) - value(0.7, -1.2 - h)) / (2 * h), abs_tol=1e-7)


def test_gradients_add_up_over_calls(small):
    x = small.Number(3.0)
    small.backward(x * x)
    small.backward(x * x)
    assert x.grad == 12.0


def test_a_long_chain_needs_no_recursion(small):
    x = y = small.Number(1.0)
    for _ in range(3 * sys.getrecursionlimit()):
        y = y + x
    small.backward(y)
    assert x.grad == 1.0 + 3 * sys.getrecursionlimit()


def test_it_has_under_100_lines_and_imports_the_standard_library_alone():
    text = FILE.read_text("utf-8")
    assert len(text.splitlines()) < 100
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported
    assert imported <= sys.stdlib_module_names


NAMES = sorted(set(re.findall(r"`(minigrad\.[\w.]+)`", PAGE.read_text("utf-8"))))


@pytest.mark.parametrize("name", NAMES)
def test_every_name_on_the_page_exists(name):
    parts = name.split(".")
    found = importlib.import_module("minigrad")
    for i, part in enumerate(parts[1:], 2):
        try:
            found = importlib.import_module(".".join(parts[:i]))
        except ModuleNotFoundError:
            found = getattr(found, part)
    assert found is not None


def test_the_page_names_the_engine_and_every_piece_of_the_example(small):
    assert {"minigrad.backward.walk", "minigrad.graph.Node", "minigrad.tape.op"} <= set(NAMES)
    first_column = " ".join(line.split("|")[1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("|"))
    for name in ("clock", "Number", "behind", "backward", "predict"):
        assert hasattr(small, name)
        assert f"`{name}" in first_column
