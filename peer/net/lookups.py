"""Questions to the system's resolver, which may block for longer than anybody waits."""

import asyncio
import contextlib
import errno
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

LIMIT = 8
"""Questions asked at a time; others wait for their turn."""

S = TypeVar("S")
T = TypeVar("T")


class Lookups:
    """Runs blocking calls on daemon threads, at most `limit` at a time.

    Threads end when there is nothing to ask; questions that nobody waits for any more are not
    asked. Unlike those of the event loop's executor, nobody
    waits for them: neither a loop that ends nor the interpreter.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: deque[Callable[[], object]] = deque()
        self._threads = 0

    async def run(self, ask: Callable[[], T]) -> T:
        """Call `ask` on a thread; gives what it returns and raises what it raises.

        Raises OSError when there is no thread to be had.
        """
        question = _Question(asyncio.get_running_loop(), ask)
        with self._lock:
            self._waiting.append(question.put)
            begin = self._threads < self._limit
            self._threads += begin
        if begin:
            self._begin(question.put)
        try:
            return await question.answer
        finally:
            # Of a system that is silent nobody can say when a thread comes to it.
            with self._lock, contextlib.suppress(ValueError):
                self._waiting.remove(question.put)

    def _begin(self, put: Callable[[], object]) -> None:
        try:
            threading.Thread(target=self._work, name="aiopeer lookup", daemon=True).start()
        except (RuntimeError, MemoryError) as error:
            with self._lock:
                self._threads -= 1
                # Where there are other threads, one of them comes to it.
                if self._threads or put not in self._waiting:
                    return
                self._waiting.remove(put)
            raise OSError(errno.EAGAIN, "no thread to ask on") from error

    def _work(self) -> None:
        while (put := self._next()) is not None:
            put()

    def _next(self) -> Callable[[], object] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None


class _Question(Generic[T]):
    """One call and the future of its outcome, which belongs to the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ask: Callable[[], T]) -> None:
        self._loop = loop
        self._ask = ask
        self.answer: asyncio.Future[T] = loop.create_future()

    def put(self) -> None:
        """Ask and hand back the outcome; called on a thread."""
        if self.answer.cancelled():
            return
        try:
            found = self._ask()
        except Exception as error:
            self._hand_back(self._fail, error)
        else:
            self._hand_back(self._succeed, found)

    def _hand_back(self, settle: Callable[[S], object], outcome: S) -> None:
        # The loop may have been closed meanwhile.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(settle, outcome)

    def _succeed(self, found: T) -> None:
        if not self.answer.done():
            self.answer.set_result(found)

    def _fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
