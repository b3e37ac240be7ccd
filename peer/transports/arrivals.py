"""Telling the peer when its packets arrived, so that it can estimate the bandwidth: by the numbers
of the transport (draft-holmer-rmcat-transport-wide-cc-extensions-01), or by those of each stream
(RFC 8888)."""

import asyncio
from collections.abc import Callable, Sequence

from peer.rtp import ArrivalRecorder, RtcpPacket, StreamArrivalRecorder

from .inbound import InboundPacket
from .ntp import ntp_time
from .parameters import CONGESTION_FEEDBACK, FEEDBACK, RtpReceiveParameters, has_feedback
from .rtcp import feedback


class ArrivalFeedback:
    """The feedback of one transport, about all its sections that agreed on it."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._recorder: ArrivalRecorder | StreamArrivalRecorder = ArrivalRecorder()
        self._parameters: RtpReceiveParameters | None = None
        self._media = 0
        self._timer: asyncio.TimerHandle | None = None

    def agree(self, sections: Sequence[RtpReceiveParameters]) -> None:
        """Say what the sections agreed on; without any nothing is sent."""
        by_stream = _find(sections, *CONGESTION_FEEDBACK)
        self._parameters = by_stream or _find(sections, FEEDBACK)
        wanted = ArrivalRecorder if by_stream is None else StreamArrivalRecorder
        if not isinstance(self._recorder, wanted):
            self._recorder = wanted()

    def note(self, packet: InboundPacket, size: int, now: float) -> None:
        """Note a packet of `size` bytes, whatever it is for."""
        number, recorder = packet.extensions.transport_sequence_number, self._recorder
        if self._parameters is None:
            return
        if isinstance(recorder, StreamArrivalRecorder):
            recorder.add(packet.ssrc, packet.sequence_number, size, now)
        elif number is not None:
            recorder.add(number, size, now)
        self._media = packet.ssrc
        deadline = recorder.deadline()
        if self._timer is None and deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._report)

    def close(self) -> None:
        """Send no more."""
        self._parameters = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _report(self) -> None:
        self._timer = None
        parameters = self._parameters
        if parameters is None:
            return
        now, ours = asyncio.get_running_loop().time(), parameters.rtcp_ssrc
        messages: Sequence[RtcpPacket]
        if isinstance(self._recorder, StreamArrivalRecorder):
            messages = self._recorder.feedback(ours, ntp_time(), now)
        else:
            messages = self._recorder.feedback(ours, self._media, now)
        for message in messages:
            try:
                self._send(feedback(message, ours, parameters))
            except ConnectionError:
                return


def _find(
    sections: Sequence[RtpReceiveParameters], kind: str, parameter: str | None = None
) -> RtpReceiveParameters | None:
    """Return the first section that agreed on a kind of feedback."""
    for section in sections:
        if any(has_feedback(codec, kind, parameter) for codec in section.codecs):
            return section
    return None
