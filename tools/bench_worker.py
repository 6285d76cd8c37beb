"""One peer of a benchmark in a process of its own: it builds a workload, then takes as many steps as it is told.

    python tools/bench_worker.py '{"workload": "W1", "peer": "minigrad", "kernels": "numpy", "threads": 1}'

A number on a line of its input is answered by the seconds that so many steps took, in a line of JSON, as is the start
by what the process is. What libraries print goes to the error output. Started by `tools/bench_peers.py`, which sets the
numbers of threads in the environment before a library is there to read them.
"""

import gc
import importlib
import json
import os
import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.bench_timing import RARE, kernels_in_use
from tools.workloads import WORKLOADS

WARM = 0.1  # seconds of steps before the first measurement, about


def settle(peer: str, threads: int) -> str:
    """Give a library the settings it is to be measured with; what they are, in words."""
    if peer == "minigrad":
        importlib.import_module("minigrad").tune()
        return "minigrad.tune()"
    if peer.startswith("torch"):
        importlib.import_module("torch").set_num_threads(threads)
        if peer != "torch tuned":
            return "as it comes"
        gc.set_threshold(*RARE)
        return f"glibc keeps freed memory, gc thresholds {RARE}"
    if peer.startswith("jax"):
        # Steps are finished when their call returns; handing them to a thread would cost more than it gains here.
        importlib.import_module("jax").config.update("jax_cpu_enable_async_dispatch", False)
        return "steps run within their call"
    return "as it comes"


def peak() -> float:
    """The most memory this process has held, in MiB, libraries included.

    Linux has it of the process itself; what `getrusage` says there contains the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text("utf-8")
        return int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0]) / 1024
    except (OSError, IndexError):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / 2**20 if sys.platform == "darwin" else most / 1024


def warmed(step: Callable[[], Any]) -> float:
    """Seconds of a step, after memory, caches and lazily made kernels have come."""
    step()
    times: list[float] = []
    while len(times) < 3 or (sum(times) < WARM and len(times) < 1000):
        start = perf_counter()
        step()
        times.append(perf_counter() - start)
    return sorted(times)[len(times) // 2]


def serve(job: dict[str, Any], answer: Callable[[dict[str, Any]], None]) -> None:
    """Build, then take steps until the input ends."""
    if job.get("cpus"):
        os.sched_setaffinity(0, job["cpus"])
    settings = settle(job["peer"], job["threads"])
    if job["peer"] == "minigrad" and job["kernels"] != (found := kernels_in_use()):
        raise RuntimeError(f"kernels by {job['kernels']} were asked for, got {found}")
    step = WORKLOADS[job["workload"]].make(job["peer"])
    answer({"seconds": warmed(step), "settings": settings})
    for line in sys.stdin:
        step()  # what slept or was evicted while others had their turn
        start = perf_counter()
        for _ in range(int(line)):
            step()
        answer({"seconds": perf_counter() - start, "peak_mib": peak()})


def main() -> None:
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(reply: dict[str, Any]) -> None:
        print(json.dumps(reply), file=replies, flush=True)

    serve(json.loads(sys.argv[1]), answer)


if __name__ == "__main__":
    main()
