"""One ICE component as DTLS sees it, and as the W3C RTCIceTransport shows it."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from peer.ice import Candidate, EmbeddingState, HandshakeStage, IceRole, IceState

from .emitter import Emitter

QUEUE_CAPACITY = 1024
"""Datagrams that wait for DTLS; more are dropped, as a full socket buffer would."""
QUEUE_BYTES = 1 << 20
"""Their bytes."""

USABLE = frozenset({IceState.CONNECTED, IceState.COMPLETED, IceState.DISCONNECTED})
"""States in which there is a pair to send on; a disconnected one may be answered again."""


EmbeddedTaker = Callable[[bytes, float], Sequence[bytes]]
"""Takes a DTLS datagram that came in a check; returns the flight that answers it."""

DatagramSink = Callable[[bytes, float], None]
"""Takes a datagram and when it arrived, in seconds on the loop's clock."""


class DatagramPath(Protocol):
    """What carries the datagrams of one component: the ICE driver, or a test."""

    def send(self, *datagrams: bytes) -> object:
        """Send datagrams on the selected pair, or lose them; what is returned does not matter."""

    @property
    def embedding(self) -> EmbeddingState:
        """How far the embedding of the DTLS handshake in checks is."""

    def send_flight(self, datagrams: Sequence[bytes]) -> object:
        """Send a flight of the DTLS handshake, on the selected pair and in checks."""

    def note_handshake(self, stage: HandshakeStage, datagram: bytes = b"") -> object:
        """Take note of how far the DTLS handshake is."""

    def set_taker(self, taker: EmbeddedTaker | None) -> object:
        """Say who takes what of the DTLS handshake comes in checks."""


class IceTransport(Emitter):
    """The datagrams and states of one component.

    Its owner feeds it: `deliver` for datagrams that are no STUN, the `set_` methods for what the
    ICE agent reports. It emits "statechange", "gatheringstatechange" and
    "selectedcandidatepairchange" (W3C RTCIceTransport).
    """

    def __init__(
        self, path: DatagramPath, *, component: int = 1, role: IceRole = IceRole.CONTROLLED
    ) -> None:
        super().__init__()
        self._path = path
        self._component = component
        self._role = role
        self._state = IceState.NEW
        self._gathering_state = "new"
        self._selected_pair: tuple[Candidate, Candidate] | None = None
        self._queue: deque[tuple[bytes, float]] = deque()
        self._queued = 0
        self._usable = asyncio.Event()
        self._sink: DatagramSink | None = None
        self._at_end: Callable[[], object] | None = None
        self._dropped = 0
        self._taker: EmbeddedTaker | None = None
        self._shaken = False

    @property
    def component(self) -> int:
        """1 for RTP and data, 2 for RTCP that is not multiplexed."""
        return self._component

    @property
    def role(self) -> str:
        """The ICE role, "controlling" or "controlled"."""
        return self._role.value

    @property
    def state(self) -> IceState:
        """The state of the component."""
        return self._state

    @property
    def gathering_state(self) -> str:
        """One of "new", "gathering" and "complete"."""
        return self._gathering_state

    @property
    def selected_pair(self) -> tuple[Candidate, Candidate] | None:
        """The local and the remote candidate in use."""
        return self._selected_pair

    @property
    def dropped(self) -> int:
        """How many datagrams were lost to a full queue or came after the end."""
        return self._dropped

    def deliver(self, data: bytes, now: float) -> None:
        """Take a datagram from the network, with the loop's time; empty ones are nothing."""
        if not data:
            return
        if self._sink is not None:
            self._sink(data, now)
        elif self._state is not IceState.CLOSED and self._has_room(data):
            self._queued += len(data)
            self._queue.append((data, now))
        else:
            self._dropped += 1

    def set_role(self, role: IceRole) -> None:
        """Note the ICE role."""
        self._role = role

    def set_state(self, state: IceState) -> None:
        """Note the state of the component; after CLOSED nothing is sent, received or noted."""
        self._change(self._selected_pair, state)

    def set_gathering_state(self, state: str) -> None:
        """Note the gathering state."""
        if state != self._gathering_state:
            self._gathering_state = state
            self.emit("gatheringstatechange")

    def select(self, pair: tuple[Candidate, Candidate], state: IceState) -> None:
        """Note the pair in use and the state of the component with it."""
        self._change(pair, state)

    def lose_selected_pair(self) -> None:
        """Note that no pair is in use any more."""
        self._change(None, self._state)

    def set_sink(self, sink: DatagramSink, at_end: Callable[[], object]) -> None:
        """Hand datagrams over as they arrive, those that waited first; `at_end` once closed."""
        self._sink, self._at_end = sink, at_end
        while self._queue and self._sink is sink:
            sink(*self._next())
        if self._state is IceState.CLOSED:
            self._release()

    def drop_sink(self, sink: DatagramSink) -> None:
        """Let datagrams wait again; nothing happens when they go to another sink by now."""
        if self._sink == sink:
            self._sink = self._at_end = None

    @property
    def usable(self) -> bool:
        """Tell whether there is a pair to send on."""
        return self._state in USABLE

    async def wait_usable(self) -> None:
        """Wait until there is a pair to send on; ConnectionError when there never will be."""
        while not self.usable:
            await self._usable.wait()
            if self._state is IceState.CLOSED:
                raise ConnectionError("the ICE transport is closed")

    def send(self, *datagrams: bytes) -> None:
        """Send datagrams; they are lost when there is no pair. ConnectionError once closed."""
        if self._state is IceState.CLOSED:
            raise ConnectionError("the ICE transport is closed")
        self._path.send(*datagrams)

    @property
    def embeds(self) -> bool:
        """Tell whether a handshake may begin before there is a pair: checks carry it."""
        early = (EmbeddingState.TENTATIVE, EmbeddingState.CONFIRMED)
        return self._path.embedding in early

    @property
    def carries(self) -> bool:
        """Tell whether the peer takes what of the handshake goes in checks."""
        return self._path.embedding is EmbeddingState.CONFIRMED

    def begin_handshake(self, taker: EmbeddedTaker) -> None:
        """Begin a handshake, whose datagrams in checks go to `taker`."""
        if self._shaken:
            self.note_handshake(HandshakeStage.BEGUN)
        self._shaken = True
        self._taker = taker
        self._path.set_taker(taker)

    def send_flight(self, datagrams: Sequence[bytes]) -> None:
        """Send a flight of the handshake; ConnectionError once closed."""
        if self._state is IceState.CLOSED:
            raise ConnectionError("the ICE transport is closed")
        self._path.send_flight(datagrams)

    def note_handshake(self, stage: HandshakeStage, datagram: bytes = b"") -> None:
        """Tell ICE how far the handshake is."""
        if self._state is not IceState.CLOSED:
            self._path.note_handshake(stage, datagram)

    def end_handshake(self, taker: EmbeddedTaker) -> None:
        """Leave a handshake, whatever became of it, unless another has begun by now."""
        if self._taker == taker:
            self._taker = None
            self._path.set_taker(None)
            self.note_handshake(HandshakeStage.OVER)

    def _change(self, pair: tuple[Candidate, Candidate] | None, state: IceState) -> None:
        """Be what the agent says, all of it before the first event (W3C §5.6)."""
        if self._state is IceState.CLOSED:
            return
        other_pair, other_state = pair != self._selected_pair, state is not self._state
        self._selected_pair = pair
        if other_state:
            self._enter(state)
        if other_pair:
            self.emit("selectedcandidatepairchange")
        if other_state:
            self.emit("statechange")
        if state is IceState.CLOSED:
            self.remove_all_listeners()

    def _enter(self, state: IceState) -> None:
        self._state = state
        if self.usable:
            self._usable.set()
        else:
            self._usable.clear()
        if state is IceState.CLOSED:
            self._queue.clear()
            self._queued = 0
            self._usable.set()
            self._release()

    def _has_room(self, data: bytes) -> bool:
        few = len(self._queue) < QUEUE_CAPACITY
        return few and self._queued + len(data) <= QUEUE_BYTES

    def _next(self) -> tuple[bytes, float]:
        data, now = self._queue.popleft()
        self._queued -= len(data)
        return data, now

    def _release(self) -> None:
        """Tell of the end; nothing comes any more."""
        at_end, self._sink, self._at_end = self._at_end, None, None
        if at_end is not None:
            at_end()
