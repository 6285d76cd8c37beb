"""Layers that each break one promise, for `check_layer` to catch; at the top of a module, so that they pickle."""

import numpy as np

import minigrad as mg
from minigrad import nn
from minigrad.backend import namespace
from minigrad.nn import Buffer, Layer, Linear, Parameter
from minigrad.tensor import Tensor, raw
from tests.testing.wrong_values import (
    CutOff,
    CutOffAltogether,
    FirstOrderOnly,
    NumPyOnTheDevice,
    OneBuffer,
    OtherOnTheDevice,
    Raises,
    Waits,
    WritesIntoItsInput,
    WrongGradient,
)

__all__ = ["WRONG", "Right"]


class Right(Layer):
    """A right one, with a parameter, a buffer and two modes: y = weight x / scale, the scale that of the batch."""

    def __init__(self, size, momentum=0.5):
        self.size, self.momentum = size, momentum
        self.weight = Parameter(mg.ones(size))
        self.scale = Buffer(mg.ones(()))

    def forward(self, x):
        if not self.training:
            return x * self.weight / self.scale
        size = mg.sqrt((x * x).mean())
        self.scale.data = (1 - self.momentum) * self.scale.value + self.momentum * raw(size)
        return x * self.weight / size


class InASet(Layer):
    def __init__(self):
        self.weights = {Parameter([2.0, 3.0, 4.0])}

    def forward(self, x):
        return x * next(iter(self.weights))


class InAnObject(Layer):
    class Holder:
        pass

    def __init__(self):
        self.holder = InAnObject.Holder()
        self.holder.inside = Linear(3, 2)

    def forward(self, x):
        return self.holder.inside(x)


class DeafToEval(Layer):
    """A layer of its own that no one switches."""

    def __init__(self):
        self.holder = InAnObject.Holder()
        self.holder.inside = nn.Tanh()

    def forward(self, x):
        return self.holder.inside(x)


class OtherName(Layer):
    def __init__(self):
        self.w = Parameter([1.0, 2.0, 3.0])

    def forward(self, x):
        return x * self.w


class SharedMemory(Layer):
    def __init__(self):
        both = np.ones(4, np.float32)
        self.a, self.b = Parameter(both[:3]), Parameter(both[1:])

    def forward(self, x):
        return x * self.a + self.b


class PlainArray(Layer):
    def __init__(self):
        self.shift = np.ones(3, np.float32)

    def forward(self, x):
        return x + namespace(raw(x)).from_host(self.shift)


class Unsaved(Layer):
    """The running mean is a number of Python."""

    def __init__(self):
        self.running = 0.0

    def forward(self, x):
        if self.training:
            self.running += 1.0
        return x + self.running


class LazyParts(Layer):
    def __init__(self):
        self.weight = None

    def forward(self, x):
        if self.weight is None:
            self.weight = Parameter(mg.ones(x.shape[-1]).to(Tensor(raw(x)).backend))
        return x * self.weight


class AcceptsAnyState(OtherName):
    def load_state_dict(self, state, strict=True):
        return super().load_state_dict(state, strict=False)


class RandomInUse(Layer):
    def forward(self, x):
        return nn.functional.dropout(x, 0.5)


class UpdatesInUse(Layer):
    def __init__(self):
        self.calls = Buffer(mg.zeros(()))

    def forward(self, x):
        self.calls.data = self.calls.value + 1
        return x * 2.0


class OwnRandomness(Layer):
    def forward(self, x):
        return x * float(np.random.default_rng().random()) if self.training else x


class NoTraining(Layer):
    """A Dropout that forgets to drop."""

    def forward(self, x):
        return x * 1.0


class KeepsAFunction(Layer):
    def __init__(self):
        self.function = lambda x: x * 2.0

    def forward(self, x):
        return self.function(x)


class Address(Layer):
    __repr__ = object.__repr__

    def forward(self, x):
        return x * 2.0


class WideParameter(Layer):
    def __init__(self):
        self.weight = Parameter(np.ones(3))

    def forward(self, x):
        return x * self.weight


# the layer, options; the check and the backend that must catch it, and what the message must say
WRONG = [
    (InASet, {}, "parts", "numpy", "a Parameter at weights.0"),
    (InAnObject, {}, "parts", "numpy", "a Linear at holder.inside"),
    (DeafToEval, {}, "modes", "numpy", "training of all layers after train(False)"),
    (OtherName, {"parameters": ["weight"]}, "parts", "numpy", "expected ['weight']"),
    (OtherName, {"buffers": ["mean"]}, "parts", "strict", "names of the buffers"),
    (SharedMemory, {}, "parts", "numpy", "views share: copy them"),
    (PlainArray, {}, "parts", "numpy", "a Buffer if it is state"),
    (Unsaved, {}, "state", "numpy", "output of a copy that has loaded the state"),
    (LazyParts, {}, "state", "numpy", "keys of the state after two calls"),
    (AcceptsAnyState, {}, "state", "numpy", "with a key too many"),
    (RandomInUse, {}, "modes", "numpy", "random numbers in use"),
    (RandomInUse, {}, "modes", "strict", "a second call in use"),
    (UpdatesInUse, {}, "modes", "numpy", "state after calls in use"),
    (OwnRandomness, {}, "modes", "numpy", "training again with the same seed"),
    (NoTraining, {"differs": True}, "modes", "numpy", "expected different values"),
    (KeepsAFunction, {}, "copies", "numpy", "pickle"),
    (Address, {}, "repr", "numpy", "no address of memory"),
    (WideParameter, {}, "dtypes", "numpy", "dtype of the output, float32 in, the layer as made"),
    (WritesIntoItsInput, {}, "memory", "numpy", "input 1 after the forward"),
    (WritesIntoItsInput, {}, "memory", "numpy", "inputs that cannot be written to"),
    (OneBuffer, {}, "memory", "numpy", "the output after another call"),
    (Waits, {}, "device", "strict", "waits for the device"),
    (NumPyOnTheDevice, {}, "runs", "strict", "np.tanh was called on a device array"),
    (WrongGradient, {}, "gradient", "numpy", "gradient of input 1 in training"),
    (FirstOrderOnly, {}, "second", "numpy", "second derivative along a direction, of input 1"),
    (CutOff, {}, "gradient", "numpy", "gradient of parameter w"),
    (CutOffAltogether, {}, "gradient", "numpy", "a Tensor that gradients flow through"),
    (OtherOnTheDevice, {}, "value", "strict", "what NumPy's arrays and the device's do differently"),
    (OtherName, {"oracle": lambda state, x: x * state["w"] + 1}, "value", "numpy", "against the oracle"),
    (OtherName, {"state_oracle": lambda state, x: {"w": state["w"] + 1}}, "value", "numpy", "w after a call in train"),
    (Raises, {}, "runs", "numpy", "no_such_method"),
]
