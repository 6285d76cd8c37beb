"""Checks how the tree is built: who imports whom, how long files and functions are, what no file may mention.

    python tools/check_layers.py [ROOT]

Prints `path:line: what is wrong; what to do` for every finding and ends with 1, or one line of sizes and ends with 0.
A new file of the package needs a place in ROWS below; everything else follows from it.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = "minigrad"

# The layers, lowest first. A name is a folder (`nn/`) or one file (`tape.py`), its room; the longest match counts.
# A file imports from lower rows and, without cycles, from its own room; never from another room of its row.
ROWS = [
    ("L0", "errors.py"),
    ("L0", "argument.py"),
    ("L0", "backend/"),
    ("L0", "kernels/"),
    ("L0", "ewma.py tuning.py"),
    ("L1", "graph.py"),
    ("L1", "manners.py modes.py"),
    ("L1", "tensor.py"),
    ("L2", "explain.py promote.py dlpack.py"),
    ("L2", "backward.py"),
    ("L2", "fused.py"),
    ("L2", "tape.py"),
    ("L3", "debugging.py recompute.py"),
    ("L3", "ops/"),
    ("L3", "ops/fused/"),
    ("L3", "ops/__init__.py"),  # the namespace of Tensors: gathers everything in ops/
    ("L4", "autodiff.py capture.py nn/ optim/ data/"),
    ("L5", "io/"),  # arrays into files: what is trained is saved
    ("L5", "train/ parallel/ inspect/ testing/ viz/ models/"),
    ("public names", "__init__.py"),
    ("L6", "lab/"),  # uses the public names as anyone does
    ("top", "__main__.py"),
]

# Rooms that may use less than what lies below them.
ONLY = {"data/": {"errors.py", "argument.py", "backend/"}}

# Rooms that need an optional package: asked for in the function that needs them, from any layer (`history.plot()`).
ASKED_FOR = {"viz/"}

# `import minigrad` needs NumPy alone. What else may be used, and where it may be imported at the top of a file;
# elsewhere it is imported inside the function that needs it.
OPTIONAL = {
    "cupy": "backend/cupy.py kernels/cuda/",
    "cupyx": "backend/cupy.py kernels/cuda/",
    "llvmlite": "kernels/numba/",
    "numba": "kernels/numba/",
    "matplotlib": "viz/",
    "mpi4py": "",
    "torch": "",
    "safetensors": "io/",
    "threadpoolctl": "",
    "tqdm": "",
}
ALWAYS = sys.stdlib_module_names | {"numpy"}
LAZY_ROOMS = {"backend/", "kernels/"}  # they load libraries and kernels when first used

FILE_WISH, FILE_WALL, FUNCTION_WALL = 250, 400, 40
FILE_BUDGETS = {"tape.py": 250}

FORBIDDEN = {
    r"(?<![\w.:/-])/(?:work|root|tmp|home|Users)/": "an absolute path of one machine; write it relative to the project",
    r"(?i)\bsub-?agents?\b": "how the work was organised, not what it is; leave it out",
    r"(?:pypi|pythonhosted|download\.pytorch)\.org": "the host of a package index; name the package instead",
}
TEXT_PLACES = [PACKAGE, "tests", "examples", "tools", "docs", ".ci", "*.md", "*.toml", "Makefile", ".gitignore"]
CODE_PLACES = [PACKAGE, "examples", "tools"]  # where the line budgets hold


class Import(NamedTuple):
    """One import statement of one file: a module it names, and where it stands."""

    line: int
    module: str  # the dotted name of a file of the package, or the top name of another package
    in_function: bool
    in_lazy_attribute: bool  # inside a module's __getattr__, which gives out names of higher layers


def files_below(root: Path, places: list[str]) -> Iterator[Path]:
    """Every file at or below the places, without caches."""
    for place in places:
        for found in sorted(root.glob(place)):
            below = [found] if found.is_file() else sorted(found.rglob("*"))
            yield from (path for path in below if path.is_file() and "__pycache__" not in path.parts)


def room_of(path: str) -> tuple[int, str] | None:
    """Row and room of a file given relative to the package, or None if the table does not know it."""
    matches = [
        (row, name)
        for row, (_, names) in enumerate(ROWS)
        for name in names.split()
        if path == name or (name.endswith("/") and path.startswith(name))
    ]
    return max(matches, key=lambda match: len(match[1]), default=None)


def module_name(path: str) -> str:
    """`nn/layer.py` -> `minigrad.nn.layer`, `nn/__init__.py` -> `minigrad.nn`."""
    return ".".join([PACKAGE, *path.removesuffix(".py").split("/")]).removesuffix(".__init__")


def named_modules(node: ast.Import | ast.ImportFrom, path: str, known: set[str]) -> list[str]:
    """The modules a statement imports; `from minigrad import errors` names the file minigrad.errors if there is one."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        base = node.module or ""
        if node.level:
            folder = [PACKAGE, *path.split("/")[:-1]]
            base = ".".join([*folder[: len(folder) - node.level + 1], *filter(None, [base])])
        names = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names]
    return [name if name.split(".")[0] == PACKAGE else name.split(".")[0] for name in dict.fromkeys(names)]


def imports_of(tree: ast.Module, path: str, known: set[str]) -> Iterator[Import]:
    """Every import of a file but those for type checkers only."""

    def visit(node: ast.AST, in_function: bool, lazy: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                for module in named_modules(child, path, known):
                    yield Import(child.lineno, module, in_function, lazy)
            elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                yield from visit(ast.Module(child.orelse, []), in_function, lazy)
            else:
                is_function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                is_lazy = isinstance(node, ast.Module) and getattr(child, "name", "") == "__getattr__"
                yield from visit(child, in_function or is_function, lazy or is_lazy)

    return visit(tree, False, False)


def check_own_import(path: str, found: Import, paths: dict[str, str]) -> str | None:
    """What is wrong with an import of another file of the package."""
    target = paths.get(found.module)
    if target is None:
        return f"imports {found.module}, which is no file of the package; correct the name"
    own, other = room_of(path), room_of(target)
    if own is None or other is None:
        return None  # said once, for the file itself
    (row, room), (other_row, other_room) = own, other
    if found.in_lazy_attribute or (found.in_function and other_room in ASKED_FOR):
        return None
    if other_room in ASKED_FOR and other_room != room:
        return f"imports {found.module} at the top; import it inside the function that needs it"
    if found.in_function and room not in LAZY_ROOMS:
        return f"imports {found.module} inside a function; import it at the top, or have it handed in"
    if other_room == room:
        return None
    if other_row >= row:
        kind = "a sibling of its row" if other_row == row else "from a higher layer"
        return f"{room} ({ROWS[row][0]}) imports {found.module} ({ROWS[other_row][0]}), {kind}; have it handed in"
    if room in ONLY and other_room not in ONLY[room]:
        return f"{room} imports {found.module}; it may import only {', '.join(sorted(ONLY[room]))}"
    return None


def check_foreign_import(path: str, found: Import) -> str | None:
    """What is wrong with an import of the standard library or of another package."""
    match = room_of(path)
    room = match[1] if match else ""
    if found.module in OPTIONAL:
        if found.in_function or path.startswith(tuple(OPTIONAL[found.module].split())):
            return None
        return f"imports {found.module} at the top; import it inside the function that needs it"
    if found.module not in ALWAYS:
        return f"imports {found.module}, which is no dependency; do without, or enter it in OPTIONAL of this tool"
    if found.in_function and room not in LAZY_ROOMS:
        return f"imports {found.module} inside a function; import it at the top"
    return None


def cycles(graph: dict[str, dict[str, int]]) -> Iterator[list[str]]:
    """One closed walk [a, b, ..., a] for every import that leads back to where the search came from."""
    done: set[str] = set()

    def search(walk: list[str]) -> Iterator[list[str]]:
        for after in graph[walk[-1]]:
            if after in walk:
                yield [*walk[walk.index(after) :], after]
            elif after not in done:
                yield from search([*walk, after])
        done.add(walk[-1])

    for start in graph:
        if start not in done:
            yield from search([start])


def check_imports(root: Path) -> Iterator[str]:
    """Layers, cycles and imports inside functions, for every file of the package."""
    folder = root / PACKAGE
    files = {file.relative_to(folder).as_posix(): file for file in files_below(root, [PACKAGE]) if file.suffix == ".py"}
    paths = {module_name(path): path for path in files}
    graph: dict[str, dict[str, int]] = {module: {} for module in paths}
    for path, file in files.items():
        if room_of(path) is None:
            yield f"{PACKAGE}/{path}:1: has no layer; enter it in ROWS of tools/check_layers.py"
        for found in imports_of(ast.parse(file.read_text("utf-8")), path, set(paths)):
            own = found.module.split(".")[0] == PACKAGE
            wrong = check_own_import(path, found, paths) if own else check_foreign_import(path, found)
            if wrong:
                yield f"{PACKAGE}/{path}:{found.line}: {wrong}"
            if found.module in graph and not found.in_function:
                graph[module_name(path)][found.module] = found.line
    for walk in cycles(graph):
        place = f"{PACKAGE}/{paths[walk[0]]}:{graph[walk[0]][walk[1]]}"
        yield f"{place}: import cycle {' -> '.join(walk)}; move what both need into a base file"


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from `def` to its end, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def check_lengths(root: Path) -> Iterator[str]:
    """Files and functions over their budget."""
    for file in files_below(root, CODE_PLACES):
        if file.suffix != ".py":
            continue
        path, text = file.relative_to(root).as_posix(), file.read_text("utf-8")
        lines, wall = len(text.splitlines()), FILE_BUDGETS.get(path.removeprefix(f"{PACKAGE}/"), FILE_WALL)
        if lines > wall:
            yield f"{path}:{wall + 1}: {lines} lines, over the {wall} of a file; split it by what it does"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length(node) > FUNCTION_WALL:
                size = f"{length(node)} lines, over the {FUNCTION_WALL} of a function"
                yield f"{path}:{node.lineno}: {node.name} has {size}; split it by what it does"


def check_mentions(root: Path) -> Iterator[str]:
    """Words that belong to one machine or to how the work was done, in any text of the tree."""
    for file in files_below(root, TEXT_PLACES):
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a binary file
        for number, line in enumerate(text.splitlines(), 1):
            for pattern, what in FORBIDDEN.items():
                if found := re.search(pattern, line):
                    yield f"{file.relative_to(root).as_posix()}:{number}: '{found[0]}' is {what}"


def sizes(root: Path) -> str:
    """Lines per folder of the package, and the files over the wish."""
    counts: Counter[str] = Counter()
    long = []
    for file in files_below(root, [PACKAGE]):
        if file.suffix == ".py":
            path, lines = file.relative_to(root / PACKAGE), len(file.read_text("utf-8").splitlines())
            counts[f"{path.parts[0]}/" if len(path.parts) > 1 else path.name] += lines
            if lines > FILE_WISH:
                long.append(f"\nnote: {PACKAGE}/{path.as_posix()} has {lines} lines; the wish is {FILE_WISH}")
    folders = ", ".join(f"{name} {lines}" for name, lines in counts.items())
    return f"layers: {counts.total()} lines ({folders}), no finding{''.join(long)}"


def main(root: Path) -> int:
    findings = [*check_imports(root), *check_lengths(root), *check_mentions(root)]
    print("\n".join(findings) if findings else sizes(root))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]))
