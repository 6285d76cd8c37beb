"""Milliseconds per training step: minigrad beside PyTorch's eager mode, in one process and one run.

    python tools/bench.py [--quick] [--threads 1 2] [--only W1 ...] [--json FILE]

The sides take turns, a ratio is formed in each round, and the median of these counts (`tools/bench_timing.py`). Without
PyTorch minigrad is timed alone. The workloads are in tools/workloads.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import threadpoolctl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.bench_timing import have_torch, interleaved, machine, quartiles, warn_if_busy
from tools.workloads import WORKLOADS

BLOCK = 0.05  # seconds that the steps of one side take in a round, about


def repeated(step: Callable[[], object]) -> tuple[Callable[[], None], int]:
    """As many steps as fill a block, and how many these are."""
    for _ in range(3):
        step()
    start = perf_counter()
    step()
    count = max(1, round(BLOCK / (perf_counter() - start)))

    def block() -> None:
        for _ in range(count):
            step()

    return block, count


def timed(name: str, threads: int, rounds: int) -> list[dict[str, Any]]:
    """A row for each peer of a workload."""
    peers = ["minigrad", "torch"] if have_torch() else ["minigrad"]
    if have_torch():
        import torch

        torch.set_num_threads(threads)
    with threadpoolctl.threadpool_limits(threads):
        blocks = [repeated(WORKLOADS[name](peer)) for peer in peers]
        times = interleaved([block for block, _ in blocks], rounds)
    steps = [[seconds / count for seconds in side] for side, (_, count) in zip(times, blocks, strict=True)]
    rows = []
    for peer, side in zip(peers, steps, strict=True):
        ratio, spread = quartiles([own / other for own, other in zip(side, steps[-1], strict=True)])
        ms = 1000 * statistics.median(side)
        row = {"workload": name, "threads": threads, "kernels": "numpy", "peer": peer, "ms": ms}
        rows.append({**row, "ratio": ratio if have_torch() else None, "spread": spread})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a third of the rounds")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--json", type=Path, help="write the rows to this file")
    args = parser.parse_args()
    about, warning = machine(), warn_if_busy()
    print("  ".join(f"{name} {value}" for name, value in about.items()))
    rows = []
    for name in args.only:
        for threads in args.threads:
            rows += timed(name, threads, 7 if args.quick else 21)
            for row in rows[-2 if have_torch() else -1 :]:
                ratio = (
                    "" if row["ratio"] is None else f"  ratio {row['ratio']:.2f}  spread {100 * row['spread']:.0f} %"
                )
                print(f"{name:10} {threads} threads  {row['peer']:9} {row['ms']:9.3f} ms{ratio}")
    if args.json:
        args.json.write_text(json.dumps({"about": about, "warning": warning, "rows": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
