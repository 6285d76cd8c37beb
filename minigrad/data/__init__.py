"""Data: what a model is trained on, as plain arrays."""

from minigrad.data.digits import load_digits

__all__ = ["load_digits"]
