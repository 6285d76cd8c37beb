"""The benchmark's page: targets beside what was measured, and every figure from the rows."""

import statistics
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tools.bench_peers import PEERS, Peer
from tools.workloads import WORKLOADS

__all__ = ["PAGE", "TARGETS", "duration", "page"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "BENCHMARKS.md"
KERNELS = ("numpy", "numba")

# (workload, threads): the largest ratios to PyTorch's eager mode that are aimed at, with NumPy's and numba's kernels
TARGETS: dict[tuple[str, int], tuple[float, float]] = {
    **{("W3", threads): (0.55, 0.55) for threads in (1, 2)},
    **{("W1 tiny", threads): (0.25, 0.14) for threads in (1, 2)},
    ("W1", 1): (0.88, 0.72), ("W1", 2): (0.85, 0.80),
    ("W2", 1): (0.97, 0.80), ("W2", 2): (1.05, 0.95),
    ("W4 8x8", 1): (0.65, 0.60), ("W4 28x28", 1): (0.75, 0.65),
    ("W5 LayerNorm 768x128", 1): (2.2, 0.60), ("W5 LayerNorm 4096x512", 1): (3.4, 0.70),
    ("W5 RMSNorm 768x128", 1): (0.55, 0.20), ("W5 RMSNorm 4096x512", 1): (0.50, 0.15),
    ("W5 GELU tanh 768x128", 1): (0.60, 0.25), ("W5 GELU tanh 4096x512", 1): (0.70, 0.30),
    ("W5 GELU erf 768x128", 1): (1.8, 0.50), ("W5 GELU erf 4096x512", 1): (2.2, 0.55),
    ("W5 softmax 768x128", 1): (2.3, 1.0), ("W5 softmax 4096x512", 1): (2.6, 1.2),
}  # fmt: skip
PEAK_TARGETS = {("W2", threads): (0.27, 0.58) for threads in (1, 2)}

HEAD = """# How fast

The time of one training step, forward and backward, and its ratio to PyTorch's eager mode: below 1 is faster.
Written by [tools/bench.py](../tools/bench.py).
"""
HOW = """
W1 is a multilayer perceptron 784-256-128-10 with batch 128 (tiny: 64-32-10 with batch 32), cross-entropy and Adam;
W2 the small GPT of [examples/char_gpt.py](../examples/char_gpt.py) with AdamW and clipping; W3 a chain of 1,000 ops on
10 elements, **per op**; W4 a convolutional network 1-16-32 with BatchNorm and max-pooling, batch 64; W5 a function of
rows with the gradients of its inputs. Everything is float32, and every peer starts from the same numbers.

Each peer runs in a fresh process; the peers take turns, and only one computes at a time. A ratio is formed in each
round. A cell holds the median of the ratios, their spread, which is the interquartile range as a part of the median,
and the median time. A spread above 25 % stands in bold: the machine had other things to do. Each library chooses its
code for the processor by itself, whatever the shell says, unless the command has `--as-is`.

- PyTorch eager, memory kept: the same where freed memory is kept and the garbage collector runs rarely, as
  `minigrad.tune()` has it.
- PyTorch fused: its optimizer in one kernel, and images with channels last.
- JAX jit: the whole step is compiled; pooling by reshape is a faster way to write that layer there.
- matrix products alone: those of a step, forward and backward, by NumPy into arrays that are there: a floor for whoever
  multiplies with this BLAS.

The targets were set before: what a sketch of the same design had reached. **missed** marks a ratio above its target,
*behind JAX* one of numba's kernels above JAX's.
"""
DOUBTFUL = 0.25  # a spread


def duration(ms: float) -> str:
    """A time in the unit that reads best.

    >>> duration(0.00123), duration(12.345)
    ('1.23 us', '12.3 ms')
    """
    return f"{1000 * ms:#.3g} us" if ms < 0.1 else f"{ms:#.3g} ms".replace(". ", " ")


def key(peer: Peer) -> tuple[str, str | None]:
    return peer.name, peer.kernels


def page(
    rows: list[dict[str, Any]],
    about: dict[str, str],
    settings: dict[str, str],
    how: dict[str, float],
    warnings: dict[str, str],
    failures: list[str],
) -> str:
    """The whole page."""
    date = datetime.now(timezone.utc).date().isoformat()
    lines = [HEAD, *in_short(rows), HOW, *(f"- {name}: {text}" for name, text in (about | {"date": date}).items())]
    lines.append(f"- rounds: {how['rounds']:g}, turns of {1000 * how['block']:g} ms")
    lines += [f"- {title}: {text}" for title, text in settings.items()]
    lines += [
        f"- {when} the run: {text.removeprefix('warning: ') or 'the machine was quiet'}"
        for when, text in warnings.items()
    ]
    lines += [f"- left out: {text.splitlines()[-1]}" for text in failures]
    for threads in dict.fromkeys(row["threads"] for row in rows):
        own = [row for row in rows if row["threads"] == threads]
        peers = [peer for peer in PEERS if any((row["peer"], row["kernels"]) == key(peer) for row in own)]
        lines += ["", f"## {threads} thread{'s' if threads > 1 else ''}", "", *times(own, peers, threads)]
        lines += ["", f"### Memory, {threads} thread{'s' if threads > 1 else ''}", ""]
        lines += ["The most that a whole process held, its libraries included: MiB, and the ratio to PyTorch's.", ""]
        lines += memory(own, peers, threads)
    return "\n".join(lines) + "\n"


def in_short(rows: list[dict[str, Any]]) -> Iterator[str]:
    """What comes out: in how many rows minigrad is ahead of whom."""
    ratios = {(row["workload"], row["threads"], row["peer"], row["kernels"]): row["ratio"] for row in rows}
    yield line(["", "ahead of PyTorch eager", "ahead of JAX jit", "at its target or better", "median ratio"])
    yield f"|{'---|' * 5}"
    for number, kernels in enumerate(KERNELS):
        own = {place[:2]: ratio for place, ratio in ratios.items() if place[2:] == ("minigrad", kernels) and ratio}
        if own:
            jax = {place: ratios.get((*place, "jax", None)) for place in own}
            targets = {place: TARGETS[place][number] + 0.005 for place in own if place in TARGETS}  # as it is printed
            counts = [counted(own, others) for others in (dict.fromkeys(own, 1.0), jax, targets)]
            title = next(peer.title for peer in PEERS if peer.kernels == kernels)
            yield line([title, *counts, f"{statistics.median(own.values()):.2f}"])


def counted(own: Mapping[Any, float], others: Mapping[Any, float | None]) -> str:
    """In how many rows the ratio is smaller than the other one, of those that have both."""
    pairs = [(own[place], other) for place, other in others.items() if other is not None]
    return f"{sum(a < b for a, b in pairs)} of {len(pairs)} rows"


def cell(row: dict[str, Any]) -> str:
    """Ratio, spread and time.

    >>> cell({"ratio": 0.5, "spread": 0.3, "ms": 2.0})
    '0.50 (**30%**), 2.00 ms'
    """
    spread = f"**{row['spread']:.0%}**" if row["spread"] > DOUBTFUL else f"{row['spread']:.0%}"
    time = duration(row["ms"])
    return f"{spread}, {time}" if row["ratio"] is None else f"{row['ratio']:.2f} ({spread}), {time}"


def by_workload(rows: list[dict[str, Any]]) -> Iterator[tuple[str, dict[tuple[str, str | None], dict[str, Any]]]]:
    """Each workload with its rows by peer."""
    for name in dict.fromkeys(row["workload"] for row in rows):
        yield name, {(row["peer"], row["kernels"]): row for row in rows if row["workload"] == name}


def line(cells: list[str]) -> str:
    return "|".join(["", *(f" {cell} " if cell else " " for cell in cells), ""])


def heading(peers: list[Peer]) -> Iterator[str]:
    """A column for each peer, and one for the target behind each of minigrad's."""
    titles = ["workload"]
    for peer in peers:
        titles += [peer.title, "target"] if peer.kernels else [peer.title]
    yield line(titles)
    yield f"|{'---|' * len(titles)}"


def against(ratio: float | None, targets: tuple[float, float] | None, peer: Peer) -> str:
    """The target, marked where it is missed."""
    if targets is None:
        return ""
    target = targets[KERNELS.index(peer.kernels or "numpy")]
    return f"<= {target:g}" + (" **missed**" if ratio is not None and round(ratio, 2) > target else "")


def times(rows: list[dict[str, Any]], peers: list[Peer], threads: int) -> Iterator[str]:
    """Ratio, spread and time of every peer."""
    yield from heading(peers)
    for name, found in by_workload(rows):
        cells = [f"{name}, per op" if WORKLOADS[name].ops > 1 else name]
        jax = found.get(("jax", None), {}).get("ratio")
        for peer in peers:
            row = found.get(key(peer))
            ratio = row["ratio"] if row else None
            cells.append("" if row is None else cell(row))
            if peer.kernels:
                cells.append(against(ratio, TARGETS.get((name, threads)), peer))
            if peer.kernels == "numba" and ratio is not None and jax is not None and ratio > jax:
                cells[-1] = f"{cells[-1]} *behind JAX*".strip()
        yield line(cells)


def memory(rows: list[dict[str, Any]], peers: list[Peer], threads: int) -> Iterator[str]:
    """Peaks of every peer."""
    yield from heading(peers)
    for name, found in by_workload(rows):
        cells = [name]
        for peer in peers:
            row = found.get(key(peer))
            ratio = row["peak_ratio"] if row else None
            cells.append("" if row is None else f"{row['peak_mib']:.0f}" + (f" ({ratio:.2f})" if ratio else ""))
            if peer.kernels:
                cells.append(against(ratio, PEAK_TARGETS.get((name, threads)), peer))
        yield line(cells)
