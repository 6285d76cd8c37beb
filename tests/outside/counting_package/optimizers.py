"""An optimizer of its own: the sign of an average of the gradients.

Reference: Bernstein et al., signSGD: Compressed Optimisation for Non-Convex Problems, 2018, algorithm 2 (Signum).
"""

from minigrad import namespace
from minigrad.ewma import EWMA
from minigrad.optim import Optimizer


class Signum(Optimizer):
    """m = beta m + (1 - beta) g;  p = p - lr sign(m)"""

    def __init__(self, params, lr=1e-3, beta=0.9, **options):
        super().__init__(params, lr, beta=beta, **options)

    def averages(self, o):
        return {"m": EWMA(o.beta)}

    def direction(self, g, o, m):
        return namespace(g).sign(m.update(g).value)
