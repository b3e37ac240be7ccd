"""Telling the peer when its packets arrived, so that it can estimate the bandwidth
(draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

import asyncio
from collections.abc import Callable

from peer.rtp import ArrivalRecorder

from .inbound import InboundPacket
from .parameters import FEEDBACK, RtpReceiveParameters, has_feedback
from .rtcp import feedback


class ArrivalFeedback:
    """The feedback of one transport, about all its sections that agreed on it."""

    def __init__(self, send: Callable[[bytes], object]) -> None:
        self._send = send
        self._recorder = ArrivalRecorder()
        self._parameters: RtpReceiveParameters | None = None
        self._media = 0
        self._timer: asyncio.TimerHandle | None = None

    def agree(self, sections: "list[RtpReceiveParameters]") -> None:
        """Say what the sections agreed on; without any nothing is sent."""
        self._parameters = next(
            (
                section
                for section in sections
                if any(has_feedback(codec, FEEDBACK) for codec in section.codecs)
            ),
            None,
        )

    def note(self, packet: InboundPacket, size: int, now: float) -> None:
        """Note a packet of `size` bytes, whatever it is for."""
        number = packet.extensions.transport_sequence_number
        if number is None or self._parameters is None:
            return
        self._recorder.add(number, size, now)
        self._media = packet.ssrc
        deadline = self._recorder.deadline()
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
        now = asyncio.get_running_loop().time()
        for message in self._recorder.feedback(parameters.rtcp_ssrc, self._media, now):
            try:
                self._send(feedback(message, parameters.rtcp_ssrc, parameters))
            except ConnectionError:
                return
