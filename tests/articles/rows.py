"""The one table behind tests/test_articles.py and docs/ARTICLES.md."""

from typing import Any, NamedTuple

__all__ = ["Row", "right", "unmeasured", "wrong"]


class Row(NamedTuple):
    """A formula or a worked number, what minigrad computes, and the verdict.

    `value` is the true one, worked out by hand; `code` is an expression of minigrad that must give it.
    """

    topic: str
    statement: str  # what is printed
    formula: str
    code: str
    value: Any  # a number, a list of numbers, True or False, a text; None where nothing is computed
    verdict: str  # 'right' or 'wrong'
    note: str = ""
    printed: Any = None  # the number as printed, if the statement is one about a number
    digits: int = 4  # of `value`, and of what is measured
    within: float = 0.0  # relative, for what is drawn at random
    needs: str = ""  # a public name of minigrad without which the row waits


def right(topic: str, statement: str, formula: str, code: str, value: Any, note: str = "", **more: Any) -> Row:
    """A row about something that is printed rightly."""
    return Row(topic, statement, formula, code, value, "right", note, **more)


def wrong(topic: str, statement: str, formula: str, code: str, value: Any, note: str, **more: Any) -> Row:
    """A row about something that is printed wrongly; the note says what is so."""
    return Row(topic, statement, formula, code, value, "wrong", note, **more)


def unmeasured(topic: str, statement: str, note: str) -> Row:
    """A wrong sentence that no number decides."""
    return Row(topic, statement, "", "", None, "wrong", note)
