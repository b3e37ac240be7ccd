"""Who blocks the event loop: while there are connections, a thread looks at what holds a loop up.

It knocks at the loop four times a second. Where that is not answered in time, what runs in the
loop's thread is to blame: its stack is looked at once, and what was seen is told when the loop
goes on. One thread serves all connections of a loop, and ends with the last, or with the loop.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

KNOCK = 0.25
"""Seconds between two knocks."""
LATE = 0.25
"""Seconds without an answer after which it is looked who is to blame."""
_TURN = "_run_once"
"""The function of asyncio that waits, and then has callbacks called."""
_CALLERS = ("_run", _TURN, "run_forever", "run_until_complete", "run")
"""Functions of asyncio that call what is not asyncio's."""

Told = Callable[[float, str], object]
"""Takes how long nothing ran, in seconds, and what held it up; "" when nothing is to be seen."""

_watches: dict[asyncio.AbstractEventLoop, "_Watch"] = {}


def watch_stalls(loop: asyncio.AbstractEventLoop, told: Told) -> Callable[[], None]:
    """Have stalls of the loop that runs in this thread told; returns what ends that."""
    watch = _watches.get(loop)
    if watch is None:
        watch = _watches[loop] = _Watch(loop)
    watch.listeners.append(told)

    def leave() -> None:
        watch.listeners.remove(told)
        if not watch.listeners:
            _watches.pop(loop, None)
            watch.stop()

    return leave


class _Watch:
    """The thread for one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.listeners: list[Told] = []
        self._loop = loop
        self._watched = threading.get_ident()
        self._stopped = threading.Event()
        self._answered = threading.Event()
        self._thread = threading.Thread(target=self._run, name="aiopeer-stalls", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._answered.set()
        self._thread.join()

    def _run(self) -> None:
        while not (self._stopped.wait(KNOCK) or self._loop.is_closed()):
            try:
                if self._loop.is_running():
                    self._knock()
            except RuntimeError:
                # It was closed just now.
                break
        # A connection may be left open when its loop is closed: nothing is to hold that then.
        if not self._stopped.is_set():
            _watches.pop(self._loop, None)

    def _knock(self) -> None:
        begun = time.monotonic()
        self._answered.clear()
        self._loop.call_soon_threadsafe(self._answered.set)
        if self._stopped.is_set() or self._answered.wait(LATE):
            return
        culprit = blame(sys._current_frames().get(self._watched))  # noqa: SLF001
        while not self._answered.wait(KNOCK):
            if self._loop.is_closed():
                return
        if not self._stopped.is_set():
            duration = time.monotonic() - begun
            self._loop.call_soon_threadsafe(self._tell, duration, culprit)

    def _tell(self, duration: float, culprit: str) -> None:
        for told in list(self.listeners):
            told(duration, culprit)


def blame(frame: FrameType | None) -> str:
    """Say which callback or coroutine of a loop a stack is in, and where; "" if in none."""
    place = "" if frame is None else _place(frame)
    while frame is not None and not _is_loop(frame):
        caller = frame.f_back
        if caller is not None and _is_loop(caller):
            # The loop itself calls what it waits with: then it is held up by another thread, or the
            # whole machine was.
            if caller.f_code.co_name == _TURN:
                return ""
            from peer.trace import printable  # not before: few loops stall

            return printable(f"{frame.f_code.co_qualname}, at {place}")
        frame = caller
    return ""


def _is_loop(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] == "asyncio" and frame.f_code.co_name in _CALLERS


def _place(frame: FrameType) -> str:
    module = frame.f_globals.get("__name__", "?")
    return f"{frame.f_code.co_qualname} ({module}:{frame.f_lineno})"
