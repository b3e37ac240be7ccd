"""One component of a data stream, as the layers above see it: it sends and it receives."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from .path import Path

MAX_EARLY = 64
"""Datagrams kept while there is no sink; DTLS may begin before the answer is applied."""

Sink = Callable[[bytes, float], object]
"""Takes application data and the time it arrived, in seconds on the loop's clock."""


class Way(Protocol):
    """Sends what cannot go directly, and is told of sockets that fail."""

    def send_through_agent(self, stream: str, component: int, data: bytes) -> bool:
        """Send over a relay or a TCP connection."""

    def path_failed(self, path: Path, error: OSError) -> None:
        """Sending on a path is impossible."""


class Component:
    """Sends and receives the data of one component.

    Data that arrives before there is a sink is kept, within a bound, and handed out when it is set.
    """

    __slots__ = ("_early", "_loop", "_sink", "_way", "number", "route", "stream")

    def __init__(self, way: Way, loop: asyncio.AbstractEventLoop, stream: str, number: int) -> None:
        self._way = way
        self._loop = loop
        self.stream = stream
        self.number = number
        self.route: Path | None = None
        """The selected pair, when data may be sent on it past the agent."""
        self._sink: Sink | None = None
        self._early: deque[tuple[bytes, float]] = deque(maxlen=MAX_EARLY)

    def set_sink(self, sink: Sink | None) -> None:
        """Hand data to `sink` from now on; None keeps it."""
        self._sink = sink
        while self._early and self._sink is not None:
            self.deliver(*self._early.popleft())

    def send(self, data: bytes) -> bool:
        """Send a datagram; False when it was dropped at once: no selected pair, no room.

        On a direct pair it may leave together with others, at the end of the loop's iteration at
        the latest; what is lost then is counted, as what the network loses is.
        """
        path = self.route
        if path is None:
            return self._way.send_through_agent(self.stream, self.number, data)
        return path.socket.outbox.post(data, path)

    def path_failed(self, path: Path, error: OSError) -> None:
        """Tell that sending on a path is impossible."""
        self._way.path_failed(path, error)

    def deliver(self, data: bytes, now: float) -> None:
        """Hand data to the sink. What the sink raises is reported to the loop and stops nothing."""
        if self._sink is None:
            self._early.append((data, now))
            return
        try:
            self._sink(data, now)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": "a sink of ICE data failed", "exception": error}
            )
