"""Ops that move elements, products of matrices, and functions of minigrad.nn."""

from tools.op_rows.row import Row, call

__all__ = ["LAYERS", "MOVING", "PRODUCTS"]

F = "nn.functional."
MOVING = [
    Row("reshape", call("reshape", 3, -1), call("reshape", (3, -1)), [(2, 3)]),
    Row("flatten", call("flatten"), call("flatten"), [(2, 3)]),
    Row("transpose", call("transpose"), lambda t, x: x.T, [(2, 3)]),
    Row("transpose axes", call("transpose", 2, 0, 1), lambda t, x: x.permute(2, 0, 1), [(2, 3, 2)]),
    Row("swapaxes", call("swapaxes", 0, -1), call("swapaxes", 0, -1), [(2, 3, 2)]),
    Row("moveaxis", call("moveaxis", 0, -1), call("moveaxis", 0, -1), [(2, 3, 2)]),
    Row("broadcast_to", call("broadcast_to", (2, 3)), call("broadcast_to", (2, 3)), [(2, 1)]),
    Row("concatenate", lambda m, x, y: m.concatenate([x, y], 1), lambda t, x, y: t.cat([x, y], 1), [(2, 3), (2, 1)]),
    Row("stack", lambda m, x, y: m.stack([x, y], 1), lambda t, x, y: t.stack([x, y], 1), [(2, 3), (2, 3)]),
    Row("split", lambda m, x: m.split(x, 2, 1)[1], lambda t, x: x.tensor_split(2, 1)[1], [(2, 4)]),
    Row("split places", lambda m, x: m.split(x, [1, 3], 1)[1], lambda t, x: x.tensor_split([1, 3], 1)[1], [(2, 4)]),
    Row("expand_dims", call("expand_dims", 1), call("unsqueeze", 1), [(2, 3)]),
    Row("squeeze", call("squeeze", 1), call("squeeze", 1), [(2, 1, 3)]),
    Row("squeeze all", call("squeeze"), call("squeeze"), [(2, 1, 3, 1)]),
    Row("flip", call("flip", 1), call("flip", (1,)), [(2, 3)]),
    Row("flip all", call("flip"), call("flip", (0, 1)), [(2, 3)]),
    Row("roll", call("roll", 1, 1), call("roll", 1, 1), [(2, 3)]),
    Row("roll all", call("roll", -2), call("roll", -2), [(2, 3)]),
    Row("roll two", call("roll", (1, 2), (0, 1)), call("roll", (1, 2), (0, 1)), [(2, 3)]),
    Row("repeat", call("repeat", 2, 1), call("repeat_interleave", 2, 1), [(2, 3)]),
    Row("repeat all", call("repeat", 3), call("repeat_interleave", 3), [(2, 2)]),
    Row("repeat uneven", call("repeat", [0, 2, 1], 1), lambda t, x: x.repeat_interleave(t.tensor([0, 2, 1]), 1),
        [(2, 3)]),
    Row("tile", call("tile", (2, 2)), call("tile", (2, 2)), [(2, 3)]),
    Row("tile longer", call("tile", (2, 1, 2)), call("tile", (2, 1, 2)), [(2, 3)]),
    Row("tile shorter", call("tile", 2), call("tile", (2,)), [(2, 3)]),
    Row("pad", call("pad", ((1, 0), (2, 1)), "constant", 3.0), call(F + "pad", (2, 1, 1, 0), value=3.0), [(2, 3)]),
    Row("pad edge", call("pad", ((0, 0), (0, 0), (2, 1)), "edge"), call(F + "pad", (2, 1), "replicate"), [(1, 2, 3)]),
    Row("pad reflect", call("pad", ((0, 0), (0, 0), (2, 1)), "reflect"), call(F + "pad", (2, 1), "reflect"),
        [(1, 2, 3)]),
    Row("pad wrap", call("pad", ((0, 0), (0, 0), (2, 1)), "wrap"), call(F + "pad", (2, 1), "circular"), [(1, 2, 3)]),
    Row("tril", call("tril", 1), call("tril", 1), [(2, 3, 3)]),
    Row("tril below", call("tril", -1), call("tril", -1), [(3, 4)]),
    Row("triu", call("triu"), call("triu"), [(3, 4)]),
    Row("triu above", call("triu", 2), call("triu", 2), [(3, 4)]),
    Row("diagonal", call("diagonal"), call("diagonal"), [(3, 3)]),
    Row("diagonal offset", call("diagonal", -1, 0, 2), call("diagonal", -1, 0, 2), [(3, 2, 3)]),
    Row("trace", call("trace"), call("trace"), [(3, 4)]),
    Row("trace offset", call("trace", 1), lambda t, x: x.diagonal(1).sum(-1), [(3, 4)]),
    Row("getitem", lambda m, x: x[1:, ::2], lambda t, x: x[1:, ::2], [(3, 4)]),
    Row("getitem twice", lambda m, x, i, j: x[i, j], lambda t, x, i, j: x[i, j], [(3, 4)],
        constants=[[0, 0, 2], [1, 1, 3]]),
    Row("getitem mixed", lambda m, x: x[..., None, [2, 0, 2], 1], lambda t, x: x[..., None, [2, 0, 2], 1], [(2, 3, 4)]),
    Row("getitem mask", lambda m, x, mask: x[mask], lambda t, x, mask: x[mask], [(3, 4)],
        constants=[[True, False, True]]),
    Row("take", call("take", 1), lambda t, x, i: t.index_select(x, 1, i), [(2, 3)], constants=[[0, 2, 2]]),
    Row("take all", call("take"), call("take"), [(2, 3)], constants=[[[0, 5], [5, 1]]]),
    Row("take_along_axis", call("take_along_axis", 1), lambda t, x, i: x.gather(1, i), [(2, 3)],
        constants=[[[0, 2, 2], [1, 0, 1]]]),
    Row("scatter", lambda m, v, i: m.scatter(v, i, (4,)),
        lambda t, v, i: t.zeros(4, dtype=v.dtype).index_put((i,), v, accumulate=True), [(3,)], constants=[[0, 0, 2]]),
    Row("scatter_add", lambda m, x, v, i, j: m.scatter_add(x, (i, j), v),
        lambda t, x, v, i, j: x.index_put((i, j), v, accumulate=True), [(2, 3), (3,)],
        constants=[[1, 1, 0], [0, 0, 2]]),
    Row("scatter_add rows", lambda m, x, v, i: m.scatter_add(x, i, v), lambda t, x, v, i: x.index_add(0, i, v),
        [(2, 3), (3, 3)], constants=[[1, 1, 0]]),
    Row("sliding_windows", call("sliding_windows", 3, 2), lambda t, x: x.unfold(-1, 3, 2), [(2, 7)]),
    Row("sliding_windows two axes", call("sliding_windows", (2, 3), (1, 2)),
        lambda t, x: x.unfold(1, 2, 1).unfold(2, 3, 2), [(2, 4, 5)]),
    Row("overlap_add", lambda m, x: m.overlap_add(x.reshape(2, 2, 3, 2, 2).transpose(0, 3, 4, 1, 2), (3, 4)),
        lambda t, x: t.nn.functional.fold(x, (3, 4), (2, 3))[:, 0], [(2, 6, 4)]),
]  # fmt: skip

MATMULS = ["3 3", "23 3", "3 32", "23 32", "423 3", "423 32", "3 432", "23 432", "423 432", "4123 532"]
PRODUCTS = [
    *(Row(f"matmul {ranks}", call("matmul"), call("matmul"), [tuple(map(int, s)) for s in ranks.split()],
          bench=[(16, 16), (16, 16)]) for ranks in MATMULS),
    Row("outer", call("outer"), call("outer"), [(3,), (2,)], bench=[(10,), (10,)]),
    Row("tensordot", call("tensordot", 2), call("tensordot", 2), [(2, 3, 2), (3, 2, 2)]),
    Row("tensordot 0", call("tensordot", 0), call("tensordot", 0), [(2,), (3,)]),
    Row("tensordot lists", call("tensordot", ([0, 2], [1, 0])), call("tensordot", ([0, 2], [1, 0])),
        [(2, 3, 4), (4, 2, 3)]),
    *(Row(f"einsum {s}", lambda m, *xs, s=s: m.einsum(s, *xs), lambda t, *xs, s=s: t.einsum(s, *xs), shapes)
      for s, *shapes in [
          ("ij,jk->ik", (2, 3), (3, 2)), ("ij->j", (2, 3)), ("ii->i", (3, 3)), ("ii", (3, 3)), ("ij->ji", (2, 3)),
          ("i,j->ij", (2,), (3,)), ("ij,ij->", (2, 3), (2, 3)), ("bij,bjk->bik", (2, 3, 2), (2, 2, 3)),
          ("...ij,jk->...ik", (2, 2, 3), (3, 2)), ("i,ij,j->", (2,), (2, 3), (3,)), ("ij,k->i", (2, 3), (2,)),
          ("iij,jk->ik", (2, 2, 3), (3, 2)), ("ij,jk", (2, 3), (3, 2)), ("i...->...", (2, 3, 2)),
          ("...,...->...", (2, 1), (3,)), ("ij,ij,ij->i", (2, 3), (2, 3), (2, 3)),
      ]),
]  # fmt: skip

# Functions of minigrad.nn, compared and timed like ops.
LAYERS = [
    Row("relu", call(F + "relu"), call(F + "relu"), [[-1.0, 0.0, 2.0]], chain=True, bench=[(10,)]),
    Row("log_softmax", call(F + "log_softmax", -1), call(F + "log_softmax", -1), [(3, 4)]),
    Row("linear", lambda m, x, w, b: x @ w.T + b, call(F + "linear"), [(4, 3), (2, 3), (2,)],
        bench=[(16, 16), (16, 16), (16,)]),
    Row("cross_entropy", call(F + "cross_entropy"), call(F + "cross_entropy"), [(3, 4)], constants=[[0, 3, 1]]),
]  # fmt: skip
