"""`use_backend`: for good, or for a block; and what is said where it cannot be done."""

import pytest

from minigrad import backend as backends
from minigrad.backend import default_backend, use_backend, why_not
from minigrad.errors import DeviceError


@pytest.fixture(autouse=True)
def restored():
    before = default_backend().name
    yield
    use_backend(before)


def test_a_block_restores_the_default_also_after_an_error():
    assert default_backend().name == "numpy"
    with use_backend("strict") as xp:
        assert default_backend() is xp
        assert xp.name == "strict"
        with use_backend("numpy"):
            assert default_backend().name == "numpy"
        assert default_backend().name == "strict"
    with pytest.raises(ZeroDivisionError), use_backend("strict"):
        raise ZeroDivisionError
    assert default_backend().name == "numpy"


def test_without_a_block_it_stays():
    use_backend("strict")
    assert default_backend().name == "strict"


def test_an_unknown_name_says_which_are_known_and_changes_nothing():
    with pytest.raises(DeviceError, match=r"no backend has this name, got 'tpu'; known: .*cupy, numpy, strict"):
        use_backend("tpu")
    assert default_backend().name == "numpy"
    assert "'tpu'" in why_not("tpu")


def test_a_backend_that_fails_to_load_is_asked_once(monkeypatch):
    class Broken:
        calls = 0

        @classmethod
        def load(cls):
            cls.calls += 1
            raise DeviceError("broken: it cannot be used, got nothing; use another")

    monkeypatch.setitem(backends.LIBRARIES, "broken", "broken")
    monkeypatch.setattr(backends.importlib, "import_module", lambda name: Broken)
    for _ in range(2):
        with pytest.raises(DeviceError, match="broken: it cannot be used"):
            use_backend("broken")
    assert why_not("broken").startswith("broken: it cannot")
    assert Broken.calls == 1
    backends._unusable.pop("broken")
    assert why_not("numpy") is None
