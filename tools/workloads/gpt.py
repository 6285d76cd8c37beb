"""W2: the GPT of examples/char_gpt.py with nanoGPT's recipe for a CPU, one step of training on random letters.

tools/parity_gpt.py takes the same two sides, minigrad's and PyTorch's, through a real text.
"""

import ast
import math
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from tools.workloads.floor import attention, linear, products
from tools.workloads.start import start, weights

__all__ = ["Mini", "Torch", "gpt"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "char_gpt.py"
LETTERS, DECAY, BETAS, CLIP = 65, 0.1, (0.9, 0.99), 1.0


def of_example(*names: str, **known: Any) -> dict[str, Any]:
    """These names of the example without the rest: its imports, matplotlib among them, would count as memory."""
    body = [
        node
        for node in ast.parse(EXAMPLE.read_text("utf-8")).body
        if getattr(node, "name", None) in names
        or (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in names)
    ]
    exec(compile(ast.Module(body, []), str(EXAMPLE), "exec"), known)
    return known


def gpt(peer: str) -> Any:
    """One step of training on the same batch."""
    args = Namespace(**of_example("NANOGPT")["NANOGPT"])
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, LETTERS, (args.batch, args.block)) for _ in range(2))
    if peer == "gemm":
        return floor(args)
    if peer == "jax":
        return of_jax(args, x, y)
    side = Mini(args, LETTERS) if peer == "minigrad" else Torch(args, LETTERS, fused=peer == "torch fused")
    start(peer, side.model)
    batch = side.batch(x, y)
    return lambda: [side.step(*batch)[0]]


class Mini:
    """minigrad's side: one step at a time."""

    def __init__(self, args: Namespace, letters: int) -> None:
        import minigrad as mg
        from minigrad import nn, optim
        from minigrad.nn import functional

        known = of_example("GPT", nn=nn, Tensor=mg.Tensor, KVCache=nn.KVCache, normal=nn.init.normal, math=math)
        recipe = {name: getattr(args, name) for name in ("block", "layers", "heads", "width", "dropout")}
        self.model = known["GPT"](letters, **recipe)
        self.tensor, self.cross_entropy, self.clip = mg.Tensor, functional.cross_entropy, optim.clip_grad_norm
        groups = optim.decay_groups(self.model.named_parameters(), DECAY)
        self.optimizer = optim.AdamW(groups, lr=args.lr, betas=BETAS)

    def batch(self, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
        return self.tensor(x), self.tensor(y)

    def step(self, x: Any, y: Any) -> tuple[Any, Any]:
        """The loss, and the norm of the gradient."""
        self.optimizer.zero_grad()
        loss = self.cross_entropy(self.model(x), y)
        loss.backward()
        norm = self.clip(self.model.parameters(), CLIP)
        self.optimizer.step()
        return loss, norm


class Torch:
    """PyTorch's side. Its TransformerEncoder holds the parameters, under the names that minigrad has.

    The forward pass is written out, as nanoGPT has it: the encoder's own wants a mask in memory even where
    `is_causal` says the same, and is slower for it.
    """

    def __init__(self, args: Namespace, letters: int, state: dict[str, Any] | None = None, fused: bool = False) -> None:
        import torch
        from torch import nn

        self.torch, self.heads, self.lr, self.steps = torch, args.heads, args.lr, 0
        block = nn.TransformerEncoderLayer(
            args.width, args.heads, 4 * args.width, args.dropout, "gelu", batch_first=True, norm_first=True, bias=False
        )
        norm = nn.LayerNorm(args.width, bias=False)
        self.model = nn.ModuleDict({
            "letters": nn.Embedding(letters, args.width),
            "places": nn.Embedding(args.block, args.width),
            "blocks": nn.TransformerEncoder(block, args.layers, norm, enable_nested_tensor=False),
        })  # fmt: skip
        if state is not None:
            self.model.load_state_dict({name: torch.tensor(array) for name, array in state.items()})
        parameters = list(self.model.parameters())
        groups = [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": DECAY},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
        first = self.lr(0) if callable(self.lr) else self.lr
        self.optimizer = torch.optim.AdamW(groups, lr=first, betas=BETAS, fused=fused or None)

    def batch(self, x: np.ndarray, y: np.ndarray) -> tuple[Any, Any]:
        return self.torch.from_numpy(x), self.torch.from_numpy(y)

    def block(self, layer: Any, h: Any) -> Any:
        """What nn.TransformerEncoderLayer computes with norm_first and a causal mask."""
        F, (n, length, width) = self.torch.nn.functional, h.shape
        parts = F.linear(layer.norm1(h), layer.self_attn.in_proj_weight).split(width, dim=2)
        q, k, v = (x.view(n, length, self.heads, width // self.heads).transpose(1, 2) for x in parts)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + layer.self_attn.out_proj(seen.transpose(1, 2).contiguous().view(n, length, width))
        return h + layer.linear2(F.gelu(layer.linear1(layer.norm2(h))))

    def step(self, x: Any, y: Any) -> tuple[Any, Any]:
        """The loss, and the norm of the gradient."""
        torch, model = self.torch, self.model
        if callable(self.lr):
            for group in self.optimizer.param_groups:
                group["lr"] = self.lr(self.steps)
        self.optimizer.zero_grad()
        h = model["letters"](x) + model["places"].weight
        for layer in model["blocks"].layers:
            h = self.block(layer, h)
        logits = torch.nn.functional.linear(model["blocks"].norm(h), model["letters"].weight)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten())
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        self.optimizer.step()
        self.steps += 1
        return loss.detach(), norm


def of_jax(args: Namespace, x: Any, y: Any) -> Any:
    """The same with jit; parameters by the same names."""
    import jax
    import jax.numpy as jnp

    from tools.workloads.with_jax import cross_entropy, training

    width = args.width
    shapes = {"letters.weight": (LETTERS, width), "places.weight": (args.block, width), "blocks.norm.weight": (width,)}
    for i in range(args.layers):
        block = {"self_attn.in_proj_weight": (3 * width, width), "self_attn.out_proj.weight": (width, width),
                 "linear1.weight": (4 * width, width), "linear2.weight": (width, 4 * width),
                 "norm1.weight": (width,), "norm2.weight": (width,)}  # fmt: skip
        shapes |= {f"blocks.layers.{i}.{name}": shape for name, shape in block.items()}

    def norm(h: Any, weight: Any) -> Any:
        centred = h - h.mean(-1, keepdims=True)
        return centred * jax.lax.rsqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5) * weight

    def loss(p: Any, buffers: Any, x: Any, y: Any) -> Any:
        h = p["letters.weight"][x] + p["places.weight"]
        n, length, _ = h.shape
        for i in range(args.layers):
            own = {name.removeprefix(f"blocks.layers.{i}."): array for name, array in p.items()}
            parts = jnp.split(norm(h, own["norm1.weight"]) @ own["self_attn.in_proj_weight"].T, 3, -1)
            q, k, v = (a.reshape(n, length, args.heads, width // args.heads) for a in parts)
            seen = jax.nn.dot_product_attention(q, k, v, is_causal=True).reshape(h.shape)
            h = h + seen @ own["self_attn.out_proj.weight"].T
            f = jax.nn.gelu(norm(h, own["norm2.weight"]) @ own["linear1.weight"].T, approximate=False)
            h = h + f @ own["linear2.weight"].T
        return cross_entropy(norm(h, p["blocks.norm.weight"]) @ p["letters.weight"].T, y), buffers

    return training(loss, weights(shapes), {}, (x, y), BETAS, DECAY, CLIP)


def floor(args: Namespace) -> Any:
    """The matrix products of all blocks and of the head."""
    n, width = args.batch * args.block, args.width
    parts = []
    for _ in range(args.layers):
        parts += linear(n, width, 3 * width)
        parts += attention(args.batch * args.heads, args.block, width // args.heads)
        parts += linear(n, width, width)
        parts += linear(n, width, 4 * width)
        parts += linear(n, 4 * width, width)
    return products([*parts, *linear(n, width, LETTERS)])
