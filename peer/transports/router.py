"""Which media section an RTP stream belongs to (RFC 9143 §9.2).

The router knows numbers and names alone, so every rule can be tested without a packet. One router
serves one BUNDLE group, or the only section of a transport.
"""

import enum
from collections.abc import Iterable

from peer.records import dataclass

MAX_LEARNED_STREAMS = 1024
"""How many SSRCs are remembered that no description announced."""


class Drop(enum.Enum):
    """Why a packet belongs to no section."""

    UNKNOWN_MID = "unknown-mid"
    PAYLOAD_TYPE_NOT_IN_SECTION = "payload-type-not-in-section"
    UNKNOWN_STREAM = "unknown-stream"


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a stream is within its section (RFC 8852); `repaired` for retransmissions of `rid`."""

    rid: str
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class RtpSection:
    """What the descriptions say of one section's incoming media."""

    mid: str
    payload_types: frozenset[int] = frozenset()
    ssrcs: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Stream:
    """What packets told of an SSRC; `mid_at` is the extended number of the last MID update."""

    highest: int
    mid: str | None = None
    by_mid: bool = False
    mid_at: int | None = None
    encoding: Encoding | None = None

    def extend(self, sequence_number: int) -> int:
        """Return the extended sequence number (RFC 3550 §A.1)."""
        delta = (sequence_number - self.highest) & 0xFFFF
        if delta >= 0x8000:
            return self.highest + delta - 0x10000
        self.highest += delta
        return self.highest


class RtpRouter:
    """The tables of RFC 9143 §9.2: MID, SSRC and payload type to section, single-valued each."""

    def __init__(self) -> None:
        self._sections: dict[str, RtpSection] = {}
        self._announced: dict[int, str] = {}
        self._payload_types: dict[int, str] = {}
        self._outgoing: dict[int, str] = {}
        self._streams: dict[int, _Stream] = {}

    def set_section(self, section: RtpSection) -> None:
        """Add a section or replace it; what packets told of its streams stays valid."""
        self._sections[section.mid] = section
        for ssrc in section.ssrcs:
            stream = self._streams.get(ssrc)
            if stream is not None and not (stream.by_mid and stream.mid in self._sections):
                del self._streams[ssrc]
        self._rebuild()

    def remove_section(self, mid: str) -> None:
        """Forget a section, and the streams that belong to it by their payload type alone.

        A stream that named the section itself goes on naming it, and is dropped.
        """
        if self._sections.pop(mid, None) is None:
            return
        self._streams = {
            ssrc: stream
            for ssrc, stream in self._streams.items()
            if stream.by_mid or stream.mid != mid
        }
        self._rebuild()

    def set_outgoing(self, name: str, ssrcs: Iterable[int]) -> None:
        """Say which SSRCs a sender of that name sends; none takes it out."""
        self._outgoing = {ssrc: owner for ssrc, owner in self._outgoing.items() if owner != name}
        self._outgoing.update(dict.fromkeys(ssrcs, name))

    def route(
        self,
        ssrc: int,
        payload_type: int,
        sequence_number: int,
        *,
        mid: str | None = None,
        encoding: Encoding | None = None,
    ) -> str | Drop:
        """Return the mid of the section an RTP packet belongs to, learning from what it carries."""
        stream = self._streams.get(ssrc)
        if mid is not None or encoding is not None or stream is not None:
            stream = self._learn(ssrc, sequence_number, mid, encoding)
        owner = self._owner(ssrc, stream)
        if owner is None:
            return self._route_by_payload_type(ssrc, payload_type, sequence_number)
        section = self._sections.get(owner)
        if section is None:
            return Drop.UNKNOWN_MID
        if payload_type not in section.payload_types:
            return Drop.PAYLOAD_TYPE_NOT_IN_SECTION
        return owner

    def bind(self, ssrc: int, mid: str) -> None:
        """Learn the MID of a stream from an RTCP SDES item; unknown ones are ignored."""
        if mid not in self._sections:
            return
        stream = self._streams.get(ssrc) or self._add(ssrc, 0)
        stream.mid, stream.by_mid = mid, True
        if stream.mid_at is not None:
            stream.mid_at = stream.highest

    def forget(self, ssrc: int) -> None:
        """Forget what packets told of a stream (RTCP BYE)."""
        self._streams.pop(ssrc, None)

    def incoming(self, ssrc: int) -> str | None:
        """Return the mid of the live section that receives this SSRC."""
        owner = self._owner(ssrc, self._streams.get(ssrc))
        return owner if owner in self._sections else None

    def outgoing(self, ssrc: int) -> str | None:
        """Return the name of the sender of this SSRC."""
        return self._outgoing.get(ssrc)

    def encoding(self, ssrc: int) -> Encoding | None:
        """Return which encoding of its section an incoming stream is, when packets told."""
        stream = self._streams.get(ssrc)
        return None if stream is None else stream.encoding

    def _owner(self, ssrc: int, stream: _Stream | None) -> str | None:
        if stream is not None and stream.mid is not None:
            return stream.mid
        return self._announced.get(ssrc)

    def _learn(
        self, ssrc: int, sequence_number: int, mid: str | None, encoding: Encoding | None
    ) -> _Stream:
        stream = self._streams.get(ssrc) or self._add(ssrc, sequence_number)
        at = stream.extend(sequence_number)
        if mid is not None and (stream.mid_at is None or at > stream.mid_at):
            stream.mid, stream.by_mid, stream.mid_at = mid, True, at
        if encoding is not None:
            stream.encoding = encoding
        return stream

    def _route_by_payload_type(
        self, ssrc: int, payload_type: int, sequence_number: int
    ) -> str | Drop:
        owner = self._payload_types.get(payload_type)
        if owner is None:
            return Drop.UNKNOWN_STREAM
        stream = self._streams.get(ssrc) or self._add(ssrc, sequence_number)
        stream.mid = owner
        return owner

    def _add(self, ssrc: int, sequence_number: int) -> _Stream:
        if len(self._streams) >= MAX_LEARNED_STREAMS:
            del self._streams[next(iter(self._streams))]
        stream = self._streams[ssrc] = _Stream(sequence_number)
        return stream

    def _rebuild(self) -> None:
        self._announced = {
            ssrc: section.mid for section in self._sections.values() for ssrc in section.ssrcs
        }
        owners: dict[int, str | None] = {}
        for section in self._sections.values():
            for payload_type in section.payload_types:
                owners[payload_type] = None if payload_type in owners else section.mid
        self._payload_types = {number: mid for number, mid in owners.items() if mid is not None}
