"""A residual network without normalisation, beside the same network with BatchNorm and with nothing at all.

    python examples/nf_net.py                                 # 1,797 images of 8 x 8 pixels that come with minigrad
    python examples/nf_net.py --data mnist --folder FOLDER    # 70,000 of 28 x 28; the folder may stand in MINIGRAD_DATA

All three see the same batches in the same order, with the same optimizer and learning rate. What takes the place of
BatchNorm, after Brock et al., Characterizing Signal Propagation (a) and High-Performance Large-Scale Image Recognition
Without Normalization (b), both 2021:

- kernels of mean 0 and mean square 1 / fan_in, and an activation that gives variance 1 to normal inputs (a, section 4);
- blocks y = x + alpha f(x / beta), where beta is the standard deviation of x that alpha foretells (a, section 3);
- a learned gain on f that begins at 0, so that every block begins as its shortcut (SkipInit: De and Smith, 2020);
- gradients clipped to a share of the norm of their weights, but for the last layer (b, equation 3) and those gains.
"""

import argparse
from functools import partial
from pathlib import Path

import minigrad as mg
from minigrad import nn
from minigrad.data import ArrayDataset, DataLoader, load_digits, load_mnist, train_test_split
from minigrad.errors import NonFiniteError
from minigrad.optim import NAG, adaptive_grad_clip
from minigrad.optim.schedules import one_cycle
from minigrad.train import accuracy, fit
from minigrad.viz import curves

KINDS = {"nf": "no normaliser, scaled weights", "batch": "BatchNorm", "plain": "nothing"}
DEFAULTS = {"digits": {"stride": 1, "epochs": 12, "batch": 64}, "mnist": {"stride": 2, "epochs": 2, "batch": 128}}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="digits", choices=["digits", "mnist"])
    parser.add_argument("--folder", type=Path, help="where the MNIST files are")
    parser.add_argument("--width", type=int, default=16, help="channels at the start; halfway they double")
    parser.add_argument("--depth", type=int, default=4, help="residual blocks of each of the two sizes of images")
    parser.add_argument("--alpha", type=float, default=0.2, help="what share of a branch a block adds")
    parser.add_argument("--clip", type=float, default=0.1, help="gradients to this share of their weights")
    parser.add_argument("--lr", type=float, default=0.1, help="where it is largest: it rises, then falls")
    for name, default in (("--epochs", None), ("--batch", None), ("--seed", 0)):
        parser.add_argument(name, type=int, default=default)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--out", type=Path, default=Path("runs/nf_net"))
    parser.set_defaults(**DEFAULTS[parser.parse_known_args()[0].data])
    return parser.parse_args()


def load(args: argparse.Namespace) -> tuple[ArrayDataset, DataLoader]:
    """Images (N, 1, H, W) and labels (N,), to learn from, their pixels of variance 1; and to test on."""
    if args.data == "mnist":
        x, y, x_test, y_test = load_mnist(args.folder)
    else:
        x, y = load_digits()
        x, x_test, y, y_test = train_test_split(x.reshape(-1, 8, 8), y, test_size=0.2, seed=args.seed, stratify=y)
    mean, std = x.mean(), x.std()
    x, x_test = ((images[:, None] - mean) / std for images in (x, x_test))
    return ArrayDataset(x, y), DataLoader(ArrayDataset(x_test, y_test), 500)  # nothing is chosen by the latter


class NFBlock(nn.Layer):
    """y = x + alpha gain f(x / beta), or g(x / beta) + alpha gain f(x / beta) with a shortcut g."""

    def __init__(self, f: nn.Layer, shortcut: nn.Layer | None, alpha: float, beta: float) -> None:
        self.f, self.shortcut, self.alpha, self.beta = f, shortcut, alpha, beta
        self.gain = nn.Parameter(nn.init.zeros(()))  # of which no share could be clipped to

    def forward(self, x: mg.Tensor) -> mg.Tensor:
        inner = x / self.beta  # of variance 1
        return (x if self.shortcut is None else self.shortcut(inner)) + self.f(inner) * (self.gain * self.alpha)


def build(kind: str, args: argparse.Namespace, classes: int) -> nn.Sequential:
    """One of the three: a first convolution, residual blocks, of which one in the middle halves the image, a head."""
    nf, w = kind == "nf", args.width
    conv = nn.ScaledWSConv2d if nf else partial(nn.Conv2d, bias=kind == "plain", init=nn.init.he_normal)
    norm = nn.BatchNorm2d if kind == "batch" else nn.Identity
    relu = nn.ScaledActivation(nn.ReLU()) if nf else nn.ReLU()
    layers, c_in, variance = [conv(1, w, 3, args.stride, padding=1)], w, 1.0
    for c_out, stride in [(w, 1)] * args.depth + [(2 * w, 2)] + [(2 * w, 1)] * (args.depth - 1):
        first, second = conv(c_in, c_out, 3, stride, padding=1), conv(c_out, c_out, 3, padding=1)
        f = nn.Sequential(norm(c_in), relu, first, norm(c_out), relu, second)
        shortcut = None if c_in == c_out else conv(c_in, c_out, 1, stride)
        layers.append(NFBlock(f, shortcut, args.alpha, variance**0.5) if nf else nn.Residual(f, shortcut))
        c_in, variance = c_out, (variance if shortcut is None else 1.0) + args.alpha**2  # foretold for a gain of 1
    return nn.Sequential(*layers, norm(c_in), relu, nn.GlobalAvgPool(), nn.Linear(c_in, classes))


def main() -> None:
    args = arguments()
    for log in args.out.glob("*.jsonl"):  # of an earlier run
        log.unlink()
    train, watch = load(args)
    print(f"{'network':<32}training loss  test accuracy")
    for kind, words in KINDS.items():
        mg.manual_seed(args.seed)
        model = build(kind, args, 10).to(args.backend)
        loader = DataLoader(train, args.batch, shuffle=True)
        optimizer = NAG(model.named_parameters(), lr=one_cycle(args.lr, args.epochs * len(loader)))
        exempt = [*model[-1].parameters(), *(p for p in model.parameters() if p.ndim == 0)]
        clip = partial(adaptive_grad_clip, clip_factor=args.clip, exempt=exempt) if kind == "nf" else None
        try:
            history = fit(
                model, loader, nn.CrossEntropyLoss(), optimizer, epochs=args.epochs, validation=watch,
                metrics={"accuracy": accuracy}, clip=clip, log=args.out / f"{kind}.jsonl", progress_bar=False,
            )  # fmt: skip
        except NonFiniteError as error:
            print(f"{words:<32}{str(error).partition(';')[0]}")  # what it says to do is not needed here
            continue
        loss, right = (history.epochs[-1][name] for name in ("loss", "validation accuracy"))
        print(f"{words:<32}{loss:13.4f}  {right:13.2%}")
    logs, title = (args.out / f"{kind}.jsonl" for kind in KINDS), f"{args.data}: {2 * args.depth} blocks, same batches"
    curves(*logs, path=args.out / "loss.png", labels=list(KINDS.values()), title=title)
    print(f"wrote {args.out / 'loss.png'}")


if __name__ == "__main__":
    main()
