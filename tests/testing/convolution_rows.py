"""Convolutions, pooling and resampling in the table of layers."""

import numpy as np

import minigrad as mg
from minigrad import nn
from tests.nn.convolution_rows import convolve, spread
from tests.testing.row import row

__all__ = ["ROWS"]


def seeded(name, *args, **keywords):
    """The layer with weights of one stream, whatever was drawn before."""

    def made():
        mg.manual_seed(3)
        return getattr(nn, name)(*args, **keywords)

    return made


def conv(name, x, *args, variant="", around=None, oracle=convolve, **keywords):
    """A row of a convolution; `around` pads x as padding_mode says, for an oracle that pads none."""
    static = {word: n for word, n in keywords.items() if word not in ("bias", "init", "padding_mode")}
    if around is not None:
        static["padding"] = 0

    def value(state, x):
        return oracle(x if around is None else around(x), state["weight"], state.get("bias"), **static)

    parameters = ["weight", "bias"] if keywords.get("bias", True) else ["weight"]
    return row(name, seeded(name, *args, **keywords), x, value, variant, parameters=parameters, buffers=[])


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

ROWS = [*CONVOLUTIONS]
