"""What inputs cost, in the CPU time of the thread that takes them."""

import gc
import time
from collections.abc import Callable

DATAGRAM = 0.002
"""Seconds a datagram may cost the loop, whoever sends it."""
STRANGERS_DATAGRAM = 20e-6
"""Seconds a datagram may cost that proves nothing."""
MARGIN = 5
"""How much slower a machine at work may be than the one the bounds are promised for."""


def cpu(action: Callable[[], object], times: int = 1) -> float:
    """Return the seconds of this thread an action takes, on average."""
    # What is collected meanwhile is of other tests.
    collects = gc.isenabled()
    gc.disable()
    try:
        begin = time.thread_time()
        for _ in range(times):
            action()
        return (time.thread_time() - begin) / times
    finally:
        if collects:
            gc.enable()
