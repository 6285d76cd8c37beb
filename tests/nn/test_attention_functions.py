"""`F.embedding` and `F.scaled_dot_product_attention`: what is special about them, and input that means nothing."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend import move
from minigrad.backend.strict import no_synchronisation
from minigrad.errors import DeviceError
from minigrad.nn import functional as F
from minigrad.testing import check_gradients

attend = F.scaled_dot_product_attention


# -- embedding ---------------------------------------------------------------------------------------------------------


def test_the_row_of_padding_does_not_learn(device):
    weight = device.leaf(np.ones((4, 2)))
    F.embedding(device.array([0, 2, 2, 3], np.int64), weight, padding_idx=2).sum().backward()
    assert device.host(weight.grad).tolist() == [[1, 1], [0, 0], [0, 0], [1, 1]]
    weight.grad = None
    F.embedding(device.array([0, 2, 2, 3], np.int64), weight, padding_idx=-1).sum().backward()
    assert device.host(weight.grad).tolist() == [[1, 1], [0, 0], [2, 2], [0, 0]]


def test_tokens_may_be_lists_and_of_any_integer_type(device):
    weight = device.tensor(np.arange(6).reshape(3, 2))
    for tokens in ([2, 0], *(device.array([2, 0], t) for t in ("uint8", "int16", "int32", "int64"))):
        assert device.host(F.embedding(tokens, weight)).tolist() == [[4, 5], [0, 1]]
    assert F.embedding([], weight).shape == (0, 2)


@pytest.mark.parametrize("token", [-1, 3, 99])
def test_a_token_out_of_vocabulary(token):
    tokens = np.array([0, token, 2])
    with pytest.raises(IndexError, match=rf"^embedding: tokens must lie in 0 to 2, got .*{token}.*; check num_emb"):
        F.embedding(tokens, mg.ones((3, 2)))
    with mg.use_backend("strict"):
        weight = mg.ones((3, 2), requires_grad=True)
        on_device = move(tokens, "strict")
        with no_synchronisation():
            y = F.embedding(on_device, weight)
            y.sum().backward()
        assert np.isnan(y.numpy()).tolist() == [[False] * 2, [True] * 2, [False] * 2]


def test_float16_tables(device):
    weight = device.leaf(np.ones((3, 2)), np.float16)
    y = F.embedding([0, 0], weight)
    y.sum().backward()
    assert str(y.dtype) == str(weight.grad.dtype) == "float16"


# -- attention ---------------------------------------------------------------------------------------------------------


def test_a_query_that_sees_nothing_gets_nothing(device):
    q, k, v = (device.leaf(np.ones((1, 2, 2))) for _ in range(3))
    y = attend(q, k, v, device.array([[True, True], [False, False]], bool))
    y.sum().backward()
    assert device.host(y)[0, 1].tolist() == [0, 0]
    assert all(np.isfinite(device.host(x.grad)).all() for x in (q, k, v))
    assert device.host(v.grad).sum() == pytest.approx(2)  # of the first query alone


def test_later_keys_change_no_earlier_result(device):
    x, later = np.random.default_rng(0).standard_normal((2, 1, 5, 4), np.float32)
    changed = np.where(np.arange(5)[:, None] < 3, x, later)
    a, b = (device.host(attend(*[device.array(z)] * 3, is_causal=True)) for z in (x, changed))
    assert (a[:, :3] == b[:, :3]).all()
    assert (a[:, 3:] != b[:, 3:]).any()


def test_large_scores_do_not_overflow(device):
    x = device.leaf([[300.0, -300.0], [400.0, 100.0]])
    y = attend(x, x, x)
    y.sum().backward()
    assert np.isfinite(device.host(y)).all()
    assert np.isfinite(device.host(x.grad)).all()
    half = device.tensor(np.full((2, 8), 200.0), np.float16)  # products of 8 * 200^2 / sqrt 8, beyond float16
    assert device.host(attend(half, half, half)).tolist() == [[200.0] * 8] * 2


def test_masks_widen_nothing(device):
    x = device.leaf(np.ones((2, 2)))
    for mask in (np.zeros((2, 2)), np.ones((2, 2), bool), [[True, False], [True, True]], np.zeros((2, 2), np.float16)):
        y = attend(x, x, x, device.array(mask, None) if hasattr(mask, "dtype") else mask, scale=np.float64(0.5))
        assert str(y.dtype) == "float32"


def test_dropout_of_weights_is_that_of_the_stream(device):
    q = device.tensor(np.zeros((2, 3, 4)))
    v = device.tensor(np.broadcast_to(np.eye(3), (2, 3, 3)))  # shows the weights
    mg.manual_seed(4)
    y = device.host(attend(q, q, v, dropout_p=0.4))
    mg.manual_seed(4)
    expected = device.host(F.dropout(device.tensor(np.full((2, 3, 3), 1 / 3)), 0.4))
    np.testing.assert_allclose(y, expected, rtol=1e-6)
    assert not device.host(attend(q, q, v, dropout_p=1.0)).any()


def test_dropout_is_right_to_second_order():
    def f(q, k, v):
        mg.manual_seed(3)
        return attend(q, k, v, dropout_p=0.4, is_causal=True)

    xs = np.random.default_rng(1).standard_normal((3, 3, 2))
    check_gradients(f, *xs, order=2)


def test_only_the_weights_are_kept():
    """Of all arrays as large as the scores, one waits for backward: scores of 4 MB each."""
    import tracemalloc

    q = mg.Tensor(np.zeros((4, 512, 2), np.float32), requires_grad=True)
    tracemalloc.start()
    try:
        y = attend(q, q, q, is_causal=True)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert y.shape == q.shape
    assert 4 * 512 * 512 * 4 <= held < 1.5 * 4 * 512 * 512 * 4


def ones(*shape):
    return mg.ones(shape)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: F.embedding([0.5], ones(3, 2)), r"embedding: tokens must be integers, got float64 of shape \(1,\)"),
        (lambda: F.embedding([True], ones(3, 2)), r"embedding: tokens must be integers, got bool"),
        (lambda: F.embedding([0], ones(3)), r"embedding: weight must be \(tokens, features\), got \(3,\)"),
        (lambda: F.embedding([0], mg.ones((3, 2)).astype("int64")), r"embedding: needs floating numbers, got int64"),
        (lambda: F.embedding([0], ones(3, 2), 3), r"embedding: padding_idx must name one of the 3 rows, got 3"),
        (lambda: F.embedding([0], ones(3, 2), 0.5), r"embedding: padding_idx must be a whole number, got 0.5"),
        (lambda: attend(ones(2), ones(3, 2), ones(3, 2)), r"scaled_dot_.*query must be \(\.\.\., L, E\), .*got \(2,\)"),
        (lambda: attend(ones(2, 3), ones(4, 2), ones(4, 2)), r"scaled_dot_.*query must be .*\(2, 3\), \(4, 2\)"),
        (lambda: attend(ones(2, 3), ones(4, 3), ones(5, 3)), r"scaled_dot_.*query must be .*\(5, 3\); check the axes"),
        (lambda: attend(ones(4, 2, 3), ones(2, 2, 3), ones(2, 2, 3)), r"scaled_dot_.*must broadcast, .*enable_gqa"),
        (lambda: attend(ones(3, 2, 3), ones(2, 2, 3), ones(2, 2, 3), enable_gqa=True), r"scaled_dot.*heads .*divide"),
        (lambda: attend(ones(4, 2, 3), ones(2, 2, 3), ones(4, 2, 3), enable_gqa=True), r"scaled_dot.*must be equal"),
        (lambda: attend(ones(2, 3), ones(4, 3), ones(4, 3), ones(4, 2)),
         r"scaled_dot_.*attn_mask must broadcast to the scores \(2, 4\), .*got \(4, 2\)"),
        (lambda: attend(ones(2, 3), ones(4, 3), ones(4, 3), ones(1, 2, 4)), r"scaled_dot_.*got \(1, 2, 4\); add axes"),
        (lambda: attend(ones(2, 3), ones(2, 3), ones(2, 3), np.ones((2, 2), int)), r"scaled_dot_.*is boolean or float"),
        (lambda: attend(ones(2, 3), ones(2, 3), ones(2, 3), ones(2, 2), is_causal=True), r"scaled_dot_.*got both"),
        (lambda: attend(ones(2, 3), ones(2, 3), ones(2, 3), dropout_p=2), r"scaled_dot_.*p is the probability"),
        (lambda: attend(ones(2, 3), ones(2, 3), ones(2, 3), scale="big"), r"scaled_dot_.*scale must be a finite"),
        (lambda: attend(mg.arange(4).reshape(2, 2).astype("int64"), ones(2, 2), ones(2, 2)), r"scaled_dot_.*int64"),
    ],
)  # fmt: skip
def test_bad_arguments_by_message(call, words):
    with pytest.raises((ValueError, TypeError), match=rf"^{words}"):
        call()


def test_masks_and_tokens_of_another_device_are_refused():
    there = move(np.ones((2, 2), bool), "strict")
    with pytest.raises(DeviceError, match=r"^scaled_dot_product_attention: .*two devices, got"):
        attend(ones(2, 3), ones(2, 3), ones(2, 3), there)
    with pytest.raises(DeviceError, match=r"^embedding: .*two devices, got"):
        F.embedding(move(np.array([0]), "strict"), ones(2, 2))
