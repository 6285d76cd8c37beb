"""Layers whose parts are right and whose values, gradients or manners are wrong."""

import numpy as np

from minigrad.backend import namespace
from minigrad.nn import Layer, Parameter
from minigrad.tape import op
from minigrad.tensor import Tensor, raw


class WritesIntoItsInput(Layer):
    def forward(self, x):
        values = raw(x)
        values *= 2
        return x * 0.5


class OneBuffer(Layer):
    """Every call writes into the memory that the last one gave out."""

    def __init__(self):
        self.out = {}

    def __deepcopy__(self, memo):
        return OneBuffer()

    def forward(self, x):
        y = x * 2.0
        mine = self.out.setdefault(str(raw(y).dtype), raw(y))
        mine[...] = raw(y)
        if isinstance(y, Tensor):
            y.value = mine
            return y
        return mine


class Waits(Layer):
    def forward(self, x):
        return x * (2.0 if float(raw(x).max()) < 100 else 1.0)


class NumPyOnTheDevice(Layer):
    def forward(self, x):
        return x * np.tanh(raw(x))


@op
def wrong_tanh(x):
    y = namespace(x).tanh(x)
    return y, (lambda g: g * (1 - y),)


@op
def tanh_to_first_order(x):
    y = namespace(x).tanh(x)
    saved = raw(y)
    return y, (lambda g: g * (1 - saved * saved),)


class WrongGradient(Layer):
    def forward(self, x):
        return wrong_tanh(x)


class FirstOrderOnly(Layer):
    def forward(self, x):
        return tanh_to_first_order(x)


class CutOff(Layer):
    def __init__(self):
        self.w = Parameter([1.0, 2.0, 3.0])

    def forward(self, x):
        return x * self.w.detach()


class CutOffAltogether(Layer):
    def forward(self, x):
        return Tensor(raw(x) * 2)


class OtherOnTheDevice(Layer):
    def forward(self, x):
        return x * (2.0 if namespace(raw(x)).name == "numpy" else 2.1)


class Raises(Layer):
    def forward(self, x):
        return x.no_such_method()
