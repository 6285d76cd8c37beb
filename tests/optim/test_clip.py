"""Clipping."""

from functools import partial

import numpy as np
import pytest

from minigrad import optim
from minigrad.backend import use_backend
from minigrad.backend.strict import audit_float64, no_synchronisation
from minigrad.errors import ArgumentError, DTypeError, NonFiniteError
from tests.conftest import Device


def two(device, g=(3.0, 4.0)):
    a, b = device.leaf([1.0]), device.leaf([1.0])
    a.grad, b.grad = device.array([g[0]]), device.array([g[1]])
    return a, b


def test_the_norm_of_all_gradients_together_is_brought_down(device):
    a, b = two(device)
    norm = optim.clip_grad_norm([a, b], 1.0)
    assert float(norm) == 5.0
    np.testing.assert_allclose([device.host(a.grad)[0], device.host(b.grad)[0]], [0.6, 0.8], rtol=1e-6)


def test_a_smaller_norm_stays(device):
    a, b = two(device)
    optim.clip_grad_norm([a, b], 10.0)
    assert [device.host(p.grad)[0] for p in (a, b)] == [3.0, 4.0]


def test_the_norm_stays_on_the_device_as_a_0d_array(device):
    norm = optim.clip_grad_norm(two(device), 1.0)
    assert device.host(norm).shape == ()
    assert norm.dtype == np.float32


def test_parameters_without_gradients_are_passed_over(device):
    a, b = two(device)
    b.grad = None
    assert float(optim.clip_grad_norm([a, b], 1.0)) == 3.0
    assert float(optim.clip_grad_norm([device.leaf([1.0])], 1.0)) == 0.0


def test_a_norm_that_is_not_finite_is_refused_on_request(device):
    a, b = two(device, (np.inf, 1.0))
    with pytest.raises(NonFiniteError, match=r"^clip_grad_norm: .*got .*inf"):
        optim.clip_grad_norm([a, b], 1.0, error_if_nonfinite=True)


def test_values_are_brought_into_the_interval(device):
    a, b = two(device, (-3.0, 0.5))
    assert float(optim.clip_grad_value([a, b], 1.0)) == pytest.approx(9.25**0.5)
    assert [device.host(p.grad)[0] for p in (a, b)] == [-1.0, 0.5]


def leaves_with_gradients(device, joined, dtype=np.float64):
    """A matrix, a kernel, a bias and a gain of one number, with gradients; side by side in one storage, or not."""
    rng = np.random.default_rng(0)
    params = [device.leaf(rng.normal(size=shape), dtype) for shape in ((3, 4), (2, 3, 2, 2), (4,), ())]
    if joined:
        optim.SGD(params, lr=0.1)
    for p in params:
        p.grad = device.array(rng.normal(size=p.shape) * 2, dtype)
    return params


def grads(device, params):
    return [device.host(p.grad).copy() for p in params]


def common(arrays):
    return np.sqrt(sum(np.sum(a**2) for a in arrays))


CLIPS = {
    "norm": partial(optim.clip_grad_norm, max_norm=1.0),
    "value": partial(optim.clip_grad_value, clip_value=0.5),
    "per parameter": partial(optim.clip_grad_norm_per_parameter, max_norm=1.0),
    "adaptive": optim.adaptive_grad_clip,
    "zclip": optim.ZClip(),
}
ORACLES = {
    "norm": lambda w, g, norm: g * min(1, 1.0 / (norm + 1e-6)),
    "value": lambda w, g, norm: np.clip(g, -0.5, 0.5),
    "per parameter": lambda w, g, norm: g * min(1, 1.0 / (np.linalg.norm(np.ravel(g)) + 1e-6)),
    "adaptive": lambda w, g, norm: adaptive(w, g),
    "zclip": lambda w, g, norm: g,  # the first steps only look
}


def adaptive(w, g):
    """Equation 3 of the paper, unit by unit."""
    if w.ndim < 2:
        return g * min(1, 0.01 * max(np.linalg.norm(np.ravel(w)), 1e-3) / np.linalg.norm(np.ravel(g)))
    return np.stack([
        unit * min(1, 0.01 * max(np.linalg.norm(np.ravel(row)), 1e-3) / np.linalg.norm(np.ravel(unit)))
        for row, unit in zip(w, g, strict=True)
    ])  # fmt: skip


@pytest.mark.parametrize("joined", [True, False])
@pytest.mark.parametrize("name", CLIPS)
def test_every_clip_is_its_formula_and_gives_the_common_norm_before(name, joined, device):
    params = leaves_with_gradients(device, joined)
    values, before = [device.host(p) for p in params], grads(device, params)
    norm = CLIPS[name](params)
    assert device.host(norm).shape == ()
    np.testing.assert_allclose(float(norm), common(before), rtol=1e-12)
    expected = [ORACLES[name](w, g, common(before)) for w, g in zip(values, before, strict=True)]
    for got, wanted in zip(grads(device, params), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)
    np.testing.assert_allclose(float(optim.grad_norm(params)), common(expected), rtol=1e-12)
    assert bool(optim.grad_norm(params) < norm) is (name != "zclip")


GENEROUS = {
    "norm": partial(optim.clip_grad_norm, max_norm=1e3),
    "value": partial(optim.clip_grad_value, clip_value=1e3),
    "per parameter": partial(optim.clip_grad_norm_per_parameter, max_norm=1e3),
    "adaptive": partial(optim.adaptive_grad_clip, clip_factor=1e3, eps=1.0),
    "zclip": optim.ZClip(),
}


@pytest.mark.parametrize("name", GENEROUS)
def test_what_clips_nothing_leaves_every_bit_so_that_a_clipped_step_can_be_told(name, device):
    params = leaves_with_gradients(device, True, np.float32)
    before = grads(device, params)
    norm = GENEROUS[name](params)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(before, grads(device, params), strict=True))
    assert not bool(optim.grad_norm(params) < norm)


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_waits_for_nothing_and_widens_nothing(name):
    device = Device("strict")
    clip = optim.ZClip(warmup_steps=1) if name == "zclip" else CLIPS[name]
    with use_backend("strict"):
        params = leaves_with_gradients(device, True, np.float32)
        with no_synchronisation(), audit_float64():
            for _ in range(3):
                norm = clip(params)
                clipped = optim.grad_norm(params) < norm
    assert (norm.dtype, clipped.dtype, norm.shape) == (np.float32, np.bool_, ())


@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_takes_one_tensor_a_generator_and_parameters_without_gradients(name, device):
    p, q = leaves_with_gradients(device, False)[:2]
    q.grad = None
    for parameters in (p, (each for each in (q, p)), [q]):
        CLIPS[name](parameters)
    assert q.grad is None
    assert float(CLIPS[name]([])) == 0.0


@pytest.mark.parametrize("name", CLIPS)
def test_a_gradient_that_was_forgotten_counts_no_more(name, device):
    params = leaves_with_gradients(device, True)
    params[1].grad = None  # its numbers still lie in the storage, between the others
    before = common(grads(device, [params[0], *params[2:]]))
    np.testing.assert_allclose(float(CLIPS[name](params)), before, rtol=1e-12)
    np.testing.assert_allclose(float(optim.grad_norm(reversed(params))), float(optim.grad_norm(params)), rtol=1e-12)


def test_the_layers_that_adaptive_clipping_spares(device):
    params = leaves_with_gradients(device, True)
    before = grads(device, params)
    optim.adaptive_grad_clip(params, exempt=params[1:])
    after = grads(device, params)
    assert [a.tobytes() == b.tobytes() for a, b in zip(before, after, strict=True)] == [False, True, True, True]


def test_a_gradient_of_zeros_stays_zero(device):
    for name, clip in CLIPS.items():
        p = device.leaf([[0.0, 0.0]])
        p.grad = device.array([[0.0, 0.0]])
        assert float(clip([p])) == 0.0, name
        assert device.host(p.grad).tolist() == [[0.0, 0.0]], name


LIMITS = [
    (optim.clip_grad_norm, "max_norm"),
    (optim.clip_grad_value, "clip_value"),
    (optim.clip_grad_norm_per_parameter, "max_norm"),
    (optim.adaptive_grad_clip, "clip_factor"),
    (optim.adaptive_grad_clip, "eps"),
]


@pytest.mark.parametrize("limit", [0, -1, float("nan"), "1", None])
@pytest.mark.parametrize(("clip", "option"), LIMITS, ids=[f"{c.__name__}-{o}" for c, o in LIMITS])
def test_a_limit_that_is_not_above_zero_is_refused(clip, option, limit):
    with pytest.raises(
        (ArgumentError, DTypeError),
        match=rf"^{clip.__name__}: {option} must be a finite number above 0, got .*; .* is usual",
    ):
        clip([], **{option: limit})


def test_names_are_no_parameters(device):
    with pytest.raises(DTypeError, match=r"^adaptive_grad_clip: takes Tensors, got str; pass model.parameters"):
        optim.adaptive_grad_clip([], exempt=["head"])
    for clip in (*CLIPS.values(), optim.grad_norm):
        with pytest.raises(DTypeError, match=r"^\w+: takes Tensors, got tuple; pass model.parameters"):
            clip([("name", device.leaf([1.0]))])


def test_a_norm_in_float16_does_not_overflow(device):
    p = device.leaf([0.0, 0.0], dtype=np.float16)
    p.grad = device.array([300.0, 400.0], dtype=np.float16)
    assert float(optim.clip_grad_norm([p], 1.0)) == 500.0
    np.testing.assert_allclose(device.host(p.grad), [0.6, 0.8], atol=1e-3)
    assert p.grad.dtype == np.float16
