"""A model of names, letter by letter: it learns from a list and makes up new ones.

    python examples/names.py                              # the names of Python's own modules: half a minute
    python examples/names.py --text names.txt             # any list, one name a line: 32,000 take some minutes
    python examples/names.py --text names.txt --resume    # goes on where a run was killed, bit for bit

An LSTM or a GRU reads a name from its beginning; --model mlp (Bengio et al., 2003) sees the last 8 letters alone.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from minigrad import Tensor, manual_seed, nn
from minigrad.backend.random import Generator
from minigrad.data import ArrayDataset, DataLoader, train_test_split
from minigrad.data.text import read_text
from minigrad.optim import AdamW, schedules
from minigrad.train import Callback, Checkpoints, EarlyStopping, evaluate, fit, predict
from minigrad.viz import curves

CONTEXT, END, NOTHING = 8, 0, -100  # letters that the MLP sees; the token around names; the label the loss leaves out
DEFAULTS = {
    "lstm": {"width": 256, "epochs": 10, "batch": 64, "lr": 3e-3, "dropout": 0.3},
    "gru": {"width": 256, "epochs": 10, "batch": 64, "lr": 3e-3, "dropout": 0.3},
    "mlp": {"width": 300, "epochs": 25, "batch": 256, "lr": 5e-3, "dropout": 0.1},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, help="a list of names, one a line")
    parser.add_argument("--model", default="lstm", choices=DEFAULTS)
    for name, default in {**DEFAULTS["lstm"], "clip": 1.0, "samples": 20, "seed": 0, "out": Path("runs/names")}.items():
        parser.add_argument(f"--{name}", type=type(default), default=default)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    known, few = parser.parse_known_args()[0], {"width": 64, "epochs": 30, "batch": 16}  # for some hundreds of names
    parser.set_defaults(**DEFAULTS[known.model] | ({} if known.text else few))
    if (args := parser.parse_args()).samples < 1:  # now, and not after the training
        parser.error(f"--samples must be at least 1, got {args.samples}")
    return args


def load(text: Path | None) -> tuple[np.ndarray, str]:
    """Names as rows of tokens (N, T), each name between two ENDs, then NOTHING; and the letters of the tokens."""
    lines = read_text("names.py", text, "utf-8").splitlines() if text else sorted(sys.stdlib_module_names)
    if len(names := [line.strip() for line in lines if line.strip()]) < 10:
        sys.exit(f"names.py: needs at least 10 names, got {len(names)}; pass a file with one name a line")
    letters = "\n" + "".join(sorted(set("".join(names))))
    tokens = np.full((len(names), max(map(len, names)) + 2), NOTHING)
    for row, name in zip(tokens, names, strict=True):
        row[: len(name) + 2] = [letters.index(letter) for letter in f"\n{name}\n"]
    return tokens, letters


def examples(model: str, tokens: np.ndarray) -> ArrayDataset:
    """What the model sees, and what it should say: the next letter at each place of a name, or after each context."""
    seen, said = np.where(tokens == NOTHING, END, tokens)[:, :-1], tokens[:, 1:]
    if model != "mlp":
        return ArrayDataset(seen, said)
    padded = np.pad(seen, [(0, 0), (CONTEXT - 1, 0)], constant_values=END)
    contexts = np.lib.stride_tricks.sliding_window_view(padded, CONTEXT, axis=1)  # (N, T, CONTEXT)
    return ArrayDataset(contexts[said != NOTHING], said[said != NOTHING])


class Recurrent(nn.Layer):
    """Letters -> vectors -> states that remember the letters before -> logits of the next letter."""

    def __init__(self, kind: type, letters: int, width: int, dropout: float) -> None:
        self.embedding, self.recurrent = nn.Embedding(letters, 32), kind(32, width)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, letters))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrent(self.embedding(x))[0]).swapaxes(1, 2)  # (N, letters, T)


def build(model: str, letters: int, width: int, dropout: float) -> nn.Layer:
    if model != "mlp":
        return Recurrent({"lstm": nn.LSTM, "gru": nn.GRU}[model], letters, width, dropout)
    return nn.Sequential(nn.Embedding(letters, 16), nn.Flatten(), nn.Linear(CONTEXT * 16, width, bias=False),
                         nn.BatchNorm1d(width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, letters))  # fmt: skip


def invent(model: nn.Layer, args: argparse.Namespace, letters: str, longest: int) -> list[str]:
    """New names: each next letter drawn with the probability that the model gives it."""
    rng, tokens = Generator(args.seed).fork("samples"), np.full((args.samples, CONTEXT), END)
    for _ in range(longest):
        seen = tokens[:, -CONTEXT:] if args.model == "mlp" else tokens[:, CONTEXT - 1 :]
        logits = predict(model, seen).reshape(args.samples, len(letters), -1)[:, :, -1]
        gumbel = -np.log(-np.log(rng.uniform(logits.shape, 1e-6, 1.0)))  # the largest of logits + these is such a draw
        tokens = np.concatenate([tokens, (logits + gumbel).argmax(axis=1)[:, None]], axis=1)
    return ["".join(letters[i] for i in row[CONTEXT:]).partition("\n")[0] for row in tokens]


class Letters(Callback):
    """Keeps the letters in the checkpoints: a model does not go on with others, were they as many."""

    def __init__(self, letters: str) -> None:
        self.letters = letters

    def state_dict(self) -> dict[str, str]:
        return {"letters": self.letters}

    def load_state_dict(self, state: dict[str, str]) -> None:
        if state["letters"] != self.letters:
            raise ValueError(f"names.py: the checkpoint knows other letters, got {state['letters']!r}; pass its --text")


def main() -> None:
    args = arguments()
    manual_seed(args.seed)
    tokens, letters = load(args.text)
    rest, test = train_test_split(tokens, test_size=0.1, seed=args.seed)
    train, watch = train_test_split(rest, test_size=len(test), seed=args.seed)  # 80, 10 and 10 %
    data, watch, test = (examples(args.model, part) for part in (train, watch, test))
    loader = DataLoader(data, min(args.batch, len(data)), shuffle=True, drop_last=True)
    held_out = {"validation": DataLoader(watch, 1000), "test": DataLoader(test, 1000)}

    model, loss = build(args.model, len(letters), args.width, args.dropout).to(args.backend), nn.CrossEntropyLoss()
    optimizer = AdamW(model.parameters(), lr=schedules.cosine(args.lr, args.epochs * len(loader)))
    best, saved = EarlyStopping(args.epochs), Checkpoints(args.out / "checkpoints", overwrite=True)  # not by --resume
    log, picture = args.out / "log.jsonl", args.out / "loss.png"
    fit(model, loader, loss, optimizer, epochs=args.epochs, validation=held_out["validation"], clip=args.clip,
        callbacks=[best, Letters(letters)], checkpoints=saved, resume=args.resume, log=log)  # fmt: skip
    curves(log, path=picture, title=f"{args.model}, {len(tokens):,} names")
    print("made up: " + ", ".join(invent(model, args, letters, tokens.shape[1])))
    for name, part in held_out.items():
        print(f"{name}: {evaluate(model, part, loss)['loss']:.4f} nats a letter")
    print(f"wrote {picture}")


if __name__ == "__main__":
    main()
