"""Published language models, built from their config.json, with weights under their published names.

Builds on: the files of this folder. Read next: `minigrad.models.gpt2`.
"""

from minigrad.models.gpt2 import GPT2, GPT2Config
from minigrad.models.llama import Llama, LlamaConfig
from minigrad.models.pretrained import from_config, from_pretrained

__all__ = ["GPT2", "GPT2Config", "Llama", "LlamaConfig", "from_config", "from_pretrained"]
