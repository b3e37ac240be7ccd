"""Error correction of the pictures that are sent: what of it was agreed, and its packets.

FlexFEC protects any format, in a stream of its own. ULPFEC takes numbers of the stream itself:
where one of its packets is lost, receivers must be able to tell that no picture is missing, which
only formats with numbers for pictures let them (as in libwebrtc). RED is around what is protected,
and around nothing else.
"""

from dataclasses import dataclass

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.rtp import RtpPacket, write_packet
from peer.rtp.fec import (
    FLEXFEC_HEADER,
    SUMMED_HEADER,
    ULPFEC_HEADER,
    Groups,
    protection,
    write_flexfec,
    write_ulpfec,
)

from .parameters import FLEXFEC, RED, ULPFEC, RtpSendParameters
from .repair_source import RepairSource

NUMBERED_PICTURES = "vp8", "vp9"
"""Formats whose pictures have numbers (RFC 7741 §4.2, RFC 9628 §4.2)."""


@dataclass(frozen=True, slots=True)
class FecFormat:
    """What sums are sent as; `red` is None where they are a stream of their own."""

    payload_type: int
    red: int | None
    ssrc: int | None

    @property
    def overhead(self) -> int:
        """The bytes that a sum has more than the largest packet in it, behind the header."""
        return FLEXFEC_HEADER if self.red is None else 1 + ULPFEC_HEADER


def fec_format(parameters: RtpSendParameters, codec: RTCRtpCodecParameters) -> FecFormat | None:
    """Return how packets of a codec are protected, None when that was not agreed."""
    numbers = {one.name.lower(): one.payloadType for one in parameters.codecs}
    flexible, red, sums = (numbers.get(name) for name in (FLEXFEC, RED, ULPFEC))
    if flexible is not None and parameters.fec_ssrc is not None:
        return FecFormat(flexible, None, parameters.fec_ssrc)
    if red is None or sums is None or codec.name.lower() not in NUMBERED_PICTURES:
        return None
    return FecFormat(sums, red, None)


class StreamProtection:
    """The error correction of one stream, on through other formats and paths."""

    def __init__(self) -> None:
        self.packets_sent = 0
        self.source = RepairSource(None)
        """The stream that sums are, where they are one."""
        self._groups = Groups()
        self._picture: list[bytes] = []
        self._format: FecFormat | None = None

    def agree(self, agreed: FecFormat | None) -> None:
        """Send sums in this format from now on, or none."""
        if agreed != self._format:
            if agreed is not None and agreed.ssrc not in (None, self.source.ssrc):
                self.source = RepairSource(agreed.ssrc)
            self._format = agreed
            self._set_strength(0.0)

    def measure(self, loss: float, round_trip: float, bitrate: float) -> None:
        """Say what the path is like, in the terms of `peer.rtp.fec.protection`."""
        if self._format is not None:
            self._set_strength(protection(loss, round_trip, bitrate))
            self._groups.round_trip = round_trip

    def begin_anew(self) -> None:
        """Sum up nothing of what was sent: the numbers of what follows are far from its own."""
        self._groups.clear()

    def _set_strength(self, strength: float) -> None:
        self._groups.strength = strength
        if not strength:
            # Numbers of what is sent without protection would lie between those of a group.
            self._groups.clear()

    @property
    def strength(self) -> float:
        """How many sums there are for each packet."""
        return self._groups.strength

    @property
    def ssrc(self) -> int | None:
        """What the sums go by where they are a stream of their own."""
        return None if self._format is None else self._format.ssrc

    def reserve(self, header: int) -> int:
        """Return the bytes that packets leave free, whose headers are so large: sums need them."""
        return 0 if self._format is None else header + self._format.overhead - SUMMED_HEADER

    def wrap(self, packet: RtpPacket) -> None:
        """Note a packet as it is summed up, and put it into RED, where its sums are in that."""
        self._picture.append(write_packet(packet))
        if self._format is not None and self._format.red is not None:
            packet.payload = bytes((packet.payload_type,)) + packet.payload
            packet.payload_type = self._format.red

    def payloads(self, ssrc: int, now: float, *, is_key: bool) -> list[bytes]:
        """Return those of the sums that are to follow a picture of the stream."""
        picture, self._picture = self._picture, []
        made, agreed = self._groups.add(picture, now, is_key=is_key), self._format
        if agreed is None:
            return []
        if agreed.red is None:
            return [write_flexfec(ssrc, parity) for parity in made]
        return [bytes((agreed.payload_type,)) + write_ulpfec(parity) for parity in made]

    @property
    def payload_type(self) -> int:
        """What packets of sums are marked with."""
        agreed = self._format
        assert agreed is not None, "there are no sums before they are agreed on"
        return agreed.payload_type if agreed.red is None else agreed.red

    def next_place(self) -> tuple[int, int] | None:
        """Return SSRC and next number of the stream that sums are, None where they are not one."""
        if self.ssrc is None:
            return None
        return self.ssrc, self.source.next_number()

    def count(self, octets: int) -> None:
        """Note a sum that is sent, by the bytes of its payload."""
        self.packets_sent += 1
        if self.ssrc is not None:
            self.source.count(octets)
