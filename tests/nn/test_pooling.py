"""What is special about pooling, resampling and patches: bad input, ties, infinities and NaN, sizes, cost, printing."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import MinigradError
from minigrad.inspect import summary
from minigrad.nn import functional as F

X = mg.ones((2, 3, 5, 5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.max_pool2d(X, 6), r"max_pool2d: a window must fit into .*got kernel \(6, 6\) for \(5, 5\)"),
        (lambda: F.avg_pool2d(X, (1, 6)), r"avg_pool2d: a window must fit .* \(1, 6\) for \(5, 5\)"),
        (lambda: F.max_pool2d(X, 3, padding=2), r"max_pool2d: padding must be at most half .*\(2, 2\) for \(3, 3\)"),
        (lambda: F.avg_pool1d(X[0], 3, padding=2), r"avg_pool1d: padding must be at most half .*\(2,\) for \(3,\)"),
        (lambda: F.max_pool2d(X, 2, 0), "max_pool2d: stride is one whole number.* 1 or more, got 0"),
        (lambda: F.max_pool2d(X, 2, dilation=0), "max_pool2d: dilation is one whole number.* got 0"),
        (lambda: F.max_pool2d(X, 0), "max_pool2d: kernel_size is one whole number.* got 0"),
        (lambda: F.max_pool2d(X, 2, padding=-1), "max_pool2d: padding is one whole number.* got -1"),
        (lambda: F.max_pool1d(X, 2), r"max_pool1d: x is \(N, C, \.\.\.\) with 1 axes behind C.*got \(2, 3, 5, 5\)"),
        (lambda: F.max_pool3d(X[0], 2), r"max_pool3d: x is .* 3 axes .*got \(3, 5, 5\)"),
        (lambda: F.max_pool2d(np.ones((1, 4, 4), bool), 2), "max_pool2d: takes numbers, got bool; cast to float32"),
        (lambda: F.avg_pool2d(X, 2, divisor_override=0), "avg_pool2d: divisor_override must not be 0, got 0"),
        (lambda: nn.MaxPool2d(2, 0), "MaxPool2d: stride is one whole number.* got 0"),
        (lambda: nn.AvgPool1d(2, padding=2), "AvgPool1d: padding must be at most half the kernel"),
        (lambda: F.adaptive_avg_pool2d(X, 0), "adaptive_avg_pool2d: output_size must be at least 1, got 0"),
        (lambda: F.adaptive_max_pool1d(X, 2), r"adaptive_max_pool1d: x is .* 1 axes behind C.*got \(2, 3, 5, 5\)"),
        (lambda: F.adaptive_avg_pool1d(mg.ones((2, 3, 0)), 2), r"adaptive_avg_pool1d: .*of them empty.*\(2, 3, 0\)"),
        (lambda: nn.AdaptiveAvgPool2d((1, 2, 3)), r"AdaptiveAvgPool2d: output_size is .*got \(1, 2, 3\)"),
        (lambda: nn.GlobalAvgPool()(mg.ones((2, 3))), r"GlobalAvgPool: x is .* places behind C, got \(2, 3\)"),
        (lambda: F.interpolate(X), "interpolate: takes size or scale_factor, got None and None; give one"),
        (lambda: F.interpolate(X, 3, 2.0), r"interpolate: takes size or scale_factor, got 3 and 2\.0; give one"),
        (lambda: F.interpolate(X, 3, mode="cubic"), "interpolate: mode is nearest, linear,.*got 'cubic'"),
        (lambda: F.interpolate(X, 3, mode="linear"), r"interpolate: .*1 axes behind C for 'linear', got .*5, 5\)"),
        (lambda: F.interpolate(X[0, 0], 3), r"interpolate: x is .*one to three axes behind C.* got \(5, 5\)"),
        (lambda: F.interpolate(X, 3, align_corners=True), "interpolate: align_corners is for linear modes, got True"),
        (lambda: F.interpolate(X, scale_factor=-1), "interpolate: scale_factor must be above 0, got -1"),
        (lambda: F.interpolate(X, scale_factor=0.1), r"interpolate: scale_factor must leave one.*0\.1 for \(5, 5\)"),
        (lambda: F.interpolate(X, (3, 0)), r"interpolate: size is one whole number.* 1 or more, got \(3, 0\)"),
        (lambda: nn.Upsample(), "Upsample: takes size or scale_factor, got None and None"),
        (lambda: F.unfold(X, 6), r"unfold: a patch must fit.*got kernel \(6, 6\) with dilation \(1, 1\) for \(5, 5\)"),
        (lambda: F.unfold(X[0, 0], 2), r"unfold: x is \(N, C, H, W\) or \(C, H, W\), got \(5, 5\)"),
        (lambda: F.fold(mg.ones((2, 8, 5)), (3, 4), 2), r"fold: x must have a multiple of 4 rows, and 2 x 3 patches "
         r"for output_size \(3, 4\), got \(2, 8, 5\)"),
        (lambda: F.fold(mg.ones((2, 7, 6)), (3, 4), 2), r"fold: x must have a multiple of 4 rows.*got \(2, 7, 6\)"),
        (lambda: F.fold(X, (3, 4), 2), r"fold: x is \(N, C kh kw, patches\) or without N, got \(2, 3, 5, 5\)"),
        (lambda: nn.Fold((3, 0), 2), r"Fold: output_size is one whole number.*got \(3, 0\)"),
        (lambda: nn.Unfold(2, stride=0), "Unfold: stride is one whole number.*got 0"),
        (lambda: F.pixel_shuffle(X, 2), r"pixel_shuffle: x is .* 4 dividing the channels, got \(2, 3, 5, 5\)"),
        (lambda: F.pixel_unshuffle(X, 2), r"pixel_unshuffle: x is .* 2 dividing height and width, got \(2, 3, 5, 5\)"),
        (lambda: nn.PixelShuffle(0), "PixelShuffle: upscale_factor must be at least 1, got 0"),
        (lambda: nn.PixelUnshuffle(1.5), r"PixelUnshuffle: downscale_factor must be a whole number, got 1\.5"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(call, message):
    with pytest.raises(MinigradError, match=f"^{message}"):
        call()


@pytest.mark.parametrize("pool", [lambda x: F.max_pool1d(x, 3, 1), lambda x: F.adaptive_max_pool1d(x, 2)])
def test_of_equals_the_first_gets_the_gradient(pool, device):
    x = device.leaf([[2.0, 2.0, 1.0, 2.0]])
    pool(x).sum().backward()
    assert device.host(x.grad).tolist() in ([[1.0, 1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0, 1.0]])


@pytest.mark.parametrize("place", range(4))
def test_a_nan_is_larger_than_all(place, device):
    values = np.array([1.0, 5.0, 2.0, 3.0], np.float32)
    values[place] = np.nan
    x = device.leaf(values.reshape(1, 2, 2))
    y = F.max_pool2d(x, 2)
    y.backward(device.array([[[1.0]]]))
    assert np.isnan(device.host(y)).all()
    assert device.host(x.grad).ravel()[place] == 1


def test_windows_of_infinities_keep_to_themselves(device):
    x = device.leaf(np.full((1, 3), -np.inf))
    y = F.max_pool1d(x, 3, 1, 1)
    y.sum().backward()
    assert device.host(y).tolist() == [[-np.inf] * 3]
    grown = F.interpolate(device.tensor([[[np.inf, 1.0, 2.0]]]), 6)
    assert device.host(grown).tolist() == [[[np.inf, np.inf, 1.0, 1.0, 2.0, 2.0]]]


def test_integers_are_pooled_as_they_are(device):
    x = device.array(np.arange(-9, 0).reshape(1, 3, 3), np.int32)
    y = F.max_pool2d(x, 3, 2, 1)
    assert str(y.dtype) == "int32"
    assert device.host(y).tolist() == [[[-5, -4], [-2, -1]]]


def test_float16_means_are_wide(device):
    x = device.tensor(np.full((1, 1, 20, 20), 60000.0), np.float16)  # the sum is beyond the largest float16
    for y in (F.avg_pool2d(x, 20), F.adaptive_avg_pool2d(x, 1), F.adaptive_avg_pool2d(x, 3), nn.GlobalAvgPool()(x)):
        assert str(y.dtype) == "float16"
        assert (device.host(y) == np.float16(60000)).all()


def test_unfold_and_fold_are_adjoint_and_fold_counts_the_overlap():
    x, y = (mg.Tensor(np.random.default_rng(k).normal(size=s)) for k, s in enumerate([(2, 3, 5, 6), (2, 12, 6)]))
    forth, back = F.unfold(x, 2, stride=2), F.fold(y, (5, 6), 2, stride=2)
    assert (forth * y).sum().item() == pytest.approx((x * back).sum().item())
    ones = mg.ones((1, 1, 3, 3))
    assert F.fold(F.unfold(ones, 2), 3, 2).numpy().tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


def test_a_convolution_is_a_product_with_unfolded_patches():
    x, w = mg.randn(2, 3, 5, 6), mg.randn(4, 3, 2, 3)
    columns = F.unfold(x, (2, 3), padding=1)
    y = (w.reshape(4, 18) @ columns).reshape(2, 4, 6, 6)
    np.testing.assert_allclose(y.numpy(), F.conv2d(x, w, padding=1).numpy(), rtol=1e-5, atol=1e-5)


def test_shuffling_there_and_back():
    x = mg.randn(2, 8, 3, 4)
    assert (F.pixel_unshuffle(F.pixel_shuffle(x, 2), 2).numpy() == x.numpy()).all()


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.MaxPool2d(3, 2, padding=1), "MaxPool2d(3, stride=2, padding=1)"),
        (nn.AvgPool2d(2, count_include_pad=False), "AvgPool2d(2, count_include_pad=False)"),
        (nn.AdaptiveAvgPool2d((1, None)), "AdaptiveAvgPool2d((1, None))"),
        (nn.GlobalAvgPool(), "GlobalAvgPool()"),
        (nn.Upsample(scale_factor=2, mode="bilinear"), "Upsample(scale_factor=2, mode='bilinear')"),
        (nn.PixelShuffle(2), "PixelShuffle(2)"),
        (nn.Fold((4, 4), 2, stride=2), "Fold((4, 4), 2, stride=2)"),
    ],
)
def test_they_print_their_constructor_call(layer, text):
    assert repr(layer) == text


def test_summary_counts_no_operations_for_what_only_moves():
    table = summary(nn.Sequential(nn.PixelShuffle(2), nn.Unfold(2)), (1, 4, 4, 4))
    assert table.flops == 0
