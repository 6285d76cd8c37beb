"""The handwritten digits that come with minigrad: small enough to train on in seconds, without a download."""

from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray


def load_digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Load 1,797 handwritten digits of 8 x 8 pixels and their labels.

    Shapes: images (1797, 64), float32 in [0, 1]; labels (1797,), int64 in 0..9.

    >>> images, labels = load_digits()
    >>> images.shape, labels[:5].tolist()
    ((1797, 64), [0, 1, 2, 3, 4])

    Reference: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, 1998, doi 10.24432/C50P49, the test part. Licensed CC BY 4.0, see DIGITS_LICENSE.md.
    """
    archive: Any
    with (files(__package__) / "digits.npz").open("rb") as file, np.load(file) as archive:
        images, labels = archive["images"], archive["labels"]  # uint8, 0..16 as published
    return images.reshape(len(images), -1).astype(np.float32) / 16, labels.astype(np.int64)
