"""The benchmark of imports runs and writes its result; no time is judged."""

import json

from tools import bench_import


def test_it_writes_both_times_and_their_ratio(tmp_path, capsys):
    file = tmp_path / "import.json"
    bench_import.main(["--rounds", "2", "--json", str(file)])
    result = json.loads(file.read_text("utf-8"))
    assert result.keys() == {"about", "numpy_ms", "minigrad_ms", "ratio", "spread"}
    assert result["minigrad_ms"] > 0
    assert result["ratio"] > 0
    assert "ratio" in capsys.readouterr().out
