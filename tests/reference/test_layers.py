"""Functions, losses and layers against PyTorch's: stored results always, live ones where PyTorch is."""

import functools
import importlib.util
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.tensor import raw
from minigrad.testing import TOLERANCE
from minigrad.testing.tolerance import close
from tests.reference.test_ops import differences
from tests.testing.layer_rows import ROWS as TABLE
from tools.layer_results import minigrad_layer_results, torch_layer_results
from tools.layer_rows import LAYERS, LAYERS_WITHOUT_TORCH, ROWS, WITHOUT_TORCH
from tools.op_rows.stored import parts, read, read_layers
from tools.op_rows.with_torch import torch_results

STORED = Path(__file__).with_name("layers.npz")
HAS_TORCH = importlib.util.find_spec("torch") is not None
NEEDS_TORCH = pytest.mark.skip(reason="needs PyTorch; its stored results are compared by the other tests")
EXACT = TOLERANCE["float64"].value


@functools.cache
def stored():
    """{name: vector of results}, and {name: shape of the value}."""
    return read(STORED)


@functools.cache
def stored_layers():
    """{layer: {name: array}}"""
    return read_layers(STORED)


def expected(row):
    """[value, a gradient per input, a second derivative per input]"""
    return parts(row, *stored())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_functions(row, device):
    assert differences(row, device, expected(row)) == []


@pytest.mark.filterwarnings("ignore:reduction:UserWarning")  # of kl_div with 'mean'
@pytest.mark.filterwarnings("ignore:Using padding='same':UserWarning")  # PyTorch copies x for an even kernel
@pytest.mark.parametrize("row", ROWS if HAS_TORCH else [pytest.param(None, marks=NEEDS_TORCH)])
def test_functions_live(row):
    assert differences(row, "numpy", torch_results(row)) == []


def layer_differences(made, wanted):
    assert made.keys() == wanted.keys()
    return [
        name for name in wanted if made[name].dtype != wanted[name].dtype or not close(made[name], wanted[name], EXACT)
    ]


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: row.id)
def test_layers(row, device):
    assert layer_differences(minigrad_layer_results(row, device), stored_layers()[row.id]) == []


@pytest.mark.parametrize("row", LAYERS if HAS_TORCH else [pytest.param(None, marks=NEEDS_TORCH)])
def test_layers_live(row, device):
    assert layer_differences(minigrad_layer_results(row, device), torch_layer_results(row)) == []


def test_every_function_has_a_row_or_a_reason():
    have = {row.op for row in ROWS} | WITHOUT_TORCH.keys()
    assert have == set(F.__all__), "add rows to tools/layer_rows.py and `make reference`, or a reason to WITHOUT_TORCH"


def _has_own(layer):
    """Whether a parameter is an attribute of the layer itself."""
    return any(isinstance(part, nn.Parameter) for _, part in layer.contents())


def test_every_layer_with_state_has_a_row():
    kinds = {type(part) for row in TABLE for part in row.make().layers() if _has_own(part)}
    public = {kind.__name__ for kind in kinds if getattr(nn, kind.__name__, None) is kind}
    assert public - LAYERS_WITHOUT_TORCH.keys() <= {row.wrapper or row.name for row in LAYERS}


def test_the_stored_results_are_those_of_the_table():
    _, shapes = stored()
    assert set(shapes) == {row.name for row in ROWS}, "the table has changed; run `make reference`"
    assert list(stored_layers()) == [row.id for row in LAYERS]
    assert STORED.stat().st_size < 300 * 1024


def reparametrised(torch, weight_norm, spectral_norm):
    """minigrad's and PyTorch's network of such layers; PyTorch's has seen a batch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the older functions say that there are newer ones
        theirs = torch.nn.Sequential(
            weight_norm(torch.nn.Linear(4, 3)), torch.nn.Tanh(), spectral_norm(torch.nn.Linear(3, 2))
        )
    theirs(torch.ones(1, 4))
    return nn.Sequential(nn.WeightNorm(nn.Linear(4, 3)), nn.Tanh(), nn.SpectralNorm(nn.Linear(3, 2))), theirs


@pytest.mark.skipif(not HAS_TORCH, reason="needs PyTorch; its stored states and results are loaded by test_layers")
def test_torch_state_dicts_load_unchanged():
    import torch
    from torch.nn.utils import parametrizations as now
    from torch.nn.utils import spectral_norm, weight_norm

    def dense(nn):
        return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.PReLU(), nn.Linear(3, 2))

    def convolutional(nn):
        return nn.Sequential(
            nn.Conv2d(1, 4, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, 2, 1, groups=2),
            nn.ConvTranspose2d(6, 4, 2, 2), nn.AvgPool2d(3, 1, 1), nn.Upsample(scale_factor=2), nn.PixelShuffle(2),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4, 2),
        )  # fmt: skip

    newer = reparametrised(torch, now.weight_norm, now.spectral_norm)
    older = reparametrised(torch, weight_norm, spectral_norm)
    assert list(newer[0].state_dict()) == list(newer[1].state_dict())
    pairs = [((make(nn), make(torch.nn)), shape) for make, shape in ((dense, (5, 4)), (convolutional, (2, 1, 12, 10)))]
    for (ours, theirs), shape in (*pairs, (newer, (5, 4)), (older, (5, 4))):
        assert ours.load_state_dict(theirs.state_dict()) == ([], [])
        x = np.sin(np.arange(np.prod(shape), dtype=np.float32)).reshape(shape)
        want = theirs.eval()(torch.from_numpy(x)).detach().numpy()
        np.testing.assert_allclose(raw(ours.eval()(mg.Tensor(x))), want, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not HAS_TORCH, reason="needs PyTorch; its stored states and results are loaded by test_layers")
@pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")
def test_torch_states_of_attention_go_there_and_back():
    import torch

    there = torch.nn

    def layer(kind, **options):
        return kind(8, 2, 12, 0.0, "gelu", batch_first=True, norm_first=True, **options)

    pairs = [
        (nn.MultiHeadAttention(8, 2), there.MultiheadAttention(8, 2, batch_first=True), 3),
        (nn.TransformerBlock(8, 2, 12), layer(there.TransformerEncoderLayer), 1),
        (nn.TransformerBlock(8, 2, 12, bias=False), layer(there.TransformerEncoderLayer, bias=False), 1),
        (nn.TransformerBlock(8, 2, 12, cross_attention=True), layer(there.TransformerDecoderLayer), 2),
        (nn.TransformerEncoder(2, 8, 2, dim_feedforward=12),
         there.TransformerEncoder(layer(there.TransformerEncoderLayer), 2, there.LayerNorm(8)), 1),
        (nn.TransformerDecoder(2, 8, 2, dim_feedforward=12),
         there.TransformerDecoder(layer(there.TransformerDecoderLayer), 2, there.LayerNorm(8)), 2),
    ]  # fmt: skip
    x = np.sin(np.arange(3 * 5 * 8, dtype=np.float32)).reshape(3, 5, 8)

    def agree(ours, theirs, inputs):
        y, z = ours(*[mg.Tensor(x)] * inputs), theirs(*[torch.from_numpy(x)] * inputs)
        y, z = (y[0], z[0]) if isinstance(y, tuple) else (y, z)
        np.testing.assert_allclose(raw(y), z.detach().numpy(), rtol=1e-5, atol=1e-4)

    for ours, theirs, inputs in pairs:
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert ours.load_state_dict(theirs.state_dict()) == ([], [])
        agree(ours.eval(), theirs.eval(), inputs)
        for parameter in ours.parameters():
            parameter.data = parameter.numpy() * 2
        theirs.load_state_dict({name: torch.from_numpy(array) for name, array in ours.state_dict().items()})
        agree(ours, theirs, inputs)
