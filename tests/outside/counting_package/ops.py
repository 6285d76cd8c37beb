"""Three ops: of one input, of several, and one that is plain Python over others."""

import minigrad as mg
from minigrad import namespace, op


@op
def softsign(x):
    """y = x / (1 + |x|), and dy/dx = 1 / (1 + |x|)^2"""
    d = 1 + namespace(x).abs(x)
    return x / d, (lambda g: g / d / d,)


@op
def lerp(a, b, t):
    """y = a + t (b - a)"""
    return a + t * (b - a), (lambda g: g * (1 - t), lambda g: g * t, lambda g: g * (b - a))


def huber(x, delta=1.0):
    """y = x^2 / 2 where |x| < delta, else delta (|x| - delta / 2)"""
    size = mg.abs(x)
    return mg.where(mg.less(size, delta), 0.5 * x * x, delta * (size - 0.5 * delta))
