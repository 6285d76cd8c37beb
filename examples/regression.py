"""What scaling does to a regression: salaries from ages, with the numbers as they are and brought to a like size.

    python examples/regression.py

Ages run to 65 and salaries to 100,000, so the gradient for a weight is thousands of times that for another, and no
learning rate suits both: a small one does not move, a larger one diverges. The same network learns in a moment once a
scaler has brought every column to mean 0 and deviation 1. The scaler belongs to the model: it is saved with it.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import nn
from minigrad.backend.random import Generator
from minigrad.data import ArrayDataset, DataLoader, StandardScaler, train_test_split
from minigrad.errors import NonFiniteError
from minigrad.io import load_checkpoint, save_checkpoint
from minigrad.optim import Momentum
from minigrad.train import fit, predict, r2
from minigrad.viz import curves


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--out", type=Path, default=Path("runs/regression"))
    return parser.parse_args()


def people(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ages and years in the job (N, 2), salaries (N, 1): invented, with a peak in the middle of a working life."""
    rng = Generator(seed).fork("people")
    age = rng.uniform((count,), 20, 65, dtype=np.float64)
    years = (age - 18) * rng.uniform((count,), dtype=np.float64)
    salary = 30_000 + 1_200 * years + 40_000 * np.exp(-(((age - 48) / 14) ** 2)) + rng.normal((count,), 0, 3_000)
    return np.stack([age, years], axis=1).astype(np.float32), salary[:, None].astype(np.float32)


def build() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 1))


def train(args: argparse.Namespace, x: np.ndarray, y: np.ndarray, lr: float, name: str) -> nn.Sequential | None:
    """The network, trained on these numbers; None where the training diverged."""
    mg.manual_seed(args.seed)
    model = build().to(args.backend)
    x, x_watch, y, y_watch = train_test_split(x, y, test_size=0.15, seed=args.seed)
    loader, watch = DataLoader(ArrayDataset(x, y), 32, shuffle=True), DataLoader(ArrayDataset(x_watch, y_watch), 256)
    try:
        fit(
            model, loader, nn.MSELoss(), Momentum(model.parameters(), lr=lr), epochs=args.epochs, validation=watch,
            metrics={"r2": r2}, log=args.out / f"{name}.jsonl", log_every=10, progress_bar=False,
        )  # fmt: skip
    except NonFiniteError as error:
        print(f"{name}: {error}")
        return None
    return model


def main() -> None:
    args = arguments()
    for log in args.out.glob("*.jsonl"):  # of an earlier run
        log.unlink()
    x, x_test, y, y_test = train_test_split(*people(args.people, args.seed), test_size=0.25, seed=args.seed)

    for name, lr in (("unscaled, lr 0.1", 0.1), ("unscaled, lr 1e-6", 1e-6)):
        model = train(args, x, y, lr, name)
        if model is not None:
            print(f"{name}: r2 {r2(predict(model, x_test), y_test):.3f}")

    x_scaler, y_scaler = StandardScaler().fit(x), StandardScaler().fit(y)  # of the training data alone
    model = train(args, x_scaler(x), y_scaler(y), 0.1, "scaled, lr 0.1")
    assert model is not None
    print(f"scaled, lr 0.1: r2 {r2(y_scaler.inverse_transform(predict(model, x_scaler(x_test))), y_test):.3f}")

    # In use, people ask with ages and want salaries: what is saved is the model with both scalers around it.
    path = save_checkpoint(
        args.out / "model.safetensors", model=model.state_dict(), x=x_scaler.state_dict(), y=y_scaler.state_dict()
    )
    print(f"somebody of 40 with 15 years in the job earns about {ask(path, 40, 15):,.0f}")
    title = "the same network with and without scaling (losses in their own units; r2 compares)"
    curves(*sorted(args.out.glob("*.jsonl")), path=args.out / "loss.png", title=title)
    print(f"wrote {path}\nwrote {args.out / 'loss.png'}")


def ask(path: Path, age: float, years: float) -> float:
    """The salary that a saved model expects; all it needs is in the file."""
    saved, model, x_scaler, y_scaler = load_checkpoint(path), build(), StandardScaler(), StandardScaler()
    for part, state in ((model, "model"), (x_scaler, "x"), (y_scaler, "y")):
        part.load_state_dict(saved[state])
    return float(y_scaler.inverse_transform(predict(model, x_scaler([[age, years]])))[0, 0])


if __name__ == "__main__":
    main()
