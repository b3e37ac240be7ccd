"""What a host under test sends: every datagram, read as STUN where it is STUN."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peer.ice import TransportAddress, stun


class Kind(enum.Enum):
    """What a datagram is to ICE."""

    REQUEST = "request"
    SUCCESS = "success"
    ERROR = "error"
    INDICATION = "indication"
    DATA = "data"


_KINDS = {
    stun.MessageClass.REQUEST: Kind.REQUEST,
    stun.MessageClass.SUCCESS: Kind.SUCCESS,
    stun.MessageClass.ERROR: Kind.ERROR,
    stun.MessageClass.INDICATION: Kind.INDICATION,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A datagram that left at `time`, or a message on the connection that is named.

    `is_new` is False for a retransmitted request.
    """

    time: float
    kind: Kind
    local: TransportAddress
    remote: TransportAddress
    data: bytes
    message: stun.Message | None
    is_new: bool
    connection: int | None = None

    @property
    def transaction_id(self) -> bytes:
        """The STUN transaction id; empty for data."""
        return b"" if self.message is None else self.message.transaction_id

    def has(self, attribute: stun.Attribute[Any]) -> bool:
        """Whether the message carries an attribute."""
        return self.message is not None and attribute.type in self.message.values

    def read(self) -> stun.Message:
        """The STUN message. Raises AssertionError for data."""
        assert self.message is not None
        return self.message

    @property
    def is_check(self) -> bool:
        """Whether this is a Binding request to a peer, first or repeated."""
        message = self.message
        return (
            self.kind is Kind.REQUEST
            and message is not None
            and message.method == stun.Method.BINDING
            and stun.USERNAME.type in message.values
        )


class DatagramLog:
    """All that was sent, in order, with the questions tests ask about it."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._seen: set[bytes] = set()

    def note(
        self,
        time: float,
        local: TransportAddress,
        remote: TransportAddress,
        data: bytes,
        connection: int | None = None,
    ) -> None:
        """Write a datagram down."""
        if stun.looks_like_stun(data[2:]):
            data = data[2:]  # framed for an ICE-TCP connection (RFC 4571 §2)
        message = stun.parse(data) if stun.looks_like_stun(data) else None
        kind = Kind.DATA if message is None else _KINDS[message.message_class]
        is_new = True
        if message is not None and kind is Kind.REQUEST:
            is_new = message.transaction_id not in self._seen
            self._seen.add(message.transaction_id)
        self.sent.append(Sent(time, kind, local, remote, data, message, is_new, connection))

    def of_kind(self, *kinds: Kind) -> list[Sent]:
        """The datagrams of some kinds."""
        return [sent for sent in self.sent if sent.kind in kinds]

    def requests(self) -> list[Sent]:
        """The first transmission of every request, to servers and to peers."""
        return [sent for sent in self.sent if sent.kind is Kind.REQUEST and sent.is_new]

    def checks(self, remote: tuple[str, int] | None = None) -> list[Sent]:
        """The first transmission of every Binding request to a peer (to one address)."""
        return [
            sent
            for sent in self.sent
            if sent.is_check and sent.is_new and remote in (None, sent.remote)
        ]

    def server_requests(self) -> list[Sent]:
        """The first transmission of every request to a STUN or TURN server."""
        return [sent for sent in self.requests() if not sent.is_check]

    def nominations(self) -> list[Sent]:
        """The first transmission of every check with USE-CANDIDATE."""
        return [sent for sent in self.checks() if sent.has(stun.USE_CANDIDATE)]

    def transmissions(self, transaction_id: bytes) -> list[float]:
        """When a request was sent, and sent again."""
        return [
            sent.time
            for sent in self.sent
            if sent.kind is Kind.REQUEST and sent.transaction_id == transaction_id
        ]

    def responses(self, transaction_id: bytes | None = None) -> list[Sent]:
        """The responses sent (to one transaction)."""
        return [
            sent
            for sent in self.of_kind(Kind.SUCCESS, Kind.ERROR)
            if transaction_id in (None, sent.transaction_id)
        ]

    def data(self) -> list[Sent]:
        """The application data."""
        return self.of_kind(Kind.DATA)

    def since(self, time: float) -> Iterator[Sent]:
        """What left at `time` or later."""
        return (sent for sent in self.sent if sent.time >= time)
