"""`Schedule`: a function of the step that knows how it was made; and what turns a formula into one.

Builds on: `minigrad.optim.schedules.argument`. Read next: `minigrad.optim.schedules.decay`.
"""

from __future__ import annotations

import functools
import inspect
import math
import operator
import os
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

from minigrad.errors import ArgumentError, DTypeError
from minigrad.optim.schedules.argument import argument

__all__ = ["Schedule", "schedule"]

P = ParamSpec("P")


class Schedule:
    """A learning rate as a function of the number of updates done.

    lr = schedule(step)

    Raises
    ------
    DTypeError
        If the step is no whole number.
    ValueError
        If it is negative.

    >>> from minigrad.optim.schedules import step_decay
    >>> rate = step_decay(0.1, size=10)
    >>> rate
    step_decay(0.1, size=10, gamma=0.1)
    >>> round(rate(10), 4)
    0.01
    """

    def __init__(self, make: Callable[..., Schedule], formula: Callable[..., float], arguments: dict[str, Any]) -> None:
        self.make, self.formula, self.arguments = make, formula, arguments
        self._values = tuple(arguments.values())

    def __call__(self, step: int) -> float:
        try:
            s = operator.index(step)
        except TypeError:
            raise DTypeError(
                f"{self!r}: a step is a whole number, got {step!r}; count updates, 0 at the first"
            ) from None
        if s < 0:
            raise ArgumentError(f"{self!r}: a step is 0 or more, got {step}; count updates, 0 at the first")
        try:
            return float(self.formula(s, *self._values))
        except OverflowError:  # gamma above 1, long after: the optimizer refuses it by name
            return math.inf

    def plot(self, steps: int, path: str | os.PathLike[str] | None = None) -> Any:
        """Draw the rate of the first `steps` steps; needs matplotlib. Gives the figure."""
        from minigrad.viz import rates

        return rates(self, steps=steps, path=path)

    def __repr__(self) -> str:
        first, *rest = self.arguments.items()
        words = [f"{first[1]!r}", *(f"{name}={value!r}" for name, value in rest)]
        return f"{self.make.__name__}({', '.join(words)})"

    def __reduce__(self) -> Any:
        return self.make, self._values  # copies and pickles make the same call again


def schedule(
    check: Callable[..., str] | None = None,
) -> Callable[[Callable[Concatenate[int, P], float]], Callable[P, Schedule]]:
    """Turn a formula of (step, arguments) into a function of the arguments that gives a `Schedule`.

    `check` is given the arguments by name, and says what is wrong with them together, if anything.

    >>> @schedule()
    ... def halves(s, lr):
    ...     return lr / 2**s
    >>> halves(1.0), halves(1.0)(3)
    (halves(1.0), 0.125)
    """

    def decorate(formula: Callable[Concatenate[int, P], float]) -> Callable[P, Schedule]:
        name, whole = formula.__name__, inspect.signature(formula)
        signature = whole.replace(parameters=list(whole.parameters.values())[1:], return_annotation="Schedule")

        @functools.wraps(formula)
        def make(*args: P.args, **kwargs: P.kwargs) -> Schedule:
            try:
                given = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise DTypeError(f"{name}: {error}, got {args} and {kwargs}; it is {name}{signature}") from None
            given.apply_defaults()
            arguments = {key: argument(name, key, value) for key, value in given.arguments.items()}
            wrong = check(**arguments) if check else ""
            if wrong:
                raise ArgumentError(wrong)
            return Schedule(make, formula, arguments)

        make.__signature__ = signature  # type: ignore[attr-defined]
        make.__annotations__ = {**formula.__annotations__, "return": "Schedule"}
        return make

    return decorate
