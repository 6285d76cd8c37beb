"""Arguments that mean nothing: refused at the door, each with a message that names the function, the value, the remedy.

A row says what the message begins with, the error, the call, and values that it refuses; each value is a test.
"""

import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, io, manual_seed, nn
from minigrad.data import (
    ArrayDataset,
    DataLoader,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
    Subset,
    load_csv,
    load_mnist,
    load_text,
    read_idx,
    train_test_split,
)
from minigrad.errors import ArgumentError, DTypeError, GraphError, NonFiniteError, ShapeError
from minigrad.inspect import summary
from minigrad.io import FileError
from minigrad.nn import functional as F
from minigrad.optim import NAG, SGD, Adagrad, Adam, Momentum, RMSProp, clip_grad_norm, clip_grad_value, schedules
from minigrad.train import accuracy, evaluate

NAN, INF = float("nan"), float("inf")
BAD = (ArgumentError, DTypeError)  # out of range, or no number at all
X, LABELS = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), np.array([0, 1, 2, 0])
DATA = ArrayDataset(np.arange(8.0), np.arange(8))
FITTED = StandardScaler().fit(X)
NO_NUMBERS = [None, "a", True, 1j, [0.1], np.array(0.1), np.bool_(True)]
NO_SIZES = [None, "a", 2.5, 2.0, True, np.float64(2), np.array([2])]


def parameters():
    return [Tensor([1.0], requires_grad=True)]


FILES = [  # the values are names in a folder with a file "a.csv", and folders "folder", "folder.npz", ...
    ("load_csv: there is no such file, got", FileNotFoundError, load_csv, ["none.csv"]),
    ("load_text: there is no such file, got", FileNotFoundError, load_text, ["none.txt"]),
    ("read_idx: there is no such file, got", FileNotFoundError, read_idx, ["none"]),
    ("load: there is no such file, got", FileNotFoundError, io.load, ["none.npz", "none.safetensors"]),
    ("load_checkpoint: there is no such file, got", FileNotFoundError, io.load_checkpoint, ["none.safetensors"]),
    ("load_mnist: 4 of 4 files are missing, got", FileNotFoundError, load_mnist, ["none", "a.csv", "folder"]),
    ("load_csv: this is a folder and no file, got", IsADirectoryError, load_csv, ["folder", ""]),
    ("load_text: this is a folder and no file, got", IsADirectoryError, load_text, ["folder"]),
    ("read_idx: this is a folder and no file, got", IsADirectoryError, read_idx, ["folder"]),
    ("load: this is a folder and no file, got", IsADirectoryError, io.load, ["folder.npz", "folder.safetensors"]),
    ("load_checkpoint: this is a folder and no file, got", IsADirectoryError, io.load_checkpoint,
     ["folder", "folder.safetensors"]),
    ("save: the file cannot be written, got", OSError, lambda path: io.save(path, {"x": X}),
     ["none/x.npz", "none/x.safetensors", "a.csv/x.npz", "folder.npz", "folder.safetensors"]),
    ("save_checkpoint: the file cannot be written, got", OSError, lambda path: io.save_checkpoint(path, x=X),
     ["folder", "a.csv/x.safetensors", "a.csv/deeper/x.safetensors"]),
    ("load_csv: delimiter must be one character, got", ArgumentError,
     lambda path: load_csv(path, delimiter=";;"), ["a.csv"]),
    ("load_csv: delimiter must be one character, got ''", ArgumentError,
     lambda path: load_csv(path, delimiter=""), ["a.csv"]),
    ("load_csv: delimiter must be one character, got None", ArgumentError,
     lambda path: load_csv(path, delimiter=None), ["a.csv"]),
    ("load_csv: delimiter must be one character, got '\"'", ArgumentError,
     lambda path: load_csv(path, delimiter='"'), ["a.csv"]),
    ("load_csv: Python knows no such encoding, got 'klingon'", ArgumentError,
     lambda path: load_csv(path, encoding="klingon"), ["a.csv"]),
    ("load_text: Python knows no such encoding, got 'hex'", ArgumentError,
     lambda path: load_text(path, encoding="hex"), ["a.csv"]),
    ("load_text: encoding must be a name, got None", DTypeError,
     lambda path: load_text(path, encoding=None), ["a.csv"]),
    ("load_text: characters must be a text of them, got 3", DTypeError,
     lambda path: load_text(path, characters=3), ["a.csv"]),
    ("load_csv: columns must be a list of names, got 3", DTypeError,
     lambda path: load_csv(path, columns=3), ["a.csv"]),
    ("load_mnist: dtype must be uint8 or float32, got 'klingon'", DTypeError,
     lambda path: load_mnist(path, dtype="klingon"), ["folder"]),
]  # fmt: skip

PATHS = [
    (f"{name}: a path is text or a Path, got", DTypeError, call, [None, 3.5, X] if name != "load_mnist" else [3.5])
    for name, call in {
        "load_csv": load_csv, "load_text": load_text, "read_idx": read_idx, "load_mnist": load_mnist, "load": io.load,
        "load_checkpoint": io.load_checkpoint, "save": lambda path: io.save(path, {"x": X}),
        "save_checkpoint": lambda path: io.save_checkpoint(path, x=X),
    }.items()
] + [
    ("save_checkpoint: the path names no file, got", FileError, lambda path: io.save_checkpoint(path, x=X), ["", "/"]),
    ("save: arrays come by name, as a dict, got", DTypeError, lambda v: io.save("x.npz", v), [X, [X], {1: X}, None]),
]  # fmt: skip

OF_DATA = [
    ("train_test_split: test_size must be a number, got", DTypeError, lambda v: train_test_split(X, test_size=v),
     [None, "a", True, np.bool_(True)]),
    ("train_test_split: test_size must lie between 0 and 1, got", ValueError,
     lambda v: train_test_split(X, test_size=v), [0.0, 1.0, 1.5, NAN, INF, -0.5]),
    ("train_test_split: both parts need samples, got", ValueError, lambda v: train_test_split(X, test_size=v),
     [0, 4, 9, -1]),
    ("Generator: seed must be a whole number, got", DTypeError, lambda v: train_test_split(X, seed=v),
     ["a", 1.5, True]),
    ("train_test_split: the arrays differ in length, got", ShapeError, lambda v: train_test_split(X, v), [[1, 2]]),
    ("train_test_split: array 1 is a single number, got", ShapeError, lambda v: train_test_split(X, v), [0.25]),
    ("train_test_split: not an array, got", DTypeError, train_test_split, [None]),
    ("train_test_split: stratify must have shape (4,), got", ShapeError, lambda v: train_test_split(X, stratify=v),
     [[0, 1], "a"]),
    ("StandardScaler.fit: needs samples of features (N, F), got", ShapeError, StandardScaler().fit, [[], [1.0], 3]),
    ("MinMaxScaler.fit: needs at least one sample and one feature, got", ShapeError, MinMaxScaler().fit,
     [np.zeros((0, 3)), np.zeros((3, 0))]),
    ("RobustScaler.fit: a value of column 0 is not finite, got", NonFiniteError, RobustScaler().fit,
     [[[NAN, 1.0]], [[INF, 1.0]]]),
    ("StandardScaler.fit: needs real numbers, got", DTypeError, StandardScaler().fit,
     ["a", [["a"]], [[1j]], np.array([[None]])]),
    ("StandardScaler.fit: not an array, got", DTypeError, StandardScaler().fit, [None, {"a": 1}]),
    ("StandardScaler.fit: the lists do not make a rectangle, got", ShapeError, StandardScaler().fit, [[[1, 2], [3]]]),
    ("StandardScaler.transform: has no statistics yet, got", RuntimeError, StandardScaler().transform, [X]),
    ("StandardScaler.load_state_dict: not the state of a scaler, got", ShapeError, FITTED.load_state_dict,
     [None, [1, 2], {}, {"center": [0.0]}]),
    ("ArrayDataset: no arrays, got ()", ShapeError, lambda v: ArrayDataset(*v), [()]),
    ("ArrayDataset: the arrays differ in length, got", ShapeError, lambda v: ArrayDataset(X, v), [[1, 2]]),
    ("ArrayDataset: array 0 is a single number, got", ShapeError, ArrayDataset, [3, 2.5, "abc"]),
    ("ArrayDataset: not an array, got", DTypeError, ArrayDataset, [None, {"x": 1}]),
    ("Subset: a dataset has a length and items, got", DTypeError, lambda v: Subset(v, [0]), [3, None]),
    ("Subset: indices must be whole numbers, got", DTypeError, lambda v: Subset(DATA, v), [["a"], [0.5], [True]]),
    ("DataLoader: batch_size must be a whole number, got", DTypeError, lambda v: DataLoader(DATA, v), NO_SIZES),
    ("DataLoader: batch_size must be at least 1, got", ArgumentError, lambda v: DataLoader(DATA, v), [0, -1]),
    ("DataLoader: workers must be a whole number, got", DTypeError, lambda v: DataLoader(DATA, 2, workers=v), NO_SIZES),
    ("DataLoader: workers must be at least 0, got", ArgumentError, lambda v: DataLoader(DATA, 2, workers=v), [-1]),
    ("Generator: seed must be a whole number, got", DTypeError, lambda v: DataLoader(DATA, 2, seed=v), ["a", 1.5]),
    ("Generator: seed must be at least 0, got", ArgumentError, lambda v: DataLoader(DATA, 2, seed=v), [-1]),
    ("DataLoader: transform must be a function, got", DTypeError, lambda v: DataLoader(DATA, 2, transform=v), [3]),
    ("DataLoader: collate must be a function, got", DTypeError, lambda v: DataLoader(DATA, 2, collate=v), ["stack"]),
    ("DataLoader.set_epoch: epoch must be a whole number, got", DTypeError, DataLoader(DATA, 2).set_epoch, NO_SIZES),
    ("DataLoader.load_state_dict: not a position of a loader, got", ValueError, DataLoader(DATA, 2).load_state_dict,
     [None, [1], {}, {1: 2, "a": 3}]),
    ("DataLoader: a dataset has a length and items, got", DTypeError, lambda v: DataLoader(v, 2), [None, 3]),
    ("manual_seed: seed must be a whole number, got", DTypeError, manual_seed, NO_SIZES),
    ("manual_seed: seed must be at least 0, got", ArgumentError, manual_seed, [-1]),
    ("metrics: must be functions by name, got", DTypeError,
     lambda v: evaluate(nn.Identity(), [(X, LABELS)], metrics=v),
     [[accuracy], {accuracy}, accuracy, "a", {1: accuracy}]),
]  # fmt: skip

OF_TRAINING = [
    ("constant: lr must be a finite number from 0 up, got", DTypeError, schedules.constant, NO_NUMBERS),
    ("constant: lr must be a finite number from 0 up, got", ArgumentError, schedules.constant, [-1, NAN, INF, 10**400]),
    ("cosine: steps must be a whole number, got", DTypeError, lambda v: schedules.cosine(0.1, v), [*NO_SIZES, NAN]),
    ("cosine: steps must be at least 1, got", ArgumentError, lambda v: schedules.cosine(0.1, v), [0, -1]),
    ("SGD: lr must be a finite number from 0 up, got", BAD,
     lambda v: SGD(parameters(), lr=v), [*NO_NUMBERS, NAN, -1, INF, np.complex64(1), Tensor(0.1)]),
    ("SGD: weight_decay must be a finite number from 0 up, got", BAD,
     lambda v: SGD(parameters(), weight_decay=v), [*NO_NUMBERS, NAN, -1, INF]),
    ("SGD: maximize must be True or False, got", DTypeError, lambda v: SGD(parameters(), maximize=v), ["no", None, 2]),
    ("Momentum: momentum must be a finite number in [0, 1), got", BAD,
     lambda v: Momentum(parameters(), momentum=v), [*NO_NUMBERS, NAN, -0.5, 1, 1.5]),
    ("Momentum: dampening must be a finite number from 0 up, got", BAD,
     lambda v: Momentum(parameters(), dampening=v), [*NO_NUMBERS, NAN, INF]),
    ("NAG: momentum must be a finite number in [0, 1), got", BAD, lambda v: NAG(parameters(), momentum=v), ["a", 2]),
    ("Adam: betas are two numbers in [0, 1), got", DTypeError, lambda v: Adam(parameters(), betas=v),
     [None, 0.9, (0.9,), (0.9, 1.0), (0.9, NAN), ("a", 0.9), (None, 0.9), (True, 0.9)]),
    ("Adam: eps must be a finite number from 0 up, got", BAD, lambda v: Adam(parameters(), eps=v),
     [*NO_NUMBERS, NAN, -1, INF]),
    ("Adagrad: eps must be a finite number from 0 up, got", BAD, lambda v: Adagrad(parameters(), eps=v), ["a", None]),
    ("RMSProp: alpha must be a finite number in [0, 1), got", BAD, lambda v: RMSProp(parameters(), alpha=v),
     [None, "a", NAN, 2]),
    ("SGD: a group is a dict with 'params', got", GraphError, SGD, [[{"lr": 0.1}], [{"params": parameters()}, 3]]),
    ("SGD: takes Tensors, got", GraphError, SGD, [None, 3, nn.Linear(2, 2), [{"params": None}]]),
    ("SGD: trains leaves that require gradients, got", GraphError, SGD, ["ab", [X], [3]]),
    ("SGD.load_state_dict: not an optimizer's state, got", ShapeError, SGD(parameters()).load_state_dict,
     [None, [], {}, {"state": {}, 1: 2}]),
    ("clip_grad_norm: max_norm must be a finite number above 0, got", BAD,
     lambda v: clip_grad_norm(parameters(), v), [*NO_NUMBERS, NAN, 0, -1]),
    ("clip_grad_value: clip_value must be a finite number above 0, got", BAD,
     lambda v: clip_grad_value(parameters(), v), [*NO_NUMBERS, NAN, 0, -1]),
    ("clip_grad_norm: takes Tensors, got", DTypeError, lambda v: clip_grad_norm(v, 1.0), [None, [3]]),
    ("clip_grad_value: takes Tensors, got", DTypeError, lambda v: clip_grad_value(v, 1.0), [None, [3]]),
]  # fmt: skip

OF_LAYERS = [
    ("Linear: in_features must be a whole number, got", DTypeError, lambda v: nn.Linear(v, 3), NO_SIZES),
    ("Linear: out_features must be at least 0, got", ArgumentError, lambda v: nn.Linear(3, v), [-1, np.int64(-1)]),
    ("Linear: activation is one of relu, gelu, gelu_tanh, silu, or None, got", ArgumentError,
     lambda v: nn.Linear(2, 3, activation=v), ["swish", 3, mg.tanh, ["relu"]]),
    ("Linear: init must be a function of the shape, got", DTypeError, lambda v: nn.Linear(2, 3, init=v), ["he", 3]),
    ("Linear: init must give a weight of shape (3, 2), got", ShapeError, lambda v: nn.Linear(2, 3, init=v),
     [lambda shape: np.ones(2)]),
    ("Bilinear: in2_features must be a whole number, got", DTypeError, lambda v: nn.Bilinear(2, v, 3), NO_SIZES),
    ("BatchNorm1d: num_features must be a whole number, got", DTypeError, nn.BatchNorm1d, NO_SIZES),
    ("BatchNorm1d: momentum is the weight of the newest batch, in [0, 1], got", ArgumentError,
     lambda v: nn.BatchNorm1d(3, momentum=v), ["a", True, NAN, 2, -1]),
    ("BatchNorm1d: decay must be a finite number, got", BAD,
     lambda v: nn.BatchNorm1d(3, decay=v), ["a", True, NAN]),
    ("BatchNorm1d: eps must be a finite number from 0 up, got", BAD,
     lambda v: nn.BatchNorm1d(3, eps=v), [*NO_NUMBERS, NAN, -1, INF]),
    ("LayerNorm: normalized_shape must be a whole number, got", DTypeError, nn.LayerNorm,
     ["a", None, 2.5, True, (2, "a"), (2.0,)]),
    ("LayerNorm: eps must be a finite number from 0 up, got", BAD,
     lambda v: nn.LayerNorm(3, eps=v), [*NO_NUMBERS, NAN, -1, INF]),
    ("layer_norm: normalized_shape must be a whole number, got", DTypeError, lambda v: F.layer_norm(X, v), ["a", 2.5]),
    ("PReLU: num_parameters must be a whole number, got", DTypeError, nn.PReLU, NO_SIZES),
    ("PReLU: init must be a finite number, got", DTypeError, lambda v: nn.PReLU(init=v), NO_NUMBERS),
    ("LeakyReLU: negative_slope must be a finite number, got", BAD, nn.LeakyReLU,
     [*NO_NUMBERS, NAN]),
    ("ELU: alpha must be a finite number, got", BAD, nn.ELU, [*NO_NUMBERS, NAN]),
    ("CELU: alpha must be a finite number above 0, got", BAD, nn.CELU, [*NO_NUMBERS, NAN, 0]),
    ("Softplus: beta must be a finite number above 0, got", BAD, nn.Softplus,
     [*NO_NUMBERS, NAN, 0]),
    ("Hardtanh: min_val must lie below max_val, got", ArgumentError, nn.Hardtanh, [*NO_NUMBERS, NAN, 1]),
    ("Dropout: p is the probability of dropping, in [0, 1], got", ArgumentError, nn.Dropout,
     [*NO_NUMBERS, NAN, -0.1, 1.5]),
    ("Sequential: takes layers one by one, got", DTypeError, nn.Sequential, [3, [nn.ReLU()]]),
    ("trunc_normal: std must be a finite number from 0 up, got", BAD,
     lambda v: nn.init.trunc_normal((2,), std=v), [*NO_NUMBERS, NAN, -1]),
    ("Generator.normal: std must be a finite number from 0 up, got", BAD,
     lambda v: nn.init.normal((2,), std=v), [*NO_NUMBERS, NAN, -1]),
    ("Generator: a size must be a whole number, got", DTypeError, nn.init.uniform, ["a", (2.5,)]),
]  # fmt: skip

OF_ARRAYS = [
    ("zeros: a size must be a whole number, got", DTypeError, mg.zeros, NO_SIZES[:-1]),
    ("ones: a size must be at least 0, got", ArgumentError, mg.ones, [-1, (2, -1)]),
    ("full: a size must be a whole number, got", DTypeError, lambda v: mg.full(v, 1.0), NO_SIZES[:-1]),
    ("rand: a size must be a whole number, got", DTypeError, mg.rand, NO_SIZES[:-1]),
    ("eye: n must be a whole number, got", DTypeError, mg.eye, NO_SIZES),
    ("split: the number of parts must be a whole number, got", DTypeError, lambda v: mg.split(X, v), [None, 2.0, True]),
    ("split: a place must be a whole number, got", DTypeError, lambda v: mg.split(X, v), ["a", [1.5]]),
]  # fmt: skip

OF_LOSSES = [
    ("CrossEntropyLoss: reduction must be one of none, mean, sum, got", ArgumentError,
     lambda v: nn.CrossEntropyLoss(reduction=v), ["sum_", None, ["sum"]]),
    ("NLLLoss: reduction must be one of none, mean, sum, got", ArgumentError,
     lambda v: nn.NLLLoss(reduction=v), ["sum_", None]),
    ("CrossEntropyLoss: label_smoothing must be a finite number in [0, 1], got", BAD,
     lambda v: nn.CrossEntropyLoss(label_smoothing=v), [*NO_NUMBERS, NAN, 2, -0.1]),
    ("cross_entropy: label_smoothing must be a finite number in [0, 1], got", BAD,
     lambda v: F.cross_entropy(X, LABELS, label_smoothing=v), [*NO_NUMBERS, NAN, 2, -0.1]),
    ("CrossEntropyLoss: ignore_index must be a whole number, got", DTypeError,
     lambda v: nn.CrossEntropyLoss(ignore_index=v), NO_SIZES),
    ("NLLLoss: ignore_index must be a whole number, got", DTypeError, lambda v: nn.NLLLoss(ignore_index=v), NO_SIZES),
    ("cross_entropy: ignore_index must be a whole number, got", DTypeError,
     lambda v: F.cross_entropy(X, LABELS, ignore_index=v), NO_SIZES),
    ("CrossEntropyLoss: weight must not be negative or NaN, got", ArgumentError,
     lambda v: nn.CrossEntropyLoss(weight=v), [[1.0, -2.0], [1.0, NAN]]),
    ("NLLLoss: weight must not be negative or NaN, got", ArgumentError, nn.NLLLoss, [[1.0, -2.0]]),
    ("CrossEntropyLoss: weight must be one number per class, (C,), got", ShapeError, nn.CrossEntropyLoss,
     [1.0, [[1.0, 1.0]]]),
    ("cross_entropy: needs one weight for each class, (3,), got", ShapeError,
     lambda v: nn.CrossEntropyLoss(weight=v)(X, LABELS), [[1.0, 2.0], np.ones(4, np.float32)]),
    ("nll_loss: weight must not be negative or NaN, got", ArgumentError,
     lambda v: F.nll_loss(X, LABELS, weight=v), [[1.0, 2.0, -1.0]]),
    ("SmoothL1Loss: beta must be a finite number from 0 up, got", BAD,
     lambda v: nn.SmoothL1Loss(beta=v), [*NO_NUMBERS, NAN, -1]),
    ("smooth_l1_loss: beta must be a finite number from 0 up, got", BAD,
     lambda v: F.smooth_l1_loss(X, X, beta=v), [*NO_NUMBERS, NAN, -1]),
    ("HuberLoss: delta must be a finite number above 0, got", BAD,
     lambda v: nn.HuberLoss(delta=v), [*NO_NUMBERS, NAN, -1, 0]),
    ("huber_loss: delta must be a finite number above 0, got", BAD,
     lambda v: F.huber_loss(X, X, delta=v), [*NO_NUMBERS, NAN, -1, 0]),
]  # fmt: skip


def each_value(rows):
    return [
        pytest.param(*row[:3], value, id=f"{row[0].removesuffix(', got')}-{i}")
        for row in rows
        for i, value in enumerate(row[3])
    ]


@pytest.mark.parametrize(
    ("message", "error", "call", "value"),
    each_value([*PATHS, *OF_DATA, *OF_TRAINING, *OF_LAYERS, *OF_LOSSES, *OF_ARRAYS]),
)
def test_what_means_nothing_is_refused_at_the_door(message, error, call, value):
    with pytest.raises(error, match=rf"(?s)^{re.escape(message)}.*; .+"):
        call(value)


@pytest.mark.parametrize(("message", "error", "call", "name"), each_value(FILES))
def test_files_that_cannot_be_read_or_written(tmp_path, message, error, call, name):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    for folder in ("folder", "folder.npz", "folder.safetensors"):
        (tmp_path / folder).mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=rf"(?s)^{re.escape(message)}.*; .+"):
        call(tmp_path / name)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_error_of_the_file_system_keeps_its_number(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        io.save(tmp_path / "none" / "x.npz", {"x": X})
    assert caught.value.errno == 2


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint32])
def test_whole_numbers_of_numpy_are_as_good_as_those_of_python(kind):
    assert repr(nn.Linear(kind(2), kind(3))) == "Linear(2, 3)"
    assert repr(nn.Bilinear(kind(2), kind(3), kind(4))) == "Bilinear(2, 3, 4)"
    assert repr(nn.BatchNorm1d(kind(3))) == "BatchNorm1d(3)"
    assert repr(nn.PReLU(kind(2))) == "PReLU(num_parameters=2)"
    for shape in (kind(3), (kind(3),), [3], np.array([3], kind)):
        assert repr(nn.LayerNorm(shape)) == "LayerNorm((3,))"
        np.testing.assert_array_equal(F.layer_norm(X, shape), F.layer_norm(X, 3))
    assert F.cross_entropy(X, LABELS, ignore_index=kind(1)) == F.cross_entropy(X, LABELS, ignore_index=1)
    for x in (mg.zeros(kind(2), kind(3)), mg.zeros((kind(2), 3)), mg.full((2, kind(3)), 0.0)):
        assert x.shape == (2, 3)
    assert [part.shape for part in mg.split(mg.zeros(4), kind(2))] == [(2,), (2,)]
    assert mg.eye(kind(2)).shape == (2, 2)
    assert str(summary(nn.Linear(2, 3), (kind(5), kind(2)))) == str(summary(nn.Linear(2, 3), (5, 2)))
    loader = DataLoader(DATA, kind(3), seed=kind(1), workers=kind(1))
    assert repr(loader) == repr(DataLoader(DATA, 3, seed=1, workers=1))
    loader.set_epoch(kind(2))
    assert loader.epoch == 2
    assert len(train_test_split(X, test_size=kind(1), seed=kind(1))[1]) == 1
    assert manual_seed(kind(7)).state == (7, 0)
    assert schedules.cosine(0.1, kind(4))(kind(1)) == schedules.cosine(0.1, 4)(1)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_numbers_of_numpy_are_as_good_as_those_of_python(kind):
    assert repr(nn.Dropout(kind(0.25))) == "Dropout(p=0.25)"
    assert nn.Dropout(np.int64(1)).p == 1.0
    assert repr(nn.LeakyReLU(kind(0.25))) == "LeakyReLU(negative_slope=0.25)"
    assert repr(nn.CrossEntropyLoss(label_smoothing=kind(0.25))) == "CrossEntropyLoss(label_smoothing=0.25)"
    assert repr(SGD(parameters(), lr=kind(0.25))) == "SGD(1 parameters, lr=0.25)"
    adam = Adam(parameters(), betas=(kind(0.5), kind(0.75)), eps=kind(0.25))
    assert repr(adam.param_groups[0]["betas"]) == "(0.5, 0.75)"


def test_arrays_may_have_any_name(tmp_path):
    for suffix in ("npz", "safetensors"):
        io.save(tmp_path / f"a.{suffix}", {"file": X, "allow_pickle": X[0], "arr_0": X[1]})
        found = io.load(tmp_path / f"a.{suffix}")
        assert set(found) == {"file", "allow_pickle", "arr_0"}
        np.testing.assert_array_equal(found["file"], X)
