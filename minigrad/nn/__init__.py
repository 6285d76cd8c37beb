"""Layers and the functions they are made of.

Builds on: the files of this folder. Read next: `minigrad.nn.layer`.
"""

from minigrad.nn import functional, init
from minigrad.nn.activation import (
    GELU,
    GLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
)
from minigrad.nn.adaptive import AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveMaxPool1d, AdaptiveMaxPool2d
from minigrad.nn.attention import MultiHeadAttention
from minigrad.nn.batch_norm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from minigrad.nn.batch_renorm import BatchRenorm
from minigrad.nn.cache import KVCache
from minigrad.nn.container import Identity, LayerDict, LayerList, Residual, Sequential
from minigrad.nn.convolution import Conv1d, Conv2d, Conv3d
from minigrad.nn.dropout import Dropout
from minigrad.nn.embedding import Embedding
from minigrad.nn.instance_norm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from minigrad.nn.layer import Buffer, Layer, Parameter, walk
from minigrad.nn.layer_norm import GroupNorm, LayerNorm, RMSNorm
from minigrad.nn.likelihood import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, NLLLoss
from minigrad.nn.linear import Bilinear, Linear
from minigrad.nn.loss import HuberLoss, KLDivLoss, L1Loss, MSELoss, SmoothL1Loss
from minigrad.nn.pooling import AvgPool1d, AvgPool2d, GlobalAvgPool, MaxPool1d, MaxPool2d, MaxPool3d
from minigrad.nn.position import ALiBi, RotaryEmbedding, SinusoidalPositionalEncoding
from minigrad.nn.rectifier import CELU, ELU, SELU, Hardswish, Hardtanh, LeakyReLU, PReLU, ReLU
from minigrad.nn.recurrent import GRU, LSTM, RNN
from minigrad.nn.recurrent_cell import GRUCell, LSTMCell, RNNCell
from minigrad.nn.resample import Fold, PixelShuffle, PixelUnshuffle, Unfold, Upsample
from minigrad.nn.response_norm import LocalResponseNorm
from minigrad.nn.scaled import ScaledWSConv2d, ScaledWSLinear
from minigrad.nn.scaled_activation import ScaledActivation
from minigrad.nn.shape import Flatten
from minigrad.nn.spectral_norm import SpectralNorm
from minigrad.nn.sync_batch_norm import SyncBatchNorm
from minigrad.nn.transformer import TransformerBlock
from minigrad.nn.transformer_stack import TransformerDecoder, TransformerEncoder
from minigrad.nn.transposed import ConvTranspose1d, ConvTranspose2d
from minigrad.nn.weight_norm import WeightNorm
from minigrad.nn.weight_standardization import WeightStandardization

__all__ = [
    "Layer", "Parameter", "Buffer", "walk",
    "Sequential", "LayerList", "LayerDict", "Identity", "Residual", "Flatten",
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "GlobalAvgPool",
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "Upsample", "PixelShuffle", "PixelUnshuffle", "Unfold", "Fold",
    "Linear", "Bilinear", "Embedding", "Dropout",
    "MultiHeadAttention", "KVCache", "SinusoidalPositionalEncoding", "RotaryEmbedding", "ALiBi",
    "TransformerBlock", "TransformerEncoder", "TransformerDecoder",
    "RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell",
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm", "BatchRenorm", "LayerNorm", "RMSNorm", "GroupNorm",
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LocalResponseNorm",
    "WeightNorm", "SpectralNorm", "WeightStandardization", "ScaledWSLinear", "ScaledWSConv2d", "ScaledActivation",
    "ReLU", "LeakyReLU", "PReLU", "ELU", "CELU", "SELU", "Hardtanh", "Hardswish",
    "GELU", "SiLU", "Mish", "Sigmoid", "Tanh", "Softplus", "Softsign", "LogSigmoid", "Softmax", "LogSoftmax", "GLU",
    "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss",
    "CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss", "KLDivLoss",
    "functional", "init",
]  # fmt: skip
