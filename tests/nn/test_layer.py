"""`Layer`: what is found, saved, moved, frozen and hooked; how it prints; what its errors say."""

import copy
import pickle
import re
import traceback

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import DTypeError, GraphError, ShapeError
from minigrad.nn import Buffer, Layer, Linear, Parameter, ReLU, Sequential, walk


class Everywhere(Layer):
    """Parameters in every kind of place, and no call of super().__init__."""

    def __init__(self):
        self.first = Parameter([1.0])
        self.inside = Linear(2, 1, bias=False)
        self.listed = [Parameter([2.0]), (Linear(1, 1), "text", 3)]
        self.named = {"a": ReLU(), "b": {"c": Parameter([3.0])}}
        self.running = Buffer([0.0])
        self.constant = mg.Tensor([5.0])
        self.loose = mg.Tensor([6.0], requires_grad=True)

    def forward(self, x):
        return x * self.first


NAMES = ["first", "inside.weight", "listed.0", "listed.1.0.weight", "listed.1.0.bias", "named.b.c", "running", "loose"]


def test_everything_is_found_in_the_order_of_definition():
    layer = Everywhere()
    assert list(layer.state_dict()) == NAMES
    assert [name for name, _ in layer.named_parameters()] == [name for name in NAMES if name != "running"]
    assert [name for name, _ in layer.named_buffers()] == ["running"]
    assert [name for name, _ in layer.named_layers()] == ["", "inside", "listed.1.0", "named.a"]
    assert (len(layer.parameters()), len(layer.buffers())) == (7, 1)
    assert "constant" in [path for path, _ in walk(layer)]


class Tied(Layer):
    def __init__(self):
        self.a = Linear(2, 2)
        self.b = self.a
        self.c = Linear(2, 2)
        self.c.weight = self.a.weight
        self.me = self
        self.loop = [self]
        self.loop.append(self.loop)


def test_shared_ones_are_found_once_and_cycles_end():
    layer = Tied()
    assert [name for name, _ in layer.named_parameters()] == ["a.weight", "a.bias", "c.bias"]
    assert list(layer.state_dict()) == ["a.weight", "a.bias", "b.weight", "b.bias", "c.weight", "c.bias"]  # PyTorch's
    assert len(list(layer.layers())) == 3
    assert repr(layer).startswith("Tied(")
    first = {name: array for name, array in layer.state_dict().items() if name.startswith("a") or name == "c.bias"}
    assert layer.load_state_dict(first) == ([], [])  # any path of what is shared will do


def test_frozen_parameters_stay_in_the_state():
    model = Sequential(Linear(2, 2), Linear(2, 2))
    model[0].requires_grad_(False)
    assert [name for name, _ in model.named_parameters()] == ["1.weight", "1.bias"]
    assert len(model.state_dict()) == 4
    model.zero_grad()
    model(mg.ones((1, 2))).sum().backward()
    assert model[0].weight.grad is None
    assert model[1].weight.grad is not None
    model.requires_grad_()
    assert len(model.parameters()) == 4


def test_state_round_trip(device):
    one, other = (Sequential(Linear(3, 2), nn.BatchNorm1d(2), nn.PReLU()) for _ in range(2))
    one(mg.randn(4, 3))
    state = one.state_dict()
    assert all(type(array) is np.ndarray for array in state.values())
    assert other.load_state_dict(state) == ([], [])
    assert all((other.state_dict()[name] == array).all() for name, array in state.items())
    assert other[1].num_batches_tracked.item() == 1
    state["0.weight"][...] = 7.0  # a copy
    assert (one[0].weight.numpy() != 7.0).all()


def test_loading_keeps_dtype_and_device(device):
    layer = Linear(2, 1)
    layer.load_state_dict({"weight": np.ones((1, 2)), "bias": mg.Tensor(np.zeros(1)).to("numpy")})
    assert (str(layer.weight.dtype), layer.weight.backend) == ("float32", device.name)


def test_what_does_not_fit_is_refused_and_nothing_is_changed():
    layer = Linear(2, 1)
    before, good = layer.state_dict(), {"weight": np.ones((1, 2)), "bias": np.ones(1)}
    with pytest.raises(ShapeError, match=r"^load_state_dict: .*missing \['bias'\] and unexpected \['scale'\]"):
        layer.load_state_dict({"weight": good["weight"], "scale": good["bias"]})
    with pytest.raises(
        ShapeError, match=r"^load_state_dict: shapes differ, got weight has \(2, 2\) and must .*\(1, 2\)"
    ):
        layer.load_state_dict({**good, "weight": np.ones((2, 2))}, strict=False)
    assert all((layer.state_dict()[name] == array).all() for name, array in before.items())
    found = layer.load_state_dict({"weight": good["weight"], "scale": 1.0}, strict=False)
    assert found == (["bias"], ["scale"])
    assert layer.weight.tolist() == [[1.0, 1.0]]


def test_to_moves_everything_and_changes_floating_dtypes():
    layer = Everywhere()
    layer.first.grad = np.ones(1, np.float32)
    layer.count = Buffer(np.array(3))
    layer.to("strict", dtype="float64")
    tensors = [part for _, part in walk(layer) if isinstance(part, mg.Tensor)]
    assert {t.backend for t in tensors} == {"strict"}
    assert {str(t.dtype) for t in tensors} == {"float64", "int64"}
    assert (layer.first.grad.tolist(), str(layer.first.grad.dtype)) == ([1.0], "float64")
    y = layer(mg.ones(1, dtype="float64").to("strict"))
    y.sum().backward()
    assert layer.first.grad.tolist() == [2.0]
    assert layer.to("numpy").first.backend == "numpy"


def test_to_refuses_graphs_and_integers():
    layer = Everywhere()
    layer.kept = layer.first * 2
    with pytest.raises(GraphError, match=r"^to: .*at kept, made by multiply; keep t.detach\(\)"):
        layer.to("strict")
    with pytest.raises(DTypeError, match=r"^to: .*got dtype int64"):
        Linear(1, 1).to(dtype="int64")
    for dtype in ("bfloat16", 5):
        with pytest.raises(DTypeError, match=rf"^to: layers compute with floating numbers, got dtype {dtype}; "):
            Linear(1, 1).to(dtype=dtype)


def test_hooks_see_and_change_what_passes():
    layer, seen = Linear(2, 2), []
    remove_pre = layer.register_forward_pre_hook(lambda self, args: seen.append(("pre", self, len(args))))
    remove = layer.register_forward_hook(lambda self, args, y: seen.append(("post", self, y.shape)))
    twice = layer.register_forward_hook(lambda self, args, y: y * 2)
    halves = layer.register_forward_pre_hook(lambda self, args: args[0] * 0.5)
    x = mg.ones((1, 2))
    y = layer(x)
    assert seen == [("pre", layer, 1), ("post", layer, (1, 2))]
    np.testing.assert_allclose(y.numpy(), 2 * layer.forward(x * 0.5).numpy())
    for undo in (remove_pre, remove, twice, halves):
        undo()
    assert (layer(x).numpy() == layer.forward(x).numpy()).all()
    assert len(seen) == 2
    assert list(layer.state_dict()) == ["weight", "bias"]


def test_apply_train_and_eval_reach_every_layer():
    model, seen = Sequential(Linear(1, 1), Sequential(ReLU())), []
    assert model.apply(lambda layer: seen.append(type(layer).__name__)) is model
    assert seen == ["ReLU", "Sequential", "Linear", "Sequential"]
    assert model.eval() is model
    assert {layer.training for layer in model.layers()} == {False}
    model[1].train()
    assert [layer.training for layer in model.layers()] == [False, False, True, True]


def said(error):
    """What Python prints of an error, line by line: its notes, which Python 3.10 has in the message."""
    return "".join(traceback.format_exception_only(error)).splitlines()


class Block(Layer):
    def __init__(self, width):
        self.steps = [Linear(width, width), ReLU()]

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return x


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (Linear(3, 2), r"^in Linear$"),
        (Sequential(ReLU(), Linear(3, 2)), r"^in Sequential\.1 \(Linear\)$"),
        (Sequential(Sequential(Block(3))), r"^in Sequential\.0\.0\.steps\.0 \(Linear\)$"),
        (nn.Residual(Block(3)), r"^in Residual\.layer\.steps\.0 \(Linear\)$"),
    ],
    ids=lambda value: "",
)
def test_errors_name_the_path_of_the_layer_once(model, path):
    with pytest.raises(ShapeError, match=r"linear: the last axis of x must be 3") as caught:
        model(mg.ones((1, 5)))
    *_, note = said(caught.value)
    assert re.match(path, note), note
    assert len(said(caught.value)) == 2


def test_an_error_in_a_layer_made_on_the_way_keeps_what_is_known():
    class Loose(Layer):
        def forward(self, x):
            return Linear(3, 2)(x)

    with pytest.raises(ShapeError) as caught:
        Sequential(Loose())(mg.ones((1, 5)))
    assert said(caught.value)[-1] == "in Linear"


def test_a_layer_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="Layer: a layer defines forward"):
        Layer()(1)


REPRS = {
    "Linear(3, 2)": Linear(3, 2),
    "Linear(3, 2, bias=False)": Linear(3, 2, bias=False),
    "Linear(3, 2, activation='relu')": Linear(3, 2, activation="relu"),
    "Linear(3, 2, init=he_normal)": Linear(3, 2, init=nn.init.he_normal),
    "Bilinear(3, 2, 1)": nn.Bilinear(3, 2, 1),
    "Dropout(p=0.1)": nn.Dropout(0.1),
    "BatchNorm1d(4, momentum=None, affine=False)": nn.BatchNorm1d(4, momentum=None, affine=False),
    "LayerNorm((4,), bias=False)": nn.LayerNorm(4, bias=False),
    "LayerNorm((4,), elementwise_affine=False)": nn.LayerNorm(4, elementwise_affine=False),
    "BatchNorm2d(4, bias=False)": nn.BatchNorm2d(4, bias=False),
    "InstanceNorm1d(4, affine=True, bias=False)": nn.InstanceNorm1d(4, affine=True, bias=False),
    "InstanceNorm3d(4)": nn.InstanceNorm3d(4),
    "RMSNorm((4, 2), eps=None)": nn.RMSNorm([4, 2], None),
    "GroupNorm(2, 4, affine=False)": nn.GroupNorm(2, 4, affine=False),
    "BatchNorm2d(3, eps=0.001, momentum=0.25)": nn.BatchNorm2d(3, 1e-3, decay=0.75),
    "BatchRenorm(3, rmax=2.0, dmax=1)": nn.BatchRenorm(3, 2.0, 1),
    "InstanceNorm2d(3, affine=True)": nn.InstanceNorm2d(3, affine=True),
    "LocalResponseNorm(5, k=2.0)": nn.LocalResponseNorm(5, k=2),
    "GELU(approximate='tanh')": nn.GELU("tanh"),
    "Flatten()": nn.Flatten(),
    "Identity()": nn.Identity(1, two=2),
    "MSELoss(reduction='sum')": nn.MSELoss("sum"),
    "Residual(ReLU())": nn.Residual(ReLU()),
    "Sequential()": Sequential(),
    "Block(steps=[Linear(3, 3), ReLU()])": Block(3),
    "Sequential(\n    ReLU(),\n    Sequential(\n        ReLU(),\n        Tanh(),\n    ),\n)": Sequential(
        ReLU(), Sequential(ReLU(), nn.Tanh())
    ),
    "LayerList([\n    ReLU(),\n])": nn.LayerList([ReLU()]),
    "LayerDict({\n    'a': ReLU(),\n})": nn.LayerDict({"a": ReLU()}),
}


@pytest.mark.parametrize("text", REPRS)
def test_repr_is_the_call_of_the_constructor(text):
    assert repr(REPRS[text]) == text


@pytest.mark.parametrize("text", [text for text in REPRS if not text.startswith("Block")])
def test_repr_makes_the_layer_again(text):
    names = {**vars(nn), **vars(nn.init)}
    assert repr(eval(text, names)) == text


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Linear(-1, 2), "Linear: in_features must be at least 0, got -1; pass a larger one"),
        (lambda: Linear(1, 2.0), "Linear: out_features must be a whole number, got 2.0; pass an int"),
        (lambda: nn.Bilinear(1, None, 2), "Bilinear: in2_features must be a whole number, got None"),
        (lambda: nn.BatchNorm1d("3"), "BatchNorm1d: num_features must be a whole number, got '3'"),
        (lambda: nn.LayerNorm((3, -1)), r"LayerNorm: normalized_shape must be at least 0, got -1"),
        (lambda: nn.PReLU(0.25), "PReLU: num_parameters must be a whole number, got 0.25"),
        (lambda: nn.Dropout("a"), "Dropout: p is the probability of dropping, .*got 'a'"),
    ],
)
def test_sizes_that_mean_nothing_are_refused(make, words):
    with pytest.raises((ValueError, TypeError), match=f"^{words}"):
        make()


def test_layers_are_copied_and_pickled():
    model = Sequential(Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.1)).eval()
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert repr(other) == repr(model)
        assert [layer.training for layer in other.layers()] == [False] * 4
        assert other[0].weight is not model[0].weight
        assert all(
            (a == b).all() for a, b in zip(other.state_dict().values(), model.state_dict().values(), strict=True)
        )


def test_a_parameter_may_be_frozen_from_the_start():
    assert not Parameter([1.0], requires_grad=False).requires_grad
