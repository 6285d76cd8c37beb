"""Stores what Hugging Face's GPT-2 and Llama compute, on PyTorch, for small models of many kinds.

    python tools/make_model_reference.py     # writes tests/reference/models.npz; needs PyTorch and transformers

The weights are sines of their places, so that they need not be stored; the models compute in float64, but for what
transformers does in float32 always: the tables of rotary positions, and root mean squares.
"""

import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

STORED = Path(__file__).parents[1] / "tests" / "reference" / "models.npz"

GPT2 = {"model_type": "gpt2", "vocab_size": 13, "n_positions": 9, "n_embd": 8, "n_head": 2, "n_layer": 2}
LLAMA = {
    "model_type": "llama", "vocab_size": 13, "max_position_embeddings": 9, "hidden_size": 8, "intermediate_size": 10,
    "num_hidden_layers": 2, "num_attention_heads": 2,
}  # fmt: skip
CASES: dict[str, dict[str, Any]] = {
    "gpt2": GPT2,
    "gpt2, head of its own": GPT2 | {"tie_word_embeddings": False, "n_layer": 1},
    "gpt2, other sizes": GPT2 | {"n_head": 1, "n_layer": 1, "n_inner": 5, "layer_norm_epsilon": 1e-2},
    "gpt2, exact gelu": GPT2 | {"n_layer": 1, "activation_function": "gelu"},
    "llama": LLAMA,
    "llama, grouped": LLAMA | {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 4, "rope_theta": 50.0},
    "llama, one key, tied": LLAMA | {"num_key_value_heads": 1, "tie_word_embeddings": True, "num_hidden_layers": 1},
    "llama, other sizes": LLAMA | {"head_dim": 6, "rms_norm_eps": 1e-2, "num_hidden_layers": 1},
    "llama, biases": LLAMA
    | {"attention_bias": True, "mlp_bias": True, "num_key_value_heads": 1, "num_hidden_layers": 1},
}
TOKENS = np.array([[1, 5, 5, 0, 12, 7], [3, 3, 9, 2, 11, 1]])


def weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Numbers between -1/2 and 1/2 for each name, those of normalisers about 1; the same names get the same."""

    def wave(name: str, shape: tuple[int, ...]) -> np.ndarray:
        count = int(np.prod(shape))
        numbers = np.sin(1.0 + sum(map(ord, name)) + 1.7 * np.arange(count)).reshape(shape) / 2
        return 1 + numbers / 2 if len(shape) == 1 and name.endswith("weight") else numbers

    return {name: wave(name, shape) for name, shape in shapes.items()}


def torch_model(config: Mapping[str, Any]) -> Any:
    """The model of transformers, as it is made of a config, in use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers
    transformers.logging.set_verbosity_error()
    options = {name: value for name, value in config.items() if name != "model_type"}
    return transformers.AutoModelForCausalLM.from_config(
        transformers.AutoConfig.for_model(config["model_type"], **options)
    ).eval()


def torch_results(model: Any, tokens: np.ndarray) -> dict[str, np.ndarray]:
    """Logits, loss and gradients by name."""
    import torch

    ids = torch.tensor(tokens)
    logits = model(ids).logits
    # Not the model's own loss, which is float32 always.
    loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    loss.backward()
    gradients = {name: p.grad.numpy() for name, p in model.named_parameters()}
    return {"logits": logits.detach().numpy(), "loss": loss.detach().numpy(), **gradients}


def results() -> Iterator[tuple[str, np.ndarray]]:
    """All that is stored: one vector for each case, its parts in the order of `torch_results`."""
    import torch

    for case, config in CASES.items():
        model = torch_model(config).double()
        own = dict(model.named_parameters())
        new = weights({name: tuple(p.shape) for name, p in own.items()})
        with torch.no_grad():
            for name, p in own.items():
                p.copy_(torch.tensor(new[name]))
        yield case, np.concatenate([part.ravel() for part in torch_results(model, TOKENS).values()])


def main() -> int:
    np.savez_compressed(STORED, **dict(results()))
    print(f"{STORED.name}: {len(CASES)} models, {STORED.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
