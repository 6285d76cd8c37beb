"""The benchmark of ops runs, does the same work on both sides and writes what readers expect; no time is judged."""

import gc
import json
import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from tools import bench_ops, bench_timing
from tools.bench_blocks import layer_block, op_block
from tools.layer_sizes import NOT_TIMED, SIZED
from tools.op_rows import by_op
from tools.workloads.chain import chain
from tools.workloads.start import Side

TINY = {"rounds": 2, "chain": 16, "calls": 2}
TORCH = bench_timing.have_torch()


def host(array):
    return array if isinstance(array, np.ndarray) else array.numpy()


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """One run over every op: the JSON and the Markdown it wrote."""
    folder = tmp_path_factory.mktemp("bench")
    files = folder / "ops.json", folder / "ops.md"
    bench_ops.main(["--json", str(files[0]), "--markdown", str(files[1])], TINY)
    return json.loads(files[0].read_text("utf-8")), files[1].read_text("utf-8")


def test_there_is_a_row_for_the_headline_and_for_every_op(written):
    ops = [row["op"] for row in written[0]["rows"]]
    assert ops[:2] == ["W3, default gc", f"W3, gc {bench_ops.RARE}"]
    assert ops[2:] == [*by_op(), *(f"nn.{row.id}" for row in SIZED)]


def test_every_layer_has_a_row_or_a_reason():
    public = (getattr(nn, name) for name in nn.__all__)
    layers = {value.__name__ for value in public if isinstance(value, type) and issubclass(value, nn.Layer)}
    timed = [row.wrapper or row.name for row in SIZED]
    assert len(timed) == len(set(timed))
    assert not set(timed) & NOT_TIMED.keys()
    assert layers == {*timed, *NOT_TIMED}


def test_every_row_has_its_numbers(written):
    for row in written[0]["rows"]:
        assert {"op", "how", "minigrad_us", "torch_us", "ratio", "spread"} == row.keys()
        assert row["minigrad_us"] > 0
        assert row["spread"] >= 0
        assert (row["torch_us"] is None) == (row["ratio"] is None) == (not TORCH)
        assert all(math.isfinite(value) for value in row.values() if isinstance(value, float))


def test_the_machine_and_the_versions_are_named(written):
    about, page = written[0]["about"], written[1]
    assert {"machine", "python", "numpy", "blas", "minigrad", "threads", "kernels", "settings"} <= about.keys()
    assert ("torch" in about) == TORCH
    assert page.count("\n|") == len(written[0]["rows"]) + 4
    assert about["machine"] in page


def test_only_some_ops(capsys):
    bench_ops.main(["--only", "tanh", "W3", "Tanh"], TINY)
    printed = capsys.readouterr().out.partition(bench_ops.HEAD)[2].split("\n")
    assert [line.split()[0] for line in printed if line] == ["W3,", "W3,", "tanh", "nn.Tanh"]


def test_a_missing_folder_is_an_error_before_anything_is_measured(capsys, tmp_path):
    with pytest.raises(SystemExit):
        bench_ops.main(["--json", str(tmp_path / "nowhere" / "rows.json")], TINY)
    assert "nowhere is no folder" in capsys.readouterr().err


def test_the_collector_is_set_back():
    before = gc.get_threshold()
    with bench_ops.collector((10, 2, 3)):
        assert gc.get_threshold() == (10, 2, 3)
    assert gc.get_threshold() == before


def test_the_long_chain_stays_among_ordinary_numbers_and_is_the_same_on_all_sides():
    gradients = [[host(g) for g in chain(peer, 1000)()] for peer in ("minigrad", "torch")[: 1 + TORCH]]
    for side in gradients:
        for g, first in zip(side, gradients[0], strict=True):
            assert np.isfinite(g).all()
            assert np.abs(g).min() > 1e-3
            np.testing.assert_allclose(g, first, rtol=1e-3)


@pytest.mark.parametrize("name", list(by_op()))
def test_every_block_makes_finite_gradients(name):
    for side in bench_ops.sides():
        for g in op_block(by_op()[name], side, 40)():
            assert g is None or np.isfinite(host(g)).all()
    row = by_op()[name]
    assert (op_block(row, bench_ops.sides()[0], 1)()[0] is None) == (row.order == 0)


@pytest.mark.parametrize("row", SIZED, ids=lambda row: row.id)
def test_every_layer_makes_the_gradients_that_pytorch_makes(row):
    shapes = []
    for side in bench_ops.sides():
        made = [host(g) for g in layer_block(row, side, 2)()]
        assert all(np.isfinite(g).all() for g in made)
        shapes.append(sorted(g.shape for g in made))
    assert shapes[0] == shapes[-1]
    assert len(shapes[0]) > 0


def test_blocks_leave_no_gradient_behind():
    made = []

    def leaf(x):
        made.append(mg.Tensor(x.copy(), requires_grad=True))
        return made[-1]

    op_block(by_op()["multiply"], Side(mg, leaf, np.asarray), 3)()
    assert [x.grad for x in made] == [None, None]


def test_sides_take_turns():
    calls = []
    times = bench_timing.interleaved([lambda: calls.append("a"), lambda: calls.append("b")], 3)
    assert "".join(calls) == "ab" + "ab" + "ba" + "ab"
    assert [len(side) for side in times] == [3, 3]


def test_quartiles():
    assert bench_timing.quartiles([4.0, 1.0, 2.0, 3.0, 100.0]) == (3.0, pytest.approx(2 / 3))
    assert bench_timing.quartiles([5.0]) == (5.0, 0.0)


def test_a_busy_machine_is_warned_of(monkeypatch, capsys):
    monkeypatch.setattr(bench_timing.os, "getloadavg", lambda: (99.0, 0.0, 0.0))
    assert "busy (load 99.0" in bench_timing.warn_if_busy(3)
    assert capsys.readouterr().err.startswith("warning: the machine is busy")
