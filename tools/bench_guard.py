"""Compare a measurement of the benchmark with an earlier one: what has become slower beside PyTorch, or larger.

    python tools/bench.py --quick --json now.json
    python tools/bench_guard.py docs/benchmarks.json now.json [--tolerance 0.15]

Compared are minigrad's ratios to PyTorch's eager mode, of time and of peak memory, row by row. A row is worse if its
ratio has grown by more than the tolerance, and by more than the spread of either measurement. Ends with 1 if any is.
"""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

__all__ = ["compared", "worse"]

Row = dict[str, Any]

KEYS = {"workload", "threads", "kernels", "peer", "ratio", "spread", "peak_ratio"}  # what is compared, and by what


def compared(before: list[Row], now: list[Row]) -> list[tuple[Row, Row]]:
    """The rows of minigrad that both have measured beside PyTorch."""
    named = {_name(row): row for row in before if row["peer"] == "minigrad" and row["ratio"]}
    pairs = [(named[_name(row)], row) for row in now if row["ratio"] and _name(row) in named]
    return [pair for pair in pairs if pair[1]["peer"] == "minigrad"]


def worse(before: Row, now: Row, tolerance: float) -> list[str]:
    """What has become worse from one row to the other, in words."""
    allowed = 1 + max(tolerance, before["spread"], now["spread"])
    found = []
    for what, key, limit in (("time", "ratio", allowed), ("peak memory", "peak_ratio", 1 + tolerance)):
        if before[key] and now[key] and now[key] > before[key] * limit:
            found.append(f"{what} was {before[key]:.2f} of PyTorch's, is {now[key]:.2f}")
    return found


def _rows(found: Any) -> list[Row]:
    """The rows of a file, refused where one lacks what is compared."""
    if not isinstance(found, list) or not all(isinstance(row, dict) and set(row) >= KEYS for row in found):
        raise ValueError(f"no list of rows with {', '.join(sorted(KEYS))}")
    return found


def _name(row: Row) -> tuple[Any, ...]:
    return row["workload"], row["threads"], row["kernels"]


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("now", type=Path)
    parser.add_argument("--tolerance", type=float, default=0.15, help="growth of a ratio that is still noise")
    args = parser.parse_args(given)
    if not 0 <= args.tolerance < math.inf:  # with NaN nothing would ever be worse
        parser.error(f"the tolerance is a share, at least 0, got {args.tolerance}")
    rows = []
    for file in (args.before, args.now):
        try:
            rows.append(_rows(json.loads(file.read_text("utf-8"))))
        except (OSError, ValueError) as error:
            parser.error(f"{file} has no rows of tools/bench.py, got {error}; write it with --json")
    pairs = compared(*rows)
    if not pairs:
        parser.error("the files have no row of minigrad in common; measure equal workloads and threads, and PyTorch")
    findings = [(now, text) for before, now in pairs for text in worse(before, now, args.tolerance)]
    for row, text in findings:
        print(f"{row['workload']}, {row['threads']} threads, {row['kernels']} kernels: {text}")
    print(f"{len(pairs)} rows compared, {len(findings)} worse by more than {args.tolerance:.0%}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
