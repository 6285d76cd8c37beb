"""The benchmark measures in processes of its own, writes what it found, tells of peers that fail; no time is judged."""

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import bench, bench_peers, bench_timing, bench_worker
from tools.bench_page import TARGETS, duration, page
from tools.bench_peers import PEERS, Worker, WorkerError
from tools.bench_timing import have_torch
from tools.workloads import WORKLOADS

MINI = PEERS[0]
KEYS = "workload threads kernels peer ms ratio spread peak_mib peak_ratio".split()
ABOUT = {"machine": "a machine", "command": "python tools/bench.py"}


def made(peer, workload="W2", kernels=None, ratio=1.0, peak=1.0):
    return dict(zip(KEYS, [workload, 1, kernels, peer, 12.0, ratio, 0.05, 100.0, peak], strict=True))


def test_the_tool_writes_its_rows(tmp_path):
    out, picture = tmp_path / "rows.json", tmp_path / "rows.png"
    options = ["--quick", "--rounds", "2", "--only", "W1 tiny", "--threads", "1", "--json", out, "--png", picture]
    done = subprocess.run([sys.executable, bench.__file__, *options], capture_output=True, text=True, check=True)
    rows = json.loads(out.read_text())
    assert [row["peer"] for row in rows if row["kernels"] != "numba"] == ["minigrad", "torch"][: 1 + have_torch()]
    assert done.stdout.count("W1 tiny  ") == len(rows)
    for row in rows:
        assert list(row) == KEYS
        assert (row["workload"], row["threads"]) == ("W1 tiny", 1)
        assert row["ms"] > 0
        assert row["peak_mib"] > 10
        assert (row["ratio"] is None) == (row["peak_ratio"] is None) == (not have_torch())
    assert rows[0]["kernels"] == "numpy"
    assert rows[-1]["ratio"] in (None, 1.0)
    assert picture.read_bytes().startswith(b"\x89PNG") if have_torch() else "no picture" in done.stdout


def test_a_chain_is_timed_per_op():
    side = SimpleNamespace(peer=MINI, seconds=[0.5, 0.25, 1.0], peak=50.0)
    assert [bench.rows_of(name, 1, [side])[0]["ms"] for name in ("W1 tiny", "W3")] == [500.0, 0.5]


def test_ratios_are_formed_in_each_round():
    own = SimpleNamespace(peer=MINI, seconds=[1.0, 4.0, 3.0], peak=50.0)
    other = SimpleNamespace(peer=PEERS[2], seconds=[2.0, 4.0, 12.0], peak=200.0)
    row = bench.rows_of("W1", 2, [own, other])[0]
    assert (row["ratio"], row["spread"], row["peak_ratio"]) == (0.5, 0.75, 0.25)


def test_a_dying_peer_is_told_of_and_the_others_go_on(monkeypatch):
    class Dying(Worker):
        def __init__(self, workload, peer, threads):
            ready = json.dumps({"seconds": 1.0, "settings": ""})
            dies = f"import sys; print({ready!r}, flush=True); input(); sys.exit('no more')"
            super().__init__(workload, peer, threads, [sys.executable, "-c", dies] if peer.name == "gemm" else None)

    monkeypatch.setattr(bench, "Worker", Dying)
    rows, failures, settings = bench.measured("W1 tiny", 1, [MINI, PEERS[-1]], 3, 0.001)
    assert [row["peer"] for row in rows] == ["minigrad"]
    assert [str(failure) for failure in failures] == [
        "W1 tiny, 1 threads: matrix products alone failed, ended with 1: no more"
    ]
    assert list(settings) == [MINI.title]


@pytest.mark.parametrize(("broken", "code"), [("minigrad", 1), ("gemm", 0)])
def test_only_a_failure_of_minigrad_counts(monkeypatch, capsys, broken, code):
    failed = [bench.Failure("W3", 1, peer, "its last words") for peer in PEERS if peer.name == broken]
    monkeypatch.setattr(bench, "measured", lambda *_: ([], failed, {}))
    monkeypatch.setattr(bench, "taking_part", lambda _: PEERS)
    monkeypatch.setattr(sys, "argv", ["bench.py", "--only", "W3", "--threads", "1"])
    assert bench.main() == code
    assert f"{failed[0].peer.title} failed, its last words" in capsys.readouterr().out


def test_a_worker_says_why_it_could_not_build():
    said = r"(?s)ended with 1: .*KeyError: 'W9'"
    with closing(Worker("W9", MINI, 1)) as worker, pytest.raises(WorkerError, match=said):
        worker.built()


def test_a_worker_that_does_not_answer_is_given_up_and_killed():
    sleeping = Worker("W1 tiny", MINI, 1, [sys.executable, "-c", "import time; time.sleep(100)"])
    with closing(sleeping) as worker, pytest.raises(WorkerError, match=r"no answer within 0\.2 seconds"):
        worker.reply(0.2)
    assert worker.process.returncode == -signal.SIGKILL


def test_an_interrupt_ends_the_workers(monkeypatch):
    started = []

    class Counted(Worker):
        def __init__(self, *args):
            super().__init__(*args)
            started.append(self.process)

    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "Worker", Counted)
    monkeypatch.setattr(bench, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        bench.measured("W1 tiny", 1, [MINI, PEERS[-1]], 1, 0.001)
    assert [process.returncode is None for process in started] == [False, False]


def test_kernels_that_were_not_asked_for_are_refused(monkeypatch):
    monkeypatch.setattr(bench_worker, "kernels_in_use", lambda: "numpy")
    job = {"workload": "W1 tiny", "peer": "minigrad", "kernels": "numba", "threads": 1}
    monkeypatch.setattr(bench_worker, "settle", lambda *_: "")
    with pytest.raises(RuntimeError, match="kernels by numba were asked for, got numpy"):
        bench_worker.serve(job, print)


COMPILES = "import sys; assert sys.argv[1:] == ['compile']; open('cache', 'w')"


@pytest.mark.parametrize(
    ("main", "kernels", "why"),
    [
        (COMPILES, "def provider_in_use(): return 'numba' if open('cache') else ''", ""),
        ("raise SystemExit('no room for it')", "", "numba not available: no room for it"),
        (COMPILES, "def provider_in_use(): return 'numpy'", "numba not available: AssertionError: numpy"),
    ],
)
def test_kernels_are_compiled_first(tmp_path, monkeypatch, main, kernels, why):
    (tmp_path / "minigrad" / "kernels").mkdir(parents=True)
    (tmp_path / "minigrad" / "__init__.py").touch()
    (tmp_path / "minigrad" / "__main__.py").write_text(main)
    (tmp_path / "minigrad" / "kernels" / "__init__.py").write_text(kernels)
    monkeypatch.setattr(bench_peers, "ROOT", tmp_path)
    monkeypatch.setattr(bench_peers.importlib.util, "find_spec", lambda name: name)
    assert bench_peers.prepare_numba() == why


def test_kernels_need_numba(monkeypatch):
    monkeypatch.setattr(bench_peers.importlib.util, "find_spec", lambda name: None)
    assert bench_peers.prepare_numba() == "numba is not installed"


def test_the_peak_is_of_the_process_alone():
    held = bytearray(200 << 20)
    code = "from tools.bench_worker import peak; print(peak())"
    root = Path(bench.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert 5 < float(done.stdout) < 120 < bench_worker.peak()
    assert len(held) == 200 << 20


def test_threads_and_memory_settings_are_those_of_the_peer(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "7")
    for peer in PEERS:
        own = bench_peers.environment(peer, 2)
        assert {own[name] for name in bench_peers.THREADS} == {"2"}
        assert own.get("MALLOC_TRIM_THRESHOLD_") == (str(1 << 30) if peer.name == "torch tuned" else None)
        assert own.get("MINIGRAD_KERNELS", None if peer.kernels is None else "") == peer.kernels
        assert own["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("as_is", [False, True])
def test_libraries_choose_their_code_for_the_processor_unless_told_otherwise(as_is):
    said, code = (
        bench_timing.CODE[0],
        "import os; from tools.bench_timing import own_code; own_code(); print(os.environ)",
    )
    options = ["--as-is"] if as_is else []
    done = subprocess.run(
        [sys.executable, "-c", code, *options], capture_output=True, text=True, check=True,
        cwd=bench_peers.ROOT, env=os.environ | {said: "Prescott"},
    )  # fmt: skip
    assert (f"'{said}': 'Prescott'" in done.stdout) == as_is
    assert (f"left out of the environment: {said}=Prescott" in done.stdout) != as_is


def test_every_peer_and_every_target_is_of_a_workload():
    names = {peer for workload in WORKLOADS.values() for peer in workload.peers}
    assert names == {peer.name for peer in PEERS}
    assert {name for name, _ in TARGETS} == set(WORKLOADS)


def test_the_page_has_every_figure_and_marks_what_misses_its_target():
    rows = [made("minigrad", kernels="numpy", ratio=0.98), made("minigrad", kernels="numba", ratio=0.8, peak=0.6),
            made("torch"), made("jax", ratio=0.7), made("gemm", ratio=0.5)]  # fmt: skip
    text = page(rows, ABOUT, {"PyTorch eager": "as it comes"}, bench.FULL, {"before": "", "after": "busy"}, ["JAX: no"])
    times, memory = [line for line in text.splitlines() if line.startswith("| W2")]
    assert times.split(" | ")[1:5] == [
        "0.98 (5%), 12.0 ms", "<= 0.97 **missed**", "0.80 (5%), 12.0 ms", "<= 0.8 *behind JAX*"
    ]  # fmt: skip
    assert memory.count("missed") == 2
    for words in ("a machine", "as it comes", "after the run: busy", "left out: JAX: no", "rounds: 21", "0.50 (5%)"):
        assert words in text
    heads = [line for line in text.splitlines() if line.startswith("| workload")]
    assert {line.count("|") for line in heads} == {times.count("|")} == {memory.count("|")}


def test_the_page_says_in_short_what_comes_out():
    rows = [made("minigrad", "W2", "numba", 0.8), made("minigrad", "W1", "numba", 0.9), made("torch", "W1")]
    rows += [made("jax", "W1", ratio=0.7), made("jax", "W2", ratio=0.81), made("minigrad", "W1", "numpy", 1.5)]
    lines = page(rows, ABOUT, {}, bench.FULL, {}, []).splitlines()
    assert "| minigrad, NumPy kernels | 0 of 1 rows | 0 of 1 rows | 0 of 1 rows | 1.50 |" in lines
    assert "| minigrad, numba kernels | 2 of 2 rows | 1 of 2 rows | 1 of 2 rows | 0.85 |" in lines  # W2 is at its 0.80


def test_the_page_without_pytorch():
    text = page([made("minigrad", "W3", "numpy", None, None)], ABOUT, {}, bench.QUICK, {"before": ""}, [])
    assert "| W3, per op | 5%, 12.0 ms | <= 0.55 |" in text
    assert "| W3 | 100 | |" in text


def test_durations():
    assert [duration(ms) for ms in (0.00123, 0.0999, 0.1, 12.345, 123.4)] == [
        "1.23 us", "99.9 us", "0.100 ms", "12.3 ms", "123 ms"
    ]  # fmt: skip
