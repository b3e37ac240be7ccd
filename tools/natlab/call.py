"""A call between two peers of a place: what is signalled is carried, what is heard is noted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

from .lab import Place
from .peers import LabPeer, Line, closed

SETTLED = 25
"""Messages heard in a row, on both sides, after which an outage is over."""


@dataclass(slots=True)
class End:
    """What was heard of one end; times are those of the loop."""

    peer: LabPeer
    heard: list[float] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    path: tuple[str, str] | None = None

    def since(self, start: float) -> list[float]:
        """When messages came after a moment."""
        return [time for time in self.heard if time > start]


class Call:
    """The call while it lasts; end `a` is the one that offers."""

    def __init__(self, a: LabPeer, b: LabPeer) -> None:
        self.ends = (End(a), End(b))
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self.started = 0.0

    def hear(self, number: int, line: Line) -> None:
        """Take a line of one end."""
        end, other = self.ends[number], self.ends[1 - number]
        if "heard" in line:
            end.heard.append(self._loop.time())
        elif "description" in line or "candidate" in line:
            other.peer.tell(line)
        elif "state" in line:
            end.states.append(line["state"])
        elif "error" in line:
            end.errors.append(line["error"])
        elif "path" in line:
            end.path = None if line["path"] is None else tuple(line["path"])
        self._news.set()

    def offer(self) -> None:
        """Begin: from now on time counts."""
        self.started = self._loop.time()
        self.ends[0].peer.tell({"offer": True})

    async def until(self, condition: Callable[[], bool], bound: float) -> bool:
        """Wait for something to be so; returns whether it became so within the bound."""
        end = self._loop.time() + bound
        while not condition():
            self._news.clear()
            try:
                async with asyncio.timeout_at(end):
                    await self._news.wait()
            except TimeoutError:
                return condition()
        return True

    async def connected(self, bound: float) -> float | None:
        """Wait until both ends have heard; returns the seconds that took since the offer."""
        if not await self.until(lambda: all(end.heard for end in self.ends), bound):
            return None
        return max(end.heard[0] for end in self.ends) - self.started

    async def paths(self, bound: float = 2.0) -> tuple[tuple[str, str] | None, ...]:
        """Ask both ends which kinds of candidates they use."""
        for end in self.ends:
            end.path = None
            end.peer.tell({"path": True})
        await self.until(lambda: all(end.path for end in self.ends), bound)
        return tuple(end.path for end in self.ends)

    async def outage(self, since: float, quiet: float, bound: float) -> float | None:
        """Wait until data flows again after a moment; returns the longest time nothing was heard.

        `quiet` are the seconds after it that have to be watched; None means that nothing came back
        within `bound` after them.
        """
        await asyncio.sleep(max(0.0, since + quiet - self._loop.time()))
        watched = self._loop.time()
        flows = lambda: all(len(end.since(watched)) >= SETTLED for end in self.ends)  # noqa: E731
        if not await self.until(flows, bound):
            return None
        return max(
            later - earlier
            for end in self.ends
            for earlier, later in pairwise([since, *end.since(since)])
        )

    def errors(self) -> list[str]:
        """What went wrong at either end, in its words."""
        return [f"{end.peer.name}: {error}" for end in self.ends for error in end.errors]


@asynccontextmanager
async def calling(place: Place, a: LabPeer, b: LabPeer) -> AsyncIterator[Call]:
    """Start the peers on the hosts of a place and offer; both are closed at the end."""
    call = Call(a, b)
    try:
        await asyncio.gather(
            *(
                end.peer.start(place, host, partial(call.hear, number))
                for number, (end, host) in enumerate(zip(call.ends, place.hosts, strict=True))
            )
        )
        call.offer()
        yield call
    finally:
        await closed([a, b])
