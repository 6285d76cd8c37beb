"""Published models: logits, loss and gradients as stored from transformers, caches, configs, what is refused."""

import copy
import json
from dataclasses import asdict

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import minigrad as mg
from minigrad.errors import ArgumentError, DTypeError, NonFiniteError, PlaceError, ShapeError
from minigrad.io import FileError, load_torch_state, save_torch_state
from minigrad.models import GPT2, GPT2Config, Llama, LlamaConfig, from_config, from_pretrained, save_pretrained
from minigrad.nn import Dropout
from tools.make_model_reference import CASES, LLAMA, STORED, TOKENS, weights
from tools.make_model_reference import GPT2 as SMALL_GPT2

# What transformers computes in float32 always, rotary tables and root mean squares, is as precise as that.
TOLERANCE = {"gpt2": 1e-12, "llama": 1e-5}
FAMILIES = {"gpt2": SMALL_GPT2, "llama": CASES["llama, grouped"]}


def filled(config, device="numpy", dtype="float64"):
    """A model with the weights that the stored results are of."""
    model = from_config(config).to(device, dtype=dtype).eval()
    model.load_state_dict(weights({name: p.shape for name, p in model.named_parameters()}))
    return model


def results(model, tokens):
    """Logits, loss and gradients, in the order that they are stored in."""
    loss = model.loss(tokens)
    loss.backward()
    return [model(tokens), loss, *(p.grad for p in model.parameters())]


def difference(config, device, dtype):
    """The largest difference to what is stored, relative to the largest number if that is above 1."""
    with np.load(STORED) as stored:
        wanted = stored[next(name for name, case in CASES.items() if case == config)]
    tokens = device.array(TOKENS, np.int64)
    made = np.concatenate([device.host(part).ravel() for part in results(filled(config, device.name, dtype), tokens)])
    assert made.shape == wanted.shape
    assert made.dtype == dtype
    return abs(made - wanted).max() / max(1, abs(wanted).max())


@pytest.mark.parametrize("config", CASES.values(), ids=CASES)
def test_logits_loss_and_gradients(config, device):
    assert difference(config, device, "float64") < TOLERANCE[config["model_type"]]


@pytest.mark.parametrize("config", CASES.values(), ids=CASES)
def test_in_float32(config, device):
    assert difference(config, device, "float32") < 1e-5


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_with_caches_the_same_comes_out(config, device):
    model, tokens = filled(config, device.name), device.array(TOKENS, np.int64)
    whole, caches = device.host(model(tokens)), model.caches()
    pieces = [device.host(model(tokens[:, a:b], caches)) for a, b in ((0, 3), (3, 4), (4, 6))]
    np.testing.assert_allclose(np.concatenate(pieces, 1), whole, rtol=1e-12, atol=1e-12)
    assert [cache.length for cache in caches] == [6, 6]


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_tokens_of_lists(config, device):
    model, tokens = filled(config, device.name), device.array(TOKENS, np.int64)
    assert device.host(model(TOKENS.tolist())).tolist() == device.host(model(tokens)).tolist()
    assert device.host(model.loss(TOKENS.tolist())).tolist() == device.host(model.loss(tokens)).tolist()


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_tokens_in_tokens_out(config, device):
    model = filled(config, device.name).train()
    text = TOKENS
    for _ in range(3):
        with mg.no_grad():
            logits = device.host(model.eval()(device.array(text, np.int64)))
        text = np.concatenate([text, logits[:, -1].argmax(-1)[:, None]], 1)
    model.train()
    made = device.host(model.generate(TOKENS, 3))
    assert made.tolist() == text.tolist()
    assert made.dtype.kind == "i"
    assert all(layer.training for layer in model.layers())
    tokens = device.array(TOKENS, np.int64)
    least = model.generate(TOKENS.tolist(), 2, choose=lambda logits: (-logits).argmax(axis=-1))
    assert device.host(least)[:, :6].tolist() == TOKENS.tolist()
    assert device.host(least)[:, 6].tolist() == device.host(model.eval()(tokens))[:, -1].argmin(-1).tolist()


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_dropout_acts_in_training_alone(config):
    kinds = ["resid_pdrop", "embd_pdrop", "attn_pdrop"] if config["model_type"] == "gpt2" else ["attention_dropout"]
    for kind in kinds:
        model = filled(config | dict.fromkeys(kinds, 0.0) | {kind: 0.5})
        still = model(TOKENS).tolist()
        assert still == filled(config)(TOKENS).tolist()
        assert model.train()(TOKENS).tolist() != still
        assert model.eval()(TOKENS).tolist() == still


def test_every_dropout_has_its_share_and_its_place():
    model = filled(SMALL_GPT2 | {"n_layer": 1, "resid_pdrop": 0.25, "embd_pdrop": 0.5})
    called = {}
    for path, layer in model.named_layers():
        if isinstance(layer, Dropout):
            layer.register_forward_hook(lambda layer, args, y, path=path: called.update({path: layer.p}))
    model(TOKENS)
    places = {"drop": 0.5, "h.0.attn.resid_dropout": 0.25, "h.0.mlp.dropout": 0.25}
    assert called == {f"transformer.{place}": p for place, p in places.items()}


def test_how_weights_start():
    mg.manual_seed(0)
    model = GPT2({"vocab_size": 500, "n_positions": 50, "n_embd": 32, "n_head": 2, "n_layer": 8})
    for name, p in model.named_parameters():
        if p.ndim > 1:
            wanted = 0.02 / 4 if name.endswith("c_proj.weight") else 0.02
            assert p.numpy().std() == pytest.approx(wanted, rel=0.1), name
        else:
            assert p.tolist() == [float(name.endswith("weight"))] * p.size, name
    model = Llama(LLAMA | {"vocab_size": 5000, "initializer_range": 0.5, "attention_bias": True})
    assert model.model.embed_tokens.weight.numpy().std() == pytest.approx(0.5, rel=0.05)
    assert model.lm_head.weight.numpy().std() == pytest.approx(0.5, rel=0.05)
    assert model.model.blocks[0].self_attn.k_proj.bias.tolist() == [0.0] * 8


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", CASES.values(), ids=CASES)
def test_a_folder(tmp_path, config):
    model = filled(config, dtype="float32")
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_torch_state(model, tmp_path / "model.safetensors")
    found = from_pretrained(tmp_path)
    assert not found.training
    assert found(TOKENS).tolist() == model(TOKENS).tolist()
    assert from_pretrained(tmp_path, dtype="float64")(TOKENS).dtype == "float64"


def test_files_as_they_were_published(tmp_path):
    """Without the tied head and the prefix; with masks and frequencies, which are no weights; in two parts."""
    for config, prefix, more in (
        (
            SMALL_GPT2,
            "transformer.",
            {"h.0.attn.bias": np.ones((1, 1, 9, 9), bool), "h.0.attn.masked_bias": np.ones(())},
        ),
        (LLAMA | {"tie_word_embeddings": True}, "model.", {"layers.0.self_attn.rotary_emb.inv_freq": np.ones(1)}),
    ):
        model = filled(config, dtype="float32")
        state = {name.removeprefix(prefix): array for name, array in model.state_dict().items()} | more
        del state["lm_head.weight"]
        (tmp_path / "config.json").write_text(json.dumps(config))
        names, places = list(state), {}
        for part, some in enumerate((names[:5], names[5:])):
            save_file({name: state[name] for name in some}, tmp_path / f"{part}.safetensors")
            places |= dict.fromkeys(some, f"{part}.safetensors")
        (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
        assert from_pretrained(tmp_path)(TOKENS).tolist() == model(TOKENS).tolist()


@pytest.mark.parametrize("config", CASES.values(), ids=CASES)
def test_a_folder_again(tmp_path, config, device):
    for dtype in ("float32", "float64"):
        model, place = filled(config, device.name, dtype), tmp_path / "new" / dtype
        save_pretrained(model, place)
        again = from_pretrained(place, dtype)
        assert again.config == model.config
        assert {n: (a.dtype, a.tobytes()) for n, a in again.state_dict().items()} == {
            n: (a.dtype, a.tobytes()) for n, a in model.state_dict().items()
        }
        assert sorted(path.name for path in place.iterdir()) == ["config.json", "model.safetensors"]
        entries = json.loads((place / "config.json").read_text())
        family = config["model_type"]
        architecture = {"gpt2": "GPT2LMHeadModel", "llama": "LlamaForCausalLM"}[family]
        assert (entries["model_type"], entries["architectures"]) == (family, [architecture])


def test_a_saved_model_takes_the_place_of_another(tmp_path):
    save_torch_state(GPT2(SMALL_GPT2 | {"n_layer": 1}), tmp_path / "a.safetensors")
    (tmp_path / "model.safetensors.index.json").write_text(
        '{"weight_map": {"transformer.wte.weight": "a.safetensors"}}'
    )
    for seed in range(2):
        mg.manual_seed(seed)
        model = GPT2(SMALL_GPT2)
        save_pretrained(model, tmp_path)
        assert from_pretrained(tmp_path)(TOKENS).tolist() == model.eval()(TOKENS).tolist()
    assert (tmp_path / "a.safetensors").exists()


def test_a_model_is_saved_whole_or_not_at_all(tmp_path):
    model = filled(SMALL_GPT2)
    with pytest.raises(
        DTypeError, match=r"^save_pretrained: the model is GPT2 or Llama, got Dropout; write others with"
    ):
        save_pretrained(Dropout(0.5), tmp_path)
    with pytest.raises(DTypeError, match=r"^save_pretrained: the model is GPT2 or Llama, got .*Path"):
        save_pretrained(tmp_path, model)
    with pytest.raises(DTypeError, match=r"^save_pretrained: a path is text or a Path, got 5"):
        save_pretrained(model, 5)
    (tmp_path / "config.json").mkdir()
    with pytest.raises(
        OSError, match=r"^save_pretrained: the file cannot be written, got [^()]*config\.json \([^()]*\); c"
    ):
        save_pretrained(model, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"^save_pretrained: the file cannot be written, got .*file.model\.safetensors"):
        save_pretrained(model, tmp_path / "file")


def test_folders_that_lack_something(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^from_pretrained: there is no such file, got .*config\.json; check"):
        from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(SMALL_GPT2))
    with pytest.raises(FileNotFoundError, match=r"^from_pretrained: there is no such file, got .*model\.safetensors;"):
        from_pretrained(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickled")
    with pytest.raises(
        FileError, match=r"^from_pretrained: reads safetensors, got only pytorch_model\.bin in .*; a pick"
    ):
        from_pretrained(tmp_path)
    with pytest.raises(
        FileError, match=r"^from_pretrained: reads a folder, got the file .*config\.json; name the folder"
    ):
        from_pretrained(tmp_path / "config.json")
    for name in ("openai-community/gpt2", str(tmp_path / "nowhere")):
        with pytest.raises(
            FileNotFoundError, match=r"^from_pretrained: there is no such folder .*; nothing is fetched: "
        ):
            from_pretrained(name)
    with pytest.raises(OSError, match=r"^from_pretrained: the file cannot be read, got aaa"):
        from_pretrained("a" * 5000)
    save_torch_state(GPT2(SMALL_GPT2 | {"n_layer": 1}), tmp_path / "model.safetensors")
    with pytest.raises(
        ShapeError,
        match=r"^from_pretrained: .* missing \['transformer\.h\.1\.ln_1\.weight', .* and unexpected \[\]; take b",
    ):
        from_pretrained(tmp_path)
    save_torch_state(GPT2(SMALL_GPT2 | {"n_embd": 10}), tmp_path / "model.safetensors")
    with pytest.raises(
        ShapeError, match=r"^from_pretrained: shapes differ, got transformer\.wte\.weight has \(13, 10\) and"
    ):
        from_pretrained(tmp_path)
    with pytest.raises(DTypeError, match=r"^from_pretrained: layers compute with .*, got dtype bfloat16"):
        from_pretrained(tmp_path, dtype="bfloat16")
    for text, message in (("", "is no JSON"), ("[1]", r"holds no settings by name, got \[1\]"), ("{", "is no JSON"),
                          ("[" * 100_000, "is no JSON")):  # fmt: skip
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(FileError, match=rf"^from_pretrained: .*config\.json {message}"):
            from_pretrained(tmp_path)


# -- configs -----------------------------------------------------------------------------------------------------------


def test_defaults_are_those_of_the_published_configs():
    assert (GPT2Config().n_layer, GPT2Config().n_embd, GPT2Config().vocab_size) == (12, 768, 50257)
    assert (LlamaConfig().num_hidden_layers, LlamaConfig().rope_theta) == (32, 10000.0)
    small = SMALL_GPT2 | {"transformers_version": "5", "torch_dtype": "bfloat16", "use_cache": True}
    model = GPT2(small)
    assert model.config == GPT2Config(vocab_size=13, n_positions=9, n_embd=8, n_head=2, n_layer=2)
    assert repr(model) == f"GPT2({model.config!r})"
    assert GPT2(model.config).config == model.config
    assert copy.deepcopy(model).state_dict().keys() == model.state_dict().keys()


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_settings_of_a_model_are_a_config(tmp_path, config):
    model = filled(config, dtype="float32")
    (tmp_path / "config.json").write_text(json.dumps(asdict(model.config)))
    save_torch_state(model, tmp_path / "model.safetensors")
    again = from_pretrained(tmp_path)
    assert again.config == model.config == from_config(model.config).config
    assert again(TOKENS).tolist() == model(TOKENS).tolist()


def test_settings_of_another_model():
    with pytest.raises(ArgumentError, match=r"^GPT2: model_type can only be 'gpt2' here, got 'llama'"):
        GPT2(LlamaConfig())
    with pytest.raises(ArgumentError, match=r"^Llama: model_type can only be 'llama' here, got 'gpt2'"):
        Llama(GPT2Config())


def test_the_other_names_of_gpt2():
    other = {"hidden_size": 8, "max_position_embeddings": 9, "num_attention_heads": 2, "num_hidden_layers": 2}
    assert GPT2({"vocab_size": 13} | other).config == GPT2(SMALL_GPT2 | other).config == GPT2(SMALL_GPT2).config
    with pytest.raises(ArgumentError, match=r"^GPT2: n_head and num_attention_heads name one setting, got 2 and 4; "):
        GPT2(SMALL_GPT2 | {"num_attention_heads": 4})


def test_rotary_settings_of_every_age():
    for more in (
        {"rope_theta": 50.0}, {"rope_theta": 50.0, "rope_scaling": None},
        {"rope_parameters": {"rope_theta": 50.0, "rope_type": "default"}}, {"rope_theta": 50, "rope_parameters": {}},
        {"rope_parameters": {"rope_theta": 9.0}, "rope_scaling": {"rope_theta": 50.0, "type": "default"}},
        {"rope_theta": 50.0, "partial_rotary_factor": None}, {"rope_theta": 50.0, "partial_rotary_factor": 1.0},
        {"rope_parameters": {"rope_theta": 50.0, "factor": 1.0, "partial_rotary_factor": None}},
    ):  # fmt: skip
        assert Llama(LLAMA | more).config.rope_theta == 50.0
    for more in (
        {"rope_scaling": {"type": "linear", "factor": 2.0}}, {"rope_scaling": "linear"},
        {"rope_parameters": {"rope_type": "linear", "rope_theta": 50.0}},
        {"rope_parameters": {"rope_theta": 50.0}, "rope_scaling": {"type": "linear", "factor": 2.0}},
    ):  # fmt: skip
        with pytest.raises(ArgumentError, match=r"^Llama: rotary positions can only be unscaled here, got 'linear'; "):
            Llama(LLAMA | more)
    for rope in ("default", {"factor": 8.0}, {"full_attention": {"type": "linear"}}):  # the last one by kinds of layers
        with pytest.raises(ArgumentError, match=r"^Llama: rotary positions can only be unscaled here, got ['{].*; "):
            Llama(LLAMA | {"rope_parameters": rope})
    for more in ({"partial_rotary_factor": 0.5}, {"rope_parameters": {"partial_rotary_factor": 0.5}}):
        with pytest.raises(ArgumentError, match=r"^Llama: rotary positions can only turn whole heads, got 0\.5; "):
            Llama(LLAMA | more)


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        (SMALL_GPT2 | {"n_layer": 0}, ArgumentError, "GPT2: n_layer must be at least 1, got 0"),
        (SMALL_GPT2 | {"n_layer": 10**30}, ArgumentError, "GPT2: n_layer can be 16777216 at most, got 10000000000000"),
        (LLAMA | {"num_hidden_layers": 2**40}, ArgumentError, "Llama: num_hidden_layers can be 16777216 at most, got"),
        (SMALL_GPT2 | {"vocab_size": 10**30}, ArgumentError, "GPT2: vocab_size can be 16777216 at most, got 10000000"),
        (SMALL_GPT2 | {"n_embd": 8.5}, DTypeError, "GPT2: n_embd must be a whole number, got 8.5"),
        (SMALL_GPT2 | {"n_inner": "many"}, DTypeError, "GPT2: n_inner must be a whole number, got 'many'"),
        (SMALL_GPT2 | {"n_head": 3}, ArgumentError, "GPT2: n_head must divide n_embd, got 3 and 8"),
        (SMALL_GPT2 | {"layer_norm_epsilon": -1}, ArgumentError, "GPT2: layer_norm_epsilon must be a finite number"),
        (SMALL_GPT2 | {"tie_word_embeddings": 1}, DTypeError, "GPT2: tie_word_embeddings must be true or false, got 1"),
        (SMALL_GPT2 | {"activation_function": "tan"}, ArgumentError, "GPT2: activation_function is one of .*'tan'"),
        (SMALL_GPT2 | {"add_cross_attention": True}, ArgumentError, "GPT2: add_cross_attention can only be False here"),
        (SMALL_GPT2 | {"scale_attn_weights": False}, ArgumentError, "GPT2: scale_attn_weights can only be True here"),
        (SMALL_GPT2 | {"attn_pdrop": 1.5}, ArgumentError, r"GPT2: p is the probability of dropping, .* got 1\.5"),
        (LLAMA | {"attention_dropout": 1.5}, ArgumentError, r"Llama: p is the probability of dropping, .* got 1\.5"),
        (LLAMA | {"hidden_size": 9}, ArgumentError, "Llama: num_attention_heads must divide hidden_size, got 2 and 9"),
        (LLAMA | {"hidden_size": 6}, ArgumentError, "RotaryEmbedding: dim must be even, .* got 3"),
        (LLAMA | {"num_key_value_heads": 3}, ArgumentError, "Llama: num_key_value_heads must divide .*, got 3 and 2"),
        ({"model_type": "bert"}, ArgumentError, "from_config: model_type is one of gpt2, llama, got 'bert'"),
        ({}, ArgumentError, "from_config: model_type says which model it is, got none; add one of gpt2, llama"),
        (SMALL_GPT2 | {"n_embed": 8}, ArgumentError, "GPT2: there is no such setting, got 'n_embed'; write 'n_embd',"),
        (SMALL_GPT2 | {"hidden_sizes": 8}, ArgumentError, "GPT2: .* got 'hidden_sizes'; write 'hidden_size', or"),
        (SMALL_GPT2 | {"layer_norm_eps": 1.0}, ArgumentError, "GPT2: .*'layer_norm_eps'; write 'layer_norm_epsilon',"),
        (LLAMA | {"num_kv_heads": 2}, ArgumentError, "Llama: .*'num_kv_heads'; write 'num_key_value_heads', or leave"),
        (LLAMA | {"rope_scalings": None}, ArgumentError, "Llama: .*'rope_scalings'; write 'rope_scaling', or leave"),
        (5, DTypeError, "from_config: a path is text or a Path, got 5"),
    ],
)  # fmt: skip
def test_configs_that_mean_nothing(config, error, message):
    with pytest.raises(error, match=rf"^{message}"):
        from_config(config)


def test_models_of_another_kind():
    with pytest.raises(ArgumentError, match=r"^GPT2: model_type can only be 'gpt2' here, got 'llama'; take another"):
        GPT2(LLAMA)


# -- tokens ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_tokens_that_do_not_fit(config):
    model = filled(config)
    name, most = type(model).__name__, model.longest
    assert most == {"GPT2": "n_positions", "Llama": "max_position_embeddings"}[name]
    long = np.zeros((1, 10), np.int64)
    for call in (lambda: model(long), lambda: model(long[:, :4], [model(long[:, :6], c := model.caches()), c][1])):
        with pytest.raises(
            ShapeError, match=rf"^{name}: positions must lie below {most} 9, got \d to 9; shorten the text"
        ):
            call()
    with pytest.raises(PlaceError, match=r"tokens must lie in 0 to 12, got 3 to 13"):
        model([[13, 3]])
    with pytest.raises(ShapeError, match=r"a loss needs two tokens or more, got 1; add some"):
        model.loss([[1]])
    with pytest.raises(ArgumentError, match=r"needs a list of 2 caches, one for each block, got \[\]; take caches\(\)"):
        model(TOKENS, [])
    for tokens in ([1, 2], [[]], 1, [[[1, 2]]], [*range(13), 0]):
        for call in (model, model.loss, lambda tokens: model.generate(tokens, 1)):
            with pytest.raises(ShapeError, match=r"^(GPT2|Llama): tokens must be \(texts, 1 or more\), got \("):
                call(tokens)
    with pytest.raises(ArgumentError, match=r": count must be at least 0, got -1"):
        model.generate(TOKENS, -1)


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_tokens_that_are_no_texts(config, device):
    model = filled(config, device.name)
    for tokens, error, message in (
        ([[1, 2], [3]], ShapeError, r"tokens must be as many for each text, got \[\[1, 2\], \[3\]\]; cut some"),
        ([[0.5]], DTypeError, "tokens must be whole numbers, got float64; pass a tokenizer's, as int64"),
        ([[True]], DTypeError, "tokens must be whole numbers, got bool; pass"),
        ("words", DTypeError, "tokens must be whole numbers, got <U5; pass"),
        (None, DTypeError, "tokens must be whole numbers, got object; pass"),
    ):
        for call in (model, model.loss, lambda tokens: model.generate(tokens, 0)):
            with pytest.raises(error, match=rf"^{type(model).__name__}: {message}"):
                call(tokens)


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_a_text_that_would_grow_too_long_is_refused_before_it_is_written(config):
    model, asked = filled(config), []
    with pytest.raises(ShapeError, match=r": positions must lie below (n_positions|max_.*) 9, got 0 to 9; shorten the"):
        model.generate(TOKENS, 5, choose=asked.append)
    assert not asked
    assert model.generate(TOKENS, 4).shape == (2, 10)  # the last token needs no position


def test_what_choose_gives(device):
    model = filled(SMALL_GPT2, device.name)
    for choose, error, message in (
        (3, DTypeError, "choose is a function of logits, got 3; pass one"),
        (lambda logits: logits[:, 0], DTypeError, "tokens of choose must be whole numbers, got float64; pass"),
        (lambda logits: [1.5, 2.5], DTypeError, "tokens of choose must be whole numbers, got float64; pass"),
        (lambda logits: None, DTypeError, "tokens of choose must be whole numbers, got object; pass"),
        (lambda logits: [1], ShapeError, r"choose gives one token for each text, \(2,\), got \(1,\); reduce over V"),
        (lambda logits: [[1], [2]], ShapeError, r"choose gives one token for each text, \(2,\), got \(2, 1\)"),
    ):
        with pytest.raises(error, match=f"^GPT2: {message}"):
            model.generate(TOKENS, 1, choose)
    assert device.host(model.generate(TOKENS, 1, lambda logits: [7, 8]))[:, -1].tolist() == [7, 8]


def test_tokens_of_small_integers_do_not_wrap(device):
    model = filled(SMALL_GPT2 | {"vocab_size": 300}, device.name)
    made = device.host(model.generate(device.array(TOKENS, np.int8), 2, lambda logits: [299, 200]))
    assert made[:, -2:].tolist() == [[299, 299], [200, 200]]


def test_no_text_is_made_of_what_is_no_token(device):
    model = filled(SMALL_GPT2, device.name).train()
    for tokens, count, choose, got in (
        ([[3, -1]], 0, None, "-1 to 3"), ([[13, 3]], 1, None, "[03] to 13"), ([[3, -1]], 1, None, "-1 to 3"),
        ([[1, 2]], 1, lambda logits: device.array([99], np.int64), "1 to 99"),
        ([[1, 2]], 2, lambda logits: [-1], "-1 to (2|-1)"),
    ):  # fmt: skip
        with pytest.raises(PlaceError, match=f": tokens must lie in 0 to 12, got {got}; c"):
            model.generate(tokens, count, choose)
    model.transformer.ln_f.bias.data = device.array(np.full(8, np.nan))
    with pytest.raises(NonFiniteError, match=r"^GPT2: logits must be numbers to choose a token by, got NaN; check the"):
        model.generate(TOKENS, 2)
    assert all(layer.training for layer in model.layers())


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_after_generation_each_layer_has_the_mode_it_had(config):
    model = filled(config).train()
    model.blocks[0].eval()
    modes = [layer.training for layer in model.layers()]
    model.generate(TOKENS, 1)
    assert [layer.training for layer in model.layers()] == modes


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_caches_that_do_not_belong_together(config, device):
    model, tokens = filled(config, device.name), device.array(TOKENS, np.int64)
    first, second = model.caches()
    for caches in ([], [first], [first, first], [None, None], [1, 2], 5):
        with pytest.raises(ArgumentError, match=r": needs a list of 2 caches, one for each block, got .*; take caches"):
            model(tokens, caches)
    model(tokens[:, :2], [first, second])
    second.clear()
    with pytest.raises(ArgumentError, match=r": caches must have seen the same tokens, got \[.*2.*0.*\]; begin anew"):
        model(tokens[:, 2:], [first, second])


class Foreign:
    """Tokens of another library, on a device of its own."""

    dtype = "int64"

    def __array__(self, *args, **kwargs):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


@pytest.mark.parametrize("config", FAMILIES.values(), ids=FAMILIES)
def test_tokens_of_another_library(config):
    model = filled(config)
    for call in (model, model.loss, lambda tokens: model.generate(tokens, 1)):
        for tokens, got in ((Foreign(), r"Foreign \(can't convert cuda:0 "), (np.array(["a"]), "ndarray")):
            with pytest.raises(
                DTypeError, match=rf"^{type(model).__name__}: tokens must be an array, got {got}.*; pass t"
            ):
                call(tokens)


def test_a_state_comes_by_the_names_of_the_model():
    model = filled(SMALL_GPT2)
    state = {name.removeprefix("transformer."): array for name, array in model.state_dict().items()}
    del state["lm_head.weight"]
    other = GPT2(SMALL_GPT2).to(dtype="float64").eval()
    assert load_torch_state(other, state) == ([], [])
    assert other(TOKENS).tolist() == model(TOKENS).tolist()
    with pytest.raises(ShapeError, match=r"^load_torch_state: the keys differ, .* unexpected \['wte\.weight', "):
        load_torch_state(other, state, rename={})


def test_what_is_saved_has_the_published_names(tmp_path):
    save_torch_state(GPT2(SMALL_GPT2 | {"n_layer": 1}), tmp_path / "a.safetensors")
    block = [f"{part}.{kind}" for part in ("attn.c_attn", "attn.c_proj", "ln_1", "ln_2", "mlp.c_fc", "mlp.c_proj")
             for kind in ("bias", "weight")]  # fmt: skip
    names = [f"h.0.{name}" for name in block] + ["ln_f.bias", "ln_f.weight", "wpe.weight", "wte.weight"]
    assert sorted(load_file(tmp_path / "a.safetensors")) == [
        "lm_head.weight",
        *(f"transformer.{name}" for name in names),
    ]
    assert load_file(tmp_path / "a.safetensors")["transformer.h.0.attn.c_attn.weight"].shape == (8, 24)
