"""Reverse-mode differentiation in 100 lines: a tape of single numbers, and a network that learns exclusive or with it.

Run it:  python examples/autograd_in_100_lines.py

Every number remembers what it was made from, and how strongly it depends on each of those. Walking back through that
record gives the derivative by all of them at once. minigrad is this with arrays for numbers: docs/FROM_100_LINES.md.
"""

import math
import random
from itertools import chain, count

clock = count()


class Number:
    """A number that remembers how it was computed."""

    def __init__(self, value, edges=()):
        self.value = value
        self.edges = edges  # pairs (input, derivative of this number by that input); a leaf has none
        self.time = next(clock)  # of its making: inputs are older than what is made of them
        self.grad = 0.0

    # Each operation computes its value and writes its derivatives down. That is the whole tape.
    def __add__(self, other):
        return Number(self.value + other.value, [(self, 1.0), (other, 1.0)])

    def __sub__(self, other):
        return Number(self.value - other.value, [(self, 1.0), (other, -1.0)])

    def __mul__(self, other):
        return Number(self.value * other.value, [(self, other.value), (other, self.value)])

    def tanh(self):
        y = math.tanh(self.value)
        return Number(y, [(self, 1 - y * y)])


def behind(result):
    """All numbers that `result` was made from, nearest first. A list and no recursion: a chain may be long."""
    found, seen = [result], {result}
    for number in found:
        for parent, _ in number.edges:
            if parent not in seen:
                seen.add(parent)
                found.append(parent)  # the loop gets there too
    return found


def backward(result, newest_first=True):
    """Add d result / d x to the .grad of every x that `result` was made from."""
    order = behind(result)
    result.grad = 1.0
    for number in sorted(order, key=lambda number: -number.time) if newest_first else order:
        for parent, derivative in number.edges:
            parent.grad += number.grad * derivative  # the chain rule; where paths meet, they add up


def slope_at_2(newest_first):
    """The derivative of x^2 + x^4 at x = 2, which is 2x + 4x^3 = 36."""
    x = Number(2.0)
    square = x * x
    backward(square + square * square, newest_first)
    return x.grad


def predict(weights, a, b):
    """Two inputs, three hidden units, one output."""
    hidden = [(wa * a + wb * b + bias).tanh() for wa, wb, bias in weights[:3]]
    (out1, out2, out3), (bias,) = weights[3:]
    return hidden[0] * out1 + hidden[1] * out2 + hidden[2] * out3 + bias


def main():
    # A number passes its gradient on once, so it must be complete by then: all that used the number come first. They
    # were made after it. So newest first is always right; nearest first meets x^2 before x^4 has sent its share.
    print(f"slope of x^2 + x^4 at 2: nearest first {slope_at_2(False):g} (wrong), newest first {slope_at_2(True):g}")

    random.seed(0)
    weights = [[Number(random.uniform(-1, 1)) for _ in range(n)] for n in (3, 3, 3, 3, 1)]
    table = [(-1.0, -1.0, -1.0), (-1.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, -1.0)]
    for step in range(101):
        loss = Number(0.0)
        for a, b, target in table:
            error = predict(weights, Number(a), Number(b)) - Number(target)
            loss += error * error
        backward(loss)
        for weight in chain(*weights):
            weight.value -= 0.05 * weight.grad  # against the gradient, downhill
            weight.grad = 0.0
        if step % 20 == 0:
            print(f"step {step:3}  loss {loss.value:.6f}")
    for a, b, target in table:
        print(f"{a:2g} xor {b:2g} = {predict(weights, Number(a), Number(b)).value:6.3f}, should be {target:2g}")


if __name__ == "__main__":
    main()
