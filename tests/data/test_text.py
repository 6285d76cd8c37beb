"""`load_text`: characters and numbers, there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.data import load_text


@pytest.fixture
def file(tmp_path):
    """Write bytes and give their path."""

    def write(content):
        path = tmp_path / "text.txt"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_numbers_and_characters(file):
    ids, characters = load_text(file("no noon\n"))
    assert characters == "\n no"
    assert ids.tolist() == [2, 3, 1, 2, 3, 3, 2, 0]
    assert ids.dtype == np.int64


@given(st.text(min_size=1).filter(lambda text: "\r" not in text))
def test_there_and_back(tmp_path_factory, text):
    try:
        content = text.encode()
    except UnicodeEncodeError:  # half a character
        return
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_bytes(content)
    ids, characters = load_text(path)
    assert "".join(characters[i] for i in ids) == text
    assert sorted(set(text)) == list(characters)


def test_with_the_characters_of_another_text(file):
    ids, characters = load_text(file("cab"), characters="zcba")
    assert ids.tolist() == [1, 3, 2]
    assert characters == "zcba"


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("", {}, "text.txt is empty, got 0 characters"),
        (b"\xff\xff", {}, "text.txt is not in utf-8, got .*; write it so, or pass encoding="),
        ("abc", {"characters": "a"}, "has characters that are not among the 1 given, got 'bc'; leave them out"),
        ("abc", {"characters": "abca"}, "characters must differ from each other, got 'abca'"),
    ],
)
def test_refusals(file, content, arguments, message):
    with pytest.raises(ValueError, match=f"load_text: .*{message}"):
        load_text(file(content), **arguments)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_text(tmp_path / "none.txt")
