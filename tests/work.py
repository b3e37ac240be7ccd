"""Counting work instead of seconds: the same on every machine, however busy."""

import gc
import sys
from collections.abc import Callable
from types import FrameType


def calls(function: Callable[[], object]) -> int:
    """Count the calls, of Python and of C functions, that a function makes."""
    count = 0

    def tick(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    # A collection of garbage that falls into it is not its work.
    collecting = gc.isenabled()
    gc.disable()
    sys.setprofile(tick)
    try:
        function()
    finally:
        sys.setprofile(None)
        if collecting:
            gc.enable()
    return count
