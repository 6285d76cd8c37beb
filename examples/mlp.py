"""A multilayer perceptron learns to read handwritten digits.

Run it:  python examples/mlp.py --epochs 40

1,797 images of 8 x 8 pixels come with minigrad; four fifths train, one fifth tests. Read from top to bottom: the
model, one step, the loop, the pictures.
"""

import argparse
import os
from pathlib import Path

import matplotlib
import numpy as np
from safetensors.numpy import save_file

import minigrad as mg
from minigrad.backend.random import Generator
from minigrad.data import load_digits
from minigrad.nn import Linear, ReLU, Sequential
from minigrad.nn.functional import cross_entropy
from minigrad.optim import Adam

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--out", type=Path, default=Path("runs/mlp"))
    return parser.parse_args()


def main() -> None:
    args = arguments()
    mg.manual_seed(args.seed)
    images, labels = load_digits()
    order = Generator(args.seed).fork("split").permutation(len(images))
    train, test = np.split(order, [len(order) * 4 // 5])

    model = Sequential(Linear(64, args.width), ReLU(), Linear(args.width, args.width), ReLU(), Linear(args.width, 10))
    model.to(args.backend)
    optimizer = Adam(model.parameters(), lr=args.lr)

    losses = []
    for epoch in range(args.epochs):
        order = train[Generator(args.seed).fork("shuffle", epoch).permutation(len(train))]
        for start in range(0, len(order), args.batch):
            batch = order[start : start + args.batch]
            x = mg.Tensor(images[batch]).to(args.backend)  # (B, 64)
            target = mg.Tensor(labels[batch]).to(args.backend)  # (B,)
            loss = cross_entropy(model(x), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())  # stays on the device: reading it would wait for the step
        if epoch % 10 == 9 or epoch == args.epochs - 1:
            found = accuracy(model, images[test], labels[test], args.backend)
            print(f"epoch {epoch + 1:3}  loss {float(losses[-1]):.4f}  test accuracy {found:.4f}")

    args.out.mkdir(parents=True, exist_ok=True)
    picture, weights = args.out / "loss.png", args.out / "model.safetensors"
    plot([float(loss) for loss in losses], picture, f"digits, {args.width} hidden units, Adam {args.lr:g}")
    save(model, weights)
    print(f"test accuracy {100 * accuracy(model, images[test], labels[test], args.backend):.2f} %")
    print(f"wrote {picture} and {weights}")


def accuracy(model: Sequential, images: np.ndarray, labels: np.ndarray, backend: str) -> float:
    with mg.no_grad():
        logits = model(mg.Tensor(images).to(backend)).numpy()
    return float((logits.argmax(axis=1) == labels).mean())


def plot(losses: list[float], picture: Path, title: str) -> None:
    figure, axes = plt.subplots(figsize=(6, 4))
    axes.semilogy(losses)
    axes.set(xlabel="step", ylabel="cross-entropy", title=title)
    figure.savefig(picture, dpi=120, bbox_inches="tight")


def save(model: Sequential, weights: Path) -> None:
    partial = weights.with_suffix(".partial")  # never a half-written file under the real name
    save_file(model.state_dict(), partial)
    os.replace(partial, weights)


if __name__ == "__main__":
    main()
