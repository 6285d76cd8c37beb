"""`from_config`, `from_pretrained` and `save_pretrained`: a model by what its folder says, and the folder again.

Builds on: `minigrad.models.gpt2`, `minigrad.models.llama`, `minigrad.io.torch_state`. Read next: `minigrad.io`.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from minigrad.argument import path_of, refused
from minigrad.errors import ArgumentError, DTypeError, ShapeError, speaking_as
from minigrad.io.arrays import write_safetensors, writing
from minigrad.io.torch_state import load_torch_state
from minigrad.io.whole import FileError
from minigrad.models.config import Source, read_config
from minigrad.models.gpt2 import GPT2
from minigrad.models.language_model import LanguageModel
from minigrad.models.llama import Llama
from minigrad.nn.state import some

__all__ = ["from_config", "from_pretrained", "save_pretrained"]

FAMILIES: dict[str, Any] = {"gpt2": GPT2, "llama": Llama}
CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")


def from_config(config: Source) -> Any:
    """The model that a config.json describes, given by its path or as a dict, with new weights.

    Raises
    ------
    ValueError
        If its model_type is none of those that are there, or a setting means nothing.

    >>> from_config({"model_type": "gpt2", "vocab_size": 65, "n_embd": 8, "n_head": 2, "n_layer": 1})([[1, 2]]).shape
    (1, 2, 65)
    """
    entries = read_config("from_config", config)
    kind, kinds = entries.get("model_type"), ", ".join(FAMILIES)
    if "model_type" not in entries:
        raise ArgumentError(f"from_config: model_type says which model it is, got none; add one of {kinds}")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise ArgumentError(f"from_config: model_type is one of {kinds}, got {kind!r:.60}; take such a model")
    return FAMILIES[kind](entries)


def from_pretrained(folder: str | os.PathLike[str], dtype: Any = None) -> Any:
    """The model of a folder in Hugging Face's layout, with its weights, ready for use: ``eval()``.

    The folder, which is on this machine, has config.json and model.safetensors, or the parts that
    model.safetensors.index.json names; nothing is fetched. The weights become float32, or `dtype`.

    Raises
    ------
    FileNotFoundError
        If the folder or a file is missing.
    ValueError
        If the config is that of another model, a file is damaged, or the weights do not fit.

    >>> import tempfile
    >>> model = from_config({"model_type": "gpt2", "vocab_size": 65, "n_embd": 8, "n_head": 2, "n_layer": 1})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_pretrained(model, folder)
    ...     from_pretrained(folder)([[1, 2]]).shape
    (1, 2, 65)
    """
    place = _folder("from_pretrained", folder)
    with speaking_as("from_pretrained"):
        model = from_config(place / CONFIG)
        if dtype is not None:
            model.to(dtype=dtype)
        missing, unexpected = load_torch_state(model, _weights(place), strict=False)
        if missing or unexpected:
            raise ShapeError(
                f"from_pretrained: the weights are not those of the config, got missing {some(missing)} and unexpected "
                f"{some(unexpected)}; take both from one model"
            )
    return model.eval()


def save_pretrained(model: LanguageModel, folder: str | os.PathLike[str]) -> None:
    """Write config.json and model.safetensors of a model, as `from_pretrained` and transformers read them.

    The folder is made where it is missing; other files in it stay as they are. Both files are written under other
    names and then renamed, so that neither is changed where one cannot be written. The config has the settings of
    ``model.config``: what else a published one said, of the tokens that begin and end a text say, is not kept.

    Raises
    ------
    DTypeError
        If it is none of the models here; `minigrad.io.save_torch_state` writes the weights of any.
    OSError
        If the files cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_pretrained(GPT2({"vocab_size": 65, "n_embd": 8, "n_head": 2, "n_layer": 1}), folder)
    ...     sorted(os.listdir(folder))
    ['config.json', 'model.safetensors']
    """
    if not isinstance(model, tuple(FAMILIES.values())):
        names = " or ".join(kind.__name__ for kind in FAMILIES.values())
        raise DTypeError(
            f"save_pretrained: the model is {names}, got {type(model).__name__}; write others with save_torch_state"
        )
    place = path_of("save_pretrained", folder)
    config = {"architectures": [model.architecture], **asdict(model.config)}
    with writing("save_pretrained", place / WEIGHTS, folder=True) as weights:
        write_safetensors("save_pretrained", weights, model.state_dict(), {"format": "pt"})
        with writing("save_pretrained", place / CONFIG) as settings:
            settings.write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def _folder(name: str, folder: Any) -> Path:
    """The path of a folder, which must be there, for the public function `name`."""
    place = path_of(name, folder)
    try:
        if place.is_dir():
            return place
        there = place.exists()
    except OSError as error:  # a name that is too long, a folder that is closed
        raise refused(name, "read", place, error) from error
    if there:
        raise FileError(f"{name}: reads a folder, got the file {place}; name the folder that it is in")
    raise FileNotFoundError(
        f"{name}: there is no such folder on this machine, got {str(place)!r:.100}; nothing is fetched: download "
        f"{CONFIG} and {WEIGHTS} into a folder first, and name that"
    )


def _weights(place: Path) -> Path:
    """Where the weights of a folder are: in one file if there is one, as for transformers."""
    for name in (WEIGHTS, INDEX):
        if (place / name).exists():
            return place / name
    for name in PICKLES:
        if (place / name).exists():
            raise FileError(
                f"from_pretrained: reads safetensors, got only {name} in {place}; a pickle may run code, so write it "
                "anew with save_pretrained of transformers"
            )
    return place / WEIGHTS
