"""Fifty layers, with and without skips and normalisation: what reaches the first layers, and what is learned.

    python examples/deep_net.py                       # the digits that come with minigrad
    python examples/deep_net.py --normaliser batch    # or rms, in place of layer
    python examples/deep_net.py --initializer he_normal

A gradient passes the layers from the last to the first, and each one scales it: what shrinks, shrinks most in the FIRST
layers. Before the training the sizes of the activations and of the gradients are measured layer by layer and drawn;
then the four networks train on the same batches, in the same order, with the same optimizer and learning rate.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import nn
from minigrad.data import ArrayDataset, DataLoader, load_digits, train_test_split
from minigrad.errors import NonFiniteError
from minigrad.nn import functional as F
from minigrad.optim import Adam
from minigrad.optim.schedules import one_cycle
from minigrad.train import accuracy, fit
from minigrad.viz import curves
from minigrad.viz.canvas import INK, finished, sheet

NORMALISERS = {"layer": nn.LayerNorm, "batch": nn.BatchNorm1d, "rms": nn.RMSNorm}
INITIALIZERS = {"default": None, "he_normal": nn.init.he_normal, "orthogonal": nn.init.orthogonal}
GRID = {"plain": (False, False), "normalised": (False, True), "skips": (True, False), "both": (True, True)}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depth", type=int, default=50, help="hidden layers")
    parser.add_argument("--width", type=int, default=64, help="units of a hidden layer")
    parser.add_argument("--normaliser", default="layer", choices=NORMALISERS)
    parser.add_argument("--initializer", default="default", choices=INITIALIZERS)
    parser.add_argument("--lr", type=float, default=1e-3, help="where it is largest: it rises, then falls")
    for name, default in (("--epochs", 20), ("--batch", 64), ("--seed", 0)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--out", type=Path, default=Path("runs/deep_net"))
    return parser.parse_args()


def build(args: argparse.Namespace, skips: bool, normalised: bool) -> nn.Sequential:
    """Hidden layers y = f(x) or x + f(x), where f is a normaliser or nothing, ReLU and Linear; then the logits."""
    norm = NORMALISERS[args.normaliser] if normalised else nn.Identity
    rule, w = INITIALIZERS[args.initializer], args.width
    hidden = [nn.Sequential(norm(w), nn.ReLU(), nn.Linear(w, w, init=rule)) for _ in range(args.depth - 1)]
    if skips:
        hidden = [nn.Residual(f) for f in hidden]
    return nn.Sequential(nn.Linear(64, w, init=rule), *hidden, nn.Sequential(norm(w), nn.ReLU(), nn.Linear(w, 10)))


def size(x: mg.Tensor) -> float:
    """The root mean square, in float64: squares of small gradients would be 0 in float32."""
    return float(np.sqrt(np.mean(np.square(x.numpy(), dtype=np.float64))))


def sizes(model: nn.Sequential, x: mg.Tensor, y: mg.Tensor) -> tuple[list[float], list[float]]:
    """Layer by layer: the size of what comes out of it, and of the gradient of its weights."""
    outputs = [x]
    for layer in model:
        outputs.append(layer(outputs[-1]))
    F.cross_entropy(outputs[-1], y).backward()
    gradients = [size(mg.Tensor(part.weight.grad)) for part in model.layers() if isinstance(part, nn.Linear)]
    model.zero_grad()
    return [size(out) for out in outputs[1:]], gradients


def draw(found: dict[str, tuple[list[float], list[float]]], path: Path) -> None:
    """Both sizes over the layers, the first layer on the left."""
    figure = sheet(11, 4)
    left, right = figure.subplots(1, 2)
    for (name, (activations, gradients)), ink in zip(found.items(), INK, strict=False):
        left.semilogy(range(1, len(activations) + 1), activations, color=ink)
        right.semilogy(range(1, len(gradients) + 1), gradients, color=ink, label=name)
    left.set(xlabel="layer", ylabel="root mean square", title="activations")
    right.set(xlabel="layer", title="gradients of the weights")
    right.legend()
    figure.suptitle("before training, layer by layer; the last makes the logits")
    finished(figure, path)


def main() -> None:
    args = arguments()
    for log in args.out.glob("*.jsonl"):  # of an earlier run
        log.unlink()
    x, y = load_digits()
    x, x_test, y, y_test = train_test_split(x, y, test_size=0.2, seed=args.seed, stratify=y)
    watch = DataLoader(ArrayDataset(x_test, y_test), 500)  # nothing is chosen by these images
    found = {}
    print(f"{'network':<12}first gradient  last gradient  training loss  test accuracy")
    for name, (skips, normalised) in GRID.items():
        mg.manual_seed(args.seed)
        model = build(args, skips, normalised).to(args.backend)
        found[name] = sizes(model, *(mg.Tensor(part[:256]).to(args.backend) for part in (x, y)))
        loader = DataLoader(ArrayDataset(x, y), args.batch, shuffle=True)
        optimizer = Adam(model.named_parameters(), lr=one_cycle(args.lr, args.epochs * len(loader)))
        print(f"{name:<12}{found[name][1][0]:14.1e}  {found[name][1][-1]:13.1e}", end="  ")
        try:
            history = fit(
                model, loader, nn.CrossEntropyLoss(), optimizer, epochs=args.epochs, validation=watch,
                metrics={"accuracy": accuracy}, log=args.out / f"{name}.jsonl", progress_bar=False,
            )  # fmt: skip
        except NonFiniteError as error:
            print(str(error).partition(";")[0])  # what it says to do is not needed here
            continue
        print(f"{history.epochs[-1]['loss']:13.4f}  {history.epochs[-1]['validation accuracy']:13.2%}")
    draw(found, args.out / "start.png")
    title = f"{args.depth} hidden layers of {args.width} units, the same batches"
    curves(*(args.out / f"{name}.jsonl" for name in GRID), path=args.out / "loss.png", title=title)
    print(f"wrote {args.out / 'start.png'}\nwrote {args.out / 'loss.png'}")


if __name__ == "__main__":
    main()
