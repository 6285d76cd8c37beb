"""Every rule of tools/check_layers.py fires on a tree that breaks it, and on no other."""

import pytest

from tools.check_layers import main

GOOD = {
    "minigrad/__init__.py": "from minigrad.tensor import Tensor\n",
    "minigrad/errors.py": "",
    "minigrad/backend/__init__.py": "from minigrad import errors\n",
    "minigrad/backend/cupy.py": "import cupy\n",
    "minigrad/tensor.py": "import numpy as np\nfrom .backend import namespace\n",
    "minigrad/nn/__init__.py": "from minigrad.nn.layer import Layer\n",
    "minigrad/nn/layer.py": "import minigrad.tensor\n",
    "README.md": "See [the docs](https://example.org/work/start).\n",
}


def findings(tmp_path, capsys, changed):
    """What the tool prints about GOOD with some files of the package added or changed."""
    tree = GOOD | {f"minigrad/{path}": text for path, text in changed.items()}
    for path, text in tree.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    code = main(tmp_path)
    out = capsys.readouterr().out
    assert code == (0 if out.startswith("layers: ") else 1)
    return out


def test_a_good_tree_passes_with_its_sizes(tmp_path, capsys):
    assert findings(tmp_path, capsys, {}).startswith("layers: 7 lines (__init__.py 1, backend/ 2, errors.py 0, nn/ 2, ")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"errors.py": "import minigrad.tensor\n"},
            "errors.py:1: errors.py (L0) imports minigrad.tensor (L1), from a higher",
        ),
        (
            {"tensor.py": "\nimport minigrad\n"},
            "tensor.py:2: tensor.py (L1) imports minigrad (public names), from a higher",
        ),
        (
            {"ops/sum.py": "from .fused import norm\n", "ops/fused/norm.py": ""},
            "ops/ (L3) imports minigrad.ops.fused.norm",
        ),
        ({"optim/adam.py": "from minigrad.nn import Layer\n"}, "imports minigrad.nn (L4), a sibling of its row"),
        (
            {"data/loader.py": "from minigrad.tensor import Tensor\n"},
            "may import only argument.py, backend/, errors.py",
        ),
        (
            {"tensor.py": "from minigrad.tensors import x\n"},
            "imports minigrad.tensors, which is no file of the package",
        ),
        ({"helpers.py": ""}, "minigrad/helpers.py:1: has no layer"),
        ({"train/fit.py": "import minigrad.viz.plot\n", "viz/plot.py": ""}, "imports minigrad.viz.plot at the top"),
    ],
)
def test_layers(tmp_path, capsys, changed, message):
    assert message in findings(tmp_path, capsys, changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"errors.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from minigrad.tensor import Tensor\n"},
        {"nn/linear.py": "from .layer import Layer\n"},
        {"ops/__init__.py": "from minigrad.ops.fused import norm\n", "ops/fused/norm.py": ""},
        {"optim/__init__.py": "def __getattr__(name):\n    from minigrad.train import SWA\n", "train/__init__.py": ""},
        {"train/fit.py": "def plot():\n    import minigrad.viz.plot\n", "viz/plot.py": "import matplotlib\n"},
        {"data/loader.py": "from minigrad.backend import namespace\nfrom minigrad.errors import DataError\n"},
    ],
)
def test_imports_that_are_allowed(tmp_path, capsys, changed):
    assert findings(tmp_path, capsys, changed).startswith("layers: ")


def test_cycles(tmp_path, capsys):
    out = findings(
        tmp_path, capsys, {"nn/layer.py": "from . import linear\n", "nn/linear.py": "from .layer import Layer\n"}
    )
    assert "import cycle minigrad.nn.layer -> minigrad.nn.linear -> minigrad.nn.layer" in out


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"tensor.py": "def f():\n    import minigrad.errors\n"},
            "tensor.py:2: imports minigrad.errors inside a function",
        ),
        ({"tensor.py": "def f():\n    import json\n"}, "tensor.py:2: imports json inside a function"),
        ({"tensor.py": "import tqdm\n"}, "tensor.py:1: imports tqdm at the top"),
        ({"tensor.py": "import cupy\n"}, "tensor.py:1: imports cupy at the top"),
        ({"tensor.py": "import pandas\n"}, "tensor.py:1: imports pandas, which is no dependency"),
        ({"tensor.py": "try:\n    import pandas\nexcept ImportError:\n    pass\n"}, "tensor.py:2: imports pandas"),
    ],
)
def test_imports_inside_functions_and_of_other_packages(tmp_path, capsys, changed, message):
    assert message in findings(tmp_path, capsys, changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"backend/numpy.py": "def load():\n    import json\n"},
        {"tensor.py": "def f():\n    import tqdm\n"},
    ],
)
def test_imports_inside_functions_that_are_allowed(tmp_path, capsys, changed):
    assert findings(tmp_path, capsys, changed).startswith("layers: ")


def test_a_file_over_the_wish_is_noted_and_over_the_wall_fails(tmp_path, capsys):
    assert "note: minigrad/tensor.py has 400 lines" in findings(tmp_path, capsys, {"tensor.py": "x = 1\n" * 400})
    assert "minigrad/tensor.py:401: 401 lines, over the 400" in findings(
        tmp_path, capsys, {"tensor.py": "x = 1\n" * 401}
    )


def test_the_tape_has_a_budget_of_its_own(tmp_path, capsys):
    assert findings(tmp_path, capsys, {"tape.py": "x = 1\n" * 250}).startswith("layers: ")
    assert "minigrad/tape.py:251: 251 lines, over the 250" in findings(tmp_path, capsys, {"tape.py": "x = 1\n" * 251})


def test_a_long_function_fails_and_its_docstring_is_free(tmp_path, capsys):
    docstring = '    """' + "text\n" * 30 + '    """\n'
    function = "@cache\ndef f():\n" + docstring + "    x = 1\n" * 39
    assert findings(tmp_path, capsys, {"tensor.py": function}).startswith("layers: ")
    assert "tensor.py:2: f has 41 lines, over the 40" in findings(
        tmp_path, capsys, {"tensor.py": function + "    x = 1\n"}
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("/" + "work/x", "an absolute path"),
        ('"/' + 'tmp/x"', "an absolute path"),
        ("made by a Sub" + "agent", "how the work was organised"),
        ("https://pypi" + ".org/simple", "the host of a package index"),
    ],
)
def test_words_that_no_file_may_mention(tmp_path, capsys, text, message):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "notes.md").write_text(f"fine\n{text}\n")
    out = findings(tmp_path, capsys, {})
    assert "docs/notes.md:2: " in out
    assert message in out


def test_binary_files_are_passed_over(tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "plot.png").write_bytes(b"\x89PNG\xff")
    assert findings(tmp_path, capsys, {}).startswith("layers: ")
