"""Checks that what computes on arrays says only what every backend understands, CuPy's included.

    python tools/check_names.py [ROOT]

Looks at every word taken from a namespace (`namespace(x).tanh`, `xp.tanh`) and its keywords, against minigrad's
vocabulary and the names and signatures of CuPy 14.2; and for NumPy's own functions where a device array may turn up.
Prints `path:line: what is wrong; what to do` for every finding and ends with 1, or one line and ends with 0.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from minigrad.backend.strict.array import NAMES
from minigrad.backend.strict.library import SIGNATURES
from minigrad.backend.vocabulary import LINALG, SHARED, Backend

PLACES = ["ops", "nn", "optim", "autodiff.py", "capture.py", "ewma.py", "models", "testing"]  # below minigrad/
ASK = {"namespace", "default_backend", "backend"}  # calls that answer with a namespace
NAMED = {"xp"}  # a variable of this name is a namespace wherever it comes from
WORDS = {*SHARED, *LINALG}
UFUNC_KEYWORDS = {"out", "dtype", "casting"}
REDUCTIONS = {"all", "any", "max", "mean", "min", "prod", "std", "sum", "var"}
NUMPY_ONLY = {"where", "initial"}  # keywords of NumPy's reductions that CuPy's do not have

# NumPy's types and constants mean the same everywhere. Its functions compute on the host; the table says where that is
# meant, and what for.
NUMPY_TYPES = {
    *"bool_ dtype float16 float32 float64 int32 int64 ndarray uint8 uint32 uint64".split(),
    *"floating generic integer number can_cast finfo iinfo isdtype issubdtype promote_types result_type".split(),
    *"inf nan newaxis pi broadcast_shapes isscalar".split(),
}
HOST = {
    "autodiff.py": {"asarray"},  # numbers and lists become arrays here
    "ops/creation.py": {"asarray", "array"},  # lists become arrays here
    "ops/piecewise.py": {"asarray"},  # conditions given as lists
    "ops/index.py": {"asarray"},  # indices given as lists, moved to the device afterwards
    "ops/arrange.py": {"arange", "asarray", "broadcast_to", "pad", "repeat"},  # places that depend on shapes alone
    "ops/linalg.py": {"arange"},  # the same
    # how the bodies of fused ops see their arrays, which lie on the host
    "ops/fused/rows.py": {"*"},
    "ops/fused/attention.py": {"ascontiguousarray", "empty", "empty_like", "matmul", "multiply"},
    "ops/fused/channels.py": {"*"},
    "ops/fused/conv.py": {"*"},
    "ops/fused/pool.py": {"*"},  # and tables of where windows lie
    "nn/functional/labels.py": {"asarray"},  # labels given as lists
    "nn/functional/mask.py": {"asarray"},  # masks given as lists
    "nn/functional/embedding.py": {"asarray"},  # tokens given as lists
    "nn/functional/lengths.py": {"asarray"},  # lengths given as lists
    "models/language_model.py": {"asarray"},  # tokens given as lists
    "nn/state.py": {"array_equal", "asarray", "errstate"},  # values given under several paths, as ints, to be narrowed
    # tables that depend on sizes alone
    "nn/functional/position.py": {"*"},
    "nn/position.py": {"array"},
    # tables of where windows and regions lie, which depend on shapes alone
    "nn/functional/average.py": {"arange", "maximum", "minimum", "multiply"},
    "nn/functional/adaptive.py": {"*"},
    "nn/functional/resample.py": {"arange", "clip", "floor", "maximum", "minimum", "stack"},
    "nn/init/": {"*"},  # truncated numbers are drawn on the host and moved
    "nn/scaled_activation.py": {"*"},  # its constant is integrated on the host when the layer is made
    "optim/flat.py": {"asarray", "shape"},  # saved states are host arrays
    "optim/state.py": {"asarray", "shape"},  # the same
    "optim/zclip.py": {"array"},  # the same
    "testing/": {"*"},  # compares on the host
}


def is_namespace(node: ast.AST, names: set[str]) -> bool:
    """`xp`, `namespace(...)`, or a variable that one of them was bound to."""
    if isinstance(node, ast.Name):
        return node.id in names
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ASK


def namespaces_of(tree: ast.AST) -> set[str]:
    """The variables of a file that hold a namespace, also by `xp, n = namespace(x), 3`."""
    names = set(NAMED)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                names |= {name.id for name, value in pairs if isinstance(name, ast.Name) and is_namespace(value, set())}
    return names


def keywords_of(word: str) -> set[str] | None:
    """The keywords that every backend takes; None where that is not known."""
    if word in SHARED:
        if isinstance(getattr(np, word), np.ufunc):
            return UFUNC_KEYWORDS
        known = SIGNATURES.get(word) or NAMES["sig"].get(f"cupy.{word}")
        return set(known) if known else None
    if word in LINALG:
        return set(NAMES["sig"][f"cupy.linalg.{word}"])
    method = getattr(Backend, word)
    return set(inspect.signature(method).parameters) if callable(method) else None


def check_vocabulary() -> Iterator[str]:
    """Shared words that CuPy or NumPy does not have."""
    places = [("cupy", np, word) for word in SHARED] + [("cupy.linalg", np.linalg, word) for word in LINALG]
    for names, module, word in places:
        if word not in NAMES[names] or not hasattr(module, word):
            path = "minigrad/backend/vocabulary.py"
            yield f"{path}:1: '{word}' is not in both NumPy and CuPy; make it a method of Backend"


def check_words(path: str, tree: ast.AST) -> Iterator[str]:
    """Words and ufunc methods taken from a namespace."""
    names = namespaces_of(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        word, inner = node.attr, node.value
        if is_namespace(inner, names):
            if word not in WORDS and (word.startswith("_") or not hasattr(Backend, word)):
                yield f"{path}:{node.lineno}: '{word}' is no word of every backend; see minigrad/backend/vocabulary.py"
        elif isinstance(inner, ast.Attribute) and is_namespace(inner.value, names):
            allowed = {"at": NAMES["ufunc_at"], "reduce": ["add", "multiply"], "accumulate": ["add", "multiply"]}
            if word in (*allowed, "reduceat", "outer") and inner.attr not in allowed.get(word, []):
                yield f"{path}:{node.lineno}: CuPy has no {inner.attr}.{word}; use a function of the vocabulary"


def check_keywords(path: str, tree: ast.AST) -> Iterator[str]:
    """Keywords that CuPy would not take."""
    names = namespaces_of(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        word, given = node.func.attr, {keyword.arg for keyword in node.keywords if keyword.arg}
        if is_namespace(node.func.value, names):
            if word in WORDS or (not word.startswith("_") and hasattr(Backend, word)):
                known = keywords_of(word)
                wrong = given - known if known is not None else set()
            else:
                wrong = set()  # reported by check_words
        else:
            wrong = given & NUMPY_ONLY if word in REDUCTIONS else set()
        for keyword in sorted(wrong):
            yield f"{path}:{node.lineno}: CuPy's {word} takes no '{keyword}'; say it another way"


def but_fused(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node outside the bodies of fused ops, which run on host arrays alone."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        decorators = [ast.unparse(d) for d in getattr(child, "decorator_list", ())]
        if not any(d.startswith("op(plain=") for d in decorators):
            yield from but_fused(child)


def check_numpy(path: str, tree: ast.AST) -> Iterator[str]:
    """NumPy's functions where a device array may turn up."""
    inside = path.removeprefix("minigrad/")
    host = set().union(*(words for place, words in HOST.items() if inside == place or inside.startswith(place)))
    for node in but_fused(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy"):
            if node.attr not in NUMPY_TYPES and node.attr not in host and "*" not in host:
                yield (
                    f"{path}:{node.lineno}: np.{node.attr} computes on the host alone; use namespace(...).{node.attr}, "
                    "or list it under HOST in tools/check_names.py"
                )
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "numpy" and not host:
            yield f"{path}:{node.lineno}: import numpy as np, so that its names can be seen"


def main(root: Path) -> int:
    findings, files = list(check_vocabulary()), 0
    for place in PLACES:
        start = root / "minigrad" / place
        for file in [start] if start.is_file() else sorted(start.rglob("*.py")):
            path, tree = file.relative_to(root).as_posix(), ast.parse(file.read_text("utf-8"))
            files += 1
            for check in (check_words, check_keywords, check_numpy):
                findings += check(path, tree)
    print("\n".join(findings) if findings else f"names: {files} files, {len(WORDS)} shared words, no finding")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
