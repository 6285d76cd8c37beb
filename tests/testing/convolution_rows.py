"""Convolutions, pooling and resampling in the table of layers."""

import numpy as np

from minigrad import nn
from tests.nn.convolution_rows import convolve, spread
from tests.nn.pooling_rows import adaptive, folded, pooled, resampled, shuffled, unfolded, unshuffled
from tests.testing.row import row, seeded

__all__ = ["ROWS"]


def conv(name, x, *args, variant="", around=None, oracle=convolve, **keywords):
    """A row of a convolution; `around` pads x as padding_mode says, for an oracle that pads none."""
    static = {word: n for word, n in keywords.items() if word not in ("bias", "init", "padding_mode")}
    if around is not None:
        static["padding"] = 0

    def value(state, x):
        return oracle(x if around is None else around(x), state["weight"], state.get("bias"), **static)

    parameters = ["weight", "bias"] if keywords.get("bias", True) else ["weight"]
    return row(
        name, seeded(lambda: getattr(nn, name)(*args, **keywords)), x, value, variant, parameters=parameters, buffers=[]
    )


def padded(mode, *width):
    return lambda x: np.pad(x, [(0, 0), (0, 0), *width], mode)


CONVOLUTIONS = [
    conv("Conv1d", (2, 2, 5), 2, 3, 3),
    conv("Conv1d", (2, 2, 6), 2, 4, 2, stride=2, padding=1, dilation=2, groups=2, variant="everything"),
    conv("Conv1d", (1, 1, 4), 1, 2, 4, padding="same", padding_mode="circular", variant="circular",
         around=padded("wrap", (1, 2))),
    conv("Conv2d", (2, 2, 4, 3), 2, 3, 3, padding=1),
    conv("Conv2d", (4, 3, 4), 4, 2, (3, 1), padding="same", groups=2, bias=False, variant="one example"),
    conv("Conv2d", (2, 2, 5, 5), 2, 2, 2, stride=2, dilation=(1, 2), init=nn.init.he_normal, variant="init"),
    conv("Conv2d", (1, 1, 3, 4), 1, 2, 3, padding=1, padding_mode="reflect", variant="reflect",
         around=padded("reflect", (1, 1), (1, 1))),
    conv("Conv2d", (1, 2, 3, 3), 2, 2, 2, padding=(0, 1), padding_mode="replicate", variant="replicate",
         around=padded("edge", (0, 0), (1, 1))),
    conv("Conv3d", (1, 2, 3, 3, 2), 2, 2, 2, padding=(0, 1, 0)),
    conv("ConvTranspose1d", (2, 2, 3), 2, 3, 3, stride=2, output_padding=1, oracle=spread),
    conv("ConvTranspose2d", (1, 2, 2, 3), 2, 3, 2, stride=2, padding=1, oracle=spread),
    conv("ConvTranspose2d", (4, 2, 2), 4, 2, (2, 1), groups=2, dilation=2, bias=False, variant="one example",
         oracle=spread),
]  # fmt: skip


def plain(name, x, oracle, *args, variant="", **keywords):
    """A row of a layer without parameters."""
    make = getattr(nn, name)
    return row(name, lambda: make(*args, **keywords), x, lambda state, x: oracle(x), variant, parameters=[], buffers=[])


IMAGE = (2, 2, 5, 4)
POOLING = [
    plain("MaxPool1d", (2, 2, 6), lambda x: pooled("max", x, 1, 3, 2, 1), 3, 2, 1),
    plain("MaxPool2d", IMAGE, lambda x: pooled("max", x, 2, 2), 2),
    plain("MaxPool2d", (2, 5, 4), lambda x: pooled("max", x, 2, (3, 2), 2, 1, ceil_mode=True), (3, 2), 2, 1,
          ceil_mode=True, variant="one example"),
    plain("MaxPool3d", (1, 1, 4, 4, 3), lambda x: pooled("max", x, 3, 2, 1), 2, 1),
    plain("AvgPool1d", (2, 2, 6), lambda x: pooled("avg", x, 1, 3, 2, 1), 3, 2, 1),
    plain("AvgPool2d", IMAGE, lambda x: pooled("avg", x, 2, 3, 2, 1, count_include_pad=False), 3, 2, 1,
          count_include_pad=False),
    plain("AvgPool2d", IMAGE, lambda x: pooled("avg", x, 2, 2, divisor_override=5), 2, divisor_override=5,
          variant="divisor"),
    plain("GlobalAvgPool", IMAGE, lambda x: x.mean(axis=(2, 3))),
    plain("AdaptiveAvgPool1d", (2, 2, 7), lambda x: adaptive("avg", x, 1, 3), 3),
    plain("AdaptiveAvgPool2d", IMAGE, lambda x: adaptive("avg", x, 2, (2, 3)), (2, 3)),
    plain("AdaptiveAvgPool2d", IMAGE, lambda x: adaptive("avg", x, 2, 1), 1, variant="global"),
    plain("AdaptiveMaxPool1d", (2, 2, 7), lambda x: adaptive("max", x, 1, 3), 3),
    plain("AdaptiveMaxPool2d", IMAGE, lambda x: adaptive("max", x, 2, (2, 3)), (2, 3)),
    plain("Upsample", (2, 2, 3, 2), lambda x: resampled(x, None, 2), None, 2),
    plain("Upsample", (2, 2, 3, 2), lambda x: resampled(x, (5, 3), None, "bilinear", True), (5, 3), mode="bilinear",
          align_corners=True, variant="bilinear"),
    plain("PixelShuffle", (2, 8, 2, 3), lambda x: shuffled(x, 2), 2),
    plain("PixelUnshuffle", (2, 2, 4, 2), lambda x: unshuffled(x, 2), 2),
    plain("Unfold", IMAGE, lambda x: unfolded(x, (2, 3), 1, 1, 2), (2, 3), 1, 1, 2),
    plain("Fold", (2, 8, 6), lambda x: folded(x, (3, 4), 2), (3, 4), 2),
]  # fmt: skip

ROWS = [*CONVOLUTIONS, *POOLING]
