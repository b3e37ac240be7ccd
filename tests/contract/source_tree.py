"""What the contract tests read of the source tree."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sized
from functools import cache
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parents[2]
SOURCE_FOLDERS = ("peer", "sdp", "tools", "demos")


def sources(*folders: str) -> list[Path]:
    """List the Python files below these folders of the project."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if "node_modules" not in path.parts
    )


Fault = TypeVar("Fault", bound=Sized)


def faults(paths: Iterable[Path], find: Callable[[Path], Fault]) -> dict[str, Fault]:
    """Give what is found in each of these files, without those in which nothing is."""
    found = {str(path.relative_to(ROOT)): find(path) for path in paths}
    return {name: what for name, what in found.items() if len(what)}


@cache
def tree(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(path: Path) -> str:
    """Give the dotted name a file is imported under."""
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported_modules(path: Path) -> tuple[str, ...]:
    """Give the absolute dotted names a file imports, relative ones resolved."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    package = list(path.relative_to(ROOT).parent.parts)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            if node.module is None:
                yield from (f"{origin}.{alias.name}" for alias in node.names)
            else:
                yield origin


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every function and method of a file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function from its name to its end, its docstring left out."""
    assert function.end_lineno is not None
    length = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        if isinstance(first.value.value, str):
            assert first.end_lineno is not None
            length -= first.end_lineno - first.lineno + 1
    return length
