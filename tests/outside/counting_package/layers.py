"""A layer of its own: a parameter, a buffer, and another formula in training than in use."""

import minigrad as mg
from minigrad.nn import Buffer, Layer, Parameter
from minigrad.tensor import raw


class RunningScale(Layer):
    """y = weight x / rms(x), by the batch in training, by the mean over batches in use."""

    def __init__(self, features, momentum=0.1):
        self.features, self.momentum = features, momentum
        self.weight = Parameter(mg.ones(features))
        self.rms = Buffer(mg.ones(()))

    def forward(self, x):
        if not self.training:
            return x * self.weight / self.rms
        rms = mg.sqrt(mg.mean(x * x))
        self.rms.data = (1 - self.momentum) * self.rms.value + self.momentum * raw(rms)  # no gradient goes there
        return x * self.weight / rms
