"""AMSGrad.

Builds on: `minigrad.optim.adam`. Read next: `minigrad.optim.adamax`.
"""

from __future__ import annotations

from minigrad.backend import Array, namespace
from minigrad.ewma import EWMA
from minigrad.optim.adam import Adam
from minigrad.optim.options import Group

__all__ = ["AMSGrad"]


class AMSGrad(Adam):
    """Adam whose second average keeps its maximum, so that the rate of no element ever rises again.

    m, v as in Adam;  vmax = max(vmax, v);  p = p - lr m^ / (sqrt(vmax / (1 - beta2^t)) + eps)

    The maximum is taken of the averages as they are and corrected afterwards, as PyTorch's ``Adam(amsgrad=True)`` does.

    >>> from minigrad import Tensor
    >>> p = Tensor([1.0], requires_grad=True)
    >>> (p * p).backward()
    >>> AMSGrad([p], lr=0.1).step()
    >>> round(p.item(), 4)
    0.9

    Reference: Reddi, Kale and Kumar, On the Convergence of Adam and Beyond, 2018, algorithm 2.
    """

    def averages(self, o: Group) -> dict[str, EWMA | None]:
        return {**super().averages(o), "vmax": EWMA(o.betas[1])}

    def direction(self, g: Array, o: Group, m: EWMA, v: EWMA, vmax: EWMA) -> Array:  # type: ignore[override]
        xp = namespace(g)
        m.update(g)
        vmax.value[...] = xp.maximum(vmax.value, v.update(g * g).value)
        vmax.t = v.t
        return m.corrected / (xp.sqrt(vmax.corrected) + o.eps)
