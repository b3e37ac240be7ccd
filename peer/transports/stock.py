"""aiortc's own modules, whatever is imported under its name later."""

import importlib
import pkgutil
from operator import attrgetter
from types import ModuleType

import aiortc

_PACKAGE: ModuleType = aiortc


def stock(name: str = "") -> ModuleType:
    """Return aiortc, or a module of it by its name in there, such as "contrib.media"."""
    found: ModuleType = attrgetter(name)(_PACKAGE) if name else _PACKAGE
    return found


def load_all(*packages: str) -> None:
    """Import everything in these packages."""
    for package in map(importlib.import_module, packages):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
