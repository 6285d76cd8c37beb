"""What is special about convolutions: bad input, sizes, memory, cost, how they print."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import MinigradError, ShapeError
from minigrad.inspect import summary
from minigrad.inspect.cost import kept_by, nodes_behind
from minigrad.kernels.conv import KEPT
from minigrad.kernels.numpy import conv as in_numpy
from minigrad.nn import functional as F
from tests.nn.convolution_rows import convolve

X, W, V = mg.ones((2, 3, 5, 5)), mg.ones((4, 3, 3, 3)), mg.ones((3, 4, 3, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.conv2d(mg.ones((2, 3, 2, 5)), W),
         r"conv2d: the kernel must fit into the padded x, got kernel \(3, 3\) with dilation \(1, 1\) for \(2, 5\) "
         r"padded to \(2, 5\); pad more"),
        (lambda: F.conv2d(X, W, padding=1, dilation=4), r"conv2d: the kernel must fit .* \(5, 5\) padded to \(7, 7\)"),
        (lambda: F.conv2d(X, mg.ones((4, 2, 3, 3))), r"conv2d: x must have 2 channels on axis 1.*got \(2, 3, 5, 5\)"),
        (lambda: F.conv2d(X, mg.ones((4, 3, 3))), r"conv2d: the weight has 4 axes, got \(4, 3, 3\)"),
        (lambda: F.conv2d(mg.ones((3, 5)), W), r"conv2d: x is \(N, C, \.\.\.\) with 2 axes behind .*got \(3, 5\)"),
        (lambda: F.conv1d(X, mg.ones((4, 3, 3))), r"conv1d: x is \(N, C, \.\.\.\) with 1 .*got \(2, 3, 5, 5\)"),
        (lambda: F.conv3d(mg.ones((2, 3)), mg.ones((4, 3, 1, 1, 1))), r"conv3d: x is .* 3 axes behind.*got \(2, 3\)"),
        (lambda: F.conv2d(X, W, mg.ones(3)), r"conv2d: the bias must be \(4,\), one for each .*got \(3,\)"),
        (lambda: F.conv2d(X, W, groups=2), "conv2d: groups must divide the channels, got 2 for 3 into 4; 1 connects"),
        (lambda: F.conv2d(X, W, groups=0), "conv2d: groups must be at least 1, got 0"),
        (lambda: F.conv2d(X, W, stride=0), "conv2d: stride is one whole number.* 2 axes, 1 or more, got 0; pass"),
        (lambda: F.conv2d(X, W, stride=(1, 1, 1)), r"conv2d: stride is one .*got \(1, 1, 1\)"),
        (lambda: F.conv2d(X, W, dilation=0), "conv2d: dilation is one whole number.* 1 or more, got 0"),
        (lambda: F.conv2d(X, W, padding=-1), "conv2d: padding is one whole number.* 0 or more, got -1"),
        (lambda: F.conv2d(X, W, padding=1.5), r"conv2d: padding is one whole number.* got 1\.5"),
        (lambda: F.conv2d(X, W, stride=2, padding="same"), r"conv2d: padding 'same' keeps .*stride 1.*got \(2, 2\)"),
        (lambda: F.conv2d(X, W, padding="full"), "conv2d: padding is a number, 'same' or 'valid', got 'full'"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "Conv2d: groups must divide the channels, got 2 for 3 into 4"),
        (lambda: nn.Conv2d(3, 4, 0), "Conv2d: kernel_size is one whole number.* 1 or more, got 0"),
        (lambda: nn.Conv1d(3, 4, 3, padding="full"), "Conv1d: padding is a number, 'same' or 'valid', got 'full'"),
        (lambda: nn.Conv3d(3, 4, 3, padding_mode="mirror"), "Conv3d: padding_mode is one of zeros,.*got 'mirror'"),
        (lambda: nn.Conv2d(3, 4, 9, padding=(0, 5), padding_mode="reflect")(X),
         r"Conv2d: padding_mode 'reflect' takes .* got padding \[\(0, 0\), \(5, 5\)\] for shape \(2, 3, 5, 5\)"),
        (lambda: nn.Conv1d(3, 4, 9, padding=6, padding_mode="circular")(X[0]), "Conv1d: padding_mode 'circular' takes"),
        (lambda: nn.Conv2d(3, 4, 3, padding=1, padding_mode="replicate")(X[0, 0]), r"conv2d: x is \(N, C,"),
        (lambda: nn.Conv2d(3, -4, 3), "Conv2d: out_channels must be at least 0, got -4"),
        (lambda: nn.Conv2d(2, 4, 3)(X), r"conv2d: x must have 2 channels on axis 1.*got \(2, 3, 5, 5\)"),
        (lambda: F.conv_transpose2d(X, V, output_padding=1),
         r"conv_transpose2d: output_padding must be less than the stride .*got \(1, 1\) for stride \(1, 1\)"),
        (lambda: F.conv_transpose2d(X, V, padding=4), r"conv_transpose2d: padding must leave.*\(4, 4\) off .*\(7, 7\)"),
        (lambda: F.conv_transpose2d(X, mg.ones((4, 2, 3, 3))), "conv_transpose2d: x must have 4 channels on axis 1"),
        (lambda: F.conv_transpose2d(X, V, groups=2), "conv_transpose2d: groups must divide the channels, got 2 for 3"),
        (lambda: F.conv_transpose1d(X, V), r"conv_transpose1d: the weight has 3 axes, got \(3, 4, 3, 3\)"),
        (lambda: F.conv_transpose2d(X, V, stride=0), "conv_transpose2d: stride is one .* 1 or more, got 0"),
        (lambda: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"), "ConvTranspose2d: padding_mode is .*'reflect'"),
        (lambda: nn.ConvTranspose1d(3, 4, 3, output_padding=1), r"ConvTranspose1d: output_padding must be .*\(1,\)"),
        (lambda: nn.ConvTranspose2d(3, 4, 3, 2)(X, (11, 13)),
         r"ConvTranspose2d: output_size must lie in \(11, 11\) to \(12, 12\), got \(11, 13\)"),
        (lambda: mg.sliding_windows(X, 6), r"sliding_windows: a window must fit.*kernel \(6,\).* \(2, 3, 5, 5\)"),
        (lambda: mg.sliding_windows(X, 0), "sliding_windows: kernel is one whole number.* 1 or more, got 0"),
        (lambda: mg.sliding_windows(mg.ones(3), (1, 1)), r"sliding_windows: needs an axis .*got \(1, 1\) for \(3,\)"),
        (lambda: mg.overlap_add(mg.ones((3, 2)), 3), r"overlap_add: the windows must fit.*got \(3,\) windows"),
        (lambda: mg.overlap_add(mg.ones(3), 3), r"overlap_add: windows are .*got \(3,\) for size 3"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(call, message):
    with pytest.raises(MinigradError, match=f"^{message}"):
        call()


def test_errors_of_use_are_value_errors_too():
    with pytest.raises(ValueError, match="groups must divide"):
        nn.Conv2d(3, 4, 3, groups=2)
    with pytest.raises(ShapeError):
        F.conv2d(X, mg.ones((4, 2, 3, 3)))


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(3, 8, 3), "Conv2d(3, 8, 3)"),
        (nn.Conv2d(4, 8, (3, 1), 2, padding="valid", groups=2, bias=False),
         "Conv2d(4, 8, (3, 1), stride=2, padding='valid', groups=2, bias=False)"),
        (nn.Conv1d(1, 2, 3, padding_mode="circular", init=nn.init.he_normal),
         "Conv1d(1, 2, 3, padding_mode='circular', init=he_normal)"),
        (nn.ConvTranspose2d(3, 8, 3, 2, output_padding=1), "ConvTranspose2d(3, 8, 3, stride=2, output_padding=1)"),
    ],
)  # fmt: skip
def test_a_convolution_prints_its_constructor_call(layer, text):
    assert repr(layer) == text


def test_weights_start_as_in_pytorch():
    mg.manual_seed(0)
    layer = nn.Conv2d(8, 64, 3, groups=2)  # fan_in = 4 * 9
    for part in (layer.weight.numpy(), layer.bias.numpy()):
        assert 0.95 / 6 < abs(part).max() <= 1 / 6
    assert abs(layer.weight.numpy().std() - 1 / 6 / np.sqrt(3)) < 0.01
    assert (nn.Conv2d(1, 2, 3, init=nn.init.ones).weight.numpy() == 1).all()


def test_the_wanted_size_chooses_the_output_padding():
    layer = nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1)
    assert layer(X).shape == (2, 2, 9, 9)
    assert layer(X, (10, 9)).shape == layer(X, output_size=(2, 2, 10, 9)).shape == (2, 2, 10, 9)


def test_the_transposed_convolution_is_the_adjoint():
    x, w, y = (mg.Tensor(np.random.default_rng(k).normal(size=shape)) for k, shape in enumerate(
        [(2, 3, 7, 6), (4, 3, 3, 2), (2, 4, 3, 3)]))  # fmt: skip
    forth, back = F.conv2d(x, w, stride=2), F.conv_transpose2d(y, w, stride=2)
    assert (forth * y).sum().item() == pytest.approx((x * back).sum().item())


def test_summary_counts_two_for_each_product_and_one_for_the_bias():
    table = summary(
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 4, 1, groups=2, bias=False)), (2, 3, 5, 6)
    )
    places = 2 * 5 * 6
    assert [row.flops for row in table.rows[1:]] == [2 * places * 8 * 27 + places * 8, 2 * places * 4 * 4]
    assert [row.parameters for row in table.rows[1:]] == [8 * 27 + 8, 16]


def kept(layer, x):
    """The bytes that the graph of a layer's result holds."""
    return sum(kept_by(node, set()) for node in nodes_behind(layer(x).node))


def test_columns_are_kept_where_they_are_few_else_x_and_nothing_where_the_weight_is_frozen():
    layer, (few, many) = nn.Conv2d(3, 4, 3), (mg.ones((2, 3, n, n), requires_grad=True) for n in (8, 80))
    assert 2 * 78 * 78 * (27 + 1) > KEPT > 2 * 6 * 6 * (27 + 1)
    columns = 4 * 2 * 6 * 6 * (27 + 1)
    for x, source in ((few, columns), (many, many.value.nbytes)):
        assert kept(layer, x) == source + layer.weight.value.nbytes
    layer.weight.requires_grad = layer.bias.requires_grad = False
    for x in (few, many):
        assert kept(layer, x) == layer.weight.value.nbytes


def test_the_input_gets_no_gradient_computed_where_it_needs_none(device, monkeypatch):
    layer, x = nn.Conv2d(1, 2, 3).to(device.name), device.tensor(np.ones((1, 1, 4, 4)))

    def never(*args):
        raise AssertionError("overlap_add ran for an input that needs no gradient")

    monkeypatch.setattr(type(mg.namespace(x.value)), "overlap_add", never)
    layer(x).sum().backward()
    assert layer.weight.grad.shape == (2, 1, 3, 3)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_large_batch_goes_through_small_memory_piece_by_piece(monkeypatch, stride):
    x, w, b = (mg.Tensor(np.random.default_rng(k).normal(size=shape), requires_grad=True) for k, shape in enumerate(
        [(5, 2, 6, 7), (3, 2, 3, 3), (3,)]))  # fmt: skip

    def gradients():
        y = F.conv2d(x, w, b, stride, 1)
        (y * y).sum().backward()
        found = [y.numpy(), *(t.grad.copy() for t in (x, w, b))]
        x.grad = w.grad = b.grad = None
        return found

    whole = gradients()
    for room, wide in ((40, 10_000), (400, 300), (1, 1), (10_000, 300)):
        monkeypatch.setattr(in_numpy, "ROOM", room)
        monkeypatch.setattr(in_numpy, "WIDE_ROOM", wide)
        for found, wanted in zip(gradients(), whole, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_windows_on_numpy_are_views_that_cannot_be_written():
    x = np.arange(6.0)
    y = mg.sliding_windows(x, 3)
    assert np.shares_memory(x, y)
    with pytest.raises(ValueError, match="read-only"):
        y[0] = 1


def test_float16_sums_are_wide(device):
    x = device.tensor(np.array([600, 599] * 4).reshape(1, 8, 1), np.float16)
    w = device.tensor(np.array([100, -100] * 4).reshape(1, 8, 1), np.float16)  # products of up to 60,000
    assert device.host(F.conv1d(x, w)).tolist() == [[[400.0]]]
    x = device.tensor([[[-40000.0, 40000.0, 40000.0]]], np.float16)
    y = F.conv_transpose1d(x, device.tensor([[[1.0, 1.0, 1.0]]], np.float16), padding=2)
    assert str(y.dtype) == "float16"
    assert device.host(y).tolist() == [[[40000.0]]]  # on its way 80,000, beyond the largest float16


def test_integers_are_taken_as_numbers():
    image = np.arange(9, dtype=np.uint8).reshape(1, 1, 3, 3)
    w = np.ones((1, 1, 2, 2), np.float32)
    y = F.conv2d(image, w)
    assert y.dtype == np.float32
    assert (y == convolve(image, w)).all()


@pytest.mark.parametrize("options", [{"padding": 1}, {"stride": 3, "padding": 4}, {"padding": 4}])
def test_images_without_channels_give_the_bias_and_take_gradients_of_their_shape(options):
    x, weight = mg.ones((2, 0, 3, 5), requires_grad=True), mg.ones((1, 0, 2, 3), requires_grad=True)
    y = F.conv2d(x, weight, np.full(1, 7, np.float32), **options)
    assert (y.numpy() == 7).all()
    y.sum().backward()
    assert (x.grad.shape, weight.grad.shape) == (x.shape, weight.shape)
