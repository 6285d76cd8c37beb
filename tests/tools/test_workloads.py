"""Every workload takes steps on minigrad, and every peer takes the same ones from the same numbers."""

import importlib.util

import numpy as np
import pytest

from tools.bench_timing import have_torch
from tools.workloads import WORKLOADS
from tools.workloads.floor import attention, convolution, linear, products
from tools.workloads.gpt import Torch, of_example
from tools.workloads.start import weights

TRAININGS = [name for name in WORKLOADS if not name.startswith(("W3", "W5"))]
LIBRARIES = {"torch": have_torch(), "jax": importlib.util.find_spec("jax") is not None}
EVERY = {peer for workload in WORKLOADS.values() for peer in workload.peers}
PEERS = sorted(EVERY - {"minigrad", "torch tuned", "gemm"})
HERE = [peer for peer in PEERS if LIBRARIES[peer.split()[0]]]


def host(x):
    """A copy of the values of any library's array."""
    x = x.detach() if hasattr(x, "detach") else x
    return np.array(x.numpy() if hasattr(x, "numpy") else x)


def results(name, peer, steps):
    step = WORKLOADS[name].make(peer)
    return [[host(x) for x in step()] for _ in range(steps)]


@pytest.mark.parametrize("name", TRAININGS)
def test_a_workload_trains(name):
    (first,), *_, (last,) = results(name, "minigrad", 4)
    assert np.isfinite(first)
    assert last < first


@pytest.mark.parametrize("name", [name for name in WORKLOADS if name not in TRAININGS])
def test_the_others_give_the_same_gradients_at_each_step(name):
    first, second = results(name, "minigrad", 2)
    for a, b in zip(first, second, strict=True):
        assert np.isfinite(a).all()
        assert a.any()
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(not HERE, reason="needs PyTorch or JAX; minigrad's side is tested above")
@pytest.mark.parametrize("peer", HERE or [None])
def test_peers_take_the_same_steps(peer):
    for name, workload in WORKLOADS.items():
        if peer in workload.peers:
            steps = 4 if name in TRAININGS else 1
            made, wanted = results(name, peer, steps), results(name, "minigrad", steps)
            for own, other in zip(made, wanted, strict=True):
                for a, b in zip(own, other, strict=True):
                    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * np.abs(b).max(), err_msg=f"{name} {peer}")


@pytest.mark.skipif(not have_torch(), reason="needs PyTorch; its stored results hold TransformerEncoder in layers.npz")
def test_the_written_out_gpt_computes_what_its_encoder_does():
    import torch

    args = type("Args", (), of_example("NANOGPT")["NANOGPT"])
    side, h = Torch(args, 65), torch.randn(2, args.block, args.width)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(args.block)
    wanted, blocks = side.model["blocks"](h, mask=mask, is_causal=True), side.model["blocks"]
    for layer in blocks.layers:
        h = side.block(layer, h)
    torch.testing.assert_close(blocks.norm(h), wanted, rtol=1e-4, atol=1e-5)


def test_the_floor_has_the_products_of_a_layer():
    assert [part.out.shape for part in linear(8, 3, 2)] == [(8, 2), (2, 3), (8, 3)]
    assert [part.out.shape for part in linear(8, 3, 2, to_x=False)] == [(8, 2), (2, 3)]
    assert [part.out.shape for part in convolution(50, 2, 5, 3)] == [(50, 5), (5, 18), (50, 2)]
    scores, vectors = (6, 4, 4), (6, 4, 3)
    shapes = [part.out.shape for part in attention(6, 4, 3)]
    assert shapes == [scores, vectors, scores, vectors, vectors, vectors]
    kept = list(linear(8, 3, 2))
    assert products(kept)() == []
    np.testing.assert_array_equal(kept[1].out, kept[1].a @ kept[1].b)


@pytest.mark.parametrize("name", [name for name, workload in WORKLOADS.items() if "gemm" in workload.peers])
def test_the_floor_runs(name):
    assert WORKLOADS[name].make("gemm")() == []


def test_weights_depend_on_names_alone():
    made = weights({"a.weight": (4, 3), "a.bias": (4,), "norm.weight": (3,)})
    assert made["a.bias"].tolist() == [0, 0, 0, 0]
    assert made["norm.weight"].tolist() == [1, 1, 1]
    np.testing.assert_array_equal(made["a.weight"], weights({"a.weight": (4, 3)})["a.weight"])
    assert (made["a.weight"] != weights({"b.weight": (4, 3)})["b.weight"]).any()
