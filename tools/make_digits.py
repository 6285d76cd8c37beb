"""Writes minigrad/data/digits.npz from the copy of the data that scikit-learn carries.

Images are stored as uint8 0..16, exactly as published. Run it with `make reference`.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "minigrad" / "data" / "digits.npz"


def main() -> None:
    digits = load_digits()
    images, labels = digits.images.astype(np.uint8), digits.target.astype(np.uint8)
    assert (images == digits.images).all(), "the published pixels are whole numbers 0..16"
    np.savez_compressed(TARGET, images=images, labels=labels)
    print(f"{TARGET.name}: {len(images)} images, {TARGET.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
