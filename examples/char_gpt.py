"""A small GPT writes letter after letter.

    python examples/char_gpt.py                                       # learns from Python's own documentation
    python examples/char_gpt.py --text shakespeare.txt                # from any text
    python examples/char_gpt.py --text shakespeare.txt --recipe nanogpt-cpu
    python examples/char_gpt.py --resume                              # goes on where a run was killed, bit for bit
    python examples/char_gpt.py --prompt "def " --length 500          # the saved model writes on

--resume wants the --text, the --recipe, the sizes, the --batch and the --steps that the run began with; --prompt finds
all it needs in --out.
Read from top to bottom: the arguments, the text, the model, how it writes, the training.
"""

import argparse
import math
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

import minigrad as mg
from minigrad import Tensor, nn, no_grad
from minigrad.backend import backend
from minigrad.backend.random import Generator
from minigrad.data import ArrayDataset, DataLoader, load_text
from minigrad.errors import DeviceError
from minigrad.io import load_checkpoint
from minigrad.nn import functional as F
from minigrad.nn.init import normal
from minigrad.optim import AdamW, decay_groups, schedules
from minigrad.train import Callback, Checkpoints, evaluate, fit
from minigrad.viz import curves

# nanoGPT's settings for a CPU (Karpathy, 2022, README: "I only have a macbook").
NANOGPT = {"layers": 4, "heads": 4, "width": 128, "block": 64, "batch": 12, "steps": 2000, "lr": 1e-3, "dropout": 0.0}
RECIPES = {"nanogpt-cpu": NANOGPT, "default": NANOGPT | {"dropout": 0.1, "batch": 16}}
LEAST = {"layers": 1, "heads": 1, "width": 1, "block": 1, "batch": 1, "steps": 1, "length": 0, "temperature": 0,
         "top_k": 1, "top_p": 1e-9}  # fmt: skip
SIZES = ("block", "layers", "heads", "width")
EVERY = 100  # steps between two looks at the validation text


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, help="a text to learn from; without it Python's documentation")
    parser.add_argument("--recipe", default="default", choices=RECIPES)
    for name, value in RECIPES["default"].items():
        parser.add_argument(f"--{name}", type=type(value))
    parser.add_argument("--prompt", help="write on from here with the saved model as it is, instead of training")
    parser.add_argument("--length", type=int, default=300, help="letters of a sample")
    parser.add_argument("--temperature", type=float, default=0.8, help="0 takes the likeliest letter")
    parser.add_argument("--top-k", type=int, help="choose among the k likeliest letters")
    parser.add_argument("--top-p", type=float, help="choose among the likeliest that have this probability together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="numpy", choices=["numpy", "cupy", "strict"])
    parser.add_argument("--out", type=Path, default=Path("runs/char_gpt"))
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoints in --out")
    parser.set_defaults(**RECIPES[parser.parse_known_args()[0].recipe])
    args = parser.parse_args()
    for name, least in LEAST.items():  # now, and not when the first sample is written; NaN is no more than anything
        if (value := getattr(args, name)) is not None and not value >= least:
            parser.error(f"--{name.replace('_', '-')} must be at least {least}, got {value}")
    if args.prompt is None and args.width % args.heads:  # a saved model has its own
        parser.error(f"--heads must divide --width, got {args.heads} and {args.width}")
    try:
        backend(args.backend)
    except DeviceError as error:
        parser.error(f"--backend {args.backend} cannot be used: {error}")
    return args


# -- the text ----------------------------------------------------------------------------------------------------------


def load(args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray, str]:
    """Numbers of letters to learn from and to validate on, nine parts to one, and the letters."""
    path = args.text
    if path is None:
        path = args.out / "python.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(topics[name] for name in sorted(topics)), encoding="utf-8")
    tokens, letters = load_text(path)
    cut = int(0.9 * len(tokens))
    if len(tokens) - cut <= args.block:
        raise SystemExit(f"char_gpt: the text needs more than {10 * args.block} letters, got {len(tokens)}")
    return tokens[:cut], tokens[cut:], letters


def windows(tokens: np.ndarray, starts: np.ndarray, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Stretches of text (N, block), and the letters that follow each of their letters."""
    places = starts[:, None] + np.arange(block)
    return tokens[places], tokens[places + 1]


def looks(args: argparse.Namespace) -> int:
    """How often the training looks at the validation text, at equal distances: the epochs of `fit`."""
    return next(n for n in range(max(1, round(args.steps / EVERY)), 0, -1) if args.steps % n == 0)


def loaders(args: argparse.Namespace, tokens: np.ndarray, validation: np.ndarray) -> tuple[DataLoader, DataLoader]:
    """Batches of stretches from anywhere in the text; and the whole validation text, stretch after stretch."""

    def draw(batch: tuple[np.ndarray, ...], rng: Generator) -> tuple[np.ndarray, np.ndarray]:
        return windows(tokens, rng.integers(0, len(tokens) - args.block, (len(batch[0]),)), args.block)

    steps = ArrayDataset(np.arange(args.steps // looks(args) * args.batch))  # counted, not looked at: `draw` draws
    all_of_it = windows(validation, np.arange(0, len(validation) - args.block, args.block), args.block)
    return DataLoader(steps, args.batch, transform=draw), DataLoader(ArrayDataset(*all_of_it), 128)


# -- the model ---------------------------------------------------------------------------------------------------------


class GPT(nn.Layer):
    """Letters and places -> vectors -> blocks of attention and a small network -> logits of the next letter.

    The vectors of letters serve at both ends: what a letter means, and how the next one is recognised.
    """

    def __init__(self, letters: int, block: int, layers: int, heads: int, width: int, dropout: float) -> None:
        self.block, self.dropout = block, nn.Dropout(dropout)
        self.letters, self.places = nn.Embedding(letters, width), nn.Embedding(block, width)
        self.blocks = nn.TransformerEncoder(layers, width, heads, dropout=dropout, bias=False)
        for name, p in self.named_parameters():
            if p.ndim > 1:  # smaller where a block adds to what flows by, so that 2 x layers sums keep its size
                last = name.endswith(("out_proj.weight", "linear2.weight"))
                p.data = normal(p.shape, std=0.02 / math.sqrt(2 * layers) if last else 0.02)

    def forward(self, x: Tensor, caches: list[nn.KVCache] | None = None) -> Tensor:
        before = caches[0].length if caches else 0
        places = range(before, before + x.shape[1])
        if places.stop > self.block:
            raise ValueError(f"GPT: there are {self.block} places, got {places.stop} letters; cut the text")
        h = self.letters(x) + self.places(places)  # (N, L, width)
        h = self.blocks(self.dropout(h), is_causal=True, caches=caches)
        return (h @ self.letters.weight.T).swapaxes(1, 2)  # (N, letters, L)


def plan(args: argparse.Namespace, letters: str) -> dict[str, str | int]:
    """What a training is besides parameters, whose shapes do not show the heads, nor which letters were taught."""
    return {"letters": letters} | {name: getattr(args, name) for name in (*SIZES, "batch", "steps")}


def kept_plan(checkpoint: dict) -> dict:
    """The plan of the training that was saved; empty if it was another program's."""
    return (checkpoint.get("callbacks") or [{}])[0]


def build(plan: dict, args: argparse.Namespace) -> GPT:
    sizes = {name: plan[name] for name in SIZES}
    return GPT(len(plan["letters"]), **sizes, dropout=args.dropout).to(args.backend)


# -- writing -----------------------------------------------------------------------------------------------------------


def choose(logits: np.ndarray, rng: Generator, temperature: float, top_k: int | None, top_p: float | None) -> int:
    """A letter by its probability, among the likeliest if that is wanted."""
    if temperature < 1e-300:  # or so near to 0 that the division would overflow
        return int(logits.argmax())
    likely = np.argsort(-logits)[:top_k]
    p = np.asarray(F.softmax(logits[likely].astype(np.float64) / temperature))
    if top_p is not None:
        p = np.where(np.cumsum(p) - p < top_p, p, 0)  # the first that reach it stay
    return int(likely[np.searchsorted(np.cumsum(p / p.sum()), rng.uniform(()))])


def write(model: GPT, letters: str, prompt: str, length: int, seed: int, **how: float | None) -> str:
    """The prompt and what the model writes on; only new letters are computed, the others stand in caches."""
    if unknown := sorted(set(prompt) - set(letters)):
        raise SystemExit(f"char_gpt: the model has never seen these letters, got {''.join(unknown)!r}; leave them out")
    rng, training = Generator(seed).fork("write"), model.training
    text = [letters.index(letter) for letter in prompt or ("\n" if "\n" in letters else letters[0])]
    model.eval()
    with no_grad():
        caches, new = model.blocks.caches(), text[-model.block :]
        for _ in range(length):
            if caches[0].length + len(new) > model.block:  # there are no more places: go on from the newer half
                caches, new = model.blocks.caches(), text[-max(model.block // 2, 1) :]
            logits = model(Tensor(np.array([new])).to(model.letters.weight.backend), caches)
            text.append(choose(logits.numpy()[0, :, -1], rng, **how))
            new = text[-1:]
    model.train(training)
    return "".join(letters[token] for token in text)


def how(args: argparse.Namespace) -> dict[str, float | None]:
    """How letters are chosen, for `write`."""
    return {"temperature": args.temperature, "top_k": args.top_k, "top_p": args.top_p}


class Samples(Callback):
    """Shows now and then what the model writes; keeps the model's plan in the checkpoints."""

    def __init__(self, plan: dict, args: argparse.Namespace) -> None:
        self.plan, self.args = plan, args

    def state_dict(self) -> dict:
        return self.plan

    def on_epoch_end(self, run) -> None:
        if run.epoch % 5 == 0:
            run.say(f"\n{write(run.model, self.plan['letters'], '', 160, run.step, **how(self.args))}\n")


# -- the training ------------------------------------------------------------------------------------------------------


def check_resumed(newest: Path | None, planned: dict) -> None:
    """Refuse to go on from a checkpoint of a training that was planned otherwise."""
    kept = kept_plan(load_checkpoint(newest)) if newest else planned
    if others := {name: kept.get(name) for name, value in planned.items() if kept.get(name) != value}:
        raise SystemExit(f"char_gpt: the checkpoint is of another training, got {others}; resume with the same")


def main() -> None:
    args = arguments()
    mg.manual_seed(args.seed)
    saved = args.out / "checkpoints"
    if args.prompt is not None:
        if not (best := Checkpoints(saved).best).exists():
            raise SystemExit(f"char_gpt: there is no saved model in {saved}; train one first, without --prompt")
        kept = kept_plan(checkpoint := load_checkpoint(best))
        if not kept.keys() >= {"letters", *SIZES}:
            raise SystemExit(
                f"char_gpt: the checkpoint in {saved} is of another program, got no plan of it; train first"
            )
        model = build(kept, args)
        model.load_state_dict(checkpoint["model"])
        print(write(model, kept["letters"], args.prompt, args.length, args.seed, **how(args)))
        return

    tokens, validation, letters = load(args)
    planned = plan(args, letters)
    if args.resume:
        check_resumed(Checkpoints(saved).latest(), planned)
    model = build(planned, args)
    loader, watch = loaders(args, tokens, validation)
    lr = schedules.warmup_cosine(args.lr, min(100, args.steps // 10), args.steps, args.lr / 10)
    optimizer = AdamW(decay_groups(model.named_parameters(), 0.1), lr=lr, betas=(0.9, 0.99))
    print(f"{sum(p.size for p in model.parameters()):,} parameters, {len(tokens):,} letters of {len(letters)} kinds")
    fit(
        model, loader, F.cross_entropy, optimizer, epochs=looks(args), validation=watch, clip=1.0,
        callbacks=[Samples(planned, args)], checkpoints=Checkpoints(saved, overwrite=True), resume=args.resume,
        log=args.out / "log.jsonl",
    )  # fmt: skip
    curves(
        args.out / "log.jsonl", path=args.out / "loss.png", title=f"{args.text.name if args.text else 'pydoc'}, {lr!r}"
    )
    print(write(model, letters, "", args.length, args.seed, **how(args)))
    print(f"loss over the whole validation text {evaluate(model, watch, F.cross_entropy)['loss']:.4f}")
    print(f"wrote {args.out / 'loss.png'}\nwrote {Checkpoints(saved).latest()}")


if __name__ == "__main__":
    main()
