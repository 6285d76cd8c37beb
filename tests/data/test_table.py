"""`load_csv`: what it reads, and the errors that point at a cell."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.data import Table, load_csv

PEOPLE = "age,salary,city\n42,350000,Rome\n23,18000.5,Oslo\n65,-6.1e4,Rome\n"


@pytest.fixture
def csv(tmp_path):
    """Write text, or bytes, and give its path."""

    def write(text):
        path = tmp_path / "table.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_features_and_a_target_of_numbers(csv):
    table = load_csv(csv(PEOPLE), target="salary", columns=["age"])
    assert isinstance(table, Table)
    assert table.features.tolist() == [[42], [23], [65]]
    assert table.target.tolist() == [350000, 18000.5, -61000]
    assert table.features.dtype == table.target.dtype == np.float32
    assert (table.names, table.classes) == (["age"], None)
    assert table.features.flags.c_contiguous


def test_classes_of_text_become_numbers(csv):
    features, target, names, classes = load_csv(csv(PEOPLE), target="city")
    assert target.tolist() == [1, 0, 1]
    assert target.dtype == np.int64
    assert classes == ["Oslo", "Rome"]
    assert names == ["age", "salary"]
    assert features.shape == (3, 2)


def test_without_target(csv):
    table = load_csv(csv("a,b\n1,2\n"))
    assert table.features.tolist() == [[1, 2]]
    assert table.target is None


def test_columns_choose_and_order(csv):
    table = load_csv(csv("a,b,c\n1,2,x\n"), columns=["b", "a"])
    assert table.features.tolist() == [[2, 1]]
    assert table.names == ["b", "a"]


@pytest.mark.parametrize(
    ("cells", "classes", "target"),
    [
        (["10", "9", "10"], ["9", "10"], [1, 0, 1]),
        (["1", "1.0", "2.5"], ["1", "2.5"], [0, 0, 1]),
        (["1.0", "1", "-0", "0.0"], ["0", "1"], [1, 1, 0, 0]),
        (["9007199254740993", "9007199254740992"], ["9007199254740992", "9007199254740993"], [1, 0]),
        (["9007199254740993", "9007199254740992.0", "2.5"], ["2.5", "9007199254740992", "9007199254740993"], [2, 1, 0]),
        (["1_000", "1"], ["1", "1_000"], [1, 0]),
        (["1", "x", "2"], ["1", "2", "x"], [0, 2, 1]),
    ],
)
def test_numbers_as_classes_when_told(csv, cells, classes, target):
    path = csv("a,y\n" + "".join(f"0,{cell}\n" for cell in cells))
    table = load_csv(path, target="y", classify=True)
    assert table.classes == classes
    assert table.target.tolist() == target


def test_text_as_numbers_when_told(csv):
    with pytest.raises(ValueError, match="text in a numeric column, got 'Rome' in row 1"):
        load_csv(csv(PEOPLE), target="city", classify=False)


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + PEOPLE.encode(),  # a BOM, as Excel writes it
        PEOPLE.replace("\n", "\r\n"),
        PEOPLE.rstrip("\n"),
        PEOPLE.replace("\n", "\n\n"),
        '"age","salary","city"\n"42","350000","Rome"\n"23","18000.5","Oslo"\n"65","-6.1e4","Rome"\n',
        PEOPLE.replace(",", " ,  "),
    ],
    ids=["bom", "crlf", "no last newline", "blank lines", "quotes", "spaces"],
)
def test_the_same_table_in_other_clothes(csv, text):
    features, target, names, classes = load_csv(csv(text), target="city")
    assert features.tolist() == [[42, 350000], [23, 18000.5], [65, -61000]]
    assert target.tolist() == [1, 0, 1]
    assert (names, classes) == (["age", "salary"], ["Oslo", "Rome"])


def test_quotes_hold_delimiters_quotes_and_newlines(csv):
    path = csv('a,"the ""big"", one"\n1,"x, y"\n2,"first\nsecond"\n')
    table = load_csv(path, target='the "big", one')
    assert table.classes == ["first\nsecond", "x, y"]


def test_other_delimiters_and_encodings(csv):
    path = csv("größe;stadt\n1;Köln\n2;Bonn\n".encode("latin-1"))
    table = load_csv(path, target="stadt", delimiter=";", encoding="latin-1")
    assert table.classes == ["Bonn", "Köln"]
    assert table.names == ["größe"]


@given(
    st.lists(
        st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
        min_size=1,
        max_size=9,
    )
)
@settings(max_examples=40, deadline=None)
def test_float32_goes_round_exactly(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text("a,b,c\n" + "".join(",".join(repr(v) for v in row) + "\n" for row in rows))
    assert np.array_equal(load_csv(path).features, np.array(rows, np.float32))


# -- errors


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("a,b\n1,2\n3,x4\n", {}, r"text in a numeric column, got 'x4' in row 2 \(line 3\), column 'b'; correct it"),
        ("a,b\n1,2\n\n\n3,x4\n", {}, r"got 'x4' in row 2 \(line 5\), column 'b'"),
        ('a,b\n1,"1,5"\n', {}, r"text in a numeric column, got '1,5' in row 1 \(line 2\), column 'b'"),
        ("a,b\n1,2\n,4\n", {}, r"a value is missing, got '' in row 2 \(line 3\), column 'a'; fill it in"),
        ("a,b\n1,NA\n", {}, "a value is missing, got 'NA' in row 1"),
        ("a,b\n1,nan\n", {}, "a value is missing, got 'nan' in row 1"),
        ("a,b\n1,?\n", {}, r"a value is missing, got '\?' in row 1"),
        ("a,b\n1,\n2,x\n", {"target": "b"}, r"a value is missing, got '' in row 1 \(line 2\), column 'b'"),
        (
            "a,b\n1,1\n2,1O\n",
            {"target": "b"},
            r"the target mixes numbers and text, got '1O' in row 2 \(line 3\), column",
        ),
        ("a,b\n1,1_000\n", {}, r"text in a numeric column, got '1_000' in row 1 \(line 2\), column 'b'; correct it"),
        ("a,b\n1,１２\n", {}, "text in a numeric column, got '１２' in row 1"),
        ("a,b\n1,0x10\n", {}, "text in a numeric column, got '0x10' in row 1"),
        ("a,b\n1,-nan\n", {}, "text in a numeric column, got '-nan' in row 1"),
        ("a,b\n1,1\n2,1_000\n", {"target": "b"}, "the target mixes numbers and text, got '1_000' in row 2"),
        ("a,b\n1,1_000\n", {"target": "b", "classify": False}, "text in a numeric column, got '1_000' in row 1"),
        ("a,b\n1,infinity\n", {}, "too large for float32, got 'infinity'"),
        ("a,b\n1,2e39\n", {}, "a number is too large for float32, got '2e39' in row 1"),
        ("a,b\n1,-inf\n", {}, "too large for float32, got '-inf'"),
        ("a,b\n1,2\n3\n", {}, r"row 2 \(line 3\) has another length than the header, got 1 cells for 2 columns"),
        ("a,b\n1,2,3\n", {}, r"row 1 \(line 2\) has another length than the header, got 3 cells for 2 columns"),
        ("", {}, "table.csv is empty, got 0 bytes"),
        ("\n\n", {}, "table.csv is empty, got 2 bytes"),
        ("a,b\n", {}, "table.csv has a header but no rows, got 4 bytes"),
        ('a,b\n1,"2\n', {}, "breaks off or is no CSV file, got unexpected end of data after row"),
        ('a,b\n1,"2"3\n', {}, "breaks off or is no CSV file, got "),
        (b"a,b\n1,\xff\xfe\n", {}, r"table.csv is not in utf-8-sig, got .*; write it so, or pass encoding="),
        (
            PEOPLE,
            {"target": "town"},
            r"no column has this name, got 'town'; the columns are \['age', 'salary', 'city'\]",
        ),
        (PEOPLE, {"columns": ["age", "x"]}, "no column has this name, got 'x'"),
        (PEOPLE, {"columns": ["age", "age"]}, "a column is named twice, got 'age'"),
        (PEOPLE, {"columns": ["age", "city"], "target": "city"}, "a column is named twice, got 'city'"),
        ("a,a\n1,2\n", {}, "a column is named twice, got 'a'; name every column once"),
        (",b\n1,2\n", {}, r"column 1 has no name, got \['', 'b'\]; name it, or choose with columns="),
        ("b\n1\n", {"target": "b"}, r"no column is left for the features, got \['b'\]"),
        (PEOPLE, {"columns": []}, "no column is left for the features"),
    ],
)
def test_refusals(csv, text, arguments, message):
    with pytest.raises(ValueError, match=f"load_csv: .*{message}"):
        load_csv(csv(text), **arguments)


def test_an_unnamed_column_that_is_not_used(csv):
    assert load_csv(csv(",b\n1,2\n"), columns=["b"]).features.tolist() == [[2]]


def test_columns_must_be_a_list(csv):
    with pytest.raises(TypeError, match=r"load_csv: columns must be a list of names, got 'age'; pass \['age'\]"):
        load_csv(csv(PEOPLE), columns="age")


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^load_csv: there is no such file, got .*none.csv; check the path"):
        load_csv(tmp_path / "none.csv")
