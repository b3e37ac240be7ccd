"""What one connection may take of the process: threads and memory for its pictures.

Sound takes little of either, and is not kept waiting. A connection has a few pictures at work at a
time; its others wait for those, and not in the way of other connections.
"""

import asyncio
import itertools
import os
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import finalize

from peer.media import Threads
from peer.records import dataclass
from peer.rtp import MAX_PLAYOUT_DELAY

FRAMES_AT_WORK = 2
"""Pictures that a connection has encoded or decoded at a time."""

MAX_WAIT = 5.0
"""Seconds that a picture waits for a thread at most, of which the process has a few."""
MAX_WORK = 5.0
"""Seconds that a picture is at work at most: what takes longer hangs, and is left to itself."""
MAX_HUNG = 4
"""Pictures of a connection that may hang at a time, each of which keeps a thread."""

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class NoThreadError(RuntimeError):
    """The machine has no thread left for a frame."""


class HungError(RuntimeError):
    """A frame is at work for so long that nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class MediaConfig:
    """How a connection decodes what its peer sends, and what the peer may have it decode.

    `max_picture_pixels` are those of the largest picture that is decoded, `max_picture_bytes` those
    of all pictures that decoders and tracks of the connection hold. Together all connections hold
    `max_process_bytes`; beyond that each that holds some has an equal part of them.

    With `even_pace` frames leave a track one after the other as they are to be played, held back as
    long as the network makes that necessary; else as soon as they can be decoded, but for pictures
    where many are repaired: those wait as long as that takes.

    With `congestion_feedback` the reports of RFC 8888 say when packets came, where the peer has
    them too; else those of transport-wide numbers do, which browsers have.

    With `capture_times` offers ask for packets that tell when they were captured
    (abs-capture-time), and ours do; without, that is so where the peer asks for it.

    With `playout_delay` packets of pictures tell the peer how many seconds to hold them back, at
    least and at most: (0, 0) for showing them as they come, as for remote control. Without, that
    is the peer's to decide.

    With `receive_simulcast` all encodings that the peer offers are taken (RFC 8853): one of them is
    decoded, others can be read as they come.
    """

    max_picture_pixels: int = 4096 * 2304
    max_picture_bytes: int = 256 << 20
    max_process_bytes: int = 1 << 30
    even_pace: bool = False
    congestion_feedback: bool = False
    capture_times: bool = False
    playout_delay: tuple[float, float] | None = None
    receive_simulcast: bool = False

    def __post_init__(self) -> None:
        if self.playout_delay is not None:
            least, most = self.playout_delay
            if not 0 <= least <= most <= MAX_PLAYOUT_DELAY:
                raise ValueError(f"playout_delay is 0 to {MAX_PLAYOUT_DELAY} s, the least first")


class _Accounts:
    """The bytes that each connection of the process holds; decoders count from their threads."""

    def __init__(self) -> None:
        # The garbage collector may give back while this thread takes.
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._held: dict[int, int] = {}
        self._total = 0

    def open(self) -> int:
        with self._lock:
            number = next(self._numbers)
            self._held[number] = 0
            return number

    def close(self, number: int) -> None:
        with self._lock:
            self._total -= self._held.pop(number)

    def held(self, number: int) -> int:
        return self._held[number]

    def take(self, number: int, size: int, config: MediaConfig) -> bool:
        with self._lock:
            limit = config.max_picture_bytes
            if self._total + size > config.max_process_bytes:
                others = sum(1 for one, held in self._held.items() if held and one != number)
                limit = min(limit, config.max_process_bytes // (others + 1))
            if self._held[number] + size > limit:
                return False
            self._held[number] += size
            self._total += size
            return True

    def give_back(self, number: int, size: int) -> None:
        with self._lock:
            # What a closed account held was given back at once.
            if number in self._held:
                self._held[number] -= size
                self._total -= size


class _Threads:
    """Threads of the process, there while some share has opened them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._lock = threading.Lock()
        self._users = 0
        self._executor: Threads | None = None

    def open(self) -> None:
        with self._lock:
            self._users += 1

    @property
    def executor(self) -> Threads:
        with self._lock:
            if self._executor is None:
                self._executor = Threads(self._count, "peer-video")
            return self._executor

    def close(self, *, wait: bool) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._shut_down(wait=wait)

    def leave_behind(self, executor: Threads) -> None:
        """Begin others than these: one of them hangs, which others are not to wait for."""
        with self._lock:
            if executor is self._executor:
                self._shut_down(wait=False)

    def _shut_down(self, *, wait: bool) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=wait)
            self._executor = None


_accounts = _Accounts()
_threads = _Threads((os.cpu_count() or 1) + FRAMES_AT_WORK)


class _Work(Generic[Result]):
    """A call that waits for a thread, or is at work in one."""

    def __init__(self, executor: Threads, call: Callable[[], Result]) -> None:
        loop = asyncio.get_running_loop()
        self.executor = executor
        self.begun: float | None = None
        self._begins = threading.Lock()
        self._taken_back = False
        self.ended = loop.run_in_executor(executor, self._run, call)
        self.left = loop.create_future()
        """Is done when nobody is to wait for it any more."""
        self.timer: asyncio.TimerHandle | None = None

    def _run(self, call: Callable[[], Result]) -> Result:
        with self._begins:
            if self._taken_back:
                raise NoThreadError
            self.begun = time.monotonic()
        return call()

    def take_back(self) -> bool:
        """Have it not begin; False when it has."""
        with self._begins:
            self._taken_back = self.begun is None
        return self._taken_back

    def leave(self) -> None:
        """Let nobody wait for it any more."""
        if self._taken_back:
            self.ended.cancel()
        if self.timer is not None:
            self.timer.cancel()
        if not self.left.done():
            self.left.set_result(None)

    def result(self) -> Result:
        """Return what came of it."""
        if self.ended.cancelled():
            raise NoThreadError(f"no thread was free for {MAX_WAIT} s")
        if not self.ended.done():
            raise HungError(f"a frame is at work for {MAX_WORK} s")
        return self.ended.result()


class _Place:
    """Where a connection's pictures wait for a thread."""

    def __init__(self) -> None:
        self._threads = _threads
        self._threads.open()
        self._free = asyncio.Semaphore(FRAMES_AT_WORK)
        self._at_work: set[_Work[Any]] = set()
        self._hung: set[_Work[Any]] = set()
        self._leave = finalize(self, self._threads.close, wait=False)

    async def run(self, call: Callable[[], Result]) -> Result:
        await self._free.acquire()
        try:
            if len(self._hung) >= MAX_HUNG:
                raise NoThreadError(f"{MAX_HUNG} frames hang already")
            work = _Work(self._threads.executor, call)
        except RuntimeError as error:
            self._free.release()
            raise NoThreadError(str(error)) from error
        self._at_work.add(work)
        work.ended.add_done_callback(lambda _: self._done(work))
        self._look_after(MAX_WAIT, work)
        # Who gives up waiting leaves the thread at work, in its place.
        await work.left
        return work.result()

    async def close(self) -> None:
        if self._at_work:
            await asyncio.wait([work.ended for work in self._at_work], timeout=MAX_WORK)
        for work in list(self._at_work):
            self._give_up(work)
        if self._leave.detach() is not None:
            self._threads.close(wait=True)

    def _look_after(self, seconds: float, work: _Work[Any]) -> None:
        work.timer = asyncio.get_running_loop().call_later(seconds, self._look, work)

    def _look(self, work: _Work[Any]) -> None:
        """Give up what has had no thread for long, or does not come back from one."""
        now = time.monotonic()
        rest = (now if work.begun is None else work.begun) + MAX_WORK - now
        if rest > 0 and not work.take_back():
            self._look_after(rest, work)
        else:
            self._give_up(work)

    def _give_up(self, work: _Work[Any]) -> None:
        """Let others have the place; the thread of what hangs is lost."""
        work.leave()
        if work.take_back():
            return
        self._hung.add(work)
        self._at_work.discard(work)
        self._free.release()
        self._threads.leave_behind(work.executor)

    def _done(self, work: _Work[Any]) -> None:
        if not work.ended.cancelled():
            # What nobody waits for any more may fail.
            work.ended.exception()
        if work in self._hung:
            self._hung.discard(work)
        else:
            self._at_work.discard(work)
            self._free.release()
            work.leave()


class MediaShare:
    """The share of one connection, or of a sender or receiver that has none."""

    def __init__(self, config: MediaConfig | None = None) -> None:
        self.config = config or MediaConfig()
        self.is_deceived = False
        """Whether a picture that was to take no time took much: none is decoded in the loop."""
        self._place: _Place | None = None
        self._account = _accounts.open()
        finalize(self, _accounts.close, self._account)

    @property
    def held(self) -> int:
        """The bytes of pictures the connection holds."""
        return _accounts.held(self._account)

    def take(self, size: int) -> bool:
        """Hold that many bytes more; False when they are too many. Any thread may."""
        return _accounts.take(self._account, size, self.config)

    def give_back(self, size: int) -> None:
        """Hold that many bytes less. Any thread may."""
        _accounts.give_back(self._account, size)

    async def run(
        self,
        function: Callable[Parameters, Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        """Call a function in a thread, when it is the connection's turn.

        NoThreadError when the machine has none left, HungError when it does not come back.
        """
        place = self._place = self._place or _Place()
        return await place.run(partial(function, *args, **kwargs))

    async def close(self) -> None:
        """Leave the threads, which end with the last connection; `run` comes back to them.

        It returns when nothing of the connection is at work, but for what hangs. Calling again
        changes nothing.
        """
        place, self._place = self._place, None
        if place is not None:
            await place.close()
