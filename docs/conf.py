"""How the documentation site is built (`make docs`), from the Markdown files as they are."""

import importlib
import inspect
import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

project = "aiopeer"
author = "the aiopeer developers"
copyright = author  # noqa: A001 - Sphinx asks for this name
extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["SECURITY.md", "CHANGELOG.md", "docs/**.md"]

# Links are written for readers of the files: relative, and to headings as GitHub names them.
myst_heading_anchors = 3
highlight_language = "text"

html_theme = "furo"
html_title = "aiopeer"
html_static_path = ["static"]
html_css_files = ["aiopeer.css"]
html_additional_pages = {"index": "to_docs.html"}
templates_path = ["templates"]
html_copy_source = False
html_show_copyright = False

# Docstrings name code in single backquotes.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "exclude-members": "__init__, __new__"}
autodoc_use_type_comments = False

PACKAGES = re.findall(
    r"^(?:peer|sdp)\S*$", (ROOT / "docs/reference/index.md").read_text("utf-8"), re.M
)


def homes() -> dict[int, tuple[str, str]]:
    """Under which name each class and function is documented: the first, in the index's order."""
    found: dict[int, tuple[str, str]] = {}
    for package in map(importlib.import_module, PACKAGES):
        for name in package.__all__:
            value = getattr(package, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                found.setdefault(id(value), (package.__name__, name))
    return found


def show_programs(lines: list[str]) -> None:
    """Docstrings indent programs, as Markdown does; say so in the words of reStructuredText."""
    for number in reversed(range(1, len(lines))):
        before = next((line for line in reversed(lines[:number]) if line), "")
        if (
            lines[number].startswith("    ")
            and not lines[number - 1]
            and not before.startswith(" ")
        ):
            lines[number:number] = [".. code-block:: python", ""]


def setup(app: Sphinx) -> None:
    """Document each name once, and show the programs of docstrings."""
    first = homes()

    def skip(
        app: Sphinx, what: str, name: str, value: object, skip: bool, options: object
    ) -> bool | None:
        place = Path(app.env.docname).name, name
        return True if what == "module" and first.get(id(value), place) != place else None

    app.connect("autodoc-skip-member", skip)
    app.connect("autodoc-process-docstring", lambda *arguments: show_programs(arguments[-1]))
