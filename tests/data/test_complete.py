"""Every public name of `minigrad.data` is used by a test of this folder."""

import ast
from pathlib import Path

import pytest

import minigrad.data


def names_in_tests():
    """The identifiers that stand in the code of the other test files; imports do not count."""
    for path in Path(__file__).parent.glob("test_*.py"):
        if path != Path(__file__):
            tree = ast.parse(path.read_text("utf-8"))
            yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


@pytest.mark.parametrize("name", minigrad.data.__all__)
def test_every_public_name_is_tested(name):
    assert hasattr(minigrad.data, name)
    assert name in set(names_in_tests())


def test_names_are_listed_once_and_public():
    names = minigrad.data.__all__
    assert len(names) == len(set(names))
    assert not any(name.startswith("_") for name in names)
