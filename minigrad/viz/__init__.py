"""Pictures from plain arrays and log files; needs matplotlib, and never a screen.

Every function gives a matplotlib `Figure`, and writes it to `path` if one is named.

Builds on: the files of this folder. Read next: `minigrad.viz.curves`.
"""

from minigrad.viz.confusion import confusion
from minigrad.viz.curves import curves
from minigrad.viz.mistakes import mistakes
from minigrad.viz.rates import rates

__all__ = ["confusion", "curves", "mistakes", "rates"]
