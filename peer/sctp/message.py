"""Messages that are sent, the fragments they are cut into, and their streams."""

from collections import deque
from math import inf
from typing import Final

from peer.records import dataclass

DCEP: Final = 50
"""The payload protocol of the messages that open channels (RFC 8832 §8.1)."""
EMPTY_STRING: Final = 56
EMPTY_BINARY: Final = 57
"""Empty messages have one byte, which means nothing (RFC 8831 §6.6)."""
DEFAULT_WEIGHT: Final = 256
"""The priority "low", which is the default (RFC 8831 §6.4)."""
_OVERHEAD = frozenset({DCEP, EMPTY_STRING, EMPTY_BINARY})

# The states of a fragment.
IN_FLIGHT: Final = 0
LOST: Final = 1
"""To be sent again."""
ACKED: Final = 2
ABANDONED: Final = 3


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a message is to be delivered; `lifetime` in seconds from when it is handed over."""

    ordered: bool = True
    max_retransmits: int | None = None
    lifetime: float | None = None


RELIABLE: Final = Delivery()


class OutgoingStream:
    """What waits on a stream. `amount` counts bytes of users, that were not in a packet yet."""

    __slots__ = ("amount", "held", "id", "low", "messages", "numbers", "queued", "start", "weight")

    def __init__(self, number: int) -> None:
        self.id = number
        self.messages: deque[OutgoingMessage] = deque()
        # What the next ordered and the next unordered message are numbered.
        self.numbers = [0, 0]
        self.amount = 0
        self.low = 0
        self.weight = DEFAULT_WEIGHT
        self.start = 0.0
        """When its next turn begins, in bytes of weight one that all have sent."""
        self.queued = False
        self.held = False
        """No message begins while its reset is not answered (RFC 6525 §5.1.2)."""


class OutgoingMessage:
    """A message, and how much of it has been cut off: `offset` bytes in `place` fragments."""

    __slots__ = (
        "counted",
        "data",
        "expires",
        "fragments",
        "number",
        "offset",
        "place",
        "protocol",
        "retransmits",
        "stream",
        "unordered",
    )

    def __init__(
        self, stream: OutgoingStream, protocol: int, data: bytes, delivery: Delivery, now: float
    ) -> None:
        self.stream, self.protocol, self.data = stream, protocol, data
        self.offset = self.number = self.place = 0
        self.unordered = not delivery.ordered
        self.retransmits = delivery.max_retransmits
        self.expires = inf if delivery.lifetime is None else now + delivery.lifetime
        self.counted = protocol not in _OVERHEAD
        limited = self.retransmits is not None or self.expires != inf
        # Those of a message that may be given up.
        self.fragments: list[Fragment] | None = [] if limited else None

    def has_expired(self, fragment: "Fragment", now: float) -> bool:
        """Tell whether a fragment that is missing is not to be sent again (RFC 7496 §3)."""
        if self.fragments is None:
            return False
        spent = self.retransmits is not None and fragment.times > self.retransmits
        return spent or self.expires <= now


class Fragment:
    """A chunk of a message. `size` is that of the chunk with header and padding.

    `sent_in` is the number of the packet it was sent in last, `sent_at` when that was, `times`
    how often it was sent.
    """

    __slots__ = (
        "begin",
        "end",
        "head",
        "message",
        "sent_at",
        "sent_in",
        "size",
        "state",
        "times",
        "tsn",
    )

    def __init__(
        self, tsn: int, message: OutgoingMessage, head: bytes, begin: int, end: int, size: int
    ) -> None:
        self.tsn, self.message, self.head = tsn, message, head
        self.begin, self.end, self.size = begin, end, size
        self.state = IN_FLIGHT
        self.times = self.sent_in = 0
        self.sent_at = 0.0
