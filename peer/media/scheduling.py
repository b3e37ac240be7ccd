"""Keeping the scheduling of threads as it is, whatever a library does to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_THREADS = Path("/proc/self/task")


@contextmanager
def usual_scheduling() -> Iterator[None]:
    """Give this thread, and those that begin meanwhile, the scheduling policy it had before.

    SVT-AV1, run by root on Linux, puts its own threads and the one that opens it first under
    real-time scheduling, which all that they start inherits: nothing else gets the processor then.
    """
    if not _THREADS.is_dir():
        yield
        return
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    before = set(os.listdir(_THREADS))
    try:
        yield
    finally:
        for thread in (0, *map(int, set(os.listdir(_THREADS)) - before)):
            with suppress(OSError):  # it has ended
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, parameter)
