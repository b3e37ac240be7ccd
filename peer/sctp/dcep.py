"""Messages of the Data Channel Establishment Protocol (RFC 8832 §5)."""

import enum
import struct

from peer.records import dataclass

_OPEN = struct.Struct("!BBHLHH")
_MESSAGE_OPEN = 3
_MESSAGE_ACK = 2
_UNORDERED = 0x80


class _Reliability(enum.IntEnum):
    """The lower bits of the channel type (RFC 8832 §5.1)."""

    RELIABLE = 0
    REXMIT = 1
    TIMED = 2


@dataclass(frozen=True, slots=True)
class Open:
    """DATA_CHANNEL_OPEN; `max_packet_life_time` in milliseconds, at most one limit is set."""

    label: str = ""
    protocol: str = ""
    ordered: bool = True
    max_retransmits: int | None = None
    max_packet_life_time: int | None = None
    priority: int = 256

    @property
    def names(self) -> int:
        """The characters of its label and protocol."""
        return len(self.label) + len(self.protocol)

    def serialize(self) -> bytes:
        """Return the message; lengths count bytes, not characters."""
        label, protocol = self.label.encode(), self.protocol.encode()
        kind, parameter = _Reliability.RELIABLE, 0
        if self.max_retransmits is not None:
            kind, parameter = _Reliability.REXMIT, self.max_retransmits
        elif self.max_packet_life_time is not None:
            kind, parameter = _Reliability.TIMED, self.max_packet_life_time
        channel_type = kind | (0 if self.ordered else _UNORDERED)
        lengths = len(label), len(protocol)
        head = _OPEN.pack(_MESSAGE_OPEN, channel_type, self.priority, parameter, *lengths)
        return head + label + protocol


@dataclass(frozen=True, slots=True)
class Ack:
    """DATA_CHANNEL_ACK."""

    def serialize(self) -> bytes:
        """Return the message."""
        return bytes([_MESSAGE_ACK])


def parse_dcep(data: bytes) -> Open | Ack | None:
    """Return the message, None when it is none."""
    if data[:1] == bytes([_MESSAGE_ACK]):
        return Ack()
    if len(data) < _OPEN.size or data[0] != _MESSAGE_OPEN:
        return None
    _, channel_type, priority, parameter, label_length, protocol_length = _OPEN.unpack_from(data)
    middle = _OPEN.size + label_length
    if len(data) < middle + protocol_length:
        return None
    try:
        label = data[_OPEN.size : middle].decode()
        protocol = data[middle : middle + protocol_length].decode()
        kind = _Reliability(channel_type & ~_UNORDERED)
    except ValueError:
        return None
    return Open(
        label=label,
        protocol=protocol,
        ordered=not channel_type & _UNORDERED,
        max_retransmits=parameter if kind is _Reliability.REXMIT else None,
        max_packet_life_time=parameter if kind is _Reliability.TIMED else None,
        priority=priority,
    )
