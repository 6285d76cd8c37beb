"""How far minigrad is from PyTorch: every stored reference beside minigrad's own result, as a page.

    python tools/parity_table.py            # prints the page
    python tools/parity_table.py --write    # writes it to docs/PARITY.md, as `make reference` does

Needs no PyTorch: it reads what the tools/make_*_reference.py have stored in tests/reference.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import minigrad
from tools import layer_results, layer_rows, op_rows, optimizer_rows, schedule_rows
from tools.op_rows.stored import parts, read, read_layers
from tools.op_rows.with_minigrad import minigrad_results

ROOT = Path(__file__).resolve().parents[1]
STORED, PAGE = ROOT / "tests" / "reference", ROOT / "docs" / "PARITY.md"
HEAD = """# How far from PyTorch

Values, gradients and second derivatives of functions, trained layers with their states, paths of optimizers and
sequences of schedules, in float64, beside what PyTorch gives for the same inputs. A difference is the largest of all
rows of a name, relative to the largest number of its row. Written by
[tools/parity_table.py](../tools/parity_table.py), which `make reference` runs; the suite compares every row on every
device.
"""


class Compared(NamedTuple):
    """One row of a table: its name, what both libraries say, and what was left out."""

    name: str
    made: list[Any]
    wanted: list[Any]
    note: str = ""

    @property
    def difference(self) -> float:
        """The largest difference, relative to the largest number; infinite where numbers are infinite in one alone."""
        pairs = [(np.ravel(a), np.ravel(b)) for a, b in zip(self.made, self.wanted, strict=True)]
        made, wanted = (np.concatenate(part).astype(np.float64) for part in zip(*pairs, strict=True))
        finite = np.isfinite(wanted)
        if not np.array_equal(made[~finite], wanted[~finite], equal_nan=True) or not np.isfinite(made[finite]).all():
            return np.inf
        far, size = (np.abs(x[finite]).max(initial=0.0) for x in (made - np.where(finite, wanted, 0), wanted))
        return float(far / size) if size else float(far)


def of_rows(rows: list[Any], file: str) -> Iterator[Compared]:
    """Ops and functions."""
    stored = read(STORED / file)
    for row in rows:
        yield Compared(row.op, minigrad_results(row), parts(row, *stored), row.note)


def of_layers() -> Iterator[Compared]:
    stored = read_layers(STORED / "layers.npz")
    for row in layer_rows.LAYERS:
        made = layer_results.minigrad_layer_results(row)
        yield Compared(row.wrapper or row.name, [*made.values()], [stored[row.id][name] for name in made])


def of_optimizers() -> Iterator[Compared]:
    with np.load(STORED / "optimizers.npz") as file:
        paths = dict(zip(file["ids"].tolist(), file["paths"], strict=True))
    for row in optimizer_rows.ROWS:
        name = f"{row.name}, PyTorch in bfloat16" if row.bfloat16 else row.name
        yield Compared(name, [optimizer_rows.minigrad_path(row)], [paths[row.id]])


def of_schedules() -> Iterator[Compared]:
    stored = schedule_rows.stored(STORED / "schedules.npz")
    for row in schedule_rows.ROWS:
        yield Compared(row.id.partition("(")[0], [schedule_rows.minigrad_rates(row)], [stored[row.id]])
    for plateau in schedule_rows.PLATEAUS:
        yield Compared("ReduceOnPlateau", [schedule_rows.minigrad_plateau(plateau)], [stored[plateau.id]])


def table(title: str, compared: Iterator[Compared], without: dict[str, str]) -> Iterator[str]:
    """A heading, a line for each name, and a sentence on the names that are not compared."""
    found: dict[str, list[Compared]] = {}
    for row in compared:
        found.setdefault(row.name, []).append(row)
    yield f"\n## {title}\n\n| name | rows | difference | left out, since |\n|---|---|---|---|"
    for name, rows in sorted(found.items()):
        far = max(row.difference for row in rows)
        notes = "; ".join(dict.fromkeys(row.note for row in rows if row.note))
        yield f"| `{name}` | {len(rows)} | {f'{far:.1e}' if far else 'equal'} | {notes} |".replace("|  |", "| |")
    for why in dict.fromkeys(without.values()):
        yield f"\nNot compared, {why}: " + ", ".join(f"`{name}`" for name in sorted(without) if without[name] == why)


@np.errstate(all="ignore")  # of rows at places where a value is infinite
def page() -> str:
    """The whole page."""
    with np.load(STORED / "ops.npz") as file:
        torch = json.loads(str(file["about"]))["torch"]
    lines = [HEAD, f"minigrad {minigrad.__version__}, NumPy {np.__version__}, PyTorch {torch}."]
    lines += table("Ops", of_rows(op_rows.ROWS, "ops.npz"), op_rows.WITHOUT_TORCH)
    lines += table("Functions", of_rows(layer_rows.ROWS, "layers.npz"), layer_rows.WITHOUT_TORCH)
    lines += table("Layers with state", of_layers(), layer_rows.LAYERS_WITHOUT_TORCH)
    lines += table("Optimizers", of_optimizers(), optimizer_rows.WITHOUT_TORCH)
    lines += table("Schedules", of_schedules(), schedule_rows.WITHOUT_TORCH)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = page()
    if "--write" in sys.argv:
        PAGE.write_text(text)
    print(f"wrote {PAGE.name}" if "--write" in sys.argv else text)
