"""Milliseconds per training step and per op: minigrad beside PyTorch, JAX and bare matrix products.

    python tools/bench.py [--quick] [--threads 1 2] [--only W1 ...] [--rounds N] [--json FILE] [--png FILE] [--write]
                          [--as-is]

Each peer runs in a fresh process of its own, where it is installed. The peers take turns, one computes at a time; a
ratio to PyTorch's eager mode is formed in each round, and the median of these counts. --quick takes PyTorch and
minigrad alone and few rounds; --write makes docs/BENCHMARKS.md. Each library chooses its code for the processor by
itself; --as-is keeps what the shell says of that, OPENBLAS_CORETYPE and the like. The workloads are in tools/workloads,
the peers in tools/bench_peers.py. Ends with 1 if minigrad failed anywhere; another peer that fails is told of and left
out.
"""

import argparse
import json
import shlex
import statistics
import sys
from contextlib import ExitStack, closing
from pathlib import Path
from time import sleep
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.bench_chart import chart
from tools.bench_page import PAGE, duration, page
from tools.bench_peers import PEERS, Peer, Worker, WorkerError, installed, prepare_numba
from tools.bench_timing import as_is, machine, quartiles, started, warn_if_busy, writable
from tools.workloads import WORKLOADS

PAUSE = 0.05  # seconds between two turns, in which threads that wait by spinning fall asleep
FULL, QUICK = {"rounds": 21, "block": 0.1}, {"rounds": 5, "block": 0.04}  # rounds, and seconds of a turn, about
Row = dict[str, Any]


class Failure(NamedTuple):
    """A peer that gave no row, and its last words."""

    workload: str
    threads: int
    peer: Peer
    words: str

    def __str__(self) -> str:
        return f"{self.workload}, {self.threads} threads: {self.peer.title} failed, {self.words}"


class Side:
    """A peer that takes part in one workload: its process, and what it has measured."""

    def __init__(self, worker: Worker, block: float) -> None:
        self.worker, self.peer = worker, worker.peer
        ready = worker.built()
        self.settings, self.steps = ready["settings"], max(1, round(block / ready["seconds"]))
        self.seconds: list[float] = []
        self.peak = 0.0

    def turn(self) -> None:
        found = self.worker.block(self.steps)
        self.seconds.append(found["seconds"] / self.steps)
        self.peak = found["peak_mib"]


def measured(
    name: str, threads: int, peers: list[Peer], rounds: int, block: float
) -> tuple[list[Row], list[Failure], dict[str, str]]:
    """The rows of a workload, the peers that failed, and the settings of the others."""
    sides: list[Side] = []
    failures: list[Failure] = []
    with ExitStack() as processes:
        workers = [processes.enter_context(closing(Worker(name, peer, threads))) for peer in peers]
        for peer, worker in zip(peers, workers, strict=True):  # they are built side by side, before anything is timed
            try:
                sides.append(Side(worker, block))
            except WorkerError as error:
                failures.append(Failure(name, threads, peer, str(error)))
        for number in range(rounds):
            for side in sides[:] if number % 2 == 0 else sides[::-1]:
                sleep(PAUSE)
                try:
                    side.turn()
                except WorkerError as error:
                    sides.remove(side)
                    failures.append(Failure(name, threads, side.peer, str(error)))
    return rows_of(name, threads, sides), failures, {side.peer.title: side.settings for side in sides}


def rows_of(name: str, threads: int, sides: list[Side]) -> list[Row]:
    """A row for each peer: medians, with ratios to PyTorch's eager mode where that has taken part."""
    eager = next((side for side in sides if side.peer.name == "torch"), None)
    rows = []
    for side in sides:
        ratio, spread = None, quartiles(side.seconds)[1]
        if eager:
            ratio, spread = quartiles([own / other for own, other in zip(side.seconds, eager.seconds, strict=True)])
        rows.append({
            "workload": name, "threads": threads, "kernels": side.peer.kernels, "peer": side.peer.name,
            "ms": 1000 * statistics.median(side.seconds) / WORKLOADS[name].ops, "ratio": ratio, "spread": spread,
            "peak_mib": side.peak, "peak_ratio": side.peak / eager.peak if eager else None,
        })  # fmt: skip
    return rows


def line(row: Row) -> str:
    title = next(peer.title for peer in PEERS if (peer.name, peer.kernels) == (row["peer"], row["kernels"]))
    ratio = "" if row["ratio"] is None else f"  ratio {row['ratio']:.2f}"
    each = " per op" if WORKLOADS[row["workload"]].ops > 1 else ""
    return (
        f"{row['workload']:<22}{row['threads']} threads  {title:<27}{duration(row['ms']):>9}{each}{ratio}"
        f"  spread {row['spread']:.0%}  peak {row['peak_mib']:.0f} MiB"
    )


def taking_part(quick: bool) -> list[Peer]:
    """The peers that can run here; a printed line says why another is left out."""
    peers = []
    for peer in PEERS:
        if quick and peer.name not in ("minigrad", "torch"):
            continue
        why = prepare_numba() if peer.kernels == "numba" else "" if installed(peer) else f"{peer.package} not installed"
        if why:
            print(f"without {peer.title}: {why}")
        else:
            peers.append(peer)
    return peers


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="PyTorch and minigrad alone, few rounds")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N", help="1 and 2 by default")
    names = f"some of {', '.join(WORKLOADS)}"
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS), metavar="WORKLOAD", help=names)
    parser.add_argument("--rounds", type=int, metavar="N", help=f"{FULL['rounds']}, or {QUICK['rounds']} with --quick")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to this file")
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the ratios")
    parser.add_argument("--write", action="store_true", help="write docs/BENCHMARKS.md, and its rows beside it")
    as_is(parser)
    args = parser.parse_args(given)
    if min(args.threads) < 1 or (args.rounds is not None and args.rounds < 1):
        parser.error("threads and rounds are at least 1")
    writable(parser, args.json, args.png)
    return args


def command(given: list[str]) -> str:
    """The command line without the files that it writes, which are of this machine alone."""
    kept = [word for before, word in zip(["", *given], given, strict=False) if not {before, word} & {"--json", "--png"}]
    return shlex.join(["python", "tools/bench.py", *kept])


def main() -> int:
    args = arguments()
    about = machine() | {"command": command(sys.argv[1:])}
    print("\n".join(f"{name:<9}{text}" for name, text in about.items()))
    warnings = {"before": warn_if_busy()}
    peers, how = taking_part(args.quick), QUICK if args.quick else FULL
    how = how | {"rounds": args.rounds or how["rounds"]}
    rows: list[Row] = []
    failures: list[Failure] = []
    settings: dict[str, str] = {}
    for threads in args.threads:
        for name in args.only:
            fitting = [peer for peer in peers if peer.name in WORKLOADS[name].peers]
            found, failed, set_ = measured(name, threads, fitting, int(how["rounds"]), how["block"])
            print("\n".join([*map(line, found), *map(str, failed)]), flush=True)
            rows, failures, settings = rows + found, failures + failed, settings | set_
    warnings["after"] = warn_if_busy(after=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    if args.png:
        if any(row["ratio"] is not None for row in rows):
            chart(rows, args.png)
        else:
            print(f"no picture in {args.png}: there are no ratios without PyTorch")
    if args.write:
        PAGE.with_name("benchmarks.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
        PAGE.write_text(page(rows, about, settings, how, warnings, [str(failure) for failure in failures]), "utf-8")
    return 1 if any(failure.peer.name == "minigrad" for failure in failures) else 0


if __name__ == "__main__":
    started(main)
