"""Threads for calls that may never come back: a decoder that hangs, a camera that gives nothing."""

import atexit
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet, finalize

FAREWELL = 1.0
"""Seconds that an interpreter which ends waits for all calls that are under way."""

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
_Item = tuple[Future[Any], Callable[[], Any]]


class Threads(Executor):
    """At most `count` threads, begun as they are needed, that end with it or with `shutdown`.

    Those of `concurrent.futures` keep an interpreter from ending for as long as one of their calls
    takes. These do for a second at most: what still is under way then is at its own risk.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._lock = threading.Lock()
        self._items: SimpleQueue[_Item | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []
        self._is_over = False
        _all.add(self)
        finalize(self, self._items.put, None).atexit = False

    def submit(
        self,
        fn: Callable[Parameters, Result],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Result]:
        """Have a function called; RuntimeError after the end, and when there is no thread."""
        future: Future[Result] = Future()
        with self._lock:
            if self._is_over:
                raise RuntimeError("the threads have ended")
            if len(self._threads) < self._count and not self._idle.acquire(blocking=False):
                self._begin()
            self._items.put((future, partial(fn, *args, **kwargs)))
        return future

    def _begin(self) -> None:
        """Begin another thread; RuntimeError when there is none for a pool that has none."""
        number = len(self._threads)
        thread = threading.Thread(
            target=_work, args=(self._items, self._idle), name=f"{self._name}_{number}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            if not self._threads:
                raise
        else:
            self._threads.append(thread)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begin nothing more than what waits; with `wait` return when that has ended."""
        with self._lock:
            self._is_over = True
        if cancel_futures:
            # A thread may take what is there at the same time.
            with suppress(Empty):
                while True:
                    item = self._items.get_nowait()
                    if item is not None:
                        item[0].cancel()
        self._items.put(None)
        if wait:
            self.join(None)

    def join(self, seconds: float | None) -> None:
        """Wait for the threads to end, so long at most."""
        end = None if seconds is None else time.monotonic() + seconds
        for thread in self._threads:
            thread.join(None if end is None else max(0.0, end - time.monotonic()))


def _work(items: "SimpleQueue[_Item | None]", idle: threading.Semaphore) -> None:
    """Do what there is to do. It does not keep the pool, which ends its threads when it goes."""
    while (item := items.get()) is not None:
        future, call = item
        if future.set_running_or_notify_cancel():
            try:
                result = call()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
                del result
        del item, future, call
        idle.release()
    # The others are to see it too.
    items.put(None)


_all: "WeakSet[Threads]" = WeakSet()


@atexit.register
def _say_farewell() -> None:
    """Let calls that take no longer end: libraries do not like to be taken down at work."""
    pools = list(_all)
    for pool in pools:
        pool.shutdown(wait=False)
    end = time.monotonic() + FAREWELL
    for pool in pools:
        pool.join(max(0.0, end - time.monotonic()))
