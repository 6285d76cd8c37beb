"""Where the time of a training step goes, function by function: kernels, gradients of ops, the walk, the optimizer.

    python tools/profile_step.py [WORKLOAD] [--steps 20] [--rows 25] [--threads 1] [--as-is]

Python's own profiler looks on, which makes small calls dearer than they are; the first line says what a step takes
without it. Own time is what a function takes less what it calls; products of matrices count to the op that asks for
them. `MINIGRAD_KERNELS` chooses the kernels. The workloads are those of tools/bench.py.
"""

import argparse
import cProfile
import pstats
import statistics
import sys
from pathlib import Path
from time import perf_counter

import threadpoolctl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import minigrad
from tools.bench_timing import as_is, kernels_in_use, machine, started, warn_if_busy
from tools.workloads import WORKLOADS

PACKAGE = str(Path(minigrad.__file__).parent)


def place(file: str, line: int, name: str) -> str:
    """A function's name and, for minigrad's own, its file."""
    if file == "~":
        return f"{name} (built in)"
    own = file.startswith(PACKAGE)
    where = Path(file).relative_to(PACKAGE).as_posix() if own else Path(file).name
    return f"{name} ({where}{f', line {line}' if name.startswith('<') else ''})"


def profiled(step, steps):
    """Milliseconds of a step without the profiler, and for each function its calls, its own time and its share."""
    for _ in range(5):
        step()
    times = []
    for _ in range(steps):
        start = perf_counter()
        step()
        times.append(perf_counter() - start)
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(steps):
        step()
    profiler.disable()
    stats = pstats.Stats(profiler).stats
    whole = sum(own for _, _, own, _, _ in stats.values())
    rows = [
        (own / whole, calls / steps, 1000 * own / steps, place(*key)) for key, (_, calls, own, _, _) in stats.items()
    ]
    return 1000 * statistics.median(times), 1000 * whole / steps, sorted(rows, reverse=True)


def main(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", nargs="?", default="W2", choices=WORKLOADS)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rows", type=int, default=25)
    parser.add_argument("--threads", type=int, default=1)
    as_is(parser)
    args = parser.parse_args(given)
    if min(args.steps, args.rows, args.threads) < 1:
        parser.error("steps, rows and threads are at least 1")
    print("  ".join(f"{name} {value}" for name, value in (machine() | {"kernels": kernels_in_use()}).items()))
    warn_if_busy()
    if hasattr(minigrad, "tune"):
        print("  ".join(minigrad.tune().values()))
    with threadpoolctl.threadpool_limits(args.threads):
        bare, whole, rows = profiled(WORKLOADS[args.workload].make("minigrad"), args.steps)
    print(f"{args.workload}: {bare:.2f} ms a step, {whole:.2f} ms with the profiler, {args.threads} threads\n")
    print(f"{'share':>6} {'calls':>7} {'own ms':>8}  function")
    for share, calls, own, name in rows[: args.rows]:
        print(f"{share:6.1%} {calls:7.1f} {own:8.3f}  {name}")


if __name__ == "__main__":
    started(main)
