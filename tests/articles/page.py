"""docs/ARTICLES.md, made of the table: `python -m tests.articles.page` writes it."""

from pathlib import Path
from typing import Any

from tests.articles import signals, training
from tests.articles.rows import Row

__all__ = ["PAGE", "ROWS", "here", "page", "shown"]

ROWS: list[Row] = [*signals.ROWS, *training.ROWS]
PAGE = Path(__file__).parents[2] / "docs" / "ARTICLES.md"

HEAD = """# What the articles print, and what is so

Formulas and worked numbers of articles about training neural networks, each beside the expression of minigrad that
computes it, its value, and whether what is printed is right. The table is
[tests/articles](../tests/articles); [tests/test_articles.py](../tests/test_articles.py) evaluates every expression,
compares it with the value worked out by hand, and fails where this page says something else. `mg` is minigrad, `F` is
`minigrad.nn.functional`, `init` is `minigrad.nn.init`; names that minigrad does not have, `scaled` for instance, are
the few lines of [tests/articles/experiments.py](../tests/articles/experiments.py). Random numbers are seeded; the value
beside them is the expected one. Whether a claim about training holds is another question: these are the sums.
"""


def here(name: str) -> bool:
    """Whether minigrad has a public name, 'nn.RMSNorm' for instance; the empty name is always there."""
    import minigrad
    from minigrad import nn, optim

    room, _, word = name.rpartition(".")
    return not name or hasattr({"": minigrad, "nn": nn, "optim": optim}[room], word)


def shown(value: Any, digits: int) -> str:
    """A value as the page prints it."""
    if isinstance(value, bool):
        return {True: "yes", False: "no"}[value]
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(shown(v, digits) for v in value) + "]"
    return value if isinstance(value, str) else f"{value:,.{digits}f}"


def line(row: Row) -> str:
    """The row as a line of a table."""
    value = shown(row.value, row.digits) if row.value is not None else ""
    if row.within:
        value = f"{value}, measured within {row.within:.0%}"
    verdict = f"**wrong**: {row.note}" if row.verdict == "wrong" else f"right; {row.note}" if row.note else "right"
    if not here(row.needs):
        verdict = f"`{row.needs}` is not there yet"
    formula, code = (f"`{text}`" if text else "" for text in (row.formula, row.code))
    cells = [row.statement, formula, code, value, verdict]
    assert not any("|" in cell for cell in cells), row
    return f"| {' | '.join(cells)} |"


def page() -> str:
    """The whole page."""
    counts = {verdict: sum(row.verdict == verdict for row in ROWS) for verdict in ("right", "wrong")}
    text = [HEAD, f"{len(ROWS)} rows: {counts['right']} right, {counts['wrong']} wrong.", ""]
    for topic in dict.fromkeys(row.topic for row in ROWS):
        text += [f"## {topic}", "", "| printed | formula | minigrad | value | verdict |", "|---|---|---|---|---|"]
        text += [*(line(row) for row in ROWS if row.topic == topic), ""]
    return "\n".join(text).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
