"""The example that writes letter by letter: it learns, writes, draws, saves, goes on, and its caches change nothing."""

import json
import re
import runpy

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import DeviceError
from minigrad.inspect import summary
from minigrad.io import load_checkpoint, save_checkpoint
from minigrad.train import Checkpoints
from tests.examples.launch import ROOT, is_picture, launch

pytest.importorskip("matplotlib", reason="the example draws a picture")
SMALL = ("--layers", 1, "--heads", 2, "--width", 16, "--block", 8, "--batch", 8, "--steps", 60, "--lr", 0.03)


@pytest.fixture
def text(tmp_path):
    """A text of one word over and over."""
    path = tmp_path / "text.txt"
    path.write_text("banana " * 60, "utf-8")
    return path


@pytest.fixture(scope="module")
def example():
    """What the example defines."""
    return runpy.run_path(str(ROOT / "examples" / "char_gpt.py"))


def run(folder, text, *options):
    return launch("char_gpt.py", "--text", text, *SMALL, "--out", "made", *options, folder=folder)


@pytest.mark.parametrize("backend", ["numpy", "strict"])
def test_it_learns_writes_draws_and_saves(tmp_path, text, backend):
    printed = run(tmp_path, text, "--backend", backend, "--dropout", 0.0)
    loss = float(re.search(r"^loss over the whole validation text ([\d.]+)$", printed, re.MULTILINE)[1])
    assert loss < 0.4 < np.log(4)  # of four letters; each follows from the two before it
    assert is_picture(tmp_path / "made" / "loss.png")
    rows = [json.loads(line) for line in (tmp_path / "made" / "log.jsonl").read_text().splitlines()]
    assert [row["kind"] for row in rows].count("step") == 60
    written = run(tmp_path, text, "--backend", backend, "--prompt", "ban", "--temperature", 0, "--length", 21)
    assert written.strip() == "banana banana banana ban"
    options = ("--out", "made", "--prompt", "ban", "--temperature", 0, "--length", 21)  # no text, no sizes
    assert launch("char_gpt.py", "--backend", backend, *options, folder=tmp_path) == written


@pytest.mark.parametrize(
    ("what", "words"),
    [("--heads 4", r"'heads': 2"), ("--width 8", "'width': 16"), ("--steps 50 --batch 4", "'batch': 8, 'steps': 60"),
     ("letters", r"'letters': ' abn'")],
)  # fmt: skip
def test_it_does_not_go_on_as_another_training(tmp_path, text, what, words):
    run(tmp_path, text)
    before = sorted((tmp_path / "made" / "checkpoints").iterdir())
    if what == "letters":  # as many, and others
        text.write_text("conono " * 60, "utf-8")
    with pytest.raises(
        AssertionError, match=rf"char_gpt: the checkpoint is of another training, got {{{words}}}; resume"
    ):
        run(tmp_path, text, "--resume", *(what.split() if what != "letters" else []))
    assert sorted((tmp_path / "made" / "checkpoints").iterdir()) == before


def test_it_goes_on_where_it_was(tmp_path, text):
    run(tmp_path, text, "--steps", 250)
    kept = Checkpoints(tmp_path / "made" / "checkpoints", keep=3)
    wanted = load_checkpoint(kept.latest())["model"]
    kept.latest().unlink()
    printed = run(tmp_path, text, "--steps", 250, "--resume")
    assert "going on after step 125, from " in printed
    found = load_checkpoint(kept.latest())["model"]
    assert all((found[name] == array).all() for name, array in wanted.items())


def test_caches_change_no_logits(example):
    mg.manual_seed(0)
    model = example["GPT"](letters=5, block=8, layers=2, heads=2, width=8, dropout=0.0).to(dtype="float64").eval()
    tokens = np.array([[0, 3, 1, 4, 2, 2, 0, 1]])
    whole = model(mg.Tensor(tokens)).numpy()
    for cuts in ([1, 2, 3, 4, 5, 6, 7], [3], [5, 6]):
        caches = model.blocks.caches()
        parts = [model(mg.Tensor(part), caches).numpy() for part in np.split(tokens, cuts, axis=1)]
        np.testing.assert_allclose(np.concatenate(parts, axis=2), whole, rtol=1e-12, atol=1e-14)


def test_what_is_longer_than_the_places_is_refused(example):
    for block, length in ((8, 9), (1, 5)):
        model = example["GPT"](letters=5, block=block, layers=1, heads=2, width=8, dropout=0.0)
        with pytest.raises(ValueError, match=f"^GPT: there are {block} places, got {length} letters; cut the text"):
            model(mg.Tensor(np.zeros((1, length), int)))
        caches = model.blocks.caches()
        model(mg.Tensor(np.zeros((1, block), int)), caches)
        with pytest.raises(ValueError, match=f"^GPT: there are {block} places, got {block + 1} letters"):
            model(mg.Tensor(np.zeros((1, 1), int)), caches)


def test_a_summary_shows_both_tables(example):
    model = example["GPT"](letters=5, block=8, layers=1, heads=2, width=8, dropout=0.0)
    shown = str(summary(model, mg.Tensor(np.zeros((2, 8), int))))
    assert "letters: Embedding(5, 8)" in shown
    assert "places: Embedding(8, 8)" in shown
    assert "896 parameters" in shown


def test_letters_are_chosen_by_their_probability(example):
    rng, logits = mg.backend.random.Generator(0), np.log(np.array([0.1, 0.2, 0.3, 0.4]))

    def shares(**how):
        drawn = [example["choose"](logits, rng, **{"temperature": 1.0, "top_k": None, "top_p": None, **how})
                 for _ in range(2000)]  # fmt: skip
        return np.bincount(drawn, minlength=4) / 2000

    # Four standard errors of 2,000 draws: 4 sqrt(0.25 / 2000) = 0.045.
    np.testing.assert_allclose(shares(), [0.1, 0.2, 0.3, 0.4], atol=0.045)
    np.testing.assert_allclose(shares(top_k=2), [0, 0, 3 / 7, 4 / 7], atol=0.045)
    np.testing.assert_allclose(shares(top_p=0.5), [0, 0, 3 / 7, 4 / 7], atol=0.045)
    np.testing.assert_allclose(shares(top_p=0.3), [0, 0, 0, 1], atol=0)
    np.testing.assert_allclose(shares(temperature=0.5), np.array([1, 4, 9, 16]) / 30, atol=0.045)
    np.testing.assert_allclose(shares(temperature=0), [0, 0, 0, 1], atol=0)
    np.testing.assert_allclose(shares(temperature=1e-320), [0, 0, 0, 1], atol=0)


def test_texts_and_prompts_that_cannot_be(tmp_path, text):
    with pytest.raises(
        AssertionError, match=r"^char_gpt: there is no saved model in made.checkpoints; train one first"
    ):
        run(tmp_path, text, "--prompt", "b")
    with pytest.raises(AssertionError, match=r"char_gpt: the model has never seen these letters, got 'z'; leave"):
        run(tmp_path, text) and run(tmp_path, text, "--prompt", "z")
    save_checkpoint(tmp_path / "made" / "checkpoints" / "best.safetensors", model={}, callbacks=[{"best": 1.0}])
    with pytest.raises(AssertionError, match=r"char_gpt: the checkpoint in .* is of another program, got no plan"):
        run(tmp_path, text, "--prompt", "b")
    text.write_text("banana " * 5)
    with pytest.raises(AssertionError, match=r"char_gpt: the text needs more than 80 letters, got 35"):
        run(tmp_path, text)
    text.write_text("")
    with pytest.raises(AssertionError, match=r"load_text: .* is empty, got 0 characters"):
        run(tmp_path, text)


@pytest.mark.parametrize(
    ("option", "value"),
    [("layers", 0), ("block", 0), ("steps", 0), ("batch", 0), ("length", -1), ("temperature", -1),
     ("temperature", "nan"), ("top-k", 0), ("top-p", 0)],
)  # fmt: skip
def test_numbers_that_mean_nothing_are_refused_before_anything_is_written(example, option, value, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["char_gpt.py", f"--{option}", str(value)])
    with pytest.raises(SystemExit) as refused:
        example["arguments"]()
    assert refused.value.code == 2
    assert f"--{option} must be at least " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [("--width 16 --heads 3", "--heads must divide --width, got 3 and 16"),
     ("--backend cupy", "--backend cupy cannot be used: cupy: no library here")],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_once(example, options, message, monkeypatch, capsys):
    def without(name):
        if name == "cupy":
            raise DeviceError("cupy: no library here")

    monkeypatch.setitem(example["arguments"].__globals__, "backend", without)
    monkeypatch.setattr("sys.argv", ["char_gpt.py", *options.split()])
    with pytest.raises(SystemExit) as refused:
        example["arguments"]()
    assert refused.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("steps", "looks"), [(1, 1), (60, 1), (250, 2), (350, 2), (2000, 20), (2050, 10), (211, 1)])
def test_every_step_is_taken(example, steps, looks):
    args = type("Arguments", (), {"steps": steps})
    assert example["looks"](args) == looks
    assert steps % looks == 0
