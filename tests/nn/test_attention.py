"""`MultiHeadAttention`, positions and the cache: what the table does not say, and input that means nothing."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.backend.strict import no_synchronisation
from minigrad.nn import functional as F

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 7, 8)).astype(np.float32)
POSITIONS = {"none": lambda: None, "rotary": lambda: nn.RotaryEmbedding(2), "alibi": lambda: nn.ALiBi(4)}


# -- how it starts -----------------------------------------------------------------------------------------------------


def test_it_starts_as_pytorchs():
    mg.manual_seed(0)
    layer = nn.MultiHeadAttention(64, 4)
    bound = (6 / (64 + 3 * 64)) ** 0.5  # xavier_uniform of (3 embed_dim, embed_dim)
    assert abs(layer.in_proj_weight.numpy()).max() == pytest.approx(bound, rel=1e-3)
    assert abs(layer.out_proj.weight.numpy()).max() == pytest.approx(1 / 8, rel=1e-2)
    assert not layer.in_proj_bias.numpy().any()
    assert not layer.out_proj.bias.numpy().any()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.MultiHeadAttention(8, 2), "MultiHeadAttention(8, 2)"),
        (nn.MultiHeadAttention(8, 4, 0.1, bias=False, num_kv_heads=2, positions=nn.RotaryEmbedding(2)),
         "MultiHeadAttention(8, 4, dropout=0.1, bias=False, num_kv_heads=2, positions=RotaryEmbedding(2))"),
        (nn.SinusoidalPositionalEncoding(4, 9), "SinusoidalPositionalEncoding(4, max_length=9)"),
        (nn.KVCache(), "KVCache(length=0)"),
    ],
)  # fmt: skip
def test_it_prints_as_its_call(layer, text):
    assert repr(layer).replace("\n", "").replace("    ", " ").replace("( 8", "(8").replace(",)", ")") == text


# -- one op or several: the same ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [None, 2])
def test_weights_change_no_result(few, device):
    layer = nn.MultiHeadAttention(8, 4, dropout=0.3, num_kv_heads=few)
    made = []
    for need_weights in (True, False):
        mg.manual_seed(1)
        x = device.leaf(X)
        y, weights = layer(x, is_causal=True, need_weights=need_weights)
        y.sum().backward()
        made.append([device.host(y), device.host(x.grad), *(device.host(p.grad) for p in layer.parameters())])
        layer.zero_grad()
    assert weights is None
    for with_weights, without in zip(*made, strict=True):
        np.testing.assert_allclose(with_weights, without, rtol=1e-4, atol=1e-5)


def test_masks_say_the_same_in_every_form(device):
    layer = nn.MultiHeadAttention(8, 4)
    x, hidden = device.tensor(X), np.triu(np.ones((7, 7), bool), 1)
    wanted = device.host(layer(x, is_causal=True)[0])
    added = np.where(hidden, -np.inf, 0)
    for mask in (
        hidden, added, np.broadcast_to(hidden, (4, 7, 7)), np.broadcast_to(added, (8, 7, 7)),
        np.broadcast_to(hidden, (2, 4, 7, 7)), np.broadcast_to(hidden, (2, 1, 7, 7)),
    ):  # fmt: skip
        np.testing.assert_array_equal(device.host(layer(x, attn_mask=device.array(mask, None))[0]), wanted)
    np.testing.assert_array_equal(device.host(layer(x, attn_mask=hidden.tolist())[0]), wanted)


@pytest.mark.parametrize("form", [{"attn_mask": (7, 7)}, {"key_padding_mask": (2, 7)}])
def test_a_large_finite_mask_of_float32_shifts_float16(form, device):
    layer = nn.MultiHeadAttention(8, 4).to(device, "float16")
    x = mg.Tensor(X.astype(np.float16)).to(device)
    ((what, shape),) = form.items()
    masked, plain = layer(x, **{what: mg.Tensor(np.full(shape, -1e9, np.float32)).to(device)})[1], layer(x)[1]
    assert masked.dtype == "float16"
    np.testing.assert_allclose(masked.numpy().sum(-1), plain.numpy().sum(-1), atol=1e-2)  # all alike: none is hidden


def test_far_keys_of_alibi_overflow_no_float16():
    layer = nn.MultiHeadAttention(2, 1, positions=nn.ALiBi(1)).to(dtype="float16")
    cache = nn.KVCache()
    cache.append(*[np.zeros((1, 1, 70_000, 2), np.float16)] * 2)
    _, weights = layer(np.zeros((1, 1, 2), np.float16), cache=cache)
    last = weights.numpy()[0, 0, -3:]
    rate = np.exp(-(2.0**-8))
    np.testing.assert_allclose(last, (1 - rate) * rate ** np.array([2, 1, 0]), rtol=2e-3)


def test_padding_is_not_seen(device):
    layer = nn.MultiHeadAttention(8, 2)
    padding = np.arange(7) >= np.array([[7], [4]])
    y, weights = layer(device.tensor(X), key_padding_mask=device.array(padding, None))
    assert (device.host(weights)[1, :, 4:] == 0).all()
    other = np.where(padding[..., None], 9, X)
    z = layer(device.tensor(X), device.tensor(other), key_padding_mask=device.array(padding, None))[0]
    np.testing.assert_array_equal(device.host(y), device.host(z))


@pytest.mark.parametrize("few", [None, 2])
@pytest.mark.parametrize(("queries", "keys"), [((0, 7, 8), (0, 5, 8)), ((2, 0, 8), (2, 5, 8)), ((2, 7, 8), (2, 0, 8))])
def test_nothing_gives_nothing(queries, keys, few, device):
    layer = nn.MultiHeadAttention(8, 4, num_kv_heads=few).to(device)
    query = mg.zeros(queries, requires_grad=True).to(device)
    y, weights = layer(query, mg.zeros(keys).to(device))
    assert y.shape == queries
    assert weights.shape == (*queries[:-1], keys[-2])
    y.sum().backward()
    np.testing.assert_array_equal(mg.Tensor(layer.out_proj.bias.grad).numpy(), np.full(8, np.prod(queries[:-1])))


def test_each_example_may_have_a_mask_of_its_own_heads(device):
    layer = nn.MultiHeadAttention(8, 2)
    mask = RNG.standard_normal((4, 7, 7)).astype(np.float32)  # (N num_heads, L, S)
    both = device.host(layer(device.tensor(X), attn_mask=device.array(mask))[0])
    for i in range(2):
        alone = layer(device.tensor(X[i : i + 1]), attn_mask=device.array(mask[2 * i : 2 * i + 2]))[0]
        np.testing.assert_allclose(both[i : i + 1], device.host(alone), rtol=1e-5, atol=1e-6)


# -- cache -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("few", [None, 2])
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("chunks", [[1] * 7, [4, 1, 2], [7]])
def test_cached_results_equal_uncached(positions, chunks, few, device):
    layer = nn.MultiHeadAttention(8, 4, num_kv_heads=few, positions=POSITIONS[positions]())
    wanted = device.host(layer(device.tensor(X), is_causal=True)[0])
    cache, made, start = nn.KVCache(max_length=7), [], 0
    with mg.no_grad():
        for n in chunks:
            part = device.tensor(X[:, start : start + n])
            made.append(device.host(layer(part, is_causal=True, cache=cache, need_weights=False)[0]))
            start += n
            assert cache.length == start
    np.testing.assert_allclose(np.concatenate(made, 1), wanted, rtol=1e-5, atol=1e-6)
    assert cache.key.shape == (2, few or 4, 7, 2)


def test_gradients_flow_through_a_cache():
    layer = nn.MultiHeadAttention(8, 4, positions=nn.RotaryEmbedding(2)).to(dtype="float64")
    whole, parts = mg.Tensor(X.astype(np.float64), True), mg.Tensor(X.astype(np.float64), True)
    weights = RNG.standard_normal(X.shape)
    (layer(whole, is_causal=True)[0] * weights).sum().backward()
    cache = nn.KVCache()
    ys = [layer(parts[:, i : i + 1], is_causal=True, cache=cache)[0] for i in range(7)]
    (mg.concatenate(ys, 1) * weights).sum().backward()
    np.testing.assert_allclose(parts.grad, whole.grad, atol=1e-13)


def test_a_cache_starts_anew():
    layer, cache = nn.MultiHeadAttention(8, 4), nn.KVCache()
    first = layer(X, cache=cache)[0].numpy()
    cache.clear()
    assert cache.length == 0
    np.testing.assert_array_equal(layer(X, cache=cache)[0].numpy(), first)


def test_generating_waits_for_no_device():
    with mg.use_backend("strict"):
        layer, cache = nn.MultiHeadAttention(8, 4, positions=nn.RotaryEmbedding(2)), nn.KVCache()
        x = mg.backend.move(X, "strict")
        with no_synchronisation(), mg.no_grad():
            for i in range(7):
                layer(x[:, i : i + 1], is_causal=True, cache=cache)


# -- positions ---------------------------------------------------------------------------------------------------------


def test_turned_products_depend_on_the_distance_alone(device):
    q, k = RNG.standard_normal((2, 1, 6)).astype(np.float32)
    rotary = nn.RotaryEmbedding(6)

    def product(i, j):
        return device.host(rotary(device.array(q), i) * rotary(device.array(k), j)).sum()

    assert product(3, 1) == pytest.approx(product(1002, 1000), rel=1e-3)
    assert product(3, 1) != pytest.approx(product(3, 2), rel=1e-2)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("layer", [nn.SinusoidalPositionalEncoding(6), nn.RotaryEmbedding(6)], ids=repr)
def test_tables_have_the_precision_of_x(layer, dtype, device):
    x = np.ones((2000, 6))
    y = device.host(layer(device.array(x, dtype)))
    assert y.dtype == dtype
    exact = layer(x)
    assert abs(y - exact).max() <= 4 * np.finfo(dtype).eps * abs(exact).max()


def test_heads_of_six_have_six_slopes():
    made = -nn.ALiBi(6)(np.ones((2, 1), np.float32))[:, 0, 1]
    np.testing.assert_allclose(made, 2.0 ** (-8 * np.arange(1, 7) / 6), rtol=1e-6)


# -- bad input ---------------------------------------------------------------------------------------------------------


def mha(*args, **options):
    return nn.MultiHeadAttention(*args, **options)


BAD = [
    (lambda: nn.RotaryEmbedding(5), r"RotaryEmbedding: dim must be even, .*got 5"),
    (lambda: nn.SinusoidalPositionalEncoding(7), r"SinusoidalPositionalEncoding: embed_dim must be even, .*got 7"),
    (lambda: nn.RotaryEmbedding(4, base=0), r"RotaryEmbedding: base must be a finite number above 0, got 0"),
    (lambda: nn.RotaryEmbedding(4, 5)(X[..., :4]), r"RotaryEmbedding: positions must lie below .* 5, got 0 to 6"),
    (lambda: nn.RotaryEmbedding(4, 9)(X[..., :4], 3), r"RotaryEmbedding: positions must .* 9, got 3 to 9; shorten"),
    (lambda: nn.SinusoidalPositionalEncoding(8, 6)(X), r"SinusoidalPositionalEncoding: positions .* 6, got 0 to 6"),
    (lambda: nn.RotaryEmbedding(4)(X), r"RotaryEmbedding: x must be \(\.\.\., L, 4\), got \(2, 7, 8\)"),
    (lambda: nn.RotaryEmbedding(8)(X, 0.5), r"RotaryEmbedding: offset must be a whole number, got 0.5"),
    (lambda: nn.RotaryEmbedding(8)(X, -1), r"RotaryEmbedding: offset must be at least 0, got -1"),
    (lambda: nn.ALiBi(0), r"ALiBi: num_heads must be at least 1, got 0"),
    (lambda: nn.ALiBi(2)(X[0, 0]), r"ALiBi: query must be \(\.\.\., L, E\), got \(8,\)"),
    (lambda: mha(8, 3), r"MultiHeadAttention: num_heads must divide embed_dim, got 3 and 8"),
    (lambda: mha(8, 0), r"MultiHeadAttention: num_heads must divide embed_dim, got 0 and 8"),
    (lambda: mha(8, 4, num_kv_heads=3), r"MultiHeadAttention: num_kv_heads must divide num_heads, got 3 and 4"),
    (lambda: mha(8, 4, num_kv_heads=0), r"MultiHeadAttention: num_kv_heads must be at least 1, got 0"),
    (lambda: mha(8, 4, 1.5), r"MultiHeadAttention: p is the probability of dropping"),
    (lambda: mha(8, 4, positions=nn.RotaryEmbedding(4)), r"MultiHeadAttention: dim of positions must be 2, got 4"),
    (lambda: mha(8, 4, positions=nn.ALiBi(2)), r"MultiHeadAttention: num_heads of positions must be 4, got 2"),
    (lambda: mha(8, 4, positions="rotary"), r"MultiHeadAttention: positions is a RotaryEmbedding, .*got 'rotary'"),
    (lambda: mha(6, 2)(X), r"MultiHeadAttention: query must be \(batch, length, 6\), got \(2, 7, 8\)"),
    (lambda: mha(8, 2, kdim=3)(X, X), r"MultiHeadAttention: key must be \(batch, length, 3\), got \(2, 7, 8\)"),
    (lambda: mha(8, 2)(X, X[..., :4]), r"MultiHeadAttention: key must be \(batch, length, 8\), got \(2, 7, 4\)"),
    (lambda: mha(8, 2)(X, X[:, :3], X), r"scaled_dot_product_attention: query must be"),
    (lambda: mha(8, 2)(X, attn_mask=np.ones((7, 6), bool)),
     r"MultiHeadAttention: attn_mask must broadcast to the scores \(2, 2, 7, 7\), .*got \(7, 6\)"),
    (lambda: mha(8, 2)(X, attn_mask=np.ones((3, 7, 7))), r"MultiHeadAttention: attn_mask must .*got \(3, 7, 7\)"),
    (lambda: mha(8, 2)(X, attn_mask=np.ones(7)), r"MultiHeadAttention: attn_mask must .*got \(7,\)"),
    (lambda: mha(8, 2)(X, attn_mask=np.ones((7, 7), int)), r"MultiHeadAttention: attn_mask is boolean or floating"),
    (lambda: mha(8, 2)(X, key_padding_mask=np.ones((7, 2), bool)),
     r"MultiHeadAttention: key_padding_mask must be \(batch, keys\), \(2, 7\), got \(7, 2\)"),
    (lambda: mha(8, 2)(X, cache=[]), r"MultiHeadAttention: cache is a KVCache or None, got \[\]"),
    (lambda: nn.KVCache(6).append(X, X), r"KVCache: holds at most max_length 6 tokens, got 7; clear"),
    (lambda: nn.KVCache().append(X, X[:, :5]), r"KVCache: takes keys .*got \(2, 7, 8\), \(2, 5, 8\)"),
    (lambda: nn.KVCache(-1), r"KVCache: max_length must be at least 0, got -1"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), BAD)
def test_bad_input_by_message(call, words):
    with pytest.raises((ValueError, TypeError), match=rf"^{words}"):
        call()


def test_a_cache_is_for_one_batch():
    layer, cache = nn.MultiHeadAttention(8, 2), nn.KVCache()
    layer(X, cache=cache)
    with pytest.raises(ValueError, match=r"^KVCache: keys must fit those of \(2, 2, 7, 4\) .*, got \(1, 2, 7, 4\)"):
        layer(X[:1], cache=cache)
    assert cache.length == 7


def test_a_refused_token_leaves_the_cache_as_it_was():
    layer, cache = nn.MultiHeadAttention(8, 2, positions=nn.RotaryEmbedding(4, max_length=7)), nn.KVCache()
    layer(X, cache=cache)
    with pytest.raises(ValueError, match=r"^RotaryEmbedding: positions must lie below .* 7, got 7 to 7"):
        layer(X[:, :1], cache=cache)
    assert cache.length == 7
    with pytest.raises(ValueError, match=r"^MultiHeadAttention: attn_mask must .*\(2, 2, 7, 14\), .*got \(7, 7\)"):
        nn.MultiHeadAttention(8, 2)(X, attn_mask=np.ones((7, 7), bool), cache=cache)
    assert cache.length == 7


def test_attention_of_heads_is_that_of_the_function(device):
    layer = nn.MultiHeadAttention(4, 1, init=lambda shape: np.tile(np.eye(4, dtype=np.float32), (shape[0] // 4, 1)))
    layer.to(device.name)
    x = device.tensor(X[..., :4])
    np.testing.assert_allclose(
        device.host(layer(x, is_causal=True)[0]),
        device.host(F.scaled_dot_product_attention(x, x, x, is_causal=True)), rtol=1e-5, atol=1e-6,
    )  # fmt: skip
