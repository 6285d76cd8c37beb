"""Training: the loop, and what makes it bearable.

Builds on: the files of this folder. Read next: `minigrad.train.fit`.
"""

from minigrad.train.averaging import SWA, ModelEMA
from minigrad.train.batch_norm import update_batch_norm
from minigrad.train.callbacks import Callback, EarlyStopping, WatchPlateau
from minigrad.train.checkpoints import Checkpoints
from minigrad.train.evaluate import evaluate, predict
from minigrad.train.fit import fit
from minigrad.train.history import History
from minigrad.train.metric import Metric, metric
from minigrad.train.metrics import accuracy, confusion, perplexity, r2, top_k

__all__ = [
    "fit", "evaluate", "predict", "History", "Checkpoints", "Callback", "EarlyStopping", "WatchPlateau", "ModelEMA",
    "SWA", "update_batch_norm", "Metric", "metric", "accuracy", "top_k", "confusion", "perplexity", "r2",
]  # fmt: skip
