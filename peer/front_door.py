"""Packages that import what is behind them when it is asked for (PEP 562)."""

import gc
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

FROZEN_BY_PROGRAM = 2000
"""Objects that are frozen at least where a program did so, which is left to it: that freezes all
there are, 5000 in a program that has done nothing. Python 3.12 begins with some hundred."""


def lazy(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], object]:
    """Return the ``__getattr__`` of a package; `homes` has the names that each module defines."""
    home_of = {name: home for home, names in homes.items() for name in names}

    def find(name: str) -> object:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(_load(home_of[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    return find


def _load(home: str, package: str) -> ModuleType:
    """Import a module without looking for garbage: what is made by the thousand here is to stay."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return importlib.import_module(home, package)
    finally:
        if collecting:
            if gc.get_freeze_count() < FROZEN_BY_PROGRAM:
                # Puts all among the old objects; else the next collection would look at them all.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
