"""A fused op: its plain form, which says what it means, and the same on kernels."""

from minigrad import namespace, op
from minigrad.ops.axes import one_axis
from minigrad.ops.fused.rows import along

from .kernels import softmin as kernels


@op
def softmin__plain(x, /, axis=-1):
    xp = namespace(x)
    e = xp.exp(-x - xp.max(-x, axis=axis, keepdims=True))
    y = e / e.sum(axis=axis, keepdims=True)
    return y, (lambda g: y * ((g * y).sum(axis=axis, keepdims=True) - g),)


@op(plain=softmin__plain)
def softmin(x, /, axis=-1):
    """y_i = e^(-x_i) / sum_j e^(-x_j), and dx = y (sum_j g_j y_j - g)"""
    axis = one_axis(axis, x.shape)
    rows, back = along(x, axis)
    (y,) = kernels.softmin(rows)
    return back(y), (lambda g: back(kernels.softmin_backward(along(g, axis)[0], y)[0]),)
