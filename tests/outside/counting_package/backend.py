"""A back end of its own: NumPy's arrays in a wrapper that counts the functions which ran.

The library is any object with NumPy's names; the arrays are any class with NumPy's operators and methods.
"""

from collections import Counter

import numpy as np

from minigrad.backend import Backend, register

counts = Counter()


def unwrap(value):
    if isinstance(value, (list, tuple)):
        return type(value)(unwrap(v) for v in value)
    return value.inner if isinstance(value, CountedArray) else value


def wrap(value):
    if isinstance(value, (list, tuple)):
        return [*map(wrap, value)] if isinstance(value, list) else tuple(map(wrap, value))  # named tuples too
    return CountedArray(np.asarray(value)) if isinstance(value, (np.ndarray, np.generic)) else value


def counted(function):
    """The function on wrapped arrays."""
    name = function.__name__

    def call(*args, **kwargs):
        counts[name] += 1
        return wrap(function(*unwrap(args), **{key: unwrap(value) for key, value in kwargs.items()}))

    return call


class CountedArray(np.lib.mixins.NDArrayOperatorsMixin):
    """An array whose operators go through `__array_ufunc__`, and whose methods are NumPy's."""

    __array_priority__ = 50

    def __init__(self, inner):
        self.inner = inner

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        if any(isinstance(v, np.ndarray) for v in inputs):
            raise TypeError("a NumPy array beside counted arrays")  # minigrad says which, and how to move it
        if not all(isinstance(v, (CountedArray, np.generic, int, float)) for v in inputs):
            return NotImplemented
        counts[ufunc.__name__] += 1
        result = getattr(ufunc, method)(*map(unwrap, inputs), **({"out": unwrap(out)} if out else {}), **kwargs)
        return out[0] if out else wrap(result)

    def __getattr__(self, name):
        if name.startswith("_") or name == "inner":
            raise AttributeError(name)
        value = getattr(self.inner, name)
        return counted(value) if callable(value) else wrap(value)

    def __getitem__(self, index):
        return wrap(self.inner[unwrap(index)])

    def __setitem__(self, index, value):
        self.inner[unwrap(index)] = unwrap(value)

    def __len__(self):
        return len(self.inner)

    def __float__(self):
        return float(self.inner)


class CountingNumPy:
    """NumPy, every function counted; and its linalg in the same way."""

    def __init__(self, module=np):
        self.module = module

    def __getattr__(self, name):
        value = getattr(self.module, name)
        if name == "linalg":
            return CountingNumPy(value)
        return counted(value) if callable(value) and not isinstance(value, type) else value


class Counting(Backend):
    """What minigrad asks of a back end."""

    name = "counting"
    array_types = (CountedArray,)

    def __init__(self):
        super().__init__(CountingNumPy())
        self.add = Add()

    def from_host(self, array):
        return CountedArray(array)

    def to_host(self, array):
        return array.inner

    def shares_memory(self, a, b):
        return np.may_share_memory(a.inner, b.inner)

    def readonly(self, array):
        view = array.inner.view()
        view.flags.writeable = False
        return CountedArray(view)


class Add:
    """np.add with its `.at`, which minigrad's scatter wants."""

    __call__ = staticmethod(counted(np.add))
    at = staticmethod(lambda a, index, b: np.add.at(a.inner, unwrap(index), unwrap(b)))


def install():
    """Make the back end known to minigrad; may be called again."""
    register(Counting())
