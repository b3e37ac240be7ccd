"""What forward error correction brings of the pictures of a receiver.

With ULPFEC all packets of pictures are inside RED, one block in each, and so are the sums of them,
which have numbers of the same stream (RFC 5109 §14.1). Those of FlexFEC are streams of their own.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from aiortc.rtcrtpparameters import RTCRtpCodecParameters

from peer.rtp import TIMESTAMP_BITS, RtpDrop, signed_difference
from peer.rtp.fec import FecDrop, Parity, Recovery, read_flexfec, read_ulpfec

from .fec_stream import FecStream
from .inbound import InboundPacket, InboundStream
from .parameters import RED, RtpReceiveParameters, extension_numbers, is_parity, payload_types

MAX_SHIFT = 10 * 90_000
"""Ticks from the latest packet to one that was lost, at most: of a sum that fits the packets no
more, because somebody on the way has changed them, any comes."""


class Pictures(Protocol):
    """What takes packets of pictures."""

    def receive(
        self,
        packet: InboundPacket,
        stream: InboundStream,
        codec: RTCRtpCodecParameters,
        now: float,
        *,
        repaired: bool = False,
        recovered: bool = False,
    ) -> None:
        """Take a packet of a stream, what a retransmission brought of it, or error correction."""

    def note_correction(self, stream: InboundStream, now: float) -> None:
        """Note that error correction of a stream came, and that it brought all it can."""


class Recovering:
    """Takes packets of pictures out of RED, and rebuilds those that were lost."""

    def __init__(self, pictures: Pictures) -> None:
        self.drops: Counter[FecDrop] = Counter()
        """Why packets of error correction brought nothing."""
        self._pictures = pictures
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._red: frozenset[int] = frozenset()
        self._is_agreed = False
        self._extensions = extension_numbers(())

    def agree(self, parameters: RtpReceiveParameters) -> None:
        """Say what payload types and header extensions mean from now on."""
        codecs = parameters.codecs
        self._codecs = {one.payloadType: one for one in codecs if one.payloadType is not None}
        self._red = payload_types(codecs, RED)
        self._is_agreed = any(map(is_parity, codecs))
        self._extensions = extension_numbers(parameters.header_extensions)

    def unwrap(
        self, packet: InboundPacket, codec: RTCRtpCodecParameters
    ) -> RTCRtpCodecParameters | None:
        """Take what is in a packet out of RED, in place; returns its format, None for nonsense."""
        if packet.payload_type not in self._red:
            return codec
        if not packet.payload:
            return self._any_media()
        # The bit that announces another block is not set: there are no such payload types.
        inner = self._codecs.get(packet.payload[0])
        if inner is None or not (is_parity(inner) or _is_media(inner)):
            return None
        packet.payload_type, packet.payload, raw = packet.payload[0], packet.payload[1:], packet.raw
        if raw:
            begin = packet.header_size - packet.padding_size
            kind = bytes((packet.marker << 7 | packet.payload_type,))
            packet.raw = b"".join((raw[:1], kind, raw[2:begin], raw[begin + 1 :]))
        packet.header_size += 1
        return inner

    def receive(
        self,
        packet: InboundPacket,
        stream: InboundStream,
        codec: RTCRtpCodecParameters,
        now: float,
        *,
        repaired: bool = False,
    ) -> None:
        """Take a packet of a stream, outside of RED, and hand on what it brings."""
        if not self._is_agreed:
            self._pictures.receive(packet, stream, codec, now, repaired=repaired)
            return
        if is_parity(codec):
            parity = read_ulpfec(packet.payload)
            self._fec_of(stream).count(len(packet.payload))
            # For the pictures its number is one of which nothing is missing.
            packet.payload = b""
            self._pictures.receive(packet, stream, self._any_media() or codec, now)
            self._take_parity(parity, stream, now)
            return
        self._pictures.receive(packet, stream, codec, now, repaired=repaired)
        fec, said = self._fec_of(stream), packet.extensions
        labels = said.mid, said.rid, said.repaired_rid
        if not repaired:
            fec.labels = labels
        # What says of itself something else than the others is not what was summed up.
        if packet.raw and labels == fec.labels:
            self._hand_on(fec.recovery.add(packet.raw, repeated=repaired), stream, now)

    def receive_apart(
        self, packet: InboundPacket, streams: Mapping[int, InboundStream], now: float
    ) -> None:
        """Take a packet of FlexFEC, which says what stream it is about."""
        found = read_flexfec(packet.payload)
        if isinstance(found, FecDrop):
            self.drops[found] += 1
            return
        stream = streams.get(found[0])
        if stream is None:
            self.drops[FecDrop.UNKNOWN_STREAM] += 1
            return
        fec = self._fec_of(stream)
        fec.ssrc = packet.ssrc
        fec.count(len(packet.payload))
        self._take_parity(found[1], stream, now)

    def _fec_of(self, stream: InboundStream) -> FecStream:
        if stream.fec is None:
            stream.fec = FecStream(Recovery(stream.ssrc, self._blank, self.drops))
        return stream.fec

    def _any_media(self) -> RTCRtpCodecParameters | None:
        """Return what a packet that only fills a number may go by."""
        return next(filter(_is_media, self._codecs.values()), None)

    def _blank(self, packet: bytes) -> bytes:
        return self._extensions.blank(packet)

    def _take_parity(self, parity: Parity | FecDrop, stream: InboundStream, now: float) -> None:
        if isinstance(parity, FecDrop):
            self.drops[parity] += 1
            return
        self._hand_on(self._fec_of(stream).recovery.add_parity(parity), stream, now)
        self._pictures.note_correction(stream, now)

    def _hand_on(self, found: list[bytes], stream: InboundStream, now: float) -> None:
        for data in found:
            packet = InboundPacket.read(data, self._extensions)
            codec = None if isinstance(packet, RtpDrop) else self._codecs.get(packet.payload_type)
            if isinstance(packet, RtpDrop) or codec is None or not _is_media(codec):
                self.drops[FecDrop.INCONSISTENT] += 1
                continue
            shift = signed_difference(packet.timestamp, stream.rtp_timestamp, TIMESTAMP_BITS)
            if abs(shift) > MAX_SHIFT:
                self.drops[FecDrop.INCONSISTENT] += 1
                continue
            self._pictures.receive(packet, stream, codec, now, repaired=True, recovered=True)


def _is_media(codec: RTCRtpCodecParameters) -> bool:
    return not is_parity(codec) and codec.name.lower() not in (RED, "rtx")
