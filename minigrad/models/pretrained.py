"""`from_config` and `from_pretrained`: a model by what its folder says.

Builds on: `minigrad.models.gpt2`, `minigrad.models.llama`, `minigrad.io.torch_state`. Read next: `minigrad.io`.
"""

from __future__ import annotations

import os
from typing import Any

from minigrad.argument import path_of
from minigrad.errors import ArgumentError
from minigrad.io.torch_state import load_torch_state
from minigrad.models.config import Source, read_config
from minigrad.models.gpt2 import GPT2
from minigrad.models.llama import Llama

__all__ = ["from_config", "from_pretrained"]

FAMILIES: dict[str, Any] = {"gpt2": GPT2, "llama": Llama}


def from_config(config: Source) -> Any:
    """The model that a config.json describes, given by its path or as a dict, with new weights.

    Raises
    ------
    ValueError
        If its model_type is none of those that are there.

    >>> from_config({"model_type": "gpt2", "vocab_size": 65, "n_embd": 8, "n_head": 2, "n_layer": 1})([[1, 2]]).shape
    (1, 2, 65)
    """
    entries = read_config("from_config", config)
    kind = entries.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ArgumentError(
            f"from_config: model_type is one of {', '.join(FAMILIES)}, got {kind!r:.60}; take such a model"
        )
    return FAMILIES[kind](entries)


def from_pretrained(folder: str | os.PathLike[str], dtype: Any = None) -> Any:
    """The model of a folder in Hugging Face's layout, with its weights, ready for use: ``eval()``.

    The folder has config.json and model.safetensors, or the parts that model.safetensors.index.json names; nothing is
    fetched. The weights become float32, or `dtype`.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If the config is that of another model, a file is damaged, or the weights do not fit.

    >>> import json, pathlib, tempfile
    >>> from minigrad.io import save_torch_state
    >>> config = {"model_type": "gpt2", "vocab_size": 65, "n_embd": 8, "n_head": 2, "n_layer": 1}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = pathlib.Path(folder, "config.json").write_text(json.dumps(config))
    ...     save_torch_state(from_config(config), f"{folder}/model.safetensors")
    ...     from_pretrained(folder)([[1, 2]]).shape
    (1, 2, 65)
    """
    place = path_of("from_pretrained", folder)
    model = from_config(place / "config.json")
    if dtype is not None:
        model.to(dtype=dtype)
    index = place / "model.safetensors.index.json"
    load_torch_state(model, index if index.exists() else place / "model.safetensors", rename=model.rename)
    return model.eval()
