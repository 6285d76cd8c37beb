"""The benchmark as a picture: every peer's ratio to PyTorch's eager mode, a panel for each number of threads."""

from pathlib import Path
from typing import Any

from tools.bench_page import KERNELS, TARGETS
from tools.bench_peers import PEERS

__all__ = ["chart"]

TICKS = [digit * power for power in (0.001, 0.01, 0.1, 1, 10) for digit in (1, 2, 5)]
LOOKS = {  # marker and colour
    ("minigrad", "numpy"): ("o", "#d62728"),
    ("minigrad", "numba"): ("o", "#ff9d2e"),
    ("torch tuned", None): ("s", "#6b7fd7"),
    ("torch fused", None): ("D", "#1f3fa8"),
    ("jax", None): ("^", "#2a9d5c"),
    ("jax tuned", None): ("v", "#2a9d5c"),
    ("gemm", None): ("|", "#333333"),
}


def chart(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the picture; rows without a ratio have no place in it."""
    from matplotlib.figure import Figure

    rows = [row for row in rows if row["ratio"] is not None]
    threads = list(dict.fromkeys(row["threads"] for row in rows)) or [1]
    names = list(dict.fromkeys(row["workload"] for row in rows))
    figure = Figure(figsize=(2.5 + 5.5 * len(threads), 2.4 + 0.32 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(threads), sharey=True, sharex=True, squeeze=False)[0]
    for panel, count in zip(panels, threads, strict=True):
        draw(panel, [row for row in rows if row["threads"] == count], names)
        panel.set_title(f"{count} thread{'s' if count > 1 else ''}")
        panel.set_xlabel("ratio, left is faster")
    panels[0].set_yticks(range(len(names)), names)
    panels[0].invert_yaxis()
    found = dict(zip(*reversed(panels[0].get_legend_handles_labels()), strict=True))
    figure.suptitle("Time of a step beside PyTorch's eager mode; short lines are minigrad's targets")
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=2 + len(threads), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def draw(panel: Any, rows: list[dict[str, Any]], names: list[str]) -> None:
    """One number of threads: a line for each workload, a mark for each peer, a short line for each target."""
    panel.set_xscale("log")
    panel.axvline(1, color="#999999", linewidth=1, label="PyTorch eager")
    for peer in PEERS:
        look = LOOKS.get((peer.name, peer.kernels))
        own = [row for row in rows if (row["peer"], row["kernels"]) == (peer.name, peer.kernels)]
        if not (look and own):
            continue
        places = [names.index(row["workload"]) for row in own]
        ratios = [row["ratio"] for row in own]
        size = 120 if peer.name == "gemm" else 42
        above = 4 if peer.kernels else 3
        panel.scatter(ratios, places, size, look[1], look[0], zorder=above, alpha=0.9, label=peer.title)
        for row, place in zip(own, places, strict=True):
            if row["kernels"] and (targets := TARGETS.get((row["workload"], row["threads"]))):
                target = targets[KERNELS.index(row["kernels"])]
                panel.plot([target] * 2, [place - 0.35, place + 0.35], color=look[1], linewidth=1.5)
    panel.set_ylim(-0.6, len(names) - 0.4)
    panel.grid(axis="y", color="#e6e6e6")
    panel.set_axisbelow(True)
    low, high = panel.get_xlim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
