"""The layers of minigrad.nn beside PyTorch's, at sizes worth timing; read by tools/bench_ops.py.

A row is that of tools/layer_rows.py, whose sizes are small: they are for comparing every number.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tools.layer_rows import LayerRow, called

__all__ = ["NOT_TIMED", "SIZED"]

FEATURES, SIGNALS, IMAGES, VOLUMES = (256, 128), (16, 16, 64), (16, 16, 16, 16), (4, 8, 8, 8, 8)
SEQUENCES, MEMORY, STEP = (8, 32, 64), (8, 48, 64), (32, 64)
SCORES, LABELS = (256, 10), np.arange(256) % 10
TOKENS = np.arange(12 * 64).reshape(12, 64) % 65


def sized(name: str, *arguments: Any, x: Any = FEATURES, torch: Callable[[Any], Any] | None = None,
          call: Callable[..., Any] = called, **keywords: Any) -> LayerRow:  # fmt: skip
    """A row; `x` is the shape of the input, or all inputs in a list."""
    return LayerRow(name, arguments, tuple(x) if isinstance(x, list) else (x,), keywords, torch=torch, call=call)


def attending(layer: Any, x: Any) -> Any:
    return layer(x, x, x, need_weights=False)[0]


def encoder(nn: Any) -> Any:
    return nn.TransformerEncoderLayer(64, 4, 256, 0.0, "gelu", batch_first=True, norm_first=True)


def decoder(nn: Any) -> Any:
    return nn.TransformerDecoderLayer(64, 4, 256, 0.0, "gelu", batch_first=True, norm_first=True)


POINTWISE = "Identity Flatten ReLU LeakyReLU PReLU ELU CELU SELU Hardtanh Hardswish GELU SiLU Mish Sigmoid Tanh"
POINTWISE += " Softplus Softsign LogSigmoid GLU Dropout"
REGRESSION = "MSELoss L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss"

SIZED = [
    *(sized(name) for name in POINTWISE.split()),
    *(sized(name, -1) for name in ("Softmax", "LogSoftmax")),
    sized("Linear", 128, 128),
    sized("Bilinear", 32, 32, 16, x=[(64, 32), (64, 32)]),
    sized("Embedding", 65, 128, x=TOKENS),
    sized("Conv1d", 16, 32, 3, padding=1, x=SIGNALS),
    sized("Conv2d", 16, 32, 3, padding=1, x=IMAGES),
    sized("Conv3d", 8, 16, 3, padding=1, x=VOLUMES),
    sized("ConvTranspose1d", 16, 16, 2, 2, x=SIGNALS),
    sized("ConvTranspose2d", 16, 16, 2, 2, x=IMAGES),
    *(sized(f"{kind}Pool1d", 2, x=SIGNALS) for kind in ("Max", "Avg", "AdaptiveMax", "AdaptiveAvg")),
    *(sized(f"{kind}Pool2d", 2, x=IMAGES) for kind in ("Max", "Avg", "AdaptiveMax", "AdaptiveAvg")),
    sized("MaxPool3d", 2, x=VOLUMES),
    sized("Upsample", scale_factor=2, x=IMAGES),
    sized("PixelShuffle", 2, x=IMAGES),
    sized("PixelUnshuffle", 2, x=IMAGES),
    sized("Unfold", 3, x=IMAGES),
    sized("Fold", (16, 16), 2, stride=2, x=(16, 64, 64)),
    sized("BatchNorm1d", 128),
    *(sized(name, 16, x=IMAGES) for name in ("BatchNorm2d", "SyncBatchNorm", "InstanceNorm2d")),
    *(sized(name, 8, x=VOLUMES) for name in ("BatchNorm3d", "InstanceNorm3d")),
    sized("InstanceNorm1d", 16, x=SIGNALS),
    sized("GroupNorm", 4, 16, x=IMAGES),
    sized("LayerNorm", 128),
    sized("RMSNorm", 128),
    sized("LocalResponseNorm", 5, x=IMAGES),
    *(sized(name, 64, 64, batch_first=True, x=SEQUENCES) for name in ("RNN", "LSTM", "GRU")),
    *(sized(f"{name}Cell", 64, 64, x=STEP) for name in ("RNN", "LSTM", "GRU")),
    sized("MultiHeadAttention", 64, 4, x=SEQUENCES, call=attending,
          torch=lambda nn: nn.MultiheadAttention(64, 4, batch_first=True)),
    sized("TransformerBlock", 64, 4, x=SEQUENCES, torch=encoder),
    sized("TransformerEncoder", 2, 64, 4, x=SEQUENCES,
          torch=lambda nn: nn.TransformerEncoder(encoder(nn), 2, nn.LayerNorm(64), False)),
    sized("TransformerDecoder", 2, 64, 4, x=[SEQUENCES, MEMORY],
          torch=lambda nn: nn.TransformerDecoder(decoder(nn), 2, nn.LayerNorm(64))),
    *(sized(name, x=[FEATURES, FEATURES]) for name in REGRESSION.split()),
    *(sized(name, x=[SCORES, LABELS]) for name in ("CrossEntropyLoss", "NLLLoss")),
    sized("KLDivLoss", reduction="batchmean", x=[FEATURES, FEATURES]),
    *(LayerRow("Linear", (128, 128), (FEATURES,), wrapper=wrapper) for wrapper in ("WeightNorm", "SpectralNorm")),
]  # fmt: skip

# Layers of minigrad.nn that no row times, and why.
NOT_TIMED = {
    **dict.fromkeys("Layer LayerList LayerDict Sequential Residual".split(), "it holds layers and computes nothing"),
    **dict.fromkeys(
        "GlobalAvgPool SinusoidalPositionalEncoding RotaryEmbedding ALiBi BatchRenorm WeightStandardization "
        "ScaledWSLinear ScaledWSConv2d ScaledActivation".split(), "PyTorch has none"),
}  # fmt: skip
