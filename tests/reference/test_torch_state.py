"""States go from PyTorch to minigrad and back, live: files, tensors, bfloat16, shared weights."""

import numpy as np
import pytest

from minigrad import nn
from minigrad.errors import DTypeError
from minigrad.io import load_torch_state, save_torch_state

torch = pytest.importorskip("torch", reason="needs PyTorch; tests/io holds its files to what they are made of")
from safetensors.torch import load_file, save_file  # noqa: E402  (it imports PyTorch)


def pair():
    """One architecture in both libraries, with weights of their own."""
    return (
        nn.Sequential(nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.Linear(6, 5)),
        torch.nn.Sequential(torch.nn.Conv1d(2, 4, 3), torch.nn.BatchNorm1d(4), torch.nn.Linear(6, 5)),
    )


def outputs(ours, theirs):
    x = np.sin(np.arange(48, dtype=np.float32)).reshape(3, 2, 8)
    with torch.no_grad():
        return ours.eval()(x).numpy(), theirs.eval()(torch.tensor(x)).numpy()


def test_a_file_that_pytorch_wrote(tmp_path):
    ours, theirs = pair()
    save_file(theirs.state_dict(), tmp_path / "a.safetensors")
    assert load_torch_state(ours, tmp_path / "a.safetensors") == ([], [])
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "parts", [lambda m: m.state_dict(), lambda m: dict(m.named_parameters()) | dict(m.named_buffers())]
)
def test_tensors_that_lie_in_memory(parts):
    ours, theirs = pair()
    assert load_torch_state(ours, parts(theirs)) == ([], [])
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_other_dtypes(tmp_path, dtype):
    ours, theirs = pair()
    theirs = theirs.to(getattr(torch, dtype))
    save_file(theirs.state_dict(), tmp_path / "a.safetensors")
    for source in (tmp_path / "a.safetensors", theirs.state_dict()):
        ours, _ = pair()
        load_torch_state(ours, source)
        for name, tensor in theirs.state_dict().items():
            assert ours.state_dict()[name].tolist() == tensor.to(torch.float32).tolist(), name


def test_layouts_are_converted():
    ours = nn.Linear(3, 2)
    weight = torch.arange(6.0).reshape(3, 2)
    load_torch_state(ours, {"weight": weight, "bias": torch.zeros(2)}, convert={"weight": np.transpose})
    assert ours.weight.tolist() == weight.T.tolist()


def test_pytorch_reads_what_minigrad_writes(tmp_path):
    ours, theirs = pair()
    save_torch_state(ours, tmp_path / "a.safetensors")
    assert str(theirs.load_state_dict(load_file(tmp_path / "a.safetensors"))) == "<All keys matched successfully>"
    np.testing.assert_allclose(*outputs(ours, theirs), rtol=1e-5, atol=1e-6)


def test_pytorch_reads_shared_weights(tmp_path):
    ours = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    ours[1].weight = ours[0].weight
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    theirs[1].weight = theirs[0].weight
    save_torch_state(ours, tmp_path / "a.safetensors")
    assert str(theirs.load_state_dict(load_file(tmp_path / "a.safetensors"))) == "<All keys matched successfully>"
    assert theirs[1].weight is theirs[0].weight
    assert {name: tensor.tolist() for name, tensor in theirs.state_dict().items()} == {
        name: array.tolist() for name, array in ours.state_dict().items()
    }


@pytest.mark.parametrize(
    "weight",
    [
        torch.empty(2, 3, device="meta"), torch.zeros(2, 3).to_sparse(), torch.zeros(2, 3).to(torch.float8_e4m3fn),
        torch.zeros(2, 3, dtype=torch.complex64).conj(),
    ],
    ids=["without values", "sparse", "float8", "conjugate"],
)  # fmt: skip
def test_tensors_that_numpy_cannot_hold(weight):
    ours, source = nn.Linear(3, 2, bias=False), {"w": weight, "weight": torch.ones(2, 3)}
    with pytest.raises(
        DTypeError, match=r"^load_torch_state: weight must be a tensor that NumPy can hold, got torch\."
    ):
        load_torch_state(ours, {"weight": weight})
    load_torch_state(ours, source, rename={"w": None})  # what is left out need not be readable
    assert ours.weight.tolist() == [[1.0] * 3] * 2


def test_tensors_of_derived_kinds():
    class Named(torch.Tensor):
        pass

    ours, weight = nn.Linear(3, 2, bias=False), torch.arange(6.0).reshape(2, 3)
    for tensor in (weight.clone().requires_grad_(), weight.bfloat16()):
        load_torch_state(ours, {"weight": tensor.as_subclass(Named)})
        assert ours.weight.tolist() == weight.tolist()
