"""Blocks and stacks of transformers: caches, recomputation, masks, how they start, arguments that mean nothing."""

import copy
import tracemalloc

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 6, 8)).astype(np.float32)
MEMORY = RNG.standard_normal((2, 4, 8)).astype(np.float32)
POSITIONS = {"none": lambda: None, "rotary": lambda: nn.RotaryEmbedding(2), "alibi": lambda: nn.ALiBi(4)}


# -- cache -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("chunks", [[1] * 6, [3, 1, 2]])
def test_cached_results_equal_uncached(positions, norm_first, chunks, device):
    model = nn.TransformerEncoder(2, 8, 4, num_kv_heads=2, positions=POSITIONS[positions](), norm_first=norm_first)
    wanted = device.host(model(device.tensor(X), is_causal=True))
    caches, made, start = model.caches(max_length=6), [], 0
    with mg.no_grad():
        for n in chunks:
            part = device.tensor(X[:, start : start + n])
            made.append(device.host(model(part, is_causal=True, caches=caches)))
            start += n
    assert [cache.length for cache in caches] == [6, 6]
    np.testing.assert_allclose(np.concatenate(made, 1), wanted, rtol=1e-5, atol=1e-5)


def test_cached_decoding_equals_uncached(device):
    model, memory = nn.TransformerDecoder(2, 8, 2), device.tensor(MEMORY)
    wanted = device.host(model(device.tensor(X), memory, tgt_is_causal=True))
    caches = model.caches()
    made = [
        device.host(model(device.tensor(X[:, i : i + 1]), memory, tgt_is_causal=True, caches=caches)) for i in range(6)
    ]
    np.testing.assert_allclose(np.concatenate(made, 1), wanted, rtol=1e-5, atol=1e-5)


# -- recomputation -----------------------------------------------------------------------------------------------------


def gradients(model, device, *inputs, **options):
    mg.manual_seed(5)
    xs = [device.leaf(x) for x in inputs]
    y = model(*xs, **options)
    (y * y).sum().backward()
    return [device.host(y), *(device.host(x.grad) for x in xs), *(device.host(p.grad) for p in model.parameters())]


@pytest.mark.parametrize("decoder", [False, True])
def test_recomputed_gradients_are_the_same_bit_for_bit(decoder, device):
    kind, inputs = (nn.TransformerDecoder, [X, MEMORY]) if decoder else (nn.TransformerEncoder, [X])
    causal = {"tgt_is_causal" if decoder else "is_causal": True}
    kept = kind(3, 8, 4, dropout=0.3, positions=nn.RotaryEmbedding(2))
    again = kind(3, 8, 4, dropout=0.3, positions=nn.RotaryEmbedding(2), checkpoint=True)
    again.load_state_dict(kept.state_dict())
    wanted, made = (gradients(model, device, *inputs, **causal) for model in (kept, again))
    assert [a.tobytes() == b.tobytes() for a, b in zip(wanted, made, strict=True)] == [True] * len(made)


def test_recomputation_keeps_little():
    held = []
    for checkpoint in (False, True):
        model = nn.TransformerEncoder(4, 32, 4, checkpoint=checkpoint)
        x = mg.Tensor(np.ones((4, 64, 32), np.float32), requires_grad=True)
        tracemalloc.start()
        y = model(x, is_causal=True)
        held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert y.requires_grad
    assert held[1] < held[0] / 10


def test_nothing_is_recomputed_in_use_or_with_a_cache():
    block, calls = nn.TransformerBlock(8, 2, checkpoint=True), []
    block.linear1.register_forward_hook(lambda *args: calls.append(1))
    x = mg.Tensor(X, requires_grad=True)
    for layer, cache, wanted in ((block, None, 2), (block, nn.KVCache(), 1), (block.eval(), None, 1)):
        calls.clear()
        layer.train(wanted == 2 or cache is not None)
        layer(x, cache=cache).sum().backward()
        assert len(calls) == wanted


# -- what may be seen --------------------------------------------------------------------------------------------------


def test_no_token_sees_a_later_one(device):
    model = nn.TransformerEncoder(2, 8, 4, dropout=0.2).eval()
    x = device.leaf(X)
    y = model(x, is_causal=True)[:, 2]
    (y * y * y).sum().backward()  # the sum alone of what a LayerNorm gives is constant
    moved = (device.host(x.grad) != 0).any(axis=(0, 2))
    assert moved.tolist() == [True, True, True, False, False, False]


def test_masks_reach_their_attention(device):
    model = nn.TransformerDecoder(1, 8, 2, norm_first=False)
    memory, padding = device.leaf(MEMORY), np.array([[False] * 4, [False, False, True, True]])
    x = device.leaf(X)
    hidden = np.eye(6, dtype=bool)
    model(x, memory, tgt_mask=device.array(hidden, None), memory_key_padding_mask=device.array(padding, None),
          memory_mask=device.array(np.arange(4) == 0, None).reshape(1, 4)).sum()  # fmt: skip
    y = model(x, memory, memory_key_padding_mask=device.array(padding, None),
              memory_mask=device.array((np.arange(4) == 0)[None], None))  # fmt: skip
    (y * y).sum().backward()
    seen = (device.host(memory.grad) != 0).any(axis=2)
    assert seen.tolist() == [[False, True, True, True], [False, True, False, False]]


def test_tgt_padding_is_not_seen(device):
    model = nn.TransformerEncoder(1, 8, 2)
    x = device.leaf(X)
    padding = np.zeros((2, 6), bool)
    padding[:, 5] = True
    (model(x, src_key_padding_mask=device.array(padding, None))[:, :5] ** 2).sum().backward()
    assert (device.host(x.grad) != 0).any(axis=(0, 2)).tolist() == [True] * 5 + [False]


# -- how they start ----------------------------------------------------------------------------------------------------


def test_every_block_starts_with_weights_of_its_own():
    first, second = nn.TransformerEncoder(2, 8, 2).blocks
    assert (first.linear1.weight.numpy() != second.linear1.weight.numpy()).any()
    assert (first.self_attn.in_proj_weight.numpy() != second.self_attn.in_proj_weight.numpy()).any()


def test_widths_by_default():
    assert nn.TransformerBlock(12, 2).linear1.out_features == 48
    assert nn.TransformerBlock(12, 2, activation="swiglu").linear1.out_features == 32
    assert nn.TransformerBlock(16, 2, activation="swiglu").linear3.out_features == 43


def test_norms_and_activations_may_be_made():
    block = nn.TransformerBlock(8, 2, norm=nn.RMSNorm, activation=nn.functional.relu)
    assert isinstance(block.norm1, nn.RMSNorm)
    assert block.norm1 is not block.norm2
    assert isinstance(nn.TransformerEncoder(1, 8, 2, norm="rms").norm, nn.RMSNorm)
    assert isinstance(nn.TransformerEncoder(1, 8, 2, norm_first=False).norm, nn.Identity)


def test_one_table_of_positions_serves_all_blocks_and_copies():
    positions = nn.RotaryEmbedding(4)
    model = nn.TransformerEncoder(2, 8, 2, positions=positions)
    assert all(block.positions is positions for block in model.blocks)
    assert [name for name in model.state_dict() if "positions" in name] == []
    made = copy.deepcopy(model)
    np.testing.assert_array_equal(made(X).numpy(), model(X).numpy())


BAD = [
    (lambda: nn.TransformerBlock(8, 3), r"MultiHeadAttention: num_heads must divide embed_dim, got 3 and 8"),
    (lambda: nn.TransformerBlock(8, 2, activation="swish"), r"TransformerBlock: activation is one of .*got 'swish'"),
    (lambda: nn.TransformerBlock(8, 2, norm="batch"), r"TransformerBlock: norm is 'layer', 'rms', None .*got 'batch'"),
    (lambda: nn.TransformerBlock(8, 2, 2.5), r"TransformerBlock: dim_feedforward must be a whole number, got 2.5"),
    (lambda: nn.TransformerBlock(8, 2, dropout=2), r"MultiHeadAttention: p is the probability of dropping"),
    (lambda: nn.TransformerBlock(8, 2)(X, MEMORY), r"TransformerBlock: cross_attention and a memory .*got a memory"),
    (lambda: nn.TransformerBlock(8, 2, cross_attention=True)(X), r"TransformerBlock: cross_attention .*got no memory"),
    (lambda: nn.TransformerEncoder(2, 8, 2, cross_attention=True), r"TransformerEncoder: cross_attention is the deco"),
    (lambda: nn.TransformerEncoder(nn.TransformerBlock(8, 2), 6), r"TransformerEncoder: is made of sizes, .*ormerBloc"),
    (lambda: nn.TransformerDecoder(2, 8), r"TransformerDecoder: num_heads must be a whole number, got None"),
    (
        lambda: nn.TransformerEncoder(2, 8, 2, batch_first=True),
        r"TransformerEncoder: there is no such option, got 'batc",
    ),
    (
        lambda: nn.TransformerDecoder(2, 8, 2, hidden=1),
        r"TransformerDecoder: .* got 'hidden'; dim_feedforward, dropout,",
    ),
    (lambda: nn.TransformerEncoder(-1, 8, 2), r"TransformerEncoder: num_layers must be at least 0, got -1"),
    (lambda: nn.TransformerEncoder(2, 8, 2)(X, caches=[nn.KVCache()]), r"TransformerEncoder: needs a list of 2 caches"),
    (
        lambda: nn.TransformerEncoder(2, 8, 2)(X, caches=[nn.KVCache()] * 2),
        r"TransformerEncoder: needs a list of 2 caches",
    ),
    (lambda: nn.TransformerEncoder(1, 8, 2)(X, caches=nn.KVCache()), r"TransformerEncoder: needs a list of 1 caches"),
    (lambda: nn.TransformerEncoder(1, 8, 2, positions=nn.RotaryEmbedding(4, 5))(X), r"RotaryEmbedding: positions must"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
def test_bad_arguments_by_message(call, words):
    with pytest.raises((ValueError, TypeError), match=rf"^{words}"):
        call()
