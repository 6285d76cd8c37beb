"""Gradient penalties, and no confusion between the levels of nested derivatives."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor
from minigrad.tensor import raw


def host(x):
    return Tensor(raw(x)).numpy()


# -- a gradient penalty ------------------------------------------------------------------------------------------------


RNG = np.random.default_rng(0)
DATA = RNG.normal(size=(5, 4))
WEIGHTS = [RNG.normal(size=s) * 0.5 for s in ((8, 4), (8,), (1, 8), (1,))]


def critic(x, w1, b1, w2, b2, tanh):
    return (tanh(x @ w1.T + b1) @ w2.T + b2).sum()


def penalty_loss(weights, data):
    """Two-layer critic, (norm of the gradient by its input - 1)^2, as in WGAN-GP, plus the critic itself."""
    slope = mg.grad(lambda x: critic(x, *weights, mg.tanh))(data)
    return ((mg.norm(slope, axis=1) - 1) ** 2).mean() * 10 + critic(data, *weights, mg.tanh)


def test_a_gradient_penalty_agrees_with_differences(device):
    weights = [Tensor(device.array(w, None), requires_grad=True) for w in WEIGHTS]
    penalty_loss(weights, device.array(DATA, None)).backward()
    eps = 1e-6
    for k, w in enumerate(WEIGHTS):
        for place in list(np.ndindex(w.shape))[:8]:
            d = np.zeros_like(w)
            d[place] = eps
            up, down = ([v + s * d if i == k else v for i, v in enumerate(WEIGHTS)] for s in (1, -1))
            slope = (float(penalty_loss(up, DATA)) - float(penalty_loss(down, DATA))) / (2 * eps)
            np.testing.assert_allclose(host(weights[k].grad)[place], slope, rtol=1e-6, atol=1e-7)


def test_a_gradient_penalty_agrees_with_pytorch():
    torch = pytest.importorskip("torch", reason="needs PyTorch; the test above holds it against finite differences")
    ours = [Tensor(w, requires_grad=True) for w in WEIGHTS]
    loss = penalty_loss(ours, DATA)
    loss.backward()
    theirs = [torch.tensor(w, requires_grad=True) for w in WEIGHTS]
    x = torch.tensor(DATA, requires_grad=True)
    out = critic(x, *theirs, torch.tanh)
    (slope,) = torch.autograd.grad(out, x, create_graph=True)
    reference = ((slope.norm(dim=1) - 1) ** 2).mean() * 10 + critic(x.detach(), *theirs, torch.tanh)
    reference.backward()
    np.testing.assert_allclose(loss.item(), reference.item(), rtol=1e-12)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-10, atol=1e-12)


# -- no confusion of levels --------------------------------------------------------------------------------------------


def test_the_classical_confusion_of_perturbations():
    """d/dx [x * d/dy (x + y)] at x = 1 is 1, and 2 for those who mix up the two epsilons."""
    assert float(mg.grad(lambda x: x * mg.grad(lambda y: x + y)(2.0))(1.0)) == 1.0
    assert float(mg.grad(lambda x: x * mg.grad(lambda y: x * y)(2.0))(3.0)) == 6.0
    assert float(mg.grad(lambda x: x * mg.jvp(lambda y: x + y, [2.0], [1.0])[1])(1.0)) == 1.0
    assert float(mg.jvp(lambda x: x * mg.jvp(lambda y: x + y, [2.0], [1.0])[1], [1.0], [1.0])[1]) == 1.0


def test_three_levels_that_share_their_variables():
    def f(x):
        return x * mg.grad(lambda y: y * x * mg.grad(lambda z: x * y * z * z)(y))(x)

    # the inner one is 2 x y z at z = y; y x 2 x y y by y is 6 x^2 y^2 at y = x; times x: 6 x^5
    np.testing.assert_allclose(float(mg.grad(f)(2.0)), 30 * 2.0**4, rtol=1e-6)


def test_a_shift_operator_passed_through_itself():
    """Siskind and Pearlmutter: D (shift) (D f), where one tag for both derivatives gives a wrong answer."""

    def shift(u):
        return lambda f: lambda x: f(x + u)

    def derivative_of_shift(f):  # d/du of shift(u)(f)(y) at u = 0, for a function of y
        return lambda y: mg.grad(lambda u: shift(u)(f)(y))(0.0)

    hat = derivative_of_shift
    np.testing.assert_allclose(float(hat(mg.exp)(1.0)), np.e, rtol=1e-6)
    np.testing.assert_allclose(float(hat(hat(mg.exp))(1.0)), np.e, rtol=1e-6)
    np.testing.assert_allclose(float(hat(hat(hat(lambda x: x**4)))(1.5)), 36.0, rtol=1e-6)


def test_curried_functions_differentiate_by_each_argument():
    f = lambda x: lambda y: mg.sin(x * y) * x  # noqa: E731

    def mixed(a, b):
        return mg.grad(lambda x: mg.grad(f(x))(b))(a)

    a, b = np.array(0.7), np.array(1.1)
    np.testing.assert_allclose(mixed(a, b), 2 * a * np.cos(a * b) - a * a * b * np.sin(a * b), rtol=1e-12)


def test_an_inner_value_that_escapes_is_a_constant_outside():
    kept = []

    def inner(y):
        kept.append(y * y)
        return y**3

    def outer(x):
        slope = mg.grad(inner)(x)
        return slope + kept[-1] * x

    # 3 x^2 from the slope; the escaped square depends on x through y = x, and on nothing by y itself
    np.testing.assert_allclose(float(mg.grad(lambda x: mg.grad(inner)(x))(2.0)), 12.0)
    np.testing.assert_allclose(float(mg.grad(outer)(2.0)), 12.0 + 3 * 4.0)


def test_a_value_that_outlived_its_transform_is_a_number_like_any_other():
    kept = []
    mg.grad(lambda x: kept.append(x * 2) or x * x)(3.0)
    assert float(kept[0]) == 6.0
    assert float(mg.grad(lambda y: y * y * kept[0])(2.0)) == 24.0
    x = Tensor(2.0, requires_grad=True)
    (x * float(kept[0])).backward()
    assert float(x.grad) == 6.0


def test_a_closure_over_an_outer_value_is_differentiated_by_it():
    def f(x):
        return mg.grad(lambda y: x * y * y)(3.0) + mg.jacobian(lambda y: x * x * y)(1.0)

    assert float(mg.grad(f)(2.0)) == 6.0 + 4.0


def test_an_inner_function_that_ignores_its_argument_is_still_a_constant_of_the_outer_one():
    def f(x):
        return x * x + mg.grad(lambda y: x * x * x)(1.0)

    assert float(mg.grad(f)(3.0)) == 6.0


def test_control_flow_on_values_works_at_every_level():
    def f(x):
        while x < 10:
            x = x * x if x > 1 else x + 1
        return x

    assert float(mg.grad(f)(2.0)) == 32.0
    assert float(mg.grad(mg.grad(f))(2.0)) == 48.0


def test_a_transform_walks_its_own_level_and_no_lower_one(device):
    w, seen = Tensor([2.0, 3.0], requires_grad=True), []
    h = w * w
    for t in (w, h):
        t.register_hook(seen.append)
    g = mg.grad(lambda x: (x * h * w).sum())(device.array([1.0, 1.0]))
    assert seen == []
    g.sum().backward()
    assert len(seen) == 2
    np.testing.assert_allclose(host(w.grad), [12.0, 27.0])


def test_plain_tensors_that_are_closed_over_are_numbers(device):
    x, constant = device.array([1.0, 2.0]), Tensor([3.0, 4.0])
    y, g = mg.value_and_grad(lambda x: (x * constant).sum())(x)
    assert type(y) is type(g) is type(x)
    np.testing.assert_array_equal(host(g), [3.0, 4.0])
