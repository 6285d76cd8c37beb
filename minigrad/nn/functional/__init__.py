"""What layers compute, as functions without state; the names are those of `torch.nn.functional`.

Builds on: the files of this folder. Read next: `minigrad.nn.functional.rectifier`.
"""

from minigrad.nn.functional.adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
)
from minigrad.nn.functional.attention import scaled_dot_product_attention
from minigrad.nn.functional.average import avg_pool1d, avg_pool2d
from minigrad.nn.functional.batch_norm import batch_norm, instance_norm
from minigrad.nn.functional.batch_renorm import batch_renorm
from minigrad.nn.functional.binary import binary_cross_entropy, binary_cross_entropy_with_logits, kl_div
from minigrad.nn.functional.classification import cross_entropy, nll_loss
from minigrad.nn.functional.convolution import conv1d, conv2d, conv3d
from minigrad.nn.functional.dropout import dropout
from minigrad.nn.functional.embedding import embedding
from minigrad.nn.functional.layer_norm import group_norm, layer_norm, rms_norm
from minigrad.nn.functional.linear import bilinear, linear
from minigrad.nn.functional.pooling import max_pool1d, max_pool2d, max_pool3d
from minigrad.nn.functional.rectifier import celu, elu, hardswish, hardtanh, leaky_relu, prelu, relu, selu
from minigrad.nn.functional.recurrent import gru_cell, lstm_cell, rnn_cell
from minigrad.nn.functional.regression import huber_loss, l1_loss, mse_loss, smooth_l1_loss
from minigrad.nn.functional.resample import interpolate
from minigrad.nn.functional.response import local_response_norm, normalize
from minigrad.nn.functional.smooth import gelu, glu, logsigmoid, mish, sigmoid, silu, softplus, softsign, tanh
from minigrad.nn.functional.standardize import averaged_axes, standardize
from minigrad.nn.functional.transposed import conv_transpose1d, conv_transpose2d
from minigrad.nn.functional.unfold import fold, pixel_shuffle, pixel_unshuffle, unfold
from minigrad.ops.fused.softmax import log_softmax, softmax

__all__ = [
    "linear", "bilinear", "dropout", "embedding", "scaled_dot_product_attention",
    "rnn_cell", "lstm_cell", "gru_cell",
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "interpolate", "unfold", "fold", "pixel_shuffle", "pixel_unshuffle",
    "relu", "leaky_relu", "prelu", "elu", "celu", "selu", "hardtanh", "hardswish",
    "gelu", "silu", "mish", "sigmoid", "tanh", "softplus", "softsign", "logsigmoid", "glu",
    "softmax", "log_softmax",
    "averaged_axes", "standardize", "batch_norm", "batch_renorm", "instance_norm",
    "layer_norm", "rms_norm", "group_norm", "local_response_norm", "normalize",
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss",
    "cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits", "kl_div",
]  # fmt: skip
