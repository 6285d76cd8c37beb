"""The GPT of examples/char_gpt.py beside the same in PyTorch: same weights, same batches, step after step.

    python tools/parity_gpt.py [--text FILE] [--steps 200] [--recipe nanogpt-cpu] [--threads 1] [--png FILE]

Both begin with the weights that minigrad draws. Printed are the largest difference of the losses and of the norms of
the gradient over all steps, and the seconds of each side, which take turns. Ends with 0 if no loss differs by more than
1e-4, and no norm by more than that share of itself. Needs PyTorch, whose TransformerEncoder takes the state as it is.
"""

import argparse
import runpy
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import threadpoolctl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import minigrad as mg
from minigrad.nn import functional as F
from minigrad.optim import AdamW, clip_grad_norm, decay_groups, schedules
from tools.bench_timing import machine, warn_if_busy

EXAMPLE = runpy.run_path(str(Path(__file__).parents[1] / "examples" / "char_gpt.py"))
TOLERANCE = 1e-4


class Mini:
    """minigrad's side: one step at a time."""

    def __init__(self, args, letters):
        recipe = {name: getattr(args, name) for name in ("block", "layers", "heads", "width", "dropout")}
        self.model = EXAMPLE["GPT"](letters, **recipe)
        groups = decay_groups(self.model.named_parameters(), 0.1)
        self.optimizer = AdamW(groups, lr=rate(args), betas=(0.9, 0.99))

    def step(self, x, y):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(mg.Tensor(x)), y)
        loss.backward()
        norm = clip_grad_norm(self.model.parameters(), 1.0)
        self.optimizer.step()
        return loss.item(), float(norm)


class Torch:
    """PyTorch's side, with minigrad's weights."""

    def __init__(self, args, letters, state):
        import torch
        from torch import nn

        torch.set_num_threads(args.threads)
        block = nn.TransformerEncoderLayer(
            args.width, args.heads, 4 * args.width, args.dropout, "gelu", batch_first=True, norm_first=True, bias=False
        )
        self.parts = nn.ModuleDict({
            "letters": nn.Embedding(letters, args.width),
            "places": nn.Embedding(args.block, args.width),
            "blocks": nn.TransformerEncoder(
                block, args.layers, nn.LayerNorm(args.width, bias=False), enable_nested_tensor=False
            ),
        })  # fmt: skip
        self.parts.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
        self.torch, self.lr, self.steps = torch, rate(args), 0
        self.mask = nn.Transformer.generate_square_subsequent_mask(args.block)
        parameters = list(self.parts.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": 0.1},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.99))

    def step(self, x, y):
        torch, parts = self.torch, self.parts
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr(self.steps)
        self.optimizer.zero_grad()
        h = parts["letters"](torch.from_numpy(x)) + parts["places"].weight
        h = parts["blocks"](h, mask=self.mask, is_causal=True)
        logits = (h @ parts["letters"].weight.T).transpose(1, 2)
        loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(y))
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parts.parameters(), 1.0)
        self.optimizer.step()
        self.steps += 1
        return loss.item(), norm.item()


def rate(args):
    """The learning rate of each step; both sides take the same function."""
    return schedules.warmup_cosine(args.lr, 100, 2000, args.lr / 10)


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
    sides = [mini := Mini(args, len(letters)), Torch(args, len(letters), mini.model.state_dict())]
    found, seconds = [[], []], [0.0, 0.0]
    with threadpoolctl.threadpool_limits(args.threads):
        for batch in batches:
            for side, values in enumerate(found):
                start = perf_counter()
                values.append(sides[side].step(*batch))
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
