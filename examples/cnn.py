"""A residual network of convolutions reads handwritten digits, with the normaliser of your choice.

    python examples/cnn.py                                 # 1,797 images of 8 x 8 pixels that come with minigrad
    python examples/cnn.py --data mnist --folder FOLDER    # 70,000 of 28 x 28; the folder may stand in MINIGRAD_DATA
    python examples/cnn.py --normaliser group              # or none, batch, renorm, layer, instance
    python examples/cnn.py --resume                        # goes on where a run was killed, bit for bit

Read from top to bottom: the arguments, the data, the model, the training, the pictures.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import nn, optim
from minigrad.backend.random import Generator
from minigrad.data import ArrayDataset, DataLoader, load_digits, load_mnist, train_test_split
from minigrad.nn import functional as F
from minigrad.optim.schedules import one_cycle
from minigrad.train import Checkpoints, accuracy, confusion, evaluate, fit, predict
from minigrad.viz import confusion as draw_confusion
from minigrad.viz import curves, mistakes

NORMALISERS = {
    "none": nn.Identity, "batch": nn.BatchNorm2d, "renorm": nn.BatchRenorm, "layer": partial(nn.GroupNorm, 1),
    "group": partial(nn.GroupNorm, 4), "instance": partial(nn.InstanceNorm2d, affine=True),
}  # fmt: skip
OPTIMIZERS = {name: getattr(optim, name) for name in ("SGD", "Momentum", "NAG", "RMSProp", "Adam", "AdamW", "Lion")}
DEFAULTS = {
    "digits": {"stride": 1, "shift": 1, "epochs": 30, "batch": 64},
    "mnist": {"stride": 2, "shift": 2, "epochs": 5, "batch": 128},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", choices=["digits", "mnist"])
    parser.add_argument("--folder", type=Path, help="where the MNIST files are")
    parser.add_argument("--width", type=int, default=16, help="channels at the start; halfway they double")
    parser.add_argument("--normaliser", default="batch", choices=NORMALISERS)
    parser.add_argument("--shift", type=int, help="pixels by which training images move at random")
    parser.add_argument("--smoothing", type=float, default=0.1, help="of labels: what share all classes get")
    parser.add_argument("--optimizer", default="AdamW", choices=OPTIMIZERS)
    parser.add_argument("--lr", type=float, default=5e-3, help="where it is largest: it rises, then falls")
    for name, default in (("--epochs", None), ("--batch", None), ("--seed", 0)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--out", type=Path, default=Path("runs/cnn"))
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    parser.set_defaults(**DEFAULTS[parser.parse_known_args()[0].data])
    return parser.parse_args()


def load(args: argparse.Namespace) -> tuple[np.ndarray, ...]:
    """Images (N, 1, H, W) and labels (N,), to learn from and to test on."""
    if args.data == "mnist":
        x, y, x_test, y_test = load_mnist(args.folder)
    else:
        x, y = load_digits()
        x, x_test, y, y_test = train_test_split(x.reshape(-1, 8, 8), y, test_size=0.2, seed=args.seed, stratify=y)
    return x[:, None], y, x_test[:, None], y_test


def shifted(batch: tuple[np.ndarray, ...], rng: Generator, reach: int) -> tuple[np.ndarray, ...]:
    """Every image moved by up to `reach` pixels along both axes; what comes in from outside is 0."""
    images, labels = batch
    around = np.pad(images, ((0, 0), (0, 0), (reach, reach), (reach, reach)))
    places = np.lib.stride_tricks.sliding_window_view(around, images.shape[2:], axis=(2, 3))  # (N, 1, dy, dx, H, W)
    dy, dx = rng.integers(0, 2 * reach + 1, (2, len(images)))
    return places[np.arange(len(images)), :, dy, dx], labels


def build(args: argparse.Namespace, classes: int) -> nn.Sequential:
    """A first convolution, three residual blocks of which the second halves the image, and one logit per class."""
    w, norm, relu = args.width, NORMALISERS[args.normaliser], nn.ReLU()
    conv = partial(nn.Conv2d, bias=args.normaliser == "none", init=nn.init.he_normal)
    layers = [conv(1, w, 3, args.stride, padding=1)]
    for c_in, c_out, stride in ((w, w, 1), (w, 2 * w, 2), (2 * w, 2 * w, 1)):
        first, second = conv(c_in, c_out, 3, stride, padding=1), conv(c_out, c_out, 3, padding=1)
        f = nn.Sequential(norm(c_in), relu, first, norm(c_out), relu, second)
        layers.append(nn.Residual(f, None if c_in == c_out else conv(c_in, c_out, 1, stride)))
    return nn.Sequential(*layers, norm(2 * w), relu, nn.GlobalAvgPool(), nn.Linear(2 * w, classes))


def main() -> None:
    args = arguments()
    mg.manual_seed(args.seed)
    x, y, x_test, y_test = load(args)
    # Some of the training images watch the training; the test images are looked at once, at the end.
    x, x_watch, y, y_watch = train_test_split(x, y, test_size=min(len(x) // 10, 2000), seed=args.seed, stratify=y)
    loader = DataLoader(ArrayDataset(x, y), args.batch, shuffle=True, transform=partial(shifted, reach=args.shift))
    watch, test = (DataLoader(ArrayDataset(*pair), 500) for pair in ((x_watch, y_watch), (x_test, y_test)))

    model = build(args, 10).to(args.backend)
    groups = optim.decay_groups(model.named_parameters(), 0.05)  # biases and gains do not decay
    optimizer = OPTIMIZERS[args.optimizer](groups, lr=one_cycle(args.lr, args.epochs * len(loader)))
    checkpoints, log = Checkpoints(args.out / "checkpoints", overwrite=True), args.out / "log.jsonl"  # not by --resume
    fit(
        model, loader, nn.CrossEntropyLoss(label_smoothing=args.smoothing), optimizer, epochs=args.epochs,
        validation=watch, metrics={"accuracy": accuracy}, checkpoints=checkpoints, resume=args.resume, log=log,
    )  # fmt: skip

    found = evaluate(model, test, metrics={"accuracy": accuracy, "confusion": confusion})
    probabilities = F.softmax(predict(model, x_test), axis=1)
    title = f"{args.data}: width {args.width}, normaliser {args.normaliser}, {args.optimizer}, lr up to {args.lr}"
    title += f"; loss with label smoothing {args.smoothing}" if args.smoothing else ""
    curves(log, path=args.out / "loss.png", title=title)
    draw_confusion(found["confusion"], args.out / "confusion.png", title=f"{args.data}, test images")
    mistakes(x_test[:, 0], y_test, probabilities.argmax(axis=1), probabilities, args.out / "mistakes.png")
    print(f"test accuracy {100 * found['accuracy']:.2f} %")
    for path in (*(args.out / name for name in ("loss.png", "confusion.png", "mistakes.png")), checkpoints.latest()):
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
