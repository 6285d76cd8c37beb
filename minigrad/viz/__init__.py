"""Pictures from plain arrays and log files; needs matplotlib, and never a screen.

Every function gives a matplotlib `Figure`, and writes it to `path` if one is named. That matplotlib is missing is told
here, before any file of the folder needs it.

Builds on: the files of this folder. Read next: `minigrad.viz.curves`.
"""

from importlib.util import find_spec

if find_spec("matplotlib") is None:
    raise ModuleNotFoundError(
        "viz: matplotlib, which draws, is not installed; in the checkout pip install -e '.[viz]'", name="matplotlib"
    )

from minigrad.viz.confusion import confusion
from minigrad.viz.curves import curves
from minigrad.viz.mistakes import mistakes
from minigrad.viz.rates import rates

__all__ = ["confusion", "curves", "mistakes", "rates"]
