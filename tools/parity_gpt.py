"""The GPT of examples/char_gpt.py beside the same in PyTorch: same weights, same batches, step after step.

    python tools/parity_gpt.py [--text FILE] [--steps 200] [--recipe nanogpt-cpu] [--threads 1] [--png FILE]

Both begin with the weights that minigrad draws. Printed are the largest difference of the losses and of the norms of
the gradient over all steps, and the seconds of each side, which take turns. Ends with 0 if no loss differs by more than
1e-4, and no norm by more than that share of itself. Needs PyTorch. Both sides are those of the benchmark,
tools/workloads/gpt.py.
"""

import argparse
import runpy
import sys
from pathlib import Path
from time import perf_counter

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import minigrad as mg
from minigrad.optim import schedules
from tools.bench_timing import limited, machine, warn_if_busy
from tools.workloads.gpt import Mini, Torch

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "char_gpt.py"))
TOLERANCE = 1e-4


def step(side, x, y):
    """The loss and the norm of the gradient in one step."""
    return tuple(float(value) for value in side.step(*side.batch(x, y)))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--recipe", default="nanogpt-cpu", choices=EXAMPLE["RECIPES"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--png", type=Path, help="draw both curves")
    parser.add_argument("--out", type=Path, default=Path("runs/parity_gpt"))
    args = parser.parse_args()
    return argparse.Namespace(**{**EXAMPLE["RECIPES"][args.recipe], **vars(args), "dropout": 0.0})


def main():
    args = arguments()
    print("  ".join(f"{name} {value}" for name, value in machine().items()))
    warn_if_busy()
    mg.manual_seed(0)
    tokens, validation, letters = EXAMPLE["load"](args)
    loader, _ = EXAMPLE["loaders"](args, tokens, validation)
    batches = [loader.make(*divmod(step, len(loader))) for step in range(args.steps)]
    args.lr = schedules.warmup_cosine(args.lr, 100, 2000, args.lr / 10)
    sides = [mini := Mini(args, len(letters)), Torch(args, len(letters), mini.model.state_dict())]
    found, seconds = [[], []], [0.0, 0.0]
    with limited(args.threads):
        for batch in batches:
            for side, values in enumerate(found):
                start = perf_counter()
                values.append(step(sides[side], *batch))
                seconds[side] += perf_counter() - start
    losses, norms = (np.array(found)[:, :, i] for i in (0, 1))
    far, bent = np.abs(losses[0] - losses[1]).max(), np.abs(norms[0] / norms[1] - 1).max()
    print(f"{args.steps} steps, {args.threads} threads: loss {losses[0][0]:.4f} to {losses[0][-1]:.4f}")
    print(f"largest difference of losses {far:.1e}, of norms {bent:.1e} relative")
    print(f"minigrad {seconds[0]:.1f} s, PyTorch {seconds[1]:.1f} s, ratio {seconds[0] / seconds[1]:.2f}")
    if args.png:
        draw(losses, args.png)
    return 0 if far <= TOLERANCE and bent <= TOLERANCE else 1  # NaN is not


def draw(losses, path):
    """Both curves, one over the other, and their difference."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    above, below = figure.subplots(1, 2)
    for side, name, style in ((1, "PyTorch", "-"), (0, "minigrad", "--")):
        above.plot(losses[side], style, label=name, linewidth=2 - side)
    above.set(xlabel="step", ylabel="loss")
    above.legend()
    below.semilogy(np.maximum(np.abs(losses[0] - losses[1]), 1e-9))
    below.set(xlabel="step", ylabel="difference of the losses")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


if __name__ == "__main__":
    sys.exit(main())
