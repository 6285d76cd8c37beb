"""Numbers that every peer starts from, and the two libraries that write a model alike."""

import importlib
import zlib
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Side", "labelled", "side", "start", "weights"]


class Side(NamedTuple):
    """minigrad or PyTorch, as functions of both want them."""

    library: Any
    leaf: Any  # an array -> a tensor that gradients flow to
    constant: Any  # an array -> what the library takes for one


def side(peer: str) -> Side:
    """The library of a peer; any kind of PyTorch is PyTorch."""
    if peer == "minigrad":
        mg = importlib.import_module("minigrad")
        return Side(mg, lambda x: mg.Tensor(x.copy(), requires_grad=True), np.asarray)
    torch = importlib.import_module("torch")
    return Side(torch, lambda x: torch.tensor(x, requires_grad=True), lambda x: torch.from_numpy(np.asarray(x)))


def labelled(shape: tuple[int, ...], classes: int) -> tuple[np.ndarray, np.ndarray]:
    """A batch of inputs and labels: no zeros, which some libraries multiply faster."""
    rng = np.random.default_rng(0)
    return rng.normal(size=shape).astype(np.float32), rng.integers(0, classes, shape[0])


def weights(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Parameters by their names, whoever asks: matrices are drawn, biases are 0, gains 1."""
    made = {}
    for name, shape in shapes.items():
        if len(shape) > 1:
            drawn = np.random.default_rng(zlib.crc32(name.encode())).normal(size=shape)
            made[name] = (drawn / np.sqrt(np.prod(shape[1:]))).astype(np.float32)
        else:
            made[name] = np.full(shape, 0.0 if name.endswith("bias") else 1.0, np.float32)
    return made


def start(peer: str, model: Any) -> Any:
    """A model of minigrad or PyTorch with these weights."""
    named = dict(model.named_parameters())
    for name, array in weights({name: tuple(p.shape) for name, p in named.items()}).items():
        named[name].data = array if peer == "minigrad" else side(peer).constant(array)
    return model
