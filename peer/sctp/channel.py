"""A data channel: a pair of streams with one number (RFC 8831 §6.1)."""

import enum

from peer.records import dataclass

from .dcep import Open
from .message import DEFAULT_WEIGHT, Delivery

MAX_ID = 65534
"""65535 is no stream (RFC 8832 §6)."""
WEIGHTS = {"very-low": 128, "low": DEFAULT_WEIGHT, "medium": 512, "high": 1024}
"""The priorities of the W3C, as RFC 8831 §6.4 counts them."""


class ChannelState(enum.Enum):
    """The W3C's RTCDataChannelState."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ChannelParameters:
    """What a channel is made with; `max_packet_life_time` in milliseconds.

    At most one of the two limits is set. `id` is given for a negotiated channel alone.
    """

    label: str = ""
    protocol: str = ""
    ordered: bool = True
    max_retransmits: int | None = None
    max_packet_life_time: int | None = None
    weight: int = DEFAULT_WEIGHT
    negotiated: bool = False
    id: int | None = None

    def delivery(self, *, ordered: bool) -> Delivery:
        """Return how its messages are delivered; before the peer has it they go in order."""
        life = self.max_packet_life_time
        return Delivery(ordered, self.max_retransmits, None if life is None else life / 1000)

    def opening(self) -> bytes:
        """Return the message that opens it at the peer (RFC 8832 §5.1)."""
        return Open(
            label=self.label,
            protocol=self.protocol,
            ordered=self.ordered,
            max_retransmits=self.max_retransmits,
            max_packet_life_time=self.max_packet_life_time,
            priority=self.weight,
        ).serialize()


class Channel:
    """A channel of an association. `holder` is whatever stands for it to the application.

    `low` is the amount at which it is told that little waits to be sent.
    """

    __slots__ = (
        "came",
        "delivery",
        "holder",
        "id",
        "incoming_reset",
        "known",
        "low",
        "outgoing_reset",
        "parameters",
        "state",
    )

    def __init__(self, parameters: ChannelParameters) -> None:
        self.parameters = parameters
        self.id = parameters.id
        self.state = ChannelState.CONNECTING
        self.low = 0
        self.came = False
        """The peer has opened it."""
        self.holder: object = None
        self.known = parameters.negotiated
        """The peer has it for certain (RFC 8832 §6)."""
        self.delivery = parameters.delivery(ordered=not self.known or parameters.ordered)
        self.incoming_reset = self.outgoing_reset = False

    def become_known(self) -> None:
        """Note that the peer has the channel: from now on messages go as they are to."""
        if not self.known:
            self.known = True
            self.delivery = self.parameters.delivery(ordered=self.parameters.ordered)
