"""A multilayer perceptron learns to read handwritten digits.

    python examples/mlp.py                                 # 1,797 images of 8 x 8 pixels that come with minigrad
    python examples/mlp.py --data mnist --folder FOLDER    # 70,000 of 28 x 28; the folder may stand in MINIGRAD_DATA
    python examples/mlp.py --resume                        # goes on where a run was killed, bit for bit

Read from top to bottom: the arguments, the data, the model, the training, the pictures.
"""

import argparse
from pathlib import Path

import numpy as np

import minigrad as mg
from minigrad import nn, optim
from minigrad.data import ArrayDataset, DataLoader, load_digits, load_mnist, train_test_split
from minigrad.nn import functional as F
from minigrad.optim import schedules
from minigrad.train import Checkpoints, accuracy, confusion, evaluate, fit, predict
from minigrad.viz import confusion as draw_confusion
from minigrad.viz import curves, mistakes

INITIALIZERS = [*(name for name in nn.init.__all__ if name.endswith(("normal", "uniform"))), "orthogonal"]
NORMALISERS = {"none": nn.Identity, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm, "rms": nn.RMSNorm}
OPTIMIZERS = "SGD Momentum NAG Adagrad Adadelta RMSProp Adam AdamW AMSGrad NAdam RAdam Adamax Adafactor Lion LARS LAMB"
DEFAULTS = {
    "digits": {"normaliser": "none", "dropout": 0.5, "epochs": 60, "batch": 64},
    "mnist": {"normaliser": "batch", "dropout": 0.3, "epochs": 15, "batch": 128},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.epilog = f"defaults by data: {DEFAULTS}"
    parser.add_argument("--data", default="digits", choices=["digits", "mnist"])
    parser.add_argument("--folder", type=Path, help="where the MNIST files are")
    parser.add_argument("--width", type=int, default=512, help="units of a hidden layer (%(default)s)")
    parser.add_argument("--depth", type=int, default=2, help="hidden layers (%(default)s)")
    parser.add_argument("--normaliser", choices=NORMALISERS)
    parser.add_argument("--initializer", default="he_normal", choices=INITIALIZERS)
    parser.add_argument("--dropout", type=float, help="probability of dropping a hidden unit")
    parser.add_argument("--smoothing", type=float, default=0.1, help="what all classes get of a label (%(default)s)")
    parser.add_argument("--optimizer", default="AdamW", choices=OPTIMIZERS.split(), help="(%(default)s)")
    parser.add_argument("--lr", type=float, default=2e-3, help="the learning rate (%(default)s)")
    parser.add_argument("--schedule", choices="constant step exponential inverse_time cosine warmup".split())
    for name, default in (("--epochs", None), ("--batch", None), ("--seed", 0)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--out", type=Path, default=Path("runs/mlp"))
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    parser.set_defaults(schedule="cosine", **DEFAULTS[parser.parse_known_args()[0].data])
    return parser.parse_args()


def load(args: argparse.Namespace) -> tuple[np.ndarray, ...]:
    """Images (N, pixels) and labels (N,), to learn from and to test on."""
    if args.data == "mnist":
        x, y, x_test, y_test = load_mnist(args.folder)
        return x.reshape(len(x), -1), y, x_test.reshape(len(x_test), -1), y_test
    images, labels = load_digits()
    x, x_test, y, y_test = train_test_split(images, labels, test_size=0.2, seed=args.seed, stratify=labels)
    return x, y, x_test, y_test


def build(args: argparse.Namespace, pixels: int, classes: int) -> nn.Sequential:
    """Hidden layers of Linear, normaliser, ReLU and Dropout, then one logit per class."""
    rule, layers, width = getattr(nn.init, args.initializer), [], pixels
    for _ in range(args.depth):
        layers += [nn.Linear(width, args.width, init=rule), NORMALISERS[args.normaliser](args.width)]
        layers += [nn.ReLU(), nn.Dropout(args.dropout)]
        width = args.width
    return nn.Sequential(*layers, nn.Linear(width, classes, init=rule))


def learning_rate(args: argparse.Namespace, steps: int) -> schedules.Schedule:
    return {
        "constant": lambda: schedules.constant(args.lr), "cosine": lambda: schedules.cosine(args.lr, steps),
        "step": lambda: schedules.step_decay(args.lr, max(steps // 3, 1)),
        "exponential": lambda: schedules.exponential_decay(args.lr, 0.01 ** (1 / steps)),
        "inverse_time": lambda: schedules.inverse_time_decay(args.lr, 9 / steps),
        "warmup": lambda: schedules.warmup_cosine(args.lr, steps // 20, steps),
    }[args.schedule]()  # fmt: skip


def main() -> None:
    args = arguments()
    mg.manual_seed(args.seed)
    x, y, x_test, y_test = load(args)
    # Some of the training images watch the training; the test images are looked at once, at the end.
    x, x_watch, y, y_watch = train_test_split(x, y, test_size=min(len(x) // 10, 2000), seed=args.seed, stratify=y)
    loader = DataLoader(ArrayDataset(x, y), args.batch, shuffle=True)
    watch, test = (DataLoader(ArrayDataset(*pair), 500) for pair in ((x_watch, y_watch), (x_test, y_test)))

    model = build(args, x.shape[1], 10).to(args.backend)
    lr = learning_rate(args, args.epochs * len(loader))
    optimizer = getattr(optim, args.optimizer)(model.named_parameters(), lr=lr)
    checkpoints = Checkpoints(args.out / "checkpoints", every_epochs=5, overwrite=True)  # by a new run, not by --resume
    log = args.out / "log.jsonl"
    fit(
        model, loader, nn.CrossEntropyLoss(label_smoothing=args.smoothing), optimizer, epochs=args.epochs,
        validation=watch, metrics={"accuracy": accuracy}, checkpoints=checkpoints, resume=args.resume, log=log,
    )  # fmt: skip

    found = evaluate(model, test, metrics={"accuracy": accuracy, "confusion": confusion})
    probabilities = F.softmax(predict(model, x_test), axis=1)
    title = f"{args.data}: {args.depth} x {args.width}, {args.optimizer}, {lr!r}"
    title += f"; loss with label smoothing {args.smoothing}" if args.smoothing else ""
    curves(log, path=args.out / "loss.png", title=title)
    draw_confusion(found["confusion"], args.out / "confusion.png", title=f"{args.data}, test images")
    mistakes(x_test, y_test, probabilities.argmax(axis=1), probabilities, args.out / "mistakes.png")
    print(f"test accuracy {100 * found['accuracy']:.2f} %")
    for name in ("loss.png", "confusion.png", "mistakes.png", "log.jsonl"):
        print(f"wrote {args.out / name}")
    print(f"wrote {checkpoints.latest()}")


if __name__ == "__main__":
    main()
