"""What PyTorch and minigrad say of the rows of tools/layer_rows.py; PyTorch is imported when asked."""

from typing import Any

import numpy as np

from minigrad import nn
from minigrad.testing.layer_case import flat
from tools.layer_rows import LayerRow
from tools.op_rows.row import Array, draw
from tools.op_rows.with_minigrad import host, on
from tools.op_rows.with_torch import weights

__all__ = ["minigrad_layer_results", "torch_layer_results"]


def batch(row: LayerRow, step: int) -> list[Array]:
    """The inputs of a step, the same at every call."""
    return [draw(x, -2.0, 3.0, phase=10 * step + i) if isinstance(x, tuple) else x for i, x in enumerate(row.inputs)]


def initial_state(shapes: dict[str, tuple[int, ...]]) -> dict[str, Array]:
    """State to start from: numbers off their defaults, so that each is seen to be used."""
    state = {}
    for i, (name, shape) in enumerate(shapes.items()):
        whole = name == "num_batches_tracked"
        state[name] = np.array(0) if whole else draw(shape, 0.3, 1.7, phase=50 + i)
    return state


def named(what: str, y: Any) -> dict[str, Any]:
    """What a layer returns, by name: one output, or several under the name of the first and numbers for the others."""
    return {f"{what}, part {i}" if i else what: part for i, part in enumerate(flat(y))}


def torch_wrappers() -> dict[str, Any]:
    """What PyTorch has for minigrad's wrappers, taking `axis` for `dim`."""
    from torch.nn.utils import parametrizations

    made = {"WeightNorm": parametrizations.weight_norm, "SpectralNorm": parametrizations.spectral_norm}

    def renamed(options: dict[str, Any]) -> dict[str, Any]:
        return {"dim" if name == "axis" else name: value for name, value in options.items()}

    return {name: lambda layer, f=f, **options: f(layer, **renamed(options)) for name, f in made.items()}


def torch_layer_results(row: LayerRow) -> dict[str, Array]:
    """Outputs of each training batch and of use, gradients of the last batch, and the buffers at the end."""
    import torch

    layer = row.made(torch.nn, torch_wrappers(), torch=True).double()
    start = initial_state({name: tuple(t.shape) for name, t in layer.state_dict().items()})
    layer.load_state_dict({name: torch.tensor(array) for name, array in start.items()})
    found: dict[str, Any] = {}
    for step in range(row.batches):
        xs = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in batch(row, step)]
        outputs = named(f"output {step}", row.call(layer, *xs))
        found.update(outputs)
        layer.zero_grad()
        sum((y * torch.tensor(weights(tuple(y.shape), 1))).sum() for y in outputs.values()).backward()
    found.update({f"gradient of input {i}": x.grad for i, x in enumerate(xs) if x.requires_grad})
    reached = [(name, p) for name, p in layer.named_parameters() if p.grad is not None]
    found.update({f"gradient of {name}": p.grad for name, p in reached})
    layer.eval()
    found.update(named("output in use", row.call(layer, *(torch.tensor(x) for x in batch(row, 99)))))
    found.update({f"state {name}": t for name, t in layer.named_buffers()})
    return {name: np.array(t.detach().numpy(force=True)) for name, t in found.items()}


def minigrad_layer_results(row: LayerRow, device: str = "numpy") -> dict[str, Array]:
    """The same of minigrad's layer; the device is that on which new Tensors are made."""
    layer = row.made(nn, vars(nn)).to(dtype="float64")
    layer.load_state_dict(initial_state({name: t.shape for name, t in layer.state().items()}))
    found: dict[str, Any] = {}
    for step in range(row.batches):
        xs = [on(device, x, requires_grad=x.dtype.kind == "f") for x in batch(row, step)]
        outputs = named(f"output {step}", row.call(layer, *xs))
        found.update(outputs)
        assert all(y.backend == device for y in outputs.values()), "the result stays where the input is"
        layer.zero_grad()
        sum((y * on(device, weights(y.shape, 1))).sum() for y in outputs.values()).backward()
    found.update({f"gradient of input {i}": x.grad for i, x in enumerate(xs) if x.requires_grad})
    found.update({f"gradient of {name}": p.grad for name, p in layer.named_parameters() if p.grad is not None})
    layer.eval()
    found.update(named("output in use", row.call(layer, *(on(device, x) for x in batch(row, 99)))))
    found.update({f"state {name}": buffer for name, buffer in layer.named_buffers()})
    return {name: host(x) for name, x in found.items()}
