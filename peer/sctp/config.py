"""What an association is set up with, and what a peer may have it hold and do."""

from peer.records import dataclass

MAX_PACKET = 1191
"""Bytes of a packet as browsers send them: with IPv6, UDP, TURN and DTLS they fit into 1280."""
MIN_PACKET = 576
MAX_RECEIVED = 16384
"""Bytes of a packet that is taken: what a DTLS record holds."""
MAX_STREAMS = 65535
WINDOW = 5 << 20
"""Bytes held of messages that are not whole or not in order: the window that is announced."""
MAX_MESSAGE_SIZE = 65536
"""Bytes of one message that is received, unless a=max-message-size says otherwise."""


@dataclass(frozen=True, slots=True)
class SctpConfig:
    """Settings of an association; times in seconds, sizes in bytes.

    `max_message_size` is what the peer may send, 0 for no limit but the window. `heartbeat` is
    the time without data after which the peer is asked whether it is there; 0 for never.
    `zero_checksum` offers packets without a checksum in our INIT; they are agreed to when the peer
    offers them in any case. `max_errors` is how many times in a row nothing may be answered before
    the association is given up; None for ever.
    """

    local_port: int = 5000
    max_packet: int = MAX_PACKET
    window: int = WINDOW
    streams: int = MAX_STREAMS
    max_message_size: int = MAX_MESSAGE_SIZE
    heartbeat: float = 30.0
    interleaving: bool = False
    zero_checksum: bool = False
    max_errors: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not MIN_PACKET <= self.max_packet <= MAX_RECEIVED:
            raise ValueError(f"a packet has {MIN_PACKET}..{MAX_RECEIVED} bytes")
        if not 1 <= self.streams <= MAX_STREAMS:
            raise ValueError(f"an association has 1..{MAX_STREAMS} streams")
        if self.window < 1500:
            raise ValueError("the window has 1500 bytes at least (RFC 9260 §3.3.2)")
