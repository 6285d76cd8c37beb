"""Published models beside those of transformers, live: random configs, files both ways, what they write."""

import numpy as np
import pytest

from minigrad.models import from_config, from_pretrained, save_pretrained
from minigrad.models.config import activation
from tools.make_model_reference import CASES, TOKENS, torch_model, torch_results

pytestmark = pytest.mark.filterwarnings("ignore")  # those of transformers are not ours
torch = pytest.importorskip("torch", reason="needs PyTorch; tests/models compares stored results")
transformers = pytest.importorskip("transformers", reason="needs transformers; tests/models compares stored results")


def random_config(family, seed):
    """Sizes and options by chance."""
    rng = np.random.default_rng(seed)
    heads, size, flag = int(rng.integers(1, 5)), 2 * int(rng.integers(1, 5)), lambda: bool(rng.integers(2))
    config = {"model_type": family, "vocab_size": int(rng.integers(13, 40)), "tie_word_embeddings": flag()}
    if family == "gpt2":
        return config | {
            "n_embd": heads * size, "n_head": heads, "n_layer": int(rng.integers(1, 4)), "n_positions": 12,
            "n_inner": [None, int(rng.integers(3, 30))][flag()],
            "activation_function": str(rng.choice(["gelu_new", "gelu", "relu", "silu", "tanh"])),
            "layer_norm_epsilon": float(rng.choice([1e-5, 1e-3])),
        }  # fmt: skip
    few = int(rng.choice([few for few in range(1, heads + 1) if heads % few == 0]))
    return config | {
        "hidden_size": heads * size, "num_attention_heads": heads, "num_key_value_heads": few,
        "head_dim": [size, size + 2][flag()], "num_hidden_layers": int(rng.integers(1, 4)),
        "intermediate_size": int(rng.integers(3, 30)), "max_position_embeddings": 12,
        "rms_norm_eps": float(rng.choice([1e-6, 1e-3])), "attention_bias": flag(), "mlp_bias": flag(),
        "rope_parameters": {"rope_type": "default", "rope_theta": float(rng.choice([10000.0, 500000.0, 30.0]))},
    }  # fmt: skip


def pair(config, seed=0):
    """The models of both libraries with one state, by chance and not small."""
    theirs = torch_model(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in theirs.parameters():
            p.add_(torch.randn(p.shape, generator=generator) * 0.3)
    ours = from_config(config)
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
    return ours.eval(), theirs


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_random_configs(family, seed):
    ours, theirs = pair(random_config(family, seed), seed)
    tokens = np.random.default_rng(seed).integers(0, 13, (3, 11))
    wanted = torch_results(theirs, tokens)
    loss = ours.loss(tokens)
    loss.backward()
    made = {"logits": ours(tokens).numpy(), "loss": loss.numpy(), **{n: p.grad for n, p in ours.named_parameters()}}
    assert list(made) == list(wanted)
    for name, array in wanted.items():
        scale = max(1.0, float(abs(array).max()))
        assert abs(made[name] - array).max() < 1e-4 * scale, name
    ids = torch.tensor(tokens)
    assert loss.item() == pytest.approx(theirs(ids, labels=ids).loss.item(), rel=1e-5)


@pytest.mark.parametrize("word", ["gelu_new", "gelu", "gelu_pytorch_tanh", "relu", "silu", "swish", "tanh"])
def test_activations(word):
    x = torch.linspace(-9, 9, 99)
    made = activation("test", "hidden_act", word)(x.numpy())
    np.testing.assert_allclose(made, transformers.activations.ACT2FN[word](x).numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["gpt2", "llama, grouped", "llama, one key, tied"])
def test_files_go_both_ways(tmp_path, name):
    ours, theirs = pair(CASES[name])
    theirs.save_pretrained(tmp_path / "one file")
    theirs.save_pretrained(tmp_path / "parts", max_shard_size="2KB")
    theirs.to(torch.bfloat16).save_pretrained(tmp_path / "bfloat16")
    wanted = ours(TOKENS).numpy()
    for folder in ("one file", "parts"):
        assert from_pretrained(tmp_path / folder)(TOKENS).tolist() == wanted.tolist()
    assert len(list((tmp_path / "parts").glob("*.safetensors"))) > 1
    state = from_pretrained(tmp_path / "bfloat16").state_dict()
    assert {k: v.tolist() for k, v in state.items()} == {k: v.float().tolist() for k, v in theirs.state_dict().items()}

    save_pretrained(ours, tmp_path / "ours")
    back, unmatched = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert type(back).__name__ == type(theirs).__name__ == ours.architecture
    assert not any(unmatched[kind] for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    back.eval()
    with torch.no_grad():
        np.testing.assert_allclose(back(torch.tensor(TOKENS)).logits.numpy(), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_what_is_saved_is_what_transformers_reads(tmp_path, name):
    ours = from_config(CASES[name])
    save_pretrained(ours, tmp_path / "ours")
    back = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours")
    own = ours.state_dict()
    assert {n: a.numpy().tobytes() for n, a in back.state_dict().items()} == {n: a.tobytes() for n, a in own.items()}
    back.save_pretrained(tmp_path / "theirs")
    again = from_pretrained(tmp_path / "theirs")
    assert again(TOKENS).tolist() == ours.eval()(TOKENS).tolist()
    assert {n: a.tobytes() for n, a in again.state_dict().items()} == {n: a.tobytes() for n, a in own.items()}


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_no_entry_of_their_configs_is_taken_for_a_mistyped_one(family):
    sizes = CASES[family]
    everything = transformers.AutoConfig.for_model(family, **{k: v for k, v in sizes.items() if k != "model_type"})
    full, few = (from_config(entries).state_dict() for entries in (everything.to_dict(), sizes))
    assert {name: array.shape for name, array in full.items()} == {name: array.shape for name, array in few.items()}


@pytest.mark.parametrize("name", ["gpt2", "llama, grouped"])
def test_both_write_the_same_tokens(name):
    ours, theirs = pair(CASES[name])
    ids = torch.tensor(TOKENS)
    options = {"max_new_tokens": 3, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    wanted = theirs.generate(ids, attention_mask=torch.ones_like(ids), **options)
    assert ours.generate(TOKENS, 3).tolist() == wanted.tolist()
