"""Microseconds per op, forward and backward: minigrad beside PyTorch's eager mode, in one process and one run.

    python tools/bench_ops.py [--quick] [--json FILE] [--markdown FILE] [--only OP ...]

First the headline: a chain of 1,000 small ops on 10 elements, once with Python's own settings of the garbage collector
and once with rarer collections, the same for both sides. Then a row for each op of tools/op_rows in float32: a chain of
calls and one walk back where the result may go in again, else single calls, each with a walk back of its own. Without
PyTorch minigrad is timed alone.
"""

import argparse
import gc
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import minigrad as mg
from tools.bench_timing import have_torch, interleaved, limited, machine, quartiles, warn_if_busy
from tools.op_rows import Row, by_op
from tools.op_rows.with_torch import weights

RARE = (10_000, 20, 100)  # thresholds of the garbage collector for the second headline
FULL, QUICK = {"rounds": 31, "chain": 1000, "calls": 40}, {"rounds": 7, "chain": 1000, "calls": 20}
Side = tuple[Any, Callable[..., Any]]  # a library, and what makes a leaf of it from an array


def sides() -> list[Side]:
    """minigrad, and PyTorch where it is installed."""

    def leaf(x: Any) -> mg.Tensor:
        return mg.Tensor(x.copy(), requires_grad=True)

    if not have_torch():
        return [(mg, leaf)]
    import torch

    return [(mg, leaf), (torch, lambda x: torch.tensor(x, requires_grad=True))]


# -- what is timed -----------------------------------------------------------------------------------------------------


def mixed_chain(side: Side, length: int) -> Callable[[], list[Any]]:
    """Eight kinds of step on 10 elements, over and over: tensors with tensors, with numbers, and functions.

    The numbers are such that values and gradients stay far from overflow and from denormal numbers, however long it is.
    """
    library, leaf = side
    a, b, c, d = (leaf(np.linspace(low, low + 0.01, 10, dtype=np.float32)) for low in (0.98, 0.22, 0.2, 0.98))
    sent = np.ones(10, np.float32)
    sent = sent if library is mg else library.from_numpy(sent)
    tanh = library.tanh

    def block() -> list[Any]:
        y = a
        for _ in range(length // 8):
            y = y * a
            y = y + b
            y = tanh(y)
            y = y - c
            y = y / d
            y = -y
            y = y * -1.01
            y = y + 0.01
        y.backward(sent)
        gradients = [leaf.grad for leaf in (a, b, c, d)]
        a.grad = b.grad = c.grad = d.grad = None
        return gradients

    return block


def op_block(row: Row, side: Side, calls: int) -> Callable[[], list[Any]]:
    """`calls` times one op: a chain with one walk back, or forward and backward each time."""
    library, leaf = side
    function = row.mini if library is mg else row.torch
    xs = [leaf(x) for x in row.arrays(np.float32, row.bench)]
    constants = [np.array(c) if library is mg else library.tensor(c) for c in row.constants]
    y = function(library, *xs, *constants)
    walks = bool(row.order) and y.requires_grad
    sent = weights(tuple(y.shape), 1).astype(np.float32) if walks else None
    if walks and library is not mg:
        sent = library.from_numpy(np.asarray(sent)).to(y.dtype)

    def chain() -> list[Any]:
        y = xs[0]
        for _ in range(calls):
            y = function(library, y, *xs[1:])
        y.backward(sent)
        return finish()

    def single() -> list[Any]:
        for _ in range(calls):
            y = function(library, *xs, *constants)
            if walks:
                y.backward(sent)
        return finish()

    def finish() -> list[Any]:
        gradients = [x.grad for x in xs]
        for x in xs:
            x.grad = None
        return gradients

    return chain if row.chain else single


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
    for label, threshold in (("default gc", gc.get_threshold()), (f"gc {RARE}", RARE)):
        if not only or "W3" in only:
            with collector(threshold):
                blocks = [mixed_chain(side, chain) for side in both]
                yield measure(f"W3, {label}", f"chain of {chain}", blocks, chain, rounds)
    for name, row in by_op().items():
        if not only or name in only:
            blocks = [op_block(row, side, calls) for side in both]
            how = f"chain of {calls}" if row.chain else "single calls"
            yield measure(name, how, blocks, calls, rounds)


# -- printing ----------------------------------------------------------------------------------------------------------

HEAD = f"{'op':<24}{'how':<16}{'minigrad us':>12}{'PyTorch us':>12}{'ratio':>8}{'spread':>8}"


def line(row: dict[str, Any]) -> str:
    other = f"{row['torch_us']:12.2f}{row['ratio']:8.2f}" if row["ratio"] else f"{'-':>12}{'-':>8}"
    return f"{row['op']:<24}{row['how']:<16}{row['minigrad_us']:12.2f}{other}{row['spread']:8.0%}"


def markdown(about: dict[str, str], rows: list[dict[str, Any]]) -> str:
    """The result as a Markdown page."""
    lines = ["# Microseconds per op, forward and backward", ""]
    lines += [f"- {name}: {text}" for name, text in about.items()]
    lines += ["", "| op | how | minigrad us | PyTorch us | ratio | spread |", "|---|---|--:|--:|--:|--:|"]
    for row in rows:
        other = f"{row['torch_us']:.2f} | {row['ratio']:.2f}" if row["ratio"] else "- | -"
        lines.append(f"| {row['op']} | {row['how']} | {row['minigrad_us']:.2f} | {other} | {row['spread']:.0%} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None, counts: dict[str, int] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds, to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--only", nargs="+", metavar="OP", help="these ops alone; W3 is the headline")
    args = parser.parse_args(arguments)
    about = machine() | {"minigrad": mg.__version__, "threads": "1", "dtype": "float32"}
    print("\n".join(f"{name:<10}{text}" for name, text in about.items()))
    if warning := warn_if_busy():
        about["warning"] = warning
    print(f"\n{HEAD}")
    rows = []
    with limited(1):
        for row in run(**(counts or (QUICK if args.quick else FULL)), only=args.only):
            rows.append(row)
            print(line(row), flush=True)
    if args.json:
        args.json.write_text(json.dumps({"about": about, "rows": rows}, indent=1) + "\n", "utf-8")
    if args.markdown:
        args.markdown.write_text(markdown(about, rows), "utf-8")


if __name__ == "__main__":
    main()
