"""Every rule of tools/check_docs.py fires on a package that breaks it, and on no other."""

import subprocess
import sys

import pytest

from tools import check_docs

INIT = '''
"""A package like minigrad, in small."""

from minigrad.ops import double

__all__ = ["LIMIT", "Error", "double", "load"]

LIMIT = 3


class Error(Exception):
    """Something is wrong."""


def load():
    """Load something.

    >>> load()
    """
'''

LOAD = '''"""Load something.

    >>> load()
    """'''

TAPE = """
import functools


def op(body):
    @functools.wraps(body)
    def wrapper(x):
        return body(x)

    wrapper.is_op = True
    return wrapper
"""

OPS = '''
"""Ops.

Builds on: `minigrad.tape.op`, of `minigrad.tape`. Read next: `minigrad.nn`.
"""

from minigrad.tape import op

__all__ = ["double"]


@op
def double(x):
    """Twice the value.

    y = 2 x

    >>> double(4)
    8
    """
    return 2 * x
'''

NN = '''
__all__ = ["Linear"]


class Linear:
    """A map.

    >>> Linear()
    Linear()
    """

    def __repr__(self):
        return "Linear()"
'''

README = """
See [the licence](LICENSE#top), [elsewhere](https://example.org/nothing) and `f[0](nothing)`.

```python
from minigrad import double
```

```python
>>> double(3)
6

```

```py
shown_only()
```
"""

GOOD = {
    "minigrad/__init__.py": INIT,
    "minigrad/__main__.py": "raise SystemExit('ran')",
    "minigrad/tape.py": TAPE,
    "minigrad/ops.py": OPS,
    "minigrad/nn/__init__.py": NN,
    "minigrad/kernels.py": "import a_package_that_is_not_installed",
    "README.md": README,
    "LICENSE": "",
}


def findings(tmp_path, changed):
    """What the tool prints about GOOD with some files changed, run by itself: it imports that other minigrad."""
    for path, text in (GOOD | changed).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip())
    command = [sys.executable, check_docs.__file__, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == (0 if done.stdout.startswith("docs: ") else 1)
    return done.stdout


def test_a_good_package_passes(tmp_path):
    assert findings(tmp_path, {}) == "docs: 5 public names, 5 examples, 1 documents, no finding\n"


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        ("minigrad/__init__.py", "__all__", "names", "minigrad/__init__.py:1: has no __all__; name there"),
        ("minigrad/__init__.py", LOAD, "pass", "__init__.py:14: minigrad.load has no docstring"),
        ("minigrad/__init__.py", '"""Something is wrong."""', "pass", "minigrad.Error has no docstring"),
        ("minigrad/ops.py", "Twice the value.", "Twice the value", "minigrad/ops.py:11: minigrad.double opens with no"),
        ("minigrad/ops.py", "y = 2 x", "It doubles.", "minigrad.double shows no formula"),
        ("minigrad/ops.py", "y = 2 x", "y: 2 x\n\n    >>> x = 3", "minigrad.double shows no formula"),
        ("minigrad/ops.py", ">>> double(4)\n    8", "", "minigrad.double shows no example"),
        ("minigrad/ops.py", "    8", "    9", "Expected:\n    9\nGot:\n    8"),
        ("minigrad/nn/__init__.py", ">>> ", "", "minigrad/nn/__init__.py:4: minigrad.nn.Linear shows no example"),
        ("minigrad/nn/__init__.py", ">>> Linear()", ">>> Linear", "Expected:\n    Linear()\nGot:\n    <class"),
        ("minigrad/ops.py", "minigrad.nn`", "minigrad.norm`", "minigrad.ops: names minigrad.norm, which is not there"),
        ("minigrad/ops.py", "tape.op`", "tape.ops`", "minigrad.ops: names minigrad.tape.ops, which is not there"),
        ("README.md", "LICENSE#top", "LICENCE#top", "README.md:1: links to LICENCE, which does not exist"),
        ("README.md", "\n6\n", "\n7\n", "Expected:\n    7\nGot:\n    6"),
        ("README.md", "import double", "import triple", 'README.md", line 4, in <module>'),
    ],
)
def test_each_rule(tmp_path, path, old, new, message):
    changed = GOOD[path].replace(old, new)
    assert changed != GOOD[path]
    assert message in findings(tmp_path, {path: changed})
