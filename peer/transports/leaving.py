"""A packet until it leaves: what can be said of it only then is written into it then."""

from peer.rtp import (
    ABS_SEND_TIME,
    TRANSPORT_WIDE_CC,
    ExtensionMap,
    RtpPacket,
    header_size,
    write_packet,
)

HEADERS_BELOW = 38
"""Bytes below RTP: IPv4, UDP and the tag of SRTP's most common profile."""


class LeavingPacket:
    """The bytes of a packet, with room for its transport-wide number and the time it leaves."""

    __slots__ = ("_data", "_number_at", "_time_at", "has_left", "payload_size", "size")

    def __init__(
        self,
        data: bytes,
        payload_size: int,
        number_at: int | None = None,
        time_at: int | None = None,
    ) -> None:
        self._data = bytearray(data)
        self._number_at, self._time_at = number_at, time_at
        self.has_left = False
        self.payload_size = payload_size
        self.size = len(data) + HEADERS_BELOW
        """What it takes of the line."""

    @classmethod
    def of(cls, packet: RtpPacket, extensions: ExtensionMap) -> "LeavingPacket":
        """Make one of a packet without CSRCs, whose extensions these wrote."""
        number_at, time_at = (
            _place(packet, extensions, uri) for uri in (TRANSPORT_WIDE_CC, ABS_SEND_TIME)
        )
        return cls(write_packet(packet), len(packet.payload), number_at, time_at)

    @property
    def is_numbered(self) -> bool:
        """Whether the peer tells when it came."""
        return self._number_at is not None

    def __len__(self) -> int:
        return len(self._data)

    @property
    def header_size(self) -> int:
        """The bytes that are not payload."""
        return len(self._data) - self.payload_size

    def leave(self, number: int, send_time: int) -> bytes:
        """Return the bytes with the next number and the time in 6.18 seconds."""
        data = self._data
        if self._number_at is not None:
            data[self._number_at : self._number_at + 2] = (number & 0xFFFF).to_bytes(2, "big")
        if self._time_at is not None:
            data[self._time_at : self._time_at + 3] = send_time.to_bytes(3, "big")
        self.has_left = True
        return bytes(data)

    def again(self) -> "LeavingPacket":
        """Return the same bytes to the last.

        Others under the same SRTP index would give away what it is protected with (RFC 3711 §9.1).
        """
        return LeavingPacket(bytes(self._data), self.payload_size)


def _place(packet: RtpPacket, extensions: ExtensionMap, uri: str) -> int | None:
    """Return where in a packet the value of an extension is."""
    begin = extensions.find(uri, packet.profile, packet.extension)
    if begin is None:
        return None
    return header_size(packet.profile, packet.extension) - len(packet.extension) + begin
