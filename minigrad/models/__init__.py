"""Published language models, built from their config.json, with weights under their published names.

A model comes with the weights of a folder (`from_pretrained`), or with new ones (`from_config`, or its class). Called
with tokens (N, L), whole numbers of a tokenizer of your own, it gives logits (N, L, V); ``model.loss(tokens)`` is what
training makes small, ``model.generate(tokens, count)`` writes on, ``model.config`` holds the settings, and
`save_pretrained` writes a folder that transformers reads.

>>> import tempfile
>>> import numpy as np
>>> from minigrad.optim import AdamW
>>> model = from_config({"model_type": "gpt2", "vocab_size": 65, "n_embd": 8, "n_head": 2, "n_layer": 1})
>>> tokens = np.array([[1, 2, 3, 4], [4, 3, 2, 1]])
>>> optimizer = AdamW(model.train().parameters(), lr=1e-3)
>>> model.loss(tokens).backward()
>>> optimizer.step()
>>> with tempfile.TemporaryDirectory() as folder:
...     save_pretrained(model, folder)
...     model = from_pretrained(folder)
>>> model.generate(tokens, 2).shape
(2, 6)

`minigrad.train.fit` trains one on tokens and the tokens after them, with the classes on axis 1, as losses have them:

>>> from minigrad.data import ArrayDataset, DataLoader
>>> from minigrad.nn import functional as F
>>> from minigrad.train import fit
>>> loader = DataLoader(ArrayDataset(tokens[:, :-1], tokens[:, 1:]), batch_size=2)
>>> history = fit(
...     model, loader, lambda logits, labels: F.cross_entropy(logits.swapaxes(1, 2), labels),
...     AdamW(model.parameters()), progress_bar=False,
... )

All texts of a call are of one length: there are no masks of padding, no tokens at which a text stops, and no texts
longer than the table of positions. A config may have entries that a model has no use for, as published files have; one
that is nearly the name of a setting is refused.

Builds on: the files of this folder. Read next: `minigrad.models.gpt2`.
"""

from minigrad.models.gpt2 import GPT2, GPT2Config
from minigrad.models.llama import Llama, LlamaConfig
from minigrad.models.pretrained import from_config, from_pretrained, save_pretrained

__all__ = ["GPT2", "GPT2Config", "Llama", "LlamaConfig", "from_config", "from_pretrained", "save_pretrained"]
