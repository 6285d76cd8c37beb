"""What users of such frameworks trip on, numbers 13 to 24; see test_pitfalls.py for what is not built yet."""

import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.backend.random import Generator
from minigrad.backend.strict import no_synchronisation, watch
from minigrad.data import ArrayDataset, DataLoader
from minigrad.errors import DTypeError, ShapeError
from minigrad.io import FileError, load_checkpoint
from minigrad.nn import BatchNorm1d
from minigrad.nn import functional as F
from minigrad.optim import Adam
from minigrad.testing import check_gradients
from minigrad.train import fit
from tests.test_pitfalls import classifier, step
from tools.op_rows import by_op

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("f", [mg.norm, lambda x: mg.std(x + 1), lambda x: mg.norm(x, axis=0)])
def test_pitfall_13_norm_and_std_have_gradient_0_at_0(device, f):
    x = device.leaf([0.0, 0.0, 0.0])
    f(x).backward()
    assert device.host(x.grad).tolist() == [0.0, 0.0, 0.0]


def test_pitfall_13_sqrt_stays_infinite_at_0(device):
    x = device.leaf([0.0])
    with np.errstate(divide="ignore"):
        mg.sqrt(x).backward()
    assert device.host(x.grad).tolist() == [np.inf]


def test_pitfall_14_no_recursion_and_a_right_order(device):
    x = device.leaf([1.0])
    square = y = x * x
    for _ in range(20_000):
        y = y + 0.0
    (square * y).backward()  # a short way and a long one to the same node
    assert device.host(x.grad).tolist() == [4.0]


def test_pitfall_14_zero_grad_forgets_all_there_is():
    model = classifier()
    optimizer = Adam(model.parameters())
    hidden = model(mg.ones((2, 4)))
    hidden.sum().backward()
    assert hidden.grad is None
    optimizer.zero_grad()
    assert [p.grad for p in model.parameters()] == [None] * 4


def test_pitfall_15_the_state_of_an_optimizer_is_saved_by_name_and_for_late_parameters_too(device):
    first, late = device.leaf([1.0]), device.leaf([1.0])
    optimizer = Adam([("first", first)])
    first.grad = device.array([1.0])
    optimizer.step()
    optimizer.add_param_group({"params": [("late", late)]})
    optimizer.step()
    saved = optimizer.state_dict()
    assert list(saved["state"]) == ["first", "late"]
    other = Adam([("late", device.leaf([1.0])), ("first", device.leaf([1.0]))])
    other.param_groups.append(other.param_groups[0])  # as many groups as were saved
    other.load_state_dict(saved)
    assert other.state_dict()["state"]["first"]["t"] == 2
    assert other.state_dict()["state"]["late"]["t"] == 0


def test_pitfall_16_workers_draw_by_batch_and_not_by_worker():
    data = ArrayDataset(np.arange(64, dtype=np.float32))

    def noise(batch, rng):
        return batch[0] + rng.normal(batch[0].shape)

    drawn = [
        np.concatenate(list(DataLoader(data, batch_size=4, shuffle=True, seed=3, workers=workers, transform=noise)))
        for workers in (0, 1, 3)
    ]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert len(np.unique(drawn[0])) == 64


def test_pitfall_16_one_seed_gives_one_run_whatever_else_draws():
    def weights():
        mg.manual_seed(3)
        np.random.seed(len(runs))  # noqa: NPY002 (NumPy's own state must not matter)
        return [p.numpy().copy() for p in classifier().parameters()]

    runs = []
    runs.append(weights())
    runs.append(weights())
    assert all((a == b).all() for a, b in zip(*runs, strict=True))
    workers = [Generator(3).fork("worker", i).uniform((8,), xp=mg.backend.backend("numpy")) for i in range(3)]
    assert len({array.tobytes() for array in workers}) == 3


def test_pitfall_18_labels_that_name_no_class_and_labels_that_are_no_integers():
    for label in (-1, 4):
        with pytest.raises(ShapeError, match=rf"cross_entropy: labels must lie in 0 to 3, got .*{label}"):
            F.cross_entropy(mg.ones((2, 4)), np.array([0, label]))
    with pytest.raises(DTypeError, match=r"cross_entropy: labels must be integers, got float32"):
        F.cross_entropy(mg.ones((2, 4)), np.zeros(2, np.float32))


@pytest.mark.parametrize("label", [-1, 3])
def test_pitfall_18_labels_out_of_range_on_a_device_make_the_loss_nan(label):
    with mg.use_backend("strict"):
        logits, labels = mg.Tensor([[1.0, 2.0, 5.0]]), mg.backend.move(np.array([label]), "strict")
        with no_synchronisation():  # looking at the labels would wait for the device
            loss = F.cross_entropy(logits, labels)
        assert np.isnan(loss.item())


def test_pitfall_19_errors_name_the_path_of_the_layer(device):
    with pytest.raises(ShapeError, match=r"linear: the last axis of x must be 4, .*got \(2, 5\)") as caught:
        classifier()(mg.ones((2, 5)))
    assert "in Sequential.0 (Linear)" in "".join(traceback.format_exception_only(caught.value))


def test_pitfall_19_errors_name_the_op_the_shapes_and_the_way_out(device):
    calls = {
        r"^matmul: .*\(2, 3\) and \(2, 3\); transpose": lambda: mg.ones((2, 3)) @ mg.ones((2, 3)),
        r"^add: .*\(3,\) and \(4,\); .*reshape": lambda: mg.ones(3) + mg.ones(4),
        r"^concatenate: .*\(2,\).*; check": lambda: mg.concatenate([mg.ones(2), mg.ones((2, 2))]),
        r"^einsum: .*'ij,jk->ik' names 2 .*got 1; one": lambda: mg.einsum("ij,jk->ik", mg.ones((2, 3))),
    }
    for words, call in calls.items():
        with pytest.raises(ShapeError, match=words):
            call()


SMOOTH = ["tanh", "exp", "sigmoid", "sqrt", "rsqrt", "reciprocal", "divide", "logsumexp", "std", "norm", "softplus"]


@pytest.mark.parametrize("name", SMOOTH)  # ops whose derivative is made of a value they saved
def test_pitfall_20_a_saved_value_is_no_constant(name):
    row = by_op()[name]
    check_gradients(lambda *xs: row.mini(mg, *xs), *row.arrays(), order=2)


def test_pitfall_20_the_statistics_of_a_batch_are_no_constants():
    x = np.array([[1.0, 4.0], [2.0, 0.0], [6.0, -1.0]])
    layer = BatchNorm1d(2, affine=False).to(dtype="float64")
    check_gradients(lambda t: layer(t) ** 3, x, order=2)
    check_gradients(lambda t: F.layer_norm(t, 2) ** 3, x * np.array([1.0, 0.3]), order=2)


def test_pitfall_20_the_mixed_derivative_of_a_power():
    check_gradients(mg.power, np.array([2.0, 3.0]), np.array([0.0, 1.0]), order=2)


def test_pitfall_21_import_needs_numpy_alone():
    others = "matplotlib PIL torch cupy numba safetensors tqdm threadpoolctl scipy sklearn".split()
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({others}))\n"  # None: to import it fails
        "import minigrad as mg\n"
        "model = mg.nn.Linear(2, 1); model(mg.ones((3, 2))).sum().backward(); mg.optim.Adam(model.parameters()).step()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_pitfall_22_a_checkpoint_holds_no_code_that_could_run(tmp_path):
    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return Path.touch, (ran,)

    file = tmp_path / "trap.safetensors"
    file.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(FileError, match=str(file)):
        load_checkpoint(file)
    assert not ran.exists()


def test_pitfall_22_the_state_of_a_model_needs_no_pickle(tmp_path, device):
    model, other = classifier(), classifier()
    np.savez(tmp_path / "model.npz", **model.state_dict())
    with np.load(tmp_path / "model.npz", allow_pickle=False) as state:
        other.load_state_dict(dict(state))
    assert all((p.numpy() == q.numpy()).all() for p, q in zip(model.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("name", ["mean", "std", "where", "concatenate", "dot", "linalg.norm"])
def test_pitfall_23_numpys_functions_drop_no_graph_in_silence(device, name):
    x = mg.ones((2, 2), requires_grad=True)
    function = np.linalg.norm if name == "linalg.norm" else getattr(np, name)
    arguments = {"concatenate": ([x, x],), "where": (np.ones((2, 2), bool), x, x), "dot": (x, x)}
    with pytest.raises(TypeError, match=rf"^numpy\.{function.__name__}: .*graph.*use minigrad"):
        function(*arguments.get(name, (x,)))


def test_pitfall_24_the_loss_is_read_at_intervals():
    def waits(steps):
        with mg.use_backend("strict"):
            model = classifier()
            data = [(np.ones((2, 4), np.float32), np.array([0, 2]))] * steps
            before = watch.count
            fit(model, data, F.cross_entropy, Adam(model.parameters()), log_every=1000, progress_bar=False)
            return watch.count - before

    assert waits(4) == waits(40)  # those of the end of an epoch, and none for a step


def test_pitfall_24_a_training_step_waits_for_nothing():
    with mg.use_backend("strict"):
        mg.manual_seed(0)
        model, labels = classifier(), mg.backend.move(np.array([0, 2, 1]), "strict")
        x, optimizer = mg.randn(3, 4), Adam(model.parameters(), lr=0.05)
        with no_synchronisation():
            losses = [step(model, optimizer, x, labels) for _ in range(20)]
        assert losses[-1].item() < losses[0].item()
