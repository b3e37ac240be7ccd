"""What the parts of one association share. Holds no rules but how it begins and ends."""

import enum
from collections import Counter, deque
from collections.abc import Callable
from math import inf

from .config import SctpConfig
from .drops import SctpDrop
from .establishment import Agreement, Establishment
from .events import AmountLow, Ended, Event
from .heartbeat import Heartbeat
from .inbound import SACK_EVERY_OURS, Inbound
from .initiation import Initiation
from .outbound import Outbound
from .resets import IncomingResets, OutgoingResets
from .rtt import RoundTrip
from .wire import COMMON_HEADER, HEAD, NO_CHECKSUM, checksum, checksum_of_head, packet

MAX_ANSWERS = 64
"""Chunks that wait to be sent in answer to the peer's."""
MAX_ALONE = 64
"""Packets that wait to be sent by themselves."""


class SctpState(enum.Enum):
    """The states of RFC 9260 §4 that an association of WebRTC enters; it begins no SHUTDOWN."""

    CLOSED = "closed"
    COOKIE_WAIT = "cookie-wait"
    COOKIE_ECHOED = "cookie-echoed"
    ESTABLISHED = "established"
    SHUTDOWN_RECEIVED = "shutdown-received"
    SHUTDOWN_ACK_SENT = "shutdown-ack-sent"
    ENDED = "ended"


class Session:
    """State shared by the parts of an association.

    `inbound`, `agreement` and the resets are there once the peer is known; `answers` are chunks
    and `alone` whole packets that wait to be sent.
    """

    def __init__(
        self,
        config: SctpConfig,
        entropy: Callable[[int], bytes],
        local: Initiation | None = None,
    ) -> None:
        self.config = config
        self.room = (config.max_packet - COMMON_HEADER) & ~3
        """The bytes that the chunks of a packet may have."""
        self.state = SctpState.CLOSED
        self.drops: Counter[SctpDrop] = Counter()
        self.events: deque[Event] = deque()
        self.establishment = Establishment(config, entropy, local)
        self.round_trip = RoundTrip()
        self.heartbeat = Heartbeat(config.heartbeat, self.round_trip, entropy)
        local = self.establishment.local
        self.outbound = Outbound(local.tsn, config.max_packet, self.round_trip, self.tell_low)
        self.outgoing_resets = OutgoingResets(local.tsn, self.round_trip)
        self.incoming_resets = IncomingResets(0)
        self.inbound: Inbound | None = None
        self.agreement: Agreement | None = None
        self.answers: list[bytes] = []
        self.alone: list[bytes] = []
        self.cookie_chunk = b""
        self.closing_at = inf
        self.farewells = 0
        self.more = False
        """There may be more to send than one call puts together."""
        self.remote_port = 0
        self.set_tag(local.tag)
        self._head, self._head_sum = b"", 0
        self.zero_checksum = config.zero_checksum
        self._sends_zero = False

    def tell_low(self, stream: int) -> None:
        """Note that little waits on a stream."""
        self.events.append(AmountLow(stream))

    def set_remote_port(self, port: int) -> None:
        """Note where the peer is."""
        self.remote_port = port
        self.set_tag(self.establishment.local.tag)

    def set_tag(self, tag: int) -> None:
        """Expect packets with a tag from now on."""
        self.expected = HEAD.pack(self.remote_port, self.config.local_port, tag)
        self.expected_sum = checksum_of_head(self.expected)

    def set_peer_tag(self, tag: int) -> None:
        """Send packets with a tag from now on."""
        self._head = HEAD.pack(self.config.local_port, self.remote_port, tag)
        self._head_sum = checksum_of_head(self._head)

    def agree(self, agreement: Agreement) -> None:
        """Begin with a peer that is known now, or has begun again."""
        config, remote = self.config, agreement.remote
        self.agreement = agreement
        self._sends_zero = agreement.zero_checksum
        self.zero_checksum = config.zero_checksum or agreement.zero_checksum
        self.set_peer_tag(remote.tag)
        limit = config.max_message_size or inf
        self.inbound = Inbound(
            remote.tsn - 1,
            window=config.window,
            limit=limit,
            streams=agreement.incoming,
            mixed=agreement.interleaving,
            drops=self.drops,
        )
        if agreement.is_ours:
            self.inbound.every = SACK_EVERY_OURS
        self.incoming_resets = IncomingResets(remote.tsn - 1)
        outbound = self.outbound
        outbound.queue.mixed = agreement.interleaving
        outbound.limits = agreement.limits
        outbound.window = remote.window

    def answer(self, chunk: bytes) -> None:
        """Have a chunk sent with the next packet."""
        if len(self.answers) < MAX_ANSWERS:
            self.answers.append(chunk)
        else:
            self.drops[SctpDrop.TOO_MANY_ANSWERS] += 1

    def send_alone(self, chunk: bytes, tag: int) -> None:
        """Have a packet sent that has one chunk, a tag of its own and a checksum."""
        if len(self.alone) < MAX_ALONE:
            self.alone.append(packet(self.config.local_port, self.remote_port, tag, chunk))
        else:
            self.drops[SctpDrop.TOO_MANY_ANSWERS] += 1

    def send_sack(self, chunk: bytes) -> None:
        """Have a SACK sent by itself; of many that wait for it the next one says all."""
        if len(self.alone) < MAX_ALONE:
            self.alone.append(self.seal([chunk], zero=True))

    def seal(self, chunks: list[bytes], *, zero: bool) -> bytes:
        """Return a packet to the peer, without a checksum if `zero` and the peer takes it."""
        body = b"".join(chunks)
        if zero and self._sends_zero:
            return self._head + NO_CHECKSUM + body
        return self._head + checksum(self._head_sum, body) + body

    @property
    def is_sending(self) -> bool:
        """Tell whether data may be sent."""
        return self.state is SctpState.ESTABLISHED or self.state is SctpState.SHUTDOWN_RECEIVED

    @property
    def receiver(self) -> Inbound | None:
        """The receiving half if data is taken now; what comes when it is not is counted."""
        state = self.state
        if state is SctpState.ESTABLISHED or state is SctpState.COOKIE_ECHOED:
            return self.inbound
        self.drops[SctpDrop.UNEXPECTED] += 1
        return None

    @property
    def errors(self) -> int:
        """How many times in a row nothing was answered (RFC 9260 §8.1)."""
        return self.outbound.errors + self.heartbeat.errors

    def end(self, reason: str = "", cause: int | None = None) -> None:
        """Be over: nothing is sent and nothing follows."""
        if self.state is SctpState.ENDED:
            return
        self.state = SctpState.ENDED
        self.answers.clear()
        self.events.append(Ended(reason, cause))
