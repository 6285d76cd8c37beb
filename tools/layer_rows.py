"""Functions of minigrad.nn.functional and layers of minigrad.nn, as minigrad and as PyTorch spell them.

`ROWS` are calls of functions, compared to second order; `LAYERS` are layers with state, trained for some batches and
then used. tools/make_layer_reference.py stores what PyTorch says of them.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tools.attention_rows import ATTENTION, TOKENS
from tools.convolution_rows import CONVOLUTIONS, IMAGES, POOLING
from tools.op_rows.row import Row, call
from tools.recurrent_rows import CELLS, NETWORKS

__all__ = ["LAYERS", "LAYERS_WITHOUT_TORCH", "ROWS", "WITHOUT_TORCH", "LayerRow"]

F = "nn.functional."
X = [(3, 4)]


def same(name: str, *args: Any, variant: str = "", inputs: Any = X, domain: Any = (-2.0, 2.0), **keywords: Any) -> Row:
    """A row for a function that both libraries call alike; `axis` is PyTorch's `dim`."""
    torch = {("dim" if word == "axis" else word): value for word, value in keywords.items()}
    constants = keywords.pop("constants", ())
    torch.pop("constants", None)
    mini, other = call(F + name, *args, **keywords), call(F + name, *args, **torch)
    return Row(f"{name} {variant}".strip(), mini, other, inputs, domain=domain, constants=constants)


FAR = [[-1000.0, -30.0, -1.5, 0.3, 25.0, 1000.0]]
ACTIVATIONS = [
    *(same(name) for name in "relu elu celu selu hardtanh hardswish silu mish sigmoid tanh softplus softsign".split()),
    *(same(name) for name in "logsigmoid gelu leaky_relu".split()),
    *(same(name, variant="far out", inputs=FAR) for name in "relu elu celu selu hardtanh silu softplus".split()),
    same("mish", variant="far out", inputs=FAR)._replace(order=1, note="PyTorch's second derivative at 1000 is NaN"),
    *(same(name, variant="far out", inputs=FAR) for name in "sigmoid tanh softsign logsigmoid gelu leaky_relu".split()),
    same("hardswish", variant="far out", inputs=FAR),
    same("gelu", approximate="tanh", variant="tanh"),
    same("gelu", approximate="tanh", variant="tanh far out", inputs=FAR),
    same("leaky_relu", 0.2, variant="slope"),
    same("elu", 0.5, variant="alpha"),
    same("celu", 0.5, variant="alpha"),
    same("hardtanh", -0.5, 1.5, variant="bounds"),
    same("softplus", 2.0, 1.0, variant="beta"),
    same("prelu", inputs=[(3, 4), [0.25]]),
    same("prelu", inputs=[(2, 3, 2), (3,)], variant="channels"),
    same("softmax", axis=-1),
    same("softmax", axis=0, variant="axis"),
    same("softmax", axis=0, variant="far out", inputs=FAR),
    same("log_softmax", axis=-1),
    same("log_softmax", axis=1, variant="axis", inputs=[(2, 3, 2)]),
    same("log_softmax", axis=0, variant="far out", inputs=FAR),
    same("glu"),
    same("glu", axis=1, variant="axis", inputs=[(2, 4, 3)]),
]
LINEAR = [
    same("linear", inputs=[(4, 3), (2, 3), (2,)]),
    same("linear", inputs=[(2, 4, 3), (2, 3)], variant="no bias"),
    same("bilinear", inputs=[(4, 3), (4, 2), (5, 3, 2), (5,)]),
    same("bilinear", inputs=[(2, 4, 3), (2, 4, 2), (5, 3, 2)], variant="no bias"),
]


def batch_norm(module: Any, x: Any, *affine: Any) -> Any:
    return module.nn.functional.batch_norm(x, None, None, *affine, training=True)


def batch_norm_in_use(module: Any, x: Any, w: Any, b: Any, mean: Any, var: Any) -> Any:
    return module.nn.functional.batch_norm(x, mean, var, w, b)


def layer_norm(*shape: int) -> Callable[..., Any]:
    return lambda module, x, *affine: module.nn.functional.layer_norm(x, shape, *affine)


def rms_norm(*shape: int, eps: float | None = 1e-6) -> Callable[..., Any]:
    return lambda module, x, weight=None: module.nn.functional.rms_norm(x, shape, weight, eps)


def instance_norm(module: Any, x: Any, weight: Any = None, bias: Any = None) -> Any:
    return module.nn.functional.instance_norm(x, None, None, weight, bias)


def instance_norm_in_use(module: Any, x: Any, mean: Any, var: Any) -> Any:
    return module.nn.functional.instance_norm(x, mean, var, use_input_stats=False)


def group_norm(groups: int) -> Callable[..., Any]:
    return lambda module, x, *affine: module.nn.functional.group_norm(x, groups, *affine)


NORMS = [
    Row("batch_norm", batch_norm, batch_norm, [(4, 3), (3,), (3,)]),
    Row("batch_norm plain", batch_norm, batch_norm, [(4, 3)]),
    Row("batch_norm sequence", batch_norm, batch_norm, [(2, 3, 4), (3,), (3,)]),
    Row("batch_norm in use", batch_norm_in_use, batch_norm_in_use, [(4, 3), (3,), (3,)],
        constants=[np.array([0.1, -0.2, 0.3]), np.array([1.5, 0.5, 2.0])]),
    Row("layer_norm", layer_norm(4), layer_norm(4), [(3, 4), (4,), (4,)]),
    Row("layer_norm plain", layer_norm(4), layer_norm(4), [(3, 4)]),
    Row("layer_norm two axes", layer_norm(3, 2), layer_norm(3, 2), [(2, 3, 2), (3, 2), (3, 2)]),
    Row("batch_norm images", batch_norm, batch_norm, [(2, 3, 2, 2), (3,), (3,)]),
    Row("batch_norm volumes", batch_norm, batch_norm, [(2, 3, 2, 1, 2), (3,), (3,)]),
    Row("instance_norm", instance_norm, instance_norm, [(2, 3, 4), (3,), (3,)]),
    Row("instance_norm plain", instance_norm, instance_norm, [(2, 3, 2, 2)]),
    Row("instance_norm in use", instance_norm_in_use, instance_norm_in_use, [(2, 3, 4)],
        constants=[np.array([0.1, -0.2, 0.3]), np.array([1.5, 0.5, 2.0])]),
    Row("rms_norm", rms_norm(4), rms_norm(4), [(3, 4), (4,)]),
    Row("rms_norm two axes", rms_norm(3, 2, eps=1e-3), rms_norm(3, 2, eps=1e-3), [(2, 3, 2), (3, 2)]),
    Row("rms_norm eps of the dtype", rms_norm(4, eps=None), rms_norm(4, eps=None), [(3, 4)]),
    *(Row(f"group_norm {groups} groups", group_norm(groups), group_norm(groups), [(2, 4, 3), (4,), (4,)])
      for groups in (1, 2, 4)),
    Row("group_norm plain features", group_norm(2), group_norm(2), [(2, 6)]),
    same("local_response_norm", 3, 0.8, 0.6, 1.5, inputs=[(2, 5, 2)]),
    same("local_response_norm", 4, 2.0, inputs=[(2, 3, 2, 2)], variant="even, wider than x"),
    same("normalize"),
    same("normalize", 1.0, axis=0, variant="p 1"),
    same("normalize", 3.0, axis=-1, variant="p 3", inputs=[(2, 3, 2)]),
    same("normalize", float("inf"), axis=0, variant="largest"),
    same("normalize", eps=10.0, variant="eps above the length"),
]  # fmt: skip

PAIR, INSIDE = [(3, 4), (3, 4)], ((0.05, 0.95), (0.1, 0.9))
REDUCTIONS = ("none", "mean", "sum")
REGRESSION = [
    *(same(name, reduction=r, variant=r, inputs=PAIR)
      for name in "mse_loss l1_loss smooth_l1_loss huber_loss".split() for r in REDUCTIONS),
    same("smooth_l1_loss", beta=0.5, variant="beta", inputs=PAIR),
    same("smooth_l1_loss", beta=0.0, variant="beta 0", inputs=PAIR),
    same("huber_loss", delta=0.5, variant="delta", inputs=PAIR),
]  # fmt: skip


def labelled(name: str, labels: Any, variant: str, inputs: Any = X, weight: Any = None, **keywords: Any) -> Row:
    """A row of a loss of labels, with class weights if there are any."""
    function = call(F + name, **keywords)
    constants = [labels] if weight is None else [labels, weight]
    return Row(f"{name} {variant}", function, function, inputs, constants=constants)


LABELS, SOME, WEIGHT = [0, 3, 1], [2, -100, 1], np.array([0.5, 2.0, 1.0, 0.25])
DEEP, DEEP_LABELS = [(2, 4, 3)], [[0, 3, -100], [1, 1, 2]]
CLASSIFICATION = [
    *(labelled(name, LABELS, r, reduction=r) for name in ("cross_entropy", "nll_loss") for r in REDUCTIONS),
    *(labelled(name, SOME, f"weights, ignored, {r}", weight=WEIGHT, reduction=r)
      for name in ("cross_entropy", "nll_loss") for r in REDUCTIONS),
    *(labelled(name, DEEP_LABELS, f"(N, C, L) {r}", DEEP, WEIGHT, reduction=r)
      for name in ("cross_entropy", "nll_loss") for r in REDUCTIONS),
    *(labelled(name, 2, "one example", [(4,)]) for name in ("cross_entropy", "nll_loss")),
    labelled("cross_entropy", [2, 7, 1], "ignore_index 7", ignore_index=7),
    *(labelled("cross_entropy", SOME, f"smoothing {r}", label_smoothing=0.1, reduction=r) for r in REDUCTIONS),
    *(labelled("cross_entropy", DEEP_LABELS, f"all of it {r}", DEEP, WEIGHT, label_smoothing=0.2, reduction=r)
      for r in REDUCTIONS),
    *(Row(f"cross_entropy probabilities {r}", call(F + "cross_entropy", reduction=r),
          call(F + "cross_entropy", reduction=r), PAIR, domain=((-2.0, 2.0), (0.05, 0.95))) for r in REDUCTIONS),
    Row("cross_entropy probabilities smoothed", call(F + "cross_entropy", label_smoothing=0.1),
        call(F + "cross_entropy", label_smoothing=0.1), [(2, 4, 3), (2, 4, 3)], domain=((-2.0, 2.0), (0.05, 0.95))),
    Row("cross_entropy probabilities weighted", lambda m, x, t, w: m.nn.functional.cross_entropy(x, t, w),
        lambda m, x, t, w: m.nn.functional.cross_entropy(x, t, w), PAIR, domain=((-2.0, 2.0), (0.05, 0.95)),
        constants=[WEIGHT]),
]  # fmt: skip


def positive(module: Any, x: Any, t: Any, w: Any) -> Any:
    return module.nn.functional.binary_cross_entropy_with_logits(x, t, pos_weight=w)


BINARY = [
    *(row._replace(order=1, note="PyTorch adds 1e-12 to the probabilities in its second derivative") for row in [
        *(same("binary_cross_entropy", reduction=r, variant=r, inputs=PAIR, domain=INSIDE) for r in REDUCTIONS),
        same("binary_cross_entropy", inputs=PAIR, domain=INSIDE, variant="weighted", constants=[WEIGHT]),
    ]),
    same("binary_cross_entropy", inputs=[[0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.5, 0.25]], variant="clamped")
    ._replace(order=0, note="PyTorch bounds the slope by a float32 1e-12"),
    *(same("binary_cross_entropy_with_logits", reduction=r, variant=r, inputs=PAIR) for r in REDUCTIONS),
    same("binary_cross_entropy_with_logits", inputs=PAIR, variant="weighted", constants=[WEIGHT]),
    same("binary_cross_entropy_with_logits", inputs=[*FAR, [0.0, 1.0, 1.0, 0.5, 0.0, 1.0]], variant="far out"),
    Row("binary_cross_entropy_with_logits pos_weight", positive, positive, PAIR, constants=[WEIGHT]),
    *(same("kl_div", reduction=r, variant=r, inputs=PAIR, domain=((-2.0, 2.0), (0.05, 0.95)))
      for r in (*REDUCTIONS, "batchmean")),
    *(same("kl_div", reduction=r, log_target=True, variant=f"log_target {r}", inputs=PAIR) for r in REDUCTIONS),
]  # fmt: skip

# Functions and layers with state that no row compares, and why; tests/nn and tests/testing hold them to oracles.
WITHOUT_TORCH = {
    **dict.fromkeys(["averaged_axes", "batch_renorm", "standardize"], "PyTorch has none"),
    "dropout": "it draws from minigrad's own stream",
}
LAYERS_WITHOUT_TORCH = dict.fromkeys(
    ["BatchRenorm", "ScaledWSConv2d", "ScaledWSLinear", "WeightStandardization"], "PyTorch has none"
)
ROWS = [
    *ACTIVATIONS, *LINEAR, *NORMS, *REGRESSION, *CLASSIFICATION, *BINARY, *CONVOLUTIONS, *POOLING, *IMAGES, *ATTENTION,
    *CELLS,
]  # fmt: skip


def called(layer: Any, *xs: Any) -> Any:
    return layer(*xs)


class LayerRow(NamedTuple):
    """A layer with state: how it is made, of what input, and for how many batches it is trained."""

    name: str
    arguments: tuple[Any, ...]
    inputs: tuple[Any, ...]  # shapes, or whole numbers as they are
    keywords: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    batches: int = 1
    variant: str = ""
    wrapper: str = ""  # in minigrad.nn; with what it is given
    options: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    torch: Callable[[Any], Any] | None = None  # of torch.nn, where PyTorch's call differs
    call: Callable[..., Any] = called  # with the layer and its inputs

    @property
    def id(self) -> str:
        return f"{self.wrapper} {self.name} {self.variant}".strip()

    def made(self, nn: Any, wrappers: Any, torch: bool = False) -> Any:
        """The layer of minigrad.nn or of torch.nn, in the wrapper that the library offers there."""
        if torch and self.torch is not None:
            return self.torch(nn)
        layer = getattr(nn, self.name)(*self.arguments, **self.keywords)
        return wrappers[self.wrapper](layer, **self.options) if self.wrapper else layer


def wrapped(
    wrapper: str, layer: str, /, *arguments: Any, x: tuple[int, ...], variant: str = "", **options: Any
) -> LayerRow:
    """A row of a layer in a wrapper, trained for three batches; options but bias and groups go to the wrapper."""
    keywords = {word: options.pop(word) for word in ("bias", "groups") if word in options}
    return LayerRow(layer, arguments, (x,), keywords, 3, variant, wrapper, options)


WRAPPED = [
    wrapped("WeightNorm", "Linear", 3, 2, x=(4, 3)),
    wrapped("WeightNorm", "Linear", 3, 2, x=(4, 3), bias=False, axis=1, variant="axis 1, no bias"),
    wrapped("WeightNorm", "Linear", 3, 2, x=(4, 3), axis=None, variant="one length"),
    wrapped("WeightNorm", "Linear", 3, 2, x=(4, 3), name="bias", axis=None, variant="of the bias"),
    wrapped("WeightNorm", "Conv2d", 2, 3, 2, x=(1, 2, 3, 4)),
    wrapped("WeightNorm", "ConvTranspose2d", 2, 3, 2, x=(1, 2, 2, 3)),
    wrapped("SpectralNorm", "Linear", 3, 2, x=(4, 3)),
    wrapped("SpectralNorm", "Linear", 3, 4, x=(4, 3), bias=False, n_power_iterations=3, eps=1e-3, variant="options"),
    wrapped("SpectralNorm", "Linear", 3, 2, x=(4, 3), axis=1, variant="axis 1"),
    wrapped("SpectralNorm", "Conv2d", 2, 3, 2, x=(1, 2, 3, 4)),
    wrapped("SpectralNorm", "ConvTranspose2d", 2, 3, 2, x=(1, 2, 2, 3)),
    wrapped("SpectralNorm", "ConvTranspose1d", 4, 2, 2, x=(1, 4, 3), groups=2, variant="groups"),
]


def attention(variant: str, x: Any, call: Callable[..., Any], **keywords: Any) -> LayerRow:
    """A row of attention with 2 heads of 4 features; `call` is with arguments that both libraries have."""
    return LayerRow("MultiHeadAttention", (4, 2), x, keywords, 1, variant,
                    torch=lambda nn: nn.MultiheadAttention(4, 2, batch_first=True, **keywords), call=call)  # fmt: skip


def smaller(x: Any) -> Any:
    """True where the first feature of a key is below that of the query: never for a token and itself."""
    return x[0, :, 0] < x[0, :, :1]


def block(name: str, variant: str, x: Any, made: tuple[Any, ...], torch: Callable[[Any], Any], call: Any = called,
          **keywords: Any) -> LayerRow:  # fmt: skip
    return LayerRow(name, made, x, keywords, 1, variant, torch=torch, call=call)


def encoder(nn: Any, **keywords: Any) -> Any:
    return nn.TransformerEncoderLayer(4, 2, 3, 0.0, batch_first=True, **keywords)


def decoder(nn: Any, **keywords: Any) -> Any:
    return nn.TransformerDecoderLayer(4, 2, 3, 0.0, "gelu", batch_first=True, **keywords)


SEQUENCE = ((2, 3, 4),)
TWO = ((2, 3, 4), (2, 5, 4))
BLOCKS = [
    block("TransformerBlock", "norm first", SEQUENCE, (4, 2, 3),
          lambda nn: encoder(nn, activation="gelu", norm_first=True)),
    block("TransformerBlock", "PyTorch's defaults", SEQUENCE, (4, 2, 3), encoder, activation="relu", norm_first=False),
    block("TransformerBlock", "no bias", SEQUENCE, (4, 2, 3), lambda nn: encoder(nn, bias=False, norm_first=True),
          bias=False, activation="relu"),
    block("TransformerBlock", "memory", TWO, (4, 2, 3), lambda nn: decoder(nn, norm_first=True), cross_attention=True),
    block("TransformerBlock", "memory, norm last", TWO, (4, 2, 3), decoder, cross_attention=True, norm_first=False),
    block("TransformerEncoder", "", SEQUENCE, (2, 4, 2),
          lambda nn: nn.TransformerEncoder(encoder(nn, activation="gelu", norm_first=True), 2, nn.LayerNorm(4), False),
          lambda f, x: f(x, smaller(x), x[..., 1] < -1), dim_feedforward=3),
    block("TransformerEncoder", "norm last", SEQUENCE, (2, 4, 2),
          lambda nn: nn.TransformerEncoder(encoder(nn), 2, None, False), dim_feedforward=3, activation="relu",
          norm_first=False),
    block("TransformerDecoder", "", TWO, (2, 4, 2),
          lambda nn: nn.TransformerDecoder(decoder(nn, norm_first=True), 2, nn.LayerNorm(4)),
          lambda f, x, m: f(x, m, smaller(x), x[0, :, :1] * m[0, :, 0], x[..., 1] < -1, m[..., 1]),
          dim_feedforward=3),
]  # fmt: skip
ATTENDING = [
    attention("", SEQUENCE, lambda f, x: f(x, x, x)[0]),
    attention("weights", SEQUENCE, lambda f, x: f(x, x, x)[1], bias=False),
    attention("one example", ((3, 4),), lambda f, x: f(x, x, x, need_weights=False)[0]),
    attention("other features", ((2, 3, 4), (2, 5, 3), (2, 5, 2)), lambda f, *x: f(*x)[0], kdim=3, vdim=2),
    attention("boolean mask", SEQUENCE, lambda f, x: f(x, x, x, attn_mask=smaller(x), need_weights=False)[0]),
    attention("learned mask and padding", SEQUENCE, lambda f, x: f(
        x, x, x, key_padding_mask=x[..., 1], attn_mask=x[0, :, :3], average_attn_weights=False)[1]),
    attention("mask of each head", ((2, 3, 4), (4, 3, 3)), lambda f, x, m: f(x, x, x, attn_mask=m)[0]),
]  # fmt: skip

LAYERS = [
    *WRAPPED,
    *ATTENDING,
    *BLOCKS,
    *(LayerRow(*words) for words in NETWORKS),
    LayerRow("Linear", (3, 2), ((4, 3),)),
    LayerRow("Embedding", (4, 3), (TOKENS,), batches=2),
    LayerRow("Embedding", (4, 3), (TOKENS,), {"padding_idx": 2}, variant="padding_idx"),
    LayerRow("Linear", (3, 2), ((2, 4, 3),), {"bias": False}, variant="no bias"),
    LayerRow("Bilinear", (3, 2, 5), ((4, 3), (4, 2))),
    LayerRow("Conv1d", (2, 3, 3), ((2, 2, 5),), {"padding": 1}),
    LayerRow("Conv2d", (2, 3, 3), ((2, 2, 5, 4),)),
    LayerRow("Conv2d", (4, 4, (3, 2)), ((2, 4, 5, 5),), {"stride": 2, "padding": (1, 0), "groups": 2, "bias": False},
             variant="groups"),
    *(LayerRow("Conv2d", (1, 2, 3), ((1, 1, 4, 3),), {"padding": 1, "padding_mode": mode}, variant=mode)
      for mode in ("reflect", "replicate", "circular")),
    LayerRow("Conv2d", (1, 2, (2, 4)), ((1, 1, 4, 5),), {"padding": "same", "padding_mode": "circular"},
             variant="same, circular"),
    LayerRow("Conv3d", (2, 2, 2), ((1, 2, 3, 3, 2),)),
    LayerRow("ConvTranspose1d", (2, 3, 3), ((2, 2, 4),), {"stride": 2, "output_padding": 1}),
    LayerRow("ConvTranspose2d", (2, 3, (2, 3)), ((1, 2, 3, 2),)),
    LayerRow("ConvTranspose2d", (4, 2, 2, 2, 1, 0, 2, False, 2), ((1, 4, 2, 3),), variant="groups"),
    LayerRow("PReLU", (3,), ((2, 3, 4),)),
    LayerRow("BatchNorm1d", (3,), ((5, 3),), batches=3),
    LayerRow("BatchNorm1d", (3,), ((2, 3, 4),), batches=2, variant="sequence"),
    LayerRow("BatchNorm1d", (3,), ((5, 3),), {"momentum": None}, 3, "cumulative"),
    LayerRow("BatchNorm1d", (3,), ((5, 3),), {"momentum": 0.3, "eps": 1e-3}, 3, "momentum"),
    LayerRow("BatchNorm1d", (3,), ((5, 3),), {"affine": False}, 2, "not affine"),
    LayerRow("BatchNorm1d", (3,), ((5, 3),), {"track_running_stats": False}, 2, "not tracking"),
    LayerRow("BatchNorm2d", (3,), ((2, 3, 2, 2),), batches=3),
    LayerRow("BatchNorm2d", (3,), ((2, 3, 2, 2),), {"momentum": None}, 3, "cumulative"),
    LayerRow("BatchNorm2d", (3,), ((2, 3, 2, 2),), {"affine": False, "track_running_stats": False}, 2, "bare"),
    LayerRow("BatchNorm2d", (3,), ((2, 3, 2, 2),), {"bias": False}, variant="no bias"),
    LayerRow("BatchNorm3d", (2,), ((2, 2, 3, 1, 2),), {"momentum": 0.3}, 2),
    LayerRow("SyncBatchNorm", (3,), ((2, 3, 2, 2),), batches=2),
    LayerRow("InstanceNorm1d", (3,), ((2, 3, 4),)),
    LayerRow("InstanceNorm1d", (3,), ((3, 4),), variant="one example"),
    LayerRow("InstanceNorm1d", (3,), ((2, 3, 4),), {"affine": True, "track_running_stats": True}, 3, "tracked"),
    LayerRow("InstanceNorm2d", (3,), ((2, 3, 2, 2),), {"affine": True}),
    LayerRow("InstanceNorm2d", (3,), ((2, 3, 2, 2),), {"track_running_stats": True, "momentum": 0.4}, 2, "tracked"),
    LayerRow("InstanceNorm2d", (3,), ((2, 3, 2, 2),), {"affine": True, "bias": False}, variant="no bias"),
    LayerRow("InstanceNorm3d", (2,), ((2, 2, 3, 1, 2),), {"affine": True, "track_running_stats": True}, 2),
    LayerRow("GroupNorm", (2, 4), ((2, 4, 3),)),
    LayerRow("GroupNorm", (3, 6), ((2, 6, 2, 2),), {"affine": False, "eps": 1e-3}, variant="not affine"),
    LayerRow("GroupNorm", (2, 4), ((2, 4, 3),), {"bias": False}, variant="no bias"),
    LayerRow("RMSNorm", (4,), ((3, 4),), {"eps": 1e-6}),
    LayerRow("RMSNorm", ((3, 2),), ((4, 3, 2),), {"eps": None}, variant="two axes"),
    LayerRow("LocalResponseNorm", (3, 0.8, 0.6, 1.5), ((2, 5, 2),)),
    LayerRow("LayerNorm", (4,), ((3, 4),)),
    LayerRow("LayerNorm", ((3, 2),), ((4, 3, 2),), variant="two axes"),
    LayerRow("LayerNorm", (4,), ((3, 4),), {"bias": False}, variant="no bias"),
    LayerRow("LayerNorm", (4,), ((3, 4),), {"elementwise_affine": False}, variant="not affine"),
]  # fmt: skip
