"""What must not stand in the sources."""

import ast
import re
from pathlib import Path

from tests.contract.source_tree import SOURCE_FOLDERS, faults, functions, sources, tree

UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK|placeholder|not implemented yet)\b|for now[.,;)]", re.I
)
SOURCES = sources(*SOURCE_FOLDERS)


def test_nothing_is_left_unfinished() -> None:
    found = faults(SOURCES, lambda path: UNFINISHED.findall(path.read_text(encoding="utf-8")))
    assert found == {}


def test_public_names_are_documented() -> None:
    assert faults(SOURCES, undocumented) == {}


def undocumented(path: Path) -> list[str]:
    """Give the public names of a file that have no docstring."""
    module = tree(path)
    missing = [] if ast.get_docstring(module) else ["the module"]
    missing += [
        node.name
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]
    missing += [
        function.name
        for function in functions(path)
        if not function.name.startswith("_") and not ast.get_docstring(function)
        if function in public_functions(module) and not is_setter(function)
    ]
    return missing


def is_setter(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A property's getter speaks for its setter."""
    return any(
        isinstance(decorator, ast.Attribute) and decorator.attr == "setter"
        for decorator in function.decorator_list
    )


def public_functions(module: ast.Module) -> list[ast.AST]:
    """Give module-level functions and the methods of public classes, not nested functions."""
    found: list[ast.AST] = list(module.body)
    for node in module.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found += node.body
    return found
