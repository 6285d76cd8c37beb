"""Checks run one after the other, on every backend, and what they find comes in one error.

Builds on: `minigrad.testing.report`, `minigrad.kernels`. Read next: `minigrad.testing.check_op`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from minigrad.backend import why_not
from minigrad.errors import add_note
from minigrad.kernels import provider, use_kernels
from minigrad.testing.report import CheckError, Failure, Report

__all__ = ["run_checks", "under_every_provider", "usable_backends"]


def usable_backends() -> tuple[str, ...]:
    """The names of the backends to check on: NumPy, the device double, and CuPy where a GPU is at hand.

    >>> usable_backends()[:2]
    ('numpy', 'strict')
    """
    return ("numpy", "strict") if why_not("cupy") else ("numpy", "strict", "cupy")


def run_checks(
    title: str,
    name: str,
    checks: Sequence[tuple[str, Callable[[Any], None]]],
    probe: Callable[[str, str], Any],
    backends: Sequence[str],
    first: Sequence[str] = (),
) -> Report:
    """Every check on every backend; `probe` makes what a check works with, from backend and check.

    The checks named `first` ask whether the others make sense: where one of them fails, the others are not run.

    Raises
    ------
    CheckError
        With the failures of all checks.
    """
    failures: list[Failure] = []
    counts: dict[str, int] = {}
    for check, run in checks:
        if failures and first and check not in first and any(f.check in first for f in failures):
            break
        for backend in backends:
            p = probe(backend, check)
            with p.step("the check as a whole"):
                run(p)
            failures += p.failures
            if p.count:
                counts[check] = counts.get(check, 0) + p.count
    if failures:
        raise CheckError(f"{title}({name})", failures)
    return Report(name, tuple(backends), counts)


def under_every_provider(run: Callable[[], Report]) -> Report:
    """The same checks with the kernels of each provider that is installed, of an op that calls kernels.

    Raises
    ------
    CheckError
        With the failures under the first provider that has some, and a note that names it.
    """
    counts: Counter[str] = Counter()
    for name in provider.PROVIDERS[: 1 + provider.installed()]:
        try:
            with use_kernels(name):
                report = run()
        except CheckError as error:
            add_note(error, f"with kernels by {name}")
            raise
        counts.update(report.counts)
    return replace(report, counts=dict(counts))
