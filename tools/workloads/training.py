"""A step of training for a classifier: forward, cross-entropy, backward, Adam."""

from typing import Any

import numpy as np

from tools.workloads.start import start

__all__ = ["trained"]


def trained(peer: str, model: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """The step of minigrad or PyTorch, whose 'fused' has the optimizer in one kernel and images with channels last."""
    start(peer, model)
    if peer == "minigrad":
        from minigrad import Tensor
        from minigrad.nn import functional as F
        from minigrad.optim import Adam

        optimizer = Adam(model.parameters(), lr=1e-3)
    else:
        import torch
        from torch import from_numpy as Tensor
        from torch.nn import functional as F

        if peer == "torch fused" and x.ndim == 4:
            model = model.to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=peer == "torch fused" or None)
    inputs, labels = Tensor(x), Tensor(y)
    if peer == "torch fused" and x.ndim == 4:
        inputs = inputs.contiguous(memory_format=torch.channels_last)

    def step() -> list[Any]:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), labels)
        loss.backward()
        optimizer.step()
        return [loss]

    return step
