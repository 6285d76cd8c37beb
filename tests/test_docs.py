"""Every example runs: those in docstrings and those in the Markdown files."""

import pytest

from tools import check_docs


@pytest.mark.parametrize("name", check_docs.module_names())
def test_examples_in_docstrings(name):
    if check_docs.load(name) is None:
        pytest.skip("needs an optional package")
    assert "".join(failed for _, failed in check_docs.run_docstrings(name)) == ""


@pytest.mark.parametrize("path", check_docs.documents(), ids=lambda path: path.name)
def test_examples_in_documents(path):
    assert "".join(failed for _, failed in check_docs.run_document(path)) == ""
