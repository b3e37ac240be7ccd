"""RTP packets (RFC 3550 §5.1): bytes to values and back, in one pass."""

import enum
import struct
from typing import TypeVar

VERSION = 2
MAX_PACKET = 1200
"""Bytes of a whole packet that we send, before SRTP adds its tag: fits any path, tunnels too."""

_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")


class RtpDrop(enum.Enum):
    """Why bytes are no RTP packet."""

    TOO_SHORT = "rtp-too-short"
    WRONG_VERSION = "rtp-wrong-version"
    TRUNCATED_CSRCS = "rtp-truncated-csrcs"
    TRUNCATED_EXTENSION = "rtp-truncated-extension"
    WRONG_PADDING = "rtp-wrong-padding"


class RtpPacket:
    """One packet. `extension` is the body of the header extension, in the form `profile` names.

    `header_size` and `padding_size` count the bytes of the packet that are not payload.
    """

    __slots__ = (
        "csrcs",
        "extension",
        "header_size",
        "marker",
        "padding_size",
        "payload",
        "payload_type",
        "profile",
        "sequence_number",
        "ssrc",
        "timestamp",
    )

    def __init__(
        self,
        *,
        payload_type: int,
        sequence_number: int,
        timestamp: int,
        ssrc: int,
        payload: bytes = b"",
        marker: bool = False,
        csrcs: tuple[int, ...] = (),
        profile: int = 0,
        extension: bytes = b"",
        padding_size: int = 0,
        header_size: int = 0,
    ) -> None:
        self.payload_type = payload_type
        self.sequence_number = sequence_number
        self.timestamp = timestamp
        self.ssrc = ssrc
        self.payload = payload
        self.marker = marker
        self.csrcs = csrcs
        self.profile = profile
        self.extension = extension
        self.padding_size = padding_size
        self.header_size = header_size

    def __repr__(self) -> str:
        return (
            f"RtpPacket(ssrc={self.ssrc}, pt={self.payload_type}, "
            f"seq={self.sequence_number}, ts={self.timestamp}, marker={self.marker}, "
            f"{len(self.payload)} bytes)"
        )


PacketT = TypeVar("PacketT", bound=RtpPacket)


def read_packet(data: bytes) -> RtpPacket | RtpDrop:
    """Parse a packet; a reason when it is none (RFC 3550 §A.1).

    The profile of the header extension is not judged: what nobody knows is skipped (§5.3.1).
    """
    return read_into(RtpPacket.__new__(RtpPacket), data)


def read_into(packet: PacketT, data: bytes) -> PacketT | RtpDrop:
    """Parse a packet, like `read_packet`, into one of a kind of which nothing is set yet."""
    size = len(data)
    if size < 12:
        return RtpDrop.TOO_SHORT
    first, second, sequence_number, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != VERSION:
        return RtpDrop.WRONG_VERSION
    begin = 12
    csrcs: tuple[int, ...] = ()
    if count := first & 0x0F:
        begin += 4 * count
        if size < begin:
            return RtpDrop.TRUNCATED_CSRCS
        csrcs = struct.unpack_from(f"!{count}I", data, 12)
    profile, extension = 0, b""
    if first & 0x10:
        if size < begin + 4:
            return RtpDrop.TRUNCATED_EXTENSION
        profile, words = _EXTENSION.unpack_from(data, begin)
        begin += 4 + 4 * words
        if size < begin:
            return RtpDrop.TRUNCATED_EXTENSION
        extension = data[begin - 4 * words : begin]
    padding = _padding(data, begin) if first & 0x20 else 0
    if padding < 0:
        return RtpDrop.WRONG_PADDING
    packet.payload_type = second & 0x7F
    packet.marker = second >= 0x80
    packet.sequence_number = sequence_number
    packet.timestamp = timestamp
    packet.ssrc = ssrc
    packet.csrcs = csrcs
    packet.profile = profile
    packet.extension = extension
    packet.header_size = begin
    packet.payload = data[begin : size - padding]
    packet.padding_size = padding
    return packet


def _padding(data: bytes, begin: int) -> int:
    """Return how much padding there is behind a header of `begin` bytes, -1 when that is wrong."""
    room = len(data) - begin
    # With nothing behind the header the bit says nothing, as in libwebrtc.
    size = data[-1] if room else 0
    return size if 0 < size <= room or not room else -1


def header_size(profile: int, extension: bytes) -> int:
    """Return the bytes before the payload of a packet without CSRCs."""
    return _HEADER.size + (_EXTENSION.size + len(extension) if profile else 0)


def write_packet(packet: RtpPacket) -> bytes:
    """Serialise a packet; its header extension must be whole words already.

    ValueError when there are more than 15 CSRCs, 255 bytes of padding or an odd extension.
    """
    if len(packet.csrcs) > 15 or packet.padding_size > 255 or len(packet.extension) % 4:
        raise ValueError("a packet cannot say that in its header")
    first = VERSION << 6 | len(packet.csrcs)
    parts = [b""]
    if packet.csrcs:
        parts.append(struct.pack(f"!{len(packet.csrcs)}I", *packet.csrcs))
    if packet.profile:
        first |= 0x10
        parts.append(_EXTENSION.pack(packet.profile, len(packet.extension) // 4))
        parts.append(packet.extension)
    parts.append(packet.payload)
    if packet.padding_size:
        first |= 0x20
        parts.append(bytes(packet.padding_size - 1) + bytes((packet.padding_size,)))
    parts[0] = _HEADER.pack(
        first,
        packet.marker << 7 | packet.payload_type,
        packet.sequence_number,
        packet.timestamp,
        packet.ssrc,
    )
    return b"".join(parts)
