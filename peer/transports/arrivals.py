"""Telling the peer of the packets that arrive, so that it knows how much to send: when each came,
by the numbers of the transport (draft-holmer-rmcat-transport-wide-cc-extensions-01) or of each
stream (RFC 8888); or, when it has neither, what we make of that (REMB)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from peer.rtp import ArrivalRecorder, RtcpPacket, StreamArrivalRecorder
from peer.rtp.congestion import RemoteEstimate

from .inbound import InboundPacket
from .ntp import ntp_time
from .parameters import CONGESTION_FEEDBACK, FEEDBACK, RtpReceiveParameters, has_feedback
from .rtcp import feedback


class _Teller(Protocol):
    """One way of telling."""

    def note(self, packet: InboundPacket, size: int, now: float) -> None:
        """Note a packet of `size` bytes."""

    def deadline(self) -> float | None:
        """Return when there is something to tell."""

    def messages(self, ours: int, now: float) -> Sequence[RtcpPacket]:
        """Return what there is to tell, by a source of ours."""


class _ByTransport(ArrivalRecorder):
    """By the numbers of the transport, from the packets that carry one."""

    kind = FEEDBACK, None
    media = 0

    def note(self, packet: InboundPacket, size: int, now: float) -> None:
        number = packet.extensions.transport_sequence_number
        if number is not None:
            self.media = packet.ssrc
            self.add(number, size, now)

    def messages(self, ours: int, now: float) -> Sequence[RtcpPacket]:
        return self.feedback(ours, self.media, now)


class _ByStream(StreamArrivalRecorder):
    """By the numbers of each stream."""

    kind = CONGESTION_FEEDBACK

    def note(self, packet: InboundPacket, size: int, now: float) -> None:
        self.add(packet.ssrc, packet.sequence_number, size, now)

    def messages(self, ours: int, now: float) -> Sequence[RtcpPacket]:
        return self.feedback(ours, ntp_time(), now)


class _ByEstimate(RemoteEstimate):
    """By what the path seems to carry, from the packets that say when they were sent."""

    kind = "goog-remb", None

    def note(self, packet: InboundPacket, size: int, now: float) -> None:
        sent = packet.extensions.abs_send_time
        if sent is not None:
            self.add(packet.ssrc, sent, size, now)

    def messages(self, ours: int, now: float) -> Sequence[RtcpPacket]:
        return self.feedback(ours, now)


_TELLERS: tuple[type[_ByStream] | type[_ByTransport] | type[_ByEstimate], ...] = (
    _ByStream,
    _ByTransport,
    _ByEstimate,
)
"""The best first: a peer that is told by one of them need not be told by others, and a browser that
hears of an estimate makes none by itself."""


class ArrivalFeedback:
    """The feedback of one transport, about all its sections that agreed on it."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._teller: _Teller | None = None
        self._parameters: RtpReceiveParameters | None = None
        self._timer: asyncio.TimerHandle | None = None

    def agree(self, sections: Sequence[RtpReceiveParameters]) -> None:
        """Say what the sections agreed on; without any nothing is sent."""
        for teller in _TELLERS:
            self._parameters = _find(sections, *teller.kind)
            if self._parameters is not None:
                if not isinstance(self._teller, teller):
                    self._teller = teller()
                return
        self._teller = None

    def note(self, packet: InboundPacket, size: int, now: float) -> None:
        """Note a packet of `size` bytes, whatever it is for."""
        teller = self._teller
        if teller is None:
            return
        teller.note(packet, size, now)
        if self._timer is None:
            deadline = teller.deadline()
            if deadline is not None:
                self._timer = asyncio.get_running_loop().call_at(deadline, self._tell)

    def close(self) -> None:
        """Send no more."""
        self._teller = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        self._timer = None
        teller, parameters = self._teller, self._parameters
        if teller is None or parameters is None:
            return
        now, ours = asyncio.get_running_loop().time(), parameters.rtcp_ssrc
        for message in teller.messages(ours, now):
            try:
                self._send(feedback(message, ours, parameters))
            except ConnectionError:
                return


def _find(
    sections: Sequence[RtpReceiveParameters], kind: str, parameter: str | None
) -> RtpReceiveParameters | None:
    """Return the first section that agreed on a kind of feedback."""
    for section in sections:
        if any(has_feedback(codec, kind, parameter) for codec in section.codecs):
            return section
    return None
