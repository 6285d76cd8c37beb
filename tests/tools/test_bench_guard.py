"""The guard tells what has become slower beside PyTorch, and only that."""

import json

import pytest

from tools import bench_guard

ROW = {
    "workload": "W1", "threads": 1, "kernels": "numpy", "peer": "minigrad", "ms": 1.0, "ratio": 0.5, "spread": 0.02,
    "peak_mib": 50.0, "peak_ratio": 0.2,
}  # fmt: skip


def guard(tmp_path, before, now, *options):
    files = []
    for name, rows in (("before", before), ("now", now)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(rows))
    return bench_guard.main([*map(str, files), *options])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ratio": 0.56}, None),
        ({"ratio": 0.59}, "time was 0.50 of PyTorch's, is 0.59"),
        ({"ratio": 0.59, "spread": 0.3}, None),  # that far its rounds lay apart
        ({"ratio": 0.2}, None),
        ({"peak_ratio": 0.24}, "peak memory was 0.20 of PyTorch's, is 0.24"),
        ({"ms": 9.0}, None),  # of another machine perhaps: ratios count
    ],
)
def test_what_grew_is_named(tmp_path, capsys, change, said):
    code = guard(tmp_path, [ROW], [ROW | change])
    out = capsys.readouterr().out
    assert code == (said is not None)
    assert (f"W1, 1 threads, numpy kernels: {said}" in out) is (said is not None)


def test_the_tolerance_can_be_set(tmp_path):
    assert guard(tmp_path, [ROW], [ROW | {"ratio": 0.56}], "--tolerance", "0.05") == 1


def test_other_peers_and_rows_that_only_one_has_are_left_out(tmp_path, capsys):
    other = [ROW | {"peer": "jax", "kernels": None}, ROW | {"workload": "W2"}]
    assert guard(tmp_path, [ROW, other[0]], [ROW, other[0] | {"ratio": 9.0}, other[1]]) == 0
    assert "1 rows compared, 0 worse" in capsys.readouterr().out


@pytest.mark.parametrize("rows", [[], [ROW | {"threads": 2}], [ROW | {"ratio": None}]])
def test_nothing_to_compare_is_an_error(tmp_path, capsys, rows):
    with pytest.raises(SystemExit):
        guard(tmp_path, [ROW], rows)
    assert "no row of minigrad in common" in capsys.readouterr().err


def test_a_file_without_rows_is_an_error(tmp_path, capsys):
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(SystemExit):
        bench_guard.main([str(tmp_path / "a.json"), str(tmp_path / "b.json")])
    assert "has no rows of tools/bench.py" in capsys.readouterr().err


@pytest.mark.parametrize("rows", [{}, None, "rows", [1], [{}], [{"peer": "minigrad", "ratio": 1.0}]])
def test_a_file_of_other_things_is_an_error(tmp_path, capsys, rows):
    with pytest.raises(SystemExit):
        guard(tmp_path, [ROW], rows)
    assert "has no rows of tools/bench.py" in capsys.readouterr().err


@pytest.mark.parametrize("tolerance", ["nan", "-0.1", "inf"])
def test_a_tolerance_that_lets_all_pass_or_nothing_is_an_error(tmp_path, capsys, tolerance):
    with pytest.raises(SystemExit):
        guard(tmp_path, [ROW], [ROW | {"ratio": 9.0}], f"--tolerance={tolerance}")
    assert "the tolerance is a share" in capsys.readouterr().err
