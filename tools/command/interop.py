"""`aiopeer interop`: the matrix of calls with others, which is among the tests of a checkout."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

CHECKOUT = Path(__file__).resolve().parents[2]


def matrix() -> ModuleType:
    """Give the module that plays it. Raises ValueError where there is no checkout."""
    if not (CHECKOUT / "tests" / "interop" / "matrix").is_dir():
        raise ValueError("it needs a checkout: the other implementations are started by its tests")
    if str(CHECKOUT) not in sys.path:
        sys.path.insert(0, str(CHECKOUT))
    try:
        return importlib.import_module("tests.interop.matrix.command")
    except ImportError as error:
        raise ValueError(f"{error}: pip install -e '.[dev]'") from None
