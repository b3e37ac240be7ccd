"""Stands for a DTLS 1.2 handshake beside an agent: four flights, of datagrams of given sizes."""

from collections.abc import Sequence

from peer.ice import (
    DataReceived,
    EmbeddingState,
    Event,
    HandshakeStage,
    IceConfig,
    IceRole,
    Record,
    SelectedPairChanged,
)
from peer.testing.internet import Host

from .agent_host import AgentHost

SIZES = ((160,), (560,), (600,), (75,))
"""Bytes of the datagrams of each flight (RFC 6347 §4.2.4), with certificates of ECDSA."""
LARGE = ((160,), (900, 500), (900, 700), (75,))
"""The same with certificates of RSA."""
FIRST_TIMEOUT = 1.0
"""Seconds until a flight that is not answered is sent again (RFC 6347 §4.2.4.1)."""


class HandshakingHost(AgentHost):
    """An agent with a handshake over its only component.

    As with DTLS, records carry numbers, so that copies of a datagram count once, and a flight that
    is not answered is sent again as other records once there is a pair. `done_at` is when the
    handshake was done and there was a pair, `usable_at` when there was one first.
    """

    def __init__(
        self,
        host: Host,
        *,
        client: bool,
        role: IceRole = IceRole.CONTROLLING,
        config: IceConfig | None = None,
        sizes: Sequence[Sequence[int]] = SIZES,
    ) -> None:
        self.records: list[Record] = []
        super().__init__(
            host, role=role, config=config, embedded=self._take, trace=self.records.append
        )
        self._client = client
        self._sizes = sizes
        self._heard: dict[int, set[int]] = {}
        self._sent_flight = -1
        self._number = 0
        self._timeout = FIRST_TIMEOUT
        self._finished = False
        self.taken: list[tuple[float, bytes]] = []
        """What came in checks, with times."""
        self.done_at: float | None = None
        self.usable_at: float | None = None
        self.listeners.append(self._follow)

    def begin(self) -> None:
        """Send the first flight, if it is ours."""
        if self._client:
            self.agent.send_flight("0", 1, self._make(0), now=self.now)
            self.pump()

    def renew(self) -> None:
        """Begin another association in the place of this one; `begin` is to follow."""
        self.agent.note_handshake("0", 1, HandshakeStage.BEGUN)
        self._heard.clear()
        self._sent_flight, self._finished, self.done_at = -1, False, None

    @property
    def embedding(self) -> EmbeddingState:
        """How far the embedding is."""
        return self.agent.embedding("0", 1)

    def use(self) -> None:
        """Take data of the peer's: it uses the association."""
        self.agent.note_handshake("0", 1, HandshakeStage.OVER)
        self.pump()

    def _make(self, flight: int) -> list[bytes]:
        self._sent_flight = flight
        made = []
        for part, size in enumerate(self._sizes[flight]):
            self._number += 1
            head = bytes((22, flight, part)) + self._number.to_bytes(2, "big")
            made.append(head.ljust(size, b"."))
        return made

    def _take(self, _stream: str, _component: int, datagram: bytes) -> Sequence[bytes]:
        self.taken.append((self.sim.now, datagram))
        return self._advance(datagram)

    def _advance(self, datagram: bytes) -> Sequence[bytes]:
        """Take a record, and give the flight that answers it when it completes one."""
        flight, part = datagram[1], datagram[2]
        self._heard.setdefault(flight, set()).add(part)
        whole = len(self._heard[flight]) == len(self._sizes[flight])
        if not whole or flight != self._sent_flight + 1:
            return ()
        answer: Sequence[bytes] = ()
        if flight + 1 < len(self._sizes):
            answer = self._make(flight + 1)
            self._timeout = FIRST_TIMEOUT
        if flight + 1 >= len(self._sizes) - 1:
            self._finished = True
            # Nothing of the agent's may be called from within its call.
            self.sim.call_later(0.0, self._finish)
        else:
            self._watch()
        return answer

    def _finish(self) -> None:
        if self.closed_at is None:
            stage = HandshakeStage.PROVEN if self._client else HandshakeStage.FINISHED
            self.agent.note_handshake("0", 1, stage)
            self._note_done()
            self.pump()

    def _note_done(self) -> None:
        if self._finished and self.usable_at is not None and self.done_at is None:
            self.done_at = self.sim.now

    def _follow(self, event: Event) -> None:
        if isinstance(event, SelectedPairChanged) and self.usable_at is None:
            self.usable_at = self.sim.now
            self._note_done()
            self._watch()
        elif isinstance(event, DataReceived) and event.data[0] == 22:
            self.agent.note_handshake("0", 1, HandshakeStage.HEARD, datagram=event.data)
            answer = self._advance(event.data)
            if answer:
                self.agent.send_flight("0", 1, answer, now=self.now)
            elif self._finished and not self._client and event.data[1] == self._sent_flight - 1:
                # It came again as another record: our last flight was lost.
                self.agent.send_flight("0", 1, self._make(self._sent_flight), now=self.now)
            self.sim.call_later(0.0, self.pump)

    def _watch(self) -> None:
        """Send a flight again that is not answered."""
        flight = self._sent_flight

        def repeat() -> None:
            if self._sent_flight == flight >= 0 and not self._finished and self.closed_at is None:
                self._timeout *= 2
                self.agent.send_flight("0", 1, self._make(flight), now=self.now)
                self.pump()
                self._watch()

        if self.usable_at is not None and not self._finished:
            self.sim.call_later(self._timeout, repeat)
