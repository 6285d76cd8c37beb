"""How long `import minigrad` takes beside `import numpy`: fresh processes in turns, medians, their ratio.

    python tools/bench_import.py [--rounds N] [--json FILE]

The target is a ratio of at most 1.4. Each process measures its own import, so that starting Python counts for neither.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.bench_timing import machine, quartiles, warn_if_busy

ROOT = Path(__file__).resolve().parents[1]
TARGET = 1.4
PACKAGES = ("numpy", "minigrad")


def seconds(package: str) -> float:
    """The time one import takes in a process of its own."""
    code = f"from time import perf_counter as t; s = t(); import {package}; print(t() - s)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else every process would compile what others read
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)


def measure(rounds: int) -> dict[str, float]:
    """Medians in milliseconds, the median of the ratios of each round, and their spread."""
    for package in PACKAGES:  # bytecode is written, files are in memory
        seconds(package)
    times: dict[str, list[float]] = {package: [] for package in PACKAGES}
    for number in range(rounds):
        for package in PACKAGES if number % 2 == 0 else reversed(PACKAGES):
            times[package].append(seconds(package))
    ratio, spread = quartiles([own / bare for bare, own in zip(times["numpy"], times["minigrad"], strict=True)])
    medians = {f"{package}_ms": quartiles(times[package])[0] * 1e3 for package in PACKAGES}
    return medians | {"ratio": ratio, "spread": spread}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, metavar="FILE")
    args = parser.parse_args(arguments)
    warn_if_busy()
    result = measure(args.rounds)
    print(
        f"import numpy {result['numpy_ms']:.0f} ms, import minigrad {result['minigrad_ms']:.0f} ms, "
        f"ratio {result['ratio']:.2f} (spread {result['spread']:.0%}, target {TARGET})"
    )
    if args.json:
        args.json.write_text(json.dumps({"about": machine(), **result}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
