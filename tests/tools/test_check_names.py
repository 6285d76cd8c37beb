"""Every rule of tools/check_names.py fires on code that breaks it, and on no other."""

import ast

import pytest

from tools import check_names
from tools.check_names import main

GOOD = """
import numpy as np
from minigrad.backend import default_backend, namespace

def forward(x, xp, axis: int) -> np.ndarray:
    mine, n = namespace(x), x.shape[0]
    other = default_backend()
    y = xp.exp(x, out=x) + mine.sum(x, axis=axis, keepdims=True) + namespace(x, y).scatter(x, 0, shape=(n,))
    y = xp.solve(x, b=y)
    other.add.at(y, 0, 1.0)
    other.add.reduce(y)
    xp.pad(x, 1, constant_values=np.inf), xp.einsum("i->i", x), mine.name
    return x.where(initial=3) if x.dtype == np.float32 else other.random_bits(1, (2,), offset=3)
"""


def findings(tmp_path, capsys, text, path="nn/layer.py"):
    file = tmp_path / "minigrad" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    code = main(tmp_path)
    out = capsys.readouterr().out
    assert code == (0 if out.startswith("names: ") else 1)
    return out


def test_good_code_passes(tmp_path, capsys):
    assert findings(tmp_path, capsys, GOOD).startswith("names: 1 files, ")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("xp.vecdot(x, y)", "'vecdot' is no word of every backend"),
        ("namespace(x).errstate()", "'errstate' is no word"),
        ("xp._cupy", "'_cupy' is no word"),
        ("mine = namespace(x); mine.vecdot(x, y)", "'vecdot' is no word"),
        ("n, mine = 1, namespace(x); mine.unique(x)", "'unique' is no word"),
        ("default_backend().linalg.norm(x)", "'linalg' is no word"),
        ("xp.cholesky(x, upper=True)", "CuPy's cholesky takes no 'upper'"),
        ("xp.maximum.reduce(x)", "CuPy has no maximum.reduce"),
        ("xp.multiply.at(x, 0, 1)", "CuPy has no multiply.at"),
        ("xp.subtract.outer(x, x)", "CuPy has no subtract.outer"),
        ("xp.exp(x, where=x)", "CuPy's exp takes no 'where'"),
        ("xp.sum(x, initial=0)", "CuPy's sum takes no 'initial'"),
        ("xp.take(x, y, mode='clip')", "CuPy's take takes no 'mode'"),
        ("xp.einsum('i->i', x, out=y)", "CuPy's einsum takes no 'out'"),
        ("xp.erf(x, dtype=int)", "CuPy's erf takes no 'dtype'"),
        ("x.max(axis=0, initial=1, where=y)", "CuPy's max takes no 'initial'"),
        ("np.exp(x)", "np.exp computes on the host alone; use namespace(...).exp"),
        ("np.asarray(x)", "np.asarray computes on the host alone"),
        ("from numpy import exp", "import numpy as np, so that its names can be seen"),
    ],
)
def test_bad_code_is_found_with_its_line(tmp_path, capsys, line, message):
    out = findings(tmp_path, capsys, f"import numpy as np\n\n{line}\n")
    assert out.startswith("minigrad/nn/layer.py:3: ")
    assert message in out


def test_the_host_table_allows_some_words_in_some_files(tmp_path, capsys):
    assert findings(tmp_path, capsys, "np.arange(3)\n", "ops/arrange.py").startswith("names: ")
    assert findings(tmp_path, capsys, "np.exp(3)\n", "testing/oracle.py").startswith("names: ")
    assert "np.exp" in findings(tmp_path, capsys, "np.exp(3)\n", "ops/arrange.py")


def test_a_shared_word_that_cupy_lacks(monkeypatch):
    monkeypatch.setattr(check_names, "SHARED", (*check_names.SHARED, "vecdot", "asnumpy"))
    monkeypatch.setattr(check_names, "LINALG", (*check_names.LINALG, "matrix_rank", "vector_norm"))
    assert [line.split("'")[1] for line in check_names.check_vocabulary()] == ["vecdot", "asnumpy", "vector_norm"]


def test_variables_are_followed():
    assert check_names.namespaces_of(ast.parse("a = namespace(x)\nb, c = 1, backend('numpy')\nd = other(x)")) == {
        "xp",
        "a",
        "c",
    }
