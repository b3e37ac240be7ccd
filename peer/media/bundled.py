"""Where libraries are that are called themselves: those PyAV brings along, then the system's."""

import ctypes
import ctypes.util
from collections.abc import Iterator
from pathlib import Path

import av

_FOLDERS = ("../av.libs", ".dylibs", ".")


def libraries(name: str) -> Iterator[ctypes.CDLL]:
    """Yield what can be loaded under a name, such as "opus"."""
    for path in _candidates(name):
        try:
            yield ctypes.CDLL(path)
        except OSError:
            continue


def _candidates(name: str) -> Iterator[str]:
    package = Path(av.__file__).parent
    for folder in _FOLDERS:
        for pattern in (f"lib{name}[-.]*", f"{name}*.dll"):
            yield from map(str, sorted((package / folder).glob(pattern)))
    if system := ctypes.util.find_library(name):
        yield system
