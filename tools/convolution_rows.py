"""Convolutions, pooling and resampling of minigrad.nn.functional beside PyTorch's; part of tools/layer_rows.py."""

from typing import Any

from tools.op_rows.row import Row, call

__all__ = ["CONVOLUTIONS", "IMAGES", "POOLING"]

F = "nn.functional."


def conv(n: int, variant: str, x: Any, w: Any, bias: bool = True, **static: Any) -> Row:
    """A row of conv1d, conv2d or conv3d, which both libraries call alike."""
    name = f"conv{n}d"
    function = call(F + name, **static)
    return Row(f"{name} {variant}".strip(), function, function, [x, w, (w[0],)] if bias else [x, w])


def transposed(n: int, variant: str, x: Any, w: Any, **static: Any) -> Row:
    name = f"conv_transpose{n}d"
    function = call(F + name, **static)
    return Row(f"{name} {variant}".strip(), function, function, [x, w, (w[1] * static.get("groups", 1),)])


CONVOLUTIONS = [
    conv(1, "", (2, 2, 5), (3, 2, 3)),
    conv(1, "everything", (2, 4, 7), (4, 2, 2), stride=2, padding=1, dilation=2, groups=2),
    conv(1, "same, even kernel", (2, 1, 5), (2, 1, 4), False, padding="same"),
    conv(1, "one example", (2, 5), (3, 2, 2)),
    conv(2, "", (2, 2, 4, 3), (3, 2, 3, 2)),
    conv(2, "stride", (1, 2, 6, 5), (2, 2, 3, 2), stride=(2, 3)),
    conv(2, "padding", (1, 2, 3, 3), (2, 2, 3, 3), padding=(1, 2)),
    conv(2, "dilation", (1, 1, 5, 5), (2, 1, 2, 3), dilation=2),
    conv(2, "groups", (2, 4, 3, 3), (6, 2, 2, 2), groups=2),
    conv(2, "depthwise", (2, 3, 3, 3), (6, 1, 2, 2), padding=1, groups=3),
    conv(2, "1x1", (2, 3, 2, 3), (2, 3, 1, 1), stride=2),
    conv(2, "kernel as large as x", (2, 2, 3, 2), (3, 2, 3, 2), False),
    conv(2, "asymmetric kernel", (1, 1, 4, 3), (2, 1, 3, 1), padding="valid"),
    conv(2, "same", (1, 1, 4, 4), (2, 1, 2, 4), padding="same", dilation=(3, 1)),
    conv(2, "one example", (2, 3, 4), (3, 2, 2, 2), padding=1),
    conv(3, "", (1, 2, 2, 3, 3), (2, 2, 2, 2, 2)),
    conv(3, "everything", (1, 2, 3, 3, 4), (2, 1, 2, 1, 2), stride=(1, 2, 2), padding=(1, 0, 1), dilation=(1, 1, 2),
         groups=2),
    transposed(1, "", (2, 2, 4), (2, 3, 3)),
    transposed(1, "everything", (2, 4, 3), (4, 2, 2), stride=3, padding=2, output_padding=1, dilation=2, groups=2),
    transposed(2, "", (2, 2, 3, 2), (2, 3, 2, 3)),
    transposed(2, "padding", (1, 2, 3, 2), (2, 2, 3, 3), stride=2, padding=1, output_padding=(1, 0)),
    transposed(2, "dilation", (1, 1, 2, 2), (1, 2, 2, 2), dilation=3, output_padding=2),
    transposed(2, "depthwise", (1, 3, 2, 2), (3, 2, 2, 2), groups=3, stride=2),
    transposed(2, "one example", (2, 2, 3), (2, 2, 2, 2), padding=1),
]  # fmt: skip


def same(name: str, variant: str, shape: Any, *args: Any, **keywords: Any) -> Row:
    """A row of a function of one input, which both libraries call alike."""
    function = call(F + name, *args, **keywords)
    return Row(f"{name} {variant}".strip(), function, function, [shape])


BOTH = ("max", "avg")
TIES = [[[1.0, 1.0, 0.0, 2.0, 2.0, 2.0], [1.0, 1.0, 3.0, 2.0, 2.0, 2.0]]]
POOLING = [
    *(same(f"{kind}_pool1d", "", (2, 2, 6), 2) for kind in BOTH),
    *(same(f"{kind}_pool1d", "padding", (2, 5), 3, 1, 1) for kind in BOTH),
    *(same(f"{kind}_pool2d", "", (2, 2, 4, 4), 2) for kind in BOTH),
    *(same(f"{kind}_pool2d", "overlapping", (1, 2, 5, 4), (3, 2), 2, 1) for kind in BOTH),
    *(same(f"{kind}_pool2d", "ceil_mode", (1, 1, 5, 6), (2, 3), 2, (0, 1), ceil_mode=True) for kind in BOTH),
    *(same(f"{kind}_pool2d", "one example", (2, 4, 5), 2, 1) for kind in BOTH),
    same("max_pool2d", "ties", TIES, 2, 1)._replace(order=1, note="a kink"),
    same("max_pool2d", "dilation", (1, 1, 5, 6), 2, 1, 1, 2),
    same("avg_pool2d", "padding not counted", (1, 1, 4, 5), 3, 2, 1, True, False),
    same("avg_pool2d", "divisor", (1, 1, 4, 4), 2, divisor_override=3),
    same("max_pool3d", "", (1, 2, 3, 4, 4), 2, (1, 2, 2), (1, 0, 0)),
    *(same(f"adaptive_{kind}_pool1d", "", (2, 2, 7), 3) for kind in BOTH),
    *(same(f"adaptive_{kind}_pool2d", "", (2, 2, 4, 5), (2, 3)) for kind in BOTH),
    *(same(f"adaptive_{kind}_pool2d", "one", (2, 2, 4, 5), 1) for kind in BOTH),
    *(same(f"adaptive_{kind}_pool2d", "None", (2, 4, 5), (None, 2)) for kind in BOTH),
]
IMAGES = [
    same("interpolate", "nearest", (1, 2, 2, 3), scale_factor=2),
    same("interpolate", "nearest smaller", (2, 1, 7), 4),
    same("interpolate", "nearest factor", (1, 1, 3, 4), scale_factor=(1.5, 2.3)),
    *(same("interpolate", f"linear {corners}", (2, 1, 4), 7, mode="linear", align_corners=corners)
      for corners in (True, False)),
    *(same("interpolate", f"bilinear {corners}", (1, 2, 3, 2), (5, 4), mode="bilinear", align_corners=corners)
      for corners in (True, False)),
    *(same("interpolate", f"bilinear factor {corners}", (1, 1, 3, 5), scale_factor=(1.7, 0.6), mode="bilinear",
           align_corners=corners) for corners in (True, False)),
    same("interpolate", "trilinear", (1, 1, 2, 3, 2), (3, 2, 4), mode="trilinear"),
    same("unfold", "", (2, 2, 3, 4), 2),
    same("unfold", "everything", (1, 2, 4, 5), (2, 3), (2, 1), (1, 0), 2),
    same("fold", "", (2, 8, 6), (3, 4), 2),
    same("fold", "everything", (1, 12, 4), (4, 5), (2, 3), (2, 1), (1, 0), 2),
    same("pixel_shuffle", "", (2, 8, 2, 3), 2),
    same("pixel_unshuffle", "", (2, 2, 4, 6), 2),
]  # fmt: skip
