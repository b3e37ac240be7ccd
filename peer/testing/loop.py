"""An event loop whose time passes only when there is nothing left to do."""

import asyncio
import random
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, TypeVar, TypeVarTuple

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


_OWN = 1
"""Descriptors a loop watches to be woken by threads; what they call is found without it."""


class StalledError(RuntimeError):
    """Nothing is scheduled and nobody can wake the loop: what is awaited will never happen."""


class _Clock(selectors.DefaultSelector):
    """Waits for no descriptor: what would be waited for in vain passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # What else than the loop itself is watched is of the machine; nothing is in most tests.
        if timeout is None or len(self.get_map()) > _OWN:
            ready = super().select(0)
            if ready:
                return ready
        if timeout is None:
            raise StalledError("nothing is scheduled any more")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs an asyncio program as fast as the machine can, with exact and repeatable times.

    `time()` begins at 0 and jumps to the next timer when nothing is ready. Executors run their
    work in line, so that it takes no time and no thread decides about the order. Sockets of the
    machine are read without waiting for them: use simulated ones.
    """

    def __init__(self) -> None:
        self._virtual = _Clock()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return self._virtual.now

    def stall(self, seconds: float) -> None:
        """Let time pass in which nothing runs, as a callback does that blocks the loop."""
        self._virtual.now += seconds

    def wait_for_machine(self, seconds: float) -> None:
        """Let real time pass: for what goes by the machine's clock whatever the loop's is."""
        time.sleep(seconds)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Ts], _T], *args: *_Ts
    ) -> asyncio.Future[_T]:
        """Call `func` at once, and return a future that is done."""
        del executor
        done: asyncio.Future[_T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let the module `random` begin with `seed`, and go on afterwards as if it had not."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def run(main: Coroutine[Any, Any, _T], *, seed: int = 0) -> _T:
    """Run a coroutine to its end in a loop of its own, like `asyncio.run`.

    The module `random` begins with `seed` meanwhile: what is drawn from it is the same every time.
    """
    with seeded(seed), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
