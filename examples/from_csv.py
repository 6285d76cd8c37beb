"""From any table to a trained, saved model.

    python examples/from_csv.py TABLE.csv --target COLUMN
    python examples/from_csv.py TABLE.csv --target COLUMN --classify     # class names that are numbers
    python examples/from_csv.py --predict OTHER.csv                      # ask the saved model

The first row of the table names the columns. A target of text makes a classifier, one of numbers a regression. The
features must be numbers; --columns chooses some. Without a table, one is invented to show how it goes, and left in
runs/from_csv/flowers.csv.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import nn
from minigrad.backend.random import Generator
from minigrad.data import ArrayDataset, DataLoader, StandardScaler, load_csv, train_test_split
from minigrad.io import load_checkpoint, save_checkpoint
from minigrad.optim import AdamW
from minigrad.train import Checkpoints, EarlyStopping, accuracy, evaluate, fit, predict, r2


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, nargs="?")
    parser.add_argument("--target", help="the column to predict; of the table that is invented: species")
    parser.add_argument("--columns", nargs="+", help="the columns to predict it from; default: all others")
    parser.add_argument("--classify", action="store_true", help="the target's numbers are names of classes")
    parser.add_argument("--predict", type=Path, metavar="TABLE", help="a table to predict for, with the saved model")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--out", type=Path, default=Path("runs/from_csv"))
    parser.add_argument("--resume", action="store_true", help="go on where a run was killed")
    if (args := parser.parse_args()).table and not args.target:
        parser.error(f"--target is missing; name with it the column of {args.table} that is to be predicted")
    return args


def invent(path: Path) -> Path:
    """A table of flowers: three species that differ in the length and width of their leaves."""
    rng, rows = Generator(0).fork("flowers"), ["length,width,species"]
    for name, length, width in (("daisy", 1.5, 0.3), ("lily", 4.2, 1.3), ("rose", 5.6, 2.0)):
        sizes = rng.normal((50, 2), 0, 0.35) + np.array([length, width])
        rows += [f"{a:.2f},{b:.2f},{name}" for a, b in sizes]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def build(features: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(features, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
                         nn.Linear(width, outputs))  # fmt: skip


def train(args: argparse.Namespace) -> Path:
    """Train on the table and save all that predicting needs."""
    mg.manual_seed(args.seed)
    path = args.table or invent(args.out / "flowers.csv")
    table = load_csv(path, args.target or "species", args.columns, args.classify or None)
    y = table.target if table.classes else table.target[:, None]
    x, x_test, y, y_test = train_test_split(table.features, y, test_size=0.2, seed=args.seed)
    scalers = {"x": StandardScaler().fit(x)}
    if not table.classes:
        scalers["y"] = StandardScaler().fit(y)
        y, y_test = scalers["y"](y), scalers["y"](y_test)
    x, x_watch, y, y_watch = train_test_split(scalers["x"](x), y, test_size=0.15, seed=args.seed)

    shape = {"features": x.shape[1], "width": args.width, "outputs": len(table.classes or [1])}
    model = build(**shape).to(args.backend)
    loss, figure = (nn.CrossEntropyLoss(), accuracy) if table.classes else (nn.MSELoss(), r2)
    kept = Checkpoints(args.out / "checkpoints", overwrite=True)  # by a new run, not by --resume
    fit(
        model, DataLoader(ArrayDataset(x, y), 32, shuffle=True), loss, AdamW(model.parameters(), lr=3e-3),
        epochs=args.epochs, validation=DataLoader(ArrayDataset(x_watch, y_watch), 256),
        metrics={figure.__name__: figure}, callbacks=[EarlyStopping(patience=20)], log=args.out / "log.jsonl",
        checkpoints=kept, resume=args.resume,
    )  # fmt: skip
    test = DataLoader(ArrayDataset(scalers["x"](x_test), y_test), 256)
    print(f"test {figure.__name__} {evaluate(model, test, metrics={'it': figure})['it']:.4f}")
    return save_checkpoint(
        args.out / "model.safetensors", model=model.state_dict(), shape=shape, columns=table.names,
        classes=table.classes, scalers={name: scaler.state_dict() for name, scaler in scalers.items()},
    )  # fmt: skip


def answer(saved: Path, table: Path) -> np.ndarray:
    """What the saved model says about each row of a table: names of classes, or numbers."""
    parts = load_checkpoint(saved)
    model, scalers = build(**parts["shape"]), {name: StandardScaler() for name in parts["scalers"]}
    model.load_state_dict(parts["model"])
    for name, scaler in scalers.items():
        scaler.load_state_dict(parts["scalers"][name])
    outputs = predict(model, scalers["x"](load_csv(table, columns=parts["columns"]).features))
    if parts["classes"]:
        return np.array(parts["classes"])[outputs.argmax(axis=1)]
    return scalers["y"].inverse_transform(outputs)[:, 0]


def main() -> None:
    args = arguments()
    if args.predict:
        print("\n".join(map(str, answer(args.out / "model.safetensors", args.predict))))
    else:
        print(f"wrote {train(args)}")


if __name__ == "__main__":
    main()
