"""Microseconds per op and per layer, forward and backward: minigrad beside PyTorch's eager mode, in one process.

    python tools/bench_ops.py [--quick] [--json FILE] [--markdown FILE] [--write] [--only OP ...]

First the headline: a chain of 1,000 small ops on 10 elements, once with Python's own settings of the garbage collector
and once with rarer collections, the same for both sides. Then a row for each op of tools/op_rows in float32: a chain of
calls and one walk back where the result may go in again, else single calls, each with a walk back of its own. Then a
row for each layer of tools/layer_sizes.py, which is trained on one input. Without PyTorch minigrad is timed alone;
--write makes docs/BENCHMARKS_OPS.md.
"""

import argparse
import gc
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import minigrad as mg
from tools.bench_blocks import layer_block, op_block
from tools.bench_timing import (
    RARE,
    as_is,
    have_torch,
    interleaved,
    kernels_in_use,
    limited,
    machine,
    quartiles,
    started,
    warn_if_busy,
    writable,
)
from tools.layer_sizes import SIZED
from tools.op_rows import by_op
from tools.workloads.chain import chain as mixed_chain
from tools.workloads.start import Side, side

PAGE = Path(__file__).resolve().parents[1] / "docs" / "BENCHMARKS_OPS.md"
PYTHONS = gc.get_threshold()
FULL, QUICK = {"rounds": 31, "chain": 1000, "calls": 40}, {"rounds": 7, "chain": 1000, "calls": 20}


def sides() -> list[Side]:
    """minigrad, and PyTorch where it is installed."""
    return [side("minigrad"), side("torch")] if have_torch() else [side("minigrad")]


# -- measuring ---------------------------------------------------------------------------------------------------------


def measure(name: str, how: str, blocks: list[Callable[[], object]], ops: int, rounds: int) -> dict[str, Any]:
    """One line of the result."""
    gc.collect()
    times = interleaved(blocks, rounds)
    micro = [quartiles(side)[0] / ops * 1e6 for side in times]
    row: dict[str, Any] = {"op": name, "how": how, "minigrad_us": micro[0], "torch_us": None, "ratio": None}
    if len(times) == 1:
        return row | {"spread": quartiles(times[0])[1]}
    ratio, spread = quartiles([own / other for own, other in zip(*times, strict=True)])
    return row | {"torch_us": micro[1], "ratio": ratio, "spread": spread}


@contextmanager
def collector(threshold: tuple[int, int, int]) -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*threshold)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def run(rounds: int, chain: int, calls: int, only: list[str] | None = None) -> Iterator[dict[str, Any]]:
    """Every row, one after the other."""
    both = sides()
    for label, threshold in (("default gc", PYTHONS), (f"gc {RARE}", RARE)):
        if not only or "W3" in only:
            with collector(threshold):
                blocks = [mixed_chain(peer, chain) for peer in ("minigrad", "torch")[: len(both)]]
                yield measure(f"W3, {label}", f"chain of {chain}", blocks, chain, rounds)
    for name, row in by_op().items():
        if not only or name in only:
            blocks = [op_block(row, side, calls) for side in both]
            how = f"chain of {calls}" if row.chain else "single calls"
            yield measure(name, how, blocks, calls, rounds)
    for layer in SIZED:
        if not only or layer.id in only:
            few = max(1, calls // 4)
            blocks = [layer_block(layer, side, few) for side in both]
            yield measure(f"nn.{layer.id}", "layer", blocks, few, rounds)


# -- printing ----------------------------------------------------------------------------------------------------------

INTRODUCTION = """# Microseconds per op and per layer, forward and backward

float32, minigrad and, where it is installed, PyTorch's eager mode in turns in one process; written by
[tools/bench_ops.py](../tools/bench_ops.py).

Arrays are small, so most rows weigh what comes on top of the arithmetic: those of ops are the examples of
[tools/op_rows](../tools/op_rows), those of layers stand in [tools/layer_sizes.py](../tools/layer_sizes.py). In a chain
an op is called so many times, each on the result of the one before, and walked back once; single calls are walked back
one by one, where the result may not go in again. W3 is a chain of 1,000 mixed ops on 10 elements. The ratio is the
median of those of each round, the spread their interquartile range as a part of it.
"""
HEAD = f"{'op':<24}{'how':<16}{'minigrad us':>12}{'PyTorch us':>12}{'ratio':>8}{'spread':>8}"


def line(row: dict[str, Any]) -> str:
    other = f"{row['torch_us']:12.2f}{row['ratio']:8.2f}" if row["ratio"] else f"{'-':>12}{'-':>8}"
    return f"{row['op']:<24}{row['how']:<16}{row['minigrad_us']:12.2f}{other}{row['spread']:8.0%}"


def markdown(about: dict[str, str], rows: list[dict[str, Any]]) -> str:
    """The result as a Markdown page."""
    ratios = [row["ratio"] for row in rows if row["ratio"]]
    lines = [INTRODUCTION]
    if ratios:
        faster, middle = sum(ratio < 1 for ratio in ratios), quartiles(ratios)[0]
        lines += [f"minigrad is faster in {faster} of {len(ratios)} rows; the median ratio is {middle:.2f}.", ""]
    lines += [f"- {name}: {text}" for name, text in about.items()]
    for title in ("op", "layer"):
        lines += ["", f"## {title.capitalize()}s", "", f"| {title} | how | minigrad us | PyTorch us | ratio | spread |"]
        lines.append("|---|---|--:|--:|--:|--:|")
        for row in rows:
            if (row["how"] == "layer") == (title == "layer"):
                other = f"{row['torch_us']:.2f} | {row['ratio']:.2f}" if row["ratio"] else "- | -"
                us = f"{row['minigrad_us']:.2f}"
                lines.append(f"| {row['op']} | {row['how']} | {us} | {other} | {row['spread']:.0%} |")
    return "\n".join(lines) + "\n"


def settled() -> str:
    """minigrad's settings for speed, which hold for the whole process and so for PyTorch too; in words."""
    mg.tune()
    return "minigrad.tune(), for both sides; the rows W3 set the garbage collector as they say"


def main(
    arguments: list[str] | None = None, counts: dict[str, int] | None = None, settings: str = "as they come"
) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--only", nargs="+", metavar="OP", help="these alone; W3 is the headline")
    parser.add_argument("--write", action="store_true", help="write docs/BENCHMARKS_OPS.md")
    as_is(parser)
    args = parser.parse_args(arguments)
    writable(parser, args.json, args.markdown)
    command = shlex.join(["python", "tools/bench_ops.py", *(sys.argv[1:] if arguments is None else arguments)])
    about = machine() | {"minigrad": mg.__version__, "kernels": kernels_in_use(), "threads": "1"}
    about |= {"settings": settings, "date": datetime.now(timezone.utc).date().isoformat(), "command": command}
    print("\n".join(f"{name:<10}{text}" for name, text in about.items()))
    if warning := warn_if_busy():
        about["warning"] = warning.removeprefix("warning: ")
    print(f"\n{HEAD}")
    rows = []
    with limited(1):
        for row in run(**(counts or (QUICK if args.quick else FULL)), only=args.only):
            rows.append(row)
            print(line(row), flush=True)
    if args.json:
        args.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n", "utf-8")
    for page in filter(None, (args.markdown, PAGE if args.write else None)):
        page.write_text(markdown(about, rows), "utf-8")


if __name__ == "__main__":
    started(lambda: main(settings=settled()))
