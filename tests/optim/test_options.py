"""Options and parameters that an optimizer cannot train with are refused at the door, by message."""

import numpy as np
import pytest

from minigrad import optim
from minigrad.errors import ArgumentError, DTypeError, GraphError, MinigradError, ShapeError

NAN, INF = float("nan"), float("inf")
WITH_BETAS = ["Adam", "AdamW", "AMSGrad", "Adamax", "NAdam", "RAdam", "Lion", "LAMB"]
FORGETTING = {"Momentum": "momentum", "NAG": "momentum", "RMSProp": "alpha", "Adadelta": "rho", "LARS": "momentum",
              "Muon": "momentum"}  # fmt: skip

# optimizer, options, what the message says
WRONG = [
    *((name, {"betas": betas}, r"betas are two numbers in \[0, 1\), got") for name in WITH_BETAS
      for betas in ((1.0, 0.9), (0.9, -0.1), (NAN, 0.9), (0.9,), 0.9, ("a", 0.9))),
    *((name, {option: value}, rf"{option} must be a finite number in \[0, 1\), got {value}")
      for name, option in FORGETTING.items() for value in (1.0, -0.1, NAN, "a", None)),
    *((name, {"eps": value}, rf"eps must be a finite number from 0 up, got {value}")
      for name in ("Adagrad", "RMSProp", "Adadelta", "Adam", "NAdam", "LAMB", "Muon") for value in (-1e-8, NAN, "a")),
    *((name, {"weight_decay": value}, rf"weight_decay must be a finite number from 0 up, got {value}")
      for name in ("SGD", "LARS", "Lion", "Muon", "Adafactor") for value in (-0.1, NAN, INF, "a")),
    *((name, {"lr": value}, rf"lr must be a finite number from 0 up, got {value}")
      for name in ("Lion", "Adafactor", "Muon") for value in (-0.1, NAN, INF)),
    ("RMSProp", {"momentum": 1.0}, r"momentum must be a finite number in \[0, 1\), got 1.0"),
    ("NAdam", {"momentum_decay": -1.0}, "momentum_decay must be a finite number from 0 up, got -1.0"),
    ("LARS", {"trust_coefficient": NAN}, "trust_coefficient must be a finite number from 0 up, got nan"),
    ("Adafactor", {"beta2_decay": 0.1}, "beta2_decay must be a finite number up to 0, got 0.1"),
    ("Adafactor", {"beta2_decay": NAN}, "beta2_decay must be a finite number up to 0, got nan"),
    ("Adafactor", {"eps": 1e-3}, "eps are two numbers from 0 up, got 0.001"),
    ("Adafactor", {"eps": (None, NAN)}, r"eps are two numbers from 0 up, got \(None, nan\)"),
    ("Adafactor", {"d": 0.5}, "d must be a finite number from 1 up, got 0.5"),
    ("Muon", {"ns_steps": 0}, "ns_steps must be at least 1, got 0"),
    ("Muon", {"ns_steps": 2.5}, "ns_steps must be a whole number, got 2.5"),
    ("Muon", {"ns_steps": 100}, "ns_steps must be at most 99, got 100"),
    *((name, {flag: "no"}, f"{flag} must be True or False, got 'no'") for name, flag in (
        ("SGD", "maximize"), ("Muon", "nesterov"), ("NAG", "look_ahead"), ("Momentum", "average"),
        ("RMSProp", "centered"), ("NAdam", "decoupled_weight_decay"))),
    ("Muon", {"ns_coefficients": (1.0, 2.0)}, r"ns_coefficients are three numbers, got \(1.0, 2.0\)"),
    ("Muon", {"ns_coefficients": (1.0, 2.0, NAN)}, r"ns_coefficients are three numbers, got \(1.0, 2.0, nan\)"),
    ("Muon", {"adjust_lr_fn": "adam"}, "adjust_lr_fn is one of .*, got 'adam'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options", "words"), WRONG)
def test_an_option_that_makes_no_sense_is_refused(name, options, words, device):
    words = words.replace("got a", "got 'a'")
    p = device.leaf([[1.0]])
    with pytest.raises((ArgumentError, DTypeError), match=rf"^{name}: {words}.*; "):
        getattr(optim, name)([p], **options)
    with pytest.raises((ArgumentError, DTypeError), match=rf"^{name}: {words}.*; "):  # by way of a group too
        getattr(optim, name)([{"params": [p], **options}])


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 3), (2, 3, 1, 1)])
def test_muon_takes_matrices_alone(shape, device):
    p = device.leaf(np.ones(shape))
    words = rf"^Muon: trains matrices alone, got a parameter of shape {shape}; give it to AdamW, .*muon_groups"
    with pytest.raises(ShapeError, match=words.replace("(", r"\(").replace(")", r"\)")):
        optim.Muon([p])
    optimizer = optim.Muon([device.leaf([[1.0]])])
    with pytest.raises(ShapeError, match=r"^Muon: trains matrices alone"):
        optimizer.add_param_group({"params": [p]})
    assert len(optimizer.param_groups) == 1


def test_an_option_that_needs_memory_is_not_switched_on_later(device):
    p = device.leaf([1.0])
    optimizer = optim.RMSProp([p])
    optimizer.param_groups[0]["centered"] = True
    p.grad = device.array([1.0])
    with pytest.raises(
        GraphError, match=r"^RMSProp: an option that needs 'm' was set after .*, got v alone; make it anew"
    ):
        optimizer.step()


@pytest.mark.parametrize("name", ["LAMB", "LARS", "Adafactor", "Lion", "Adamax"])
def test_parameters_of_zeros_and_of_no_elements_train(name, device):
    params = [device.leaf(np.zeros(shape)) for shape in ((2, 2), (3,), (), (0, 3), (0,))]
    optimizer = getattr(optim, name)(params, lr=0.1)
    for _ in range(3):
        for p in params:
            p.grad = device.array(np.ones(p.shape))
        optimizer.step()
    for p in params[:3]:
        values = device.host(p)
        assert np.isfinite(values).all()
        assert (values < 0).all()


@pytest.mark.parametrize("name", ["LAMB", "LARS", "Adafactor"])
def test_gradients_of_zeros_move_nothing(name, device):
    p = device.leaf([[1.0, 2.0]])
    optimizer = getattr(optim, name)([p], lr=0.1, weight_decay=0.0)
    for _ in range(3):
        p.grad = device.array([[0.0, 0.0]])
        optimizer.step()
    assert device.host(p).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("LAMB", {"lr": 0.01}),
        ("LARS", {"lr": 0.01, "trust_coefficient": 1.0}),
        ("Adafactor", {"lr": 0.01}),
        ("Muon", {"lr": 1.0, "weight_decay": 0.0}),
    ],
)
def test_float16_is_measured_in_float32(name, options, device):
    """The square of 300 is too much for float16."""
    p = device.leaf(np.full((2, 2), 300.0), dtype=np.float16)
    optimizer = getattr(optim, name)([p], **options)
    p.grad = device.array(np.full((2, 2), 300.0), dtype=np.float16) * (1 if name in ("LARS", "Muon") else 0.01)
    optimizer.step()
    moved = 300 - device.host(p).astype(float)
    assert p.dtype == np.float16
    assert ((moved > 0.2) & (moved < 5)).all(), moved


def test_nothing_is_left_behind_by_a_group_that_is_refused(device):
    p = device.leaf([[1.0]])
    optimizer = optim.Adam([("a", device.leaf([1.0]))])
    with pytest.raises(MinigradError):
        optimizer.add_param_group({"params": [("b", p)], "betas": (2, 0)})
    optimizer.add_param_group({"params": [("b", p)]})
    assert list(optimizer.state_dict()["state"]) == ["a", "b"]
