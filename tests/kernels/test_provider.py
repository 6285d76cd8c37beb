"""Whose kernels serve: what the environment says, what is installed, what is compiled."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from minigrad.errors import ArgumentError
from minigrad.kernels import provider, provider_in_use, use_kernels

HERE = provider.installed()


def ask(code="from minigrad.kernels import provider as p; print(p.chosen(), '|', p.why())", **environment):
    """What a fresh process prints, or the last line of its error."""
    cleared = {name: value for name, value in os.environ.items() if name != provider.SWITCH}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=cleared | environment)
    return (done.stdout or done.stderr).strip().splitlines()[-1]


def test_numpy_serves_until_the_kernels_are_compiled(tmp_path):
    answer = ask(XDG_CACHE_HOME=str(tmp_path))
    assert answer.startswith("numpy | numpy")
    assert ("compile" in answer) is HERE


def test_the_environment_decides(tmp_path):
    assert ask(MINIGRAD_KERNELS="numpy").startswith("numpy | numpy, as MINIGRAD_KERNELS says")
    assert "kernels are by numpy or numba, got MINIGRAD_KERNELS 'fortran'" in ask(MINIGRAD_KERNELS="fortran")
    forced = ask(MINIGRAD_KERNELS="numba", XDG_CACHE_HOME=str(tmp_path))
    assert forced.startswith("numba | numba, as") if HERE else "numba is not installed" in forced


@pytest.mark.skipif(not HERE, reason="needs numba; the choice without it is tested above")
def test_a_filled_cache_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(provider.SWITCH, raising=False)
    provider.folder.cache_clear()
    try:
        (tmp_path / "minigrad" / provider.folder().name).mkdir(parents=True)
        (provider.folder() / provider.DONE).touch()
        assert ask(XDG_CACHE_HOME=str(tmp_path)) == "numba | numba, compiled"
    finally:
        provider.folder.cache_clear()


def test_a_block_chooses_for_itself():
    with use_kernels("numpy"):
        assert provider_in_use() == "numpy"
    with pytest.raises(ArgumentError, match=r"use_kernels: kernels are by .*, got use_kernels 'cuda'; name one"):
        use_kernels("cuda").__enter__()


@pytest.mark.skipif(not HERE, reason="needs numba; the choice without it is tested above")
def test_compile_fills_the_cache_and_a_folder_that_cannot_be_written_is_named(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    done = subprocess.run(
        [sys.executable, "-m", "minigrad", "compile"],
        capture_output=True, text=True, env=os.environ | {"XDG_CACHE_HOME": str(blocked)},
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("compile: nothing was kept, got ")
    assert "XDG_CACHE_HOME names another folder" in done.stderr


@pytest.mark.skipif(not HERE, reason="needs numba; the choice without it is tested above")
def test_a_cache_that_cannot_be_written_is_none(tmp_path, monkeypatch):
    """numba would pass it over and compile beside the sources, at every first use."""
    monkeypatch.setattr(provider, "folder", lambda: tmp_path)
    (tmp_path / provider.DONE).touch()
    assert provider.compiled()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert not provider.compiled()
    with pytest.raises(PermissionError, match="no right to write in"):
        provider.compile_all()


@pytest.mark.skipif(not HERE, reason="needs numba; the choice without it is tested above")
def test_a_user_without_a_home_gets_no_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(provider, "folder", lambda: Path("~/.cache"))
    with pytest.raises(ArgumentError, match="compile: the home of this user is not known, got '~"):
        provider.compile_all()
    assert not list(tmp_path.iterdir())


def doubled(x):
    for i in range(x.size):
        x[i] *= 2


@pytest.mark.skipif(not HERE, reason="needs numba; the choice without it is tested above")
@pytest.mark.parametrize("size", [0, 40])
@pytest.mark.parametrize("kind", ["*.nbi", "*.nbc"])
def test_a_file_of_the_cache_that_was_cut_short_is_made_anew(kind, size, tmp_path, monkeypatch):
    jit = import_module("minigrad.kernels.numba.jit")
    monkeypatch.setattr(provider, "folder", lambda: tmp_path)
    jit.compiled(jit.X[1])(doubled)
    (path,) = tmp_path.rglob(kind)
    whole = path.stat().st_size
    path.write_bytes(path.read_bytes()[:size])
    x = np.ones(3, np.float32)
    jit.compiled(jit.X[1])(doubled)(x)
    assert x.tolist() == [2, 2, 2]
    assert [p.stat().st_size for p in tmp_path.rglob(kind)] == [whole]


def test_a_kernel_of_another_package_has_its_forms_beside_it(tmp_path):
    (tmp_path / "other" / "numpy").mkdir(parents=True)
    for place in ("other", "other/numpy"):
        (tmp_path / place / "__init__.py").touch()
    (tmp_path / "other" / "cube.py").write_text(
        "import numpy as np\nfrom minigrad.kernels import kernel\n\n\n"
        "@kernel\ndef cube(x):\n    return (np.empty(x.shape, x.dtype),)\n\n\n"
        "@kernel\ndef nothing(x):\n    return ()\n"
    )
    (tmp_path / "other" / "numpy" / "cube.py").write_text("def cube(x, y):\n    y[...] = x * x * x\n")
    code = "import numpy as np; from other.cube import cube, nothing; print(cube(np.full(1, 2.0, 'f'))[0]); nothing(1)"
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", ""), os.getcwd()])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}
    )
    assert done.stdout == "[8.]\n"
    assert "nothing: a kernel has a form in NumPy, got none as other.numpy.cube.nothing" in done.stderr


def test_a_wrong_choice_names_the_variable_wherever_it_is_met():
    code = "import minigrad as mg; mg.nn.functional.softmax([1.0, 2.0])"
    assert "got MINIGRAD_KERNELS 'foo'; name one of them" in ask(code, MINIGRAD_KERNELS="foo")
    assert ask(MINIGRAD_KERNELS="foo", code="from minigrad.kernels import provider as p; print(p.why())").startswith(
        "none: "
    )
