"""Running things in threads that change places all the time."""

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor


def in_threads(actions: Sequence[Callable[[], object]]) -> None:
    """Run them at the same time, each in a thread; what one of them raises is raised."""
    together = threading.Barrier(len(actions))
    before = sys.getswitchinterval()

    def run(action: Callable[[], object]) -> None:
        together.wait()
        action()

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(actions)) as pool:
            for done in [pool.submit(run, action) for action in actions]:
                done.result()
    finally:
        sys.setswitchinterval(before)
