"""Checks what is written about the package: docstrings of public names, examples, and the Markdown files.

    python tools/check_docs.py [ROOT]

Every public name says in one sentence what it is; ops add their formula, ops and classes an example. Every example
runs, those of the Markdown files too: a block fenced as `python` is executed, with the blocks before it, as a doctest
if it has prompts; one fenced as `py` is shown only. Every relative link leads somewhere.

Prints `path:line: what is wrong; what to do` for every finding and ends with 1, or one summary line and ends with 0.
"""

import doctest
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy

ROOT = Path(__file__).parents[1]
PACKAGE = "minigrad"

# The modules whose `__all__` is public, as far as they exist and have one.
PUBLIC = [PACKAGE]
PUBLIC += [f"{PACKAGE}.{name}" for name in ("ops", "nn", "nn.functional", "nn.init", "optim", "optim.schedules")]
PUBLIC += [
    f"{PACKAGE}.{name}" for name in ("data", "inspect", "io", "models", "train", "parallel", "testing", "backend")
]

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r'\]\(([^)\s]+)\)|src="([^"]+)"')


def module_names(root: Path = ROOT) -> list[str]:
    """Every module of the package but `__main__`, which runs when imported."""
    files = sorted(path.relative_to(root).with_suffix("") for path in (root / PACKAGE).rglob("*.py"))
    return [".".join(file.parts).removesuffix(".__init__") for file in files if file.name != "__main__"]


def documents(root: Path = ROOT) -> list[Path]:
    """The Markdown files people read."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(root / PACKAGE).rglob("*.md")])


def load(name: str) -> ModuleType | None:
    """The module, or None if it needs an optional package that is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or PACKAGE).split(".")[0] == PACKAGE:
            raise
        return None


def public_objects(names: list[str]) -> Iterator[tuple[str, Any]]:
    """Every public object once, under the first of its public names."""
    seen: set[int] = set()
    for place in PUBLIC:
        module = load(place) if place in names else None
        for name in getattr(module, "__all__", []):
            value = getattr(module, name)
            if id(value) not in seen:
                seen.add(id(value))
                yield f"{place}.{name}", value


def is_op(value: Any) -> bool:
    """Whether the template of ops applies: what `op` made, and the public functions of minigrad.ops."""
    made_by_op = getattr(value, "is_op", False) is True
    return made_by_op or (inspect.isfunction(value) and value.__module__.startswith(f"{PACKAGE}.ops"))


def check_docstring(value: Any) -> Iterator[str]:
    """What a public object's docstring lacks."""
    is_class = inspect.isclass(value)
    if value is Any or not (callable(value) or inspect.ismodule(value)):
        return  # a plain value: a number, a dtype, a table; or the name of a type
    text = vars(value).get("__doc__") if is_class else value.__doc__  # a class does not inherit its sentence
    if not text or (not is_class and text == type(value).__doc__):
        yield "has no docstring; say in one sentence what it is"
        return
    if not text.strip().splitlines()[0].endswith("."):
        yield "opens with no sentence; end the first line of its docstring with a period"
    prose = "".join(part for part in doctest.DocTestParser().parse(text) if isinstance(part, str))
    if is_op(value) and not re.search(r"\S = \S", prose):
        yield "shows no formula; add a line `y = ...` to its docstring"
    is_error = is_class and issubclass(value, BaseException)
    if callable(value) and not is_error and ">>> " not in text:
        yield "shows no example; add a doctest of two or three lines"


def place_of(value: Any, root: Path) -> str:
    """`path:line` of where an object is defined, as far as Python knows."""
    try:
        unwrapped = inspect.unwrap(value)
        path = Path(inspect.getsourcefile(unwrapped) or "").resolve()
        line = inspect.getsourcelines(unwrapped)[1] or 1
        return f"{path.relative_to(root.resolve()).as_posix()}:{line}"
    except (OSError, TypeError, ValueError):
        return f"{PACKAGE}/__init__.py:1"


def check_chain(name: str, names: list[str]) -> Iterator[str]:
    """What is wrong with the lines 'Builds on' and 'Read next' at the head of a module: names that are not there."""
    text = getattr(load(name), "__doc__", None) or ""
    for line in re.findall(r"Builds on:.*", text, re.DOTALL):
        for found in re.findall(rf"`({PACKAGE}[\w.]*)`", line):
            module, _, word = found.rpartition(".")
            if found not in names and not (module in names and hasattr(load(module), word)):
                yield f"{name}: names {found}, which is not there; correct 'Builds on' or 'Read next'"


def run_docstrings(name: str) -> Iterator[tuple[int, str]]:
    """For each docstring of a module: the number of its examples, and what failed in them."""
    module = load(name)
    for test in doctest.DocTestFinder().find(module) if module else []:
        yield len(test.examples), run(test)


def run(test: doctest.DocTest) -> str:
    """What doctest prints about the failures of a test, else nothing."""
    printed: list[str] = []
    # Four digits: the last ones of a float32 differ between processors.
    with numpy.printoptions(precision=4, suppress=True):
        doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(test, out=printed.append, clear_globs=False)
    return "".join(printed)


def run_document(path: Path) -> Iterator[tuple[int, str]]:
    """For each `python` block of a Markdown file: 1, and what failed in it. The blocks are one module in parts."""
    text, module = path.read_text("utf-8"), ModuleType(path.stem)
    names, sys.modules[path.stem] = vars(module), module  # as if imported: what is defined there can be pickled
    try:
        for block in FENCED.finditer(text):
            language, code = block.groups()
            line = text.count("\n", 0, block.start(2))
            if language != "python":
                continue
            if re.search(r"^>>> ", code, re.MULTILINE):
                test = doctest.DocTestParser().get_doctest(code, names, path.name, str(path), line)
                failed = run(test)
                names.update(test.globs)
            else:
                failed = execute(code, names, path, line)
            yield 1, failed
    finally:
        del sys.modules[path.stem]


def execute(code: str, names: dict[str, Any], path: Path, line: int) -> str:
    """Runs plain code as if it stood at its line of the file, and returns the traceback if it fails."""
    try:
        exec(compile("\n" * line + code, str(path), "exec"), names)
    except Exception:
        return traceback.format_exc()
    return ""


def check_links(path: Path, root: Path) -> Iterator[str]:
    """Relative links of a Markdown file that lead nowhere."""
    blank = FENCED.sub(lambda block: "\n" * block[0].count("\n"), path.read_text("utf-8"))
    for number, line in enumerate(blank.splitlines(), 1):
        for found in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
            target = (found[1] or found[2]).split("#")[0]
            if target and ":" not in target and not (path.parent / target).exists():
                place = f"{path.relative_to(root).as_posix()}:{number}"
                yield f"{place}: links to {target}, which does not exist; correct the link"


def main(root: Path) -> int:
    sys.path.insert(0, str(root))
    names, findings = module_names(root), []
    if not hasattr(load(PACKAGE), "__all__"):
        findings.append(f"{PACKAGE}/__init__.py:1: has no __all__; name there what is public")
    objects = list(public_objects(names))
    for name, value in objects:
        findings += [f"{place_of(value, root)}: {name} {wrong}" for wrong in check_docstring(value)]
    results = [result for name in names for result in run_docstrings(name)]
    findings += [wrong for name in names for wrong in check_chain(name, names)]
    for path in documents(root):
        findings += check_links(path, root)
        results += run_document(path)
    findings += [failed.rstrip() for _, failed in results if failed]
    count = sum(examples for examples, _ in results)
    summary = f"docs: {len(objects)} public names, {count} examples, {len(documents(root))} documents, no finding"
    print("\n".join(findings) or summary)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT))
