"""A packet until it leaves: what can be said of it only then is written into it then."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from peer.rtp import (
    ABS_SEND_TIME,
    TRANSPORT_WIDE_CC,
    ExtensionMap,
    HeaderExtensions,
    Room,
    RtpPacket,
    read_packet,
    write_packet,
)

HEADERS_BELOW = 38
"""Bytes below RTP: IPv4, UDP and the tag of SRTP's most common profile."""

_HEADER = struct.Struct("!BBHII")
_NUMBER = struct.Struct("!H")


class Extension(NamedTuple):
    """A written header extension, and where in its packet that is which leaving adds."""

    profile: int
    body: bytes
    number_at: int | None
    time_at: int | None
    header_size: int
    """The bytes of the whole header of a packet that has it."""
    first: int
    """The first byte of that packet."""
    written: bytes
    """What comes behind the first 12 bytes of its header."""

    @classmethod
    def of(cls, said: HeaderExtensions, extensions: ExtensionMap) -> "Extension":
        """Write what a packet without CSRCs says."""
        profile, body = extensions.write(said)
        whole = write_packet(
            RtpPacket(
                payload_type=0,
                sequence_number=0,
                timestamp=0,
                ssrc=0,
                profile=profile,
                extension=body,
            )
        )
        size = len(whole)
        before = size - len(body)
        found = [extensions.find(uri, profile, body) for uri in (TRANSPORT_WIDE_CC, ABS_SEND_TIME)]
        number_at, time_at = (None if at is None else before + at for at in found)
        return cls(profile, body, number_at, time_at, size, whole[0], whole[_HEADER.size :])

    def packet(
        self, payload_type: int, place: tuple[int, int], timestamp: int, payload: bytes
    ) -> "LeavingPacket":
        """Make a packet that has it and is not sent again; `place` are SSRC and sequence number."""
        same = Extensions(self, self, self, self)
        return same.packets([payload], payload_type, place, timestamp, again=False)[0]


class Extensions(NamedTuple):
    """What the packets of a frame say: the first, the last, and those between."""

    between: Extension
    first: Extension
    last: Extension
    single: Extension

    def room(self, size: int) -> Room:
        """Return the room for payloads in packets of that size."""
        if self.first is self.last is self.single is self.between:
            return Room(size - self.between.header_size)
        between, first, last, single = (one.header_size for one in self)
        # Padding may make the header of the only packet larger than both together.
        return Room(size - between, first - between, max(last - between, single - first))

    def packets(
        self,
        payloads: Sequence[bytes],
        payload_type: int,
        place: tuple[int, int],
        timestamp: int,
        *,
        marker: bool | None = False,
        again: bool,
    ) -> "list[LeavingPacket]":
        """Make the packets of a frame, from the SSRC and sequence number of `place` on.

        All have the `marker`, without one the last has it. They can be sent `again`, or not.
        """
        (ssrc, number), last = place, len(payloads) - 1
        second = payload_type | bool(marker) << 7
        extension, packets, pack = self.between, [], _HEADER.pack
        for position, payload in enumerate(payloads):
            if position == 0 or position == last:
                extension = self.of(position, last + 1)
                if position == last and marker is None:
                    second |= 0x80
            elif position == 1:
                extension = self.between
            head = pack(extension.first, second, number, timestamp, ssrc)
            data = bytearray().join((head, extension.written, payload))
            carries = (ssrc, number) if again else None
            packets.append(
                LeavingPacket(data, len(payload), extension.number_at, extension.time_at, carries)
            )
            number = number + 1 & 0xFFFF
        return packets

    def of(self, position: int, count: int) -> Extension:
        """Return what one of so many packets says."""
        if count == 1:
            return self.single
        if position == 0:
            return self.first
        return self.last if position == count - 1 else self.between


class LeavingPacket:
    """The bytes of a packet, with room for its transport-wide number and the time it leaves."""

    __slots__ = (
        "_data",
        "_number_at",
        "_time_at",
        "carries",
        "is_numbered",
        "left",
        "made",
        "number",
        "payload_size",
        "size",
        "stream",
        "waits_since",
    )

    def __init__(
        self,
        data: bytearray,
        payload_size: int,
        number_at: int | None = None,
        time_at: int | None = None,
        carries: tuple[int, int] | None = None,
    ) -> None:
        self._data = data
        self._number_at = number_at
        self._time_at = time_at
        self.is_numbered = number_at is not None
        """Whether the peer tells when it came."""
        self.number: int | None = None
        """The transport-wide number it left with, None while it waits."""
        self.carries = carries
        """SSRC and sequence number of what can be sent again of it."""
        self.payload_size = payload_size
        self.size = len(data) + HEADERS_BELOW
        """What it takes of the line."""
        self.made = 0.0
        """When it was made, of a frame."""
        self.left = 0.0
        """When it left, once it has a number."""
        self.stream = 0
        self.waits_since: float | None = None
        """The stream that it waits for to leave, and since when."""

    @classmethod
    def of(
        cls, packet: RtpPacket, extension: Extension, carries: tuple[int, int] | None = None
    ) -> "LeavingPacket":
        """Make one of a packet without CSRCs that has this extension."""
        size = len(packet.payload)
        data = bytearray(write_packet(packet))
        return cls(data, size, extension.number_at, extension.time_at, carries)

    def read(self) -> RtpPacket:
        """Return what it is made of."""
        packet = read_packet(bytes(self._data))
        assert isinstance(packet, RtpPacket), "what was written can be read"
        return packet

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
            _NUMBER.pack_into(data, self._number_at, number & 0xFFFF)
        if self._time_at is not None:
            data[self._time_at : self._time_at + 3] = send_time.to_bytes(3, "big")
        self.number = number
        return bytes(data)

    def again(self) -> "LeavingPacket":
        """Return the same bytes to the last.

        Others under the same SRTP index would give away what it is protected with (RFC 3711 §9.1).
        """
        return LeavingPacket(self._data[:], self.payload_size)
