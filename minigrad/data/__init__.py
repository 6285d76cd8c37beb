"""Data: what a model is trained on, as plain NumPy arrays; the training loop moves them to a device.

Builds on: `minigrad.backend`. Read next: `minigrad.data.dataset`, `minigrad.data.loader`.
"""

from minigrad.data.dataset import ArrayDataset, Dataset, Subset
from minigrad.data.digits import load_digits
from minigrad.data.idx import read_idx
from minigrad.data.loader import DataLoader
from minigrad.data.mnist import load_mnist
from minigrad.data.scaler import MinMaxScaler, RobustScaler, Scaler, StandardScaler
from minigrad.data.split import train_test_split
from minigrad.data.table import Table, load_csv
from minigrad.data.text import load_text

__all__ = [
    "Dataset",
    "ArrayDataset",
    "Subset",
    "DataLoader",
    "train_test_split",
    "Scaler",
    "MinMaxScaler",
    "StandardScaler",
    "RobustScaler",
    "load_digits",
    "load_mnist",
    "load_csv",
    "load_text",
    "read_idx",
    "Table",
]
