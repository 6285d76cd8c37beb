"""Looking into models.

Builds on: the files of this folder. Read next: `minigrad.inspect.summary`.
"""

from minigrad.inspect.summary import Row, Summary, summary

__all__ = ["Row", "Summary", "summary"]
