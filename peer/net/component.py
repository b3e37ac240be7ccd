"""One component of a data stream, as the layers above see it: it sends and it receives."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from peer.ice import EmbeddingState, HandshakeStage

from .path import Path

MAX_EARLY = 64
"""Datagrams kept while there is no sink; DTLS may begin before the answer is applied."""

Taker = Callable[[bytes, float], Sequence[bytes]]
"""Takes a DTLS datagram that came in a check; returns the next flight, nothing if there is none.

It calls nothing of the component's meanwhile."""

Sink = Callable[[bytes, float], object]
"""Takes application data and the time it arrived, in seconds on the loop's clock."""


class Way(Protocol):
    """Sends what cannot go directly, and is told of sockets that fail."""

    def send_through_agent(self, stream: str, component: int, data: bytes) -> bool:
        """Send over a relay or a TCP connection."""

    def path_failed(self, path: Path, error: OSError) -> None:
        """Sending on a path is impossible."""


class HandshakeWay(Protocol):
    """Leads a DTLS handshake through the agent."""

    def send_flight(self, component: "Component", datagrams: Sequence[bytes]) -> None:
        """Send a flight, in checks too."""

    def note(self, component: "Component", stage: HandshakeStage, datagram: bytes) -> None:
        """Tell how far the handshake is."""

    def state(self, component: "Component") -> EmbeddingState:
        """Give how far its embedding is."""


class Component:
    """Sends and receives the data of one component.

    Data that arrives before there is a sink is kept, within a bound, and handed out when it is set.
    """

    __slots__ = (
        "_early",
        "_handshakes",
        "_loop",
        "_sink",
        "_taker",
        "_way",
        "number",
        "route",
        "stream",
    )

    def __init__(
        self,
        way: Way,
        handshakes: HandshakeWay,
        loop: asyncio.AbstractEventLoop,
        stream: str,
        number: int,
    ) -> None:
        self._way = way
        self._handshakes = handshakes
        self._taker: Taker | None = None
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

    def send(self, *datagrams: bytes) -> bool:
        """Send datagrams; False when one was dropped at once: no selected pair, no room.

        On a direct pair they may leave together with others, at the end of the loop's iteration at
        the latest; what is lost then is counted, as what the network loses is.
        """
        path = self.route
        if path is None:
            sent = True
            for data in datagrams:
                sent &= self._way.send_through_agent(self.stream, self.number, data)
            return sent
        return path.socket.outbox.post_all(datagrams, path)

    @property
    def embedding(self) -> EmbeddingState:
        """How far the embedding of the DTLS handshake in checks is."""
        return self._handshakes.state(self)

    def set_taker(self, taker: Taker | None) -> None:
        """Say who takes DTLS datagrams that come in checks; without one they are data."""
        self._taker = taker

    def send_flight(self, datagrams: Sequence[bytes]) -> None:
        """Send a flight of the DTLS handshake. See `IceAgent.send_flight`."""
        self._handshakes.send_flight(self, datagrams)

    def note_handshake(self, stage: HandshakeStage, datagram: bytes = b"") -> None:
        """Tell how far the handshake is. See `IceAgent.note_handshake`."""
        self._handshakes.note(self, stage, datagram)

    def deliver_embedded(self, datagram: bytes, now: float) -> Sequence[bytes]:
        """Hand over a DTLS datagram that came in a check; returns the flight that answers it.

        What the taker raises is reported to the loop. Sinks may call what is not to be called now.
        """
        if self._taker is None:
            self._loop.call_soon(self.deliver, datagram, now)
            return ()
        try:
            return self._taker(datagram, now)
        except Exception as error:
            self._loop.call_exception_handler(
                {"message": "a handshake that ICE carries failed", "exception": error}
            )
            return ()

    def close(self) -> None:
        """Neither send nor hand over anything any more."""
        self.route = None
        self.set_sink(None)
        self._taker = None

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
