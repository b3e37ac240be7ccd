"""A transceiver (W3C RTCRtpTransceiver)."""

from asyncio import AbstractEventLoop
from collections.abc import Coroutine, Sequence
from typing import Any

from peer.jsep import set_codec_preferences, set_direction, stop_transceiver
from sdp import Direction

from .awaitable import Begun, Done, prompt
from .errors import JsepTypeError
from .host import Host
from .rtp_capabilities import read_codecs
from .rtp_receiver import RTCRtpReceiver
from .rtp_sender import RTCRtpSender

STOPPED = "stopped"


class RTCRtpTransceiver:
    """A sender and a receiver that share a media section."""

    def __init__(
        self, host: Host, number: int, kind: str, sender: RTCRtpSender, receiver: RTCRtpReceiver
    ) -> None:
        self._host = host
        self._number = number
        self._kind = kind
        self._sender = sender
        self._receiver = receiver
        self._stopped = False
        receiver.track.transceiver = self

    @property
    def event_loop(self) -> AbstractEventLoop | None:
        """The event loop it belongs to, None before it is used in one."""
        return self._host.event_loop

    @property
    def number(self) -> int:
        """What offer/answer calls it."""
        return self._number

    @property
    def kind(self) -> str:
        """ "audio" or "video"."""
        return self._kind

    @property
    def sender(self) -> RTCRtpSender:
        """What it sends with."""
        return self._sender

    @property
    def receiver(self) -> RTCRtpReceiver:
        """What it receives with."""
        return self._receiver

    @property
    def mid(self) -> str | None:
        """The identifier of its media section, None while it has none."""
        known = self._host.state.transceiver(self._number)
        return None if known is None else known.mid

    @property
    def stopped(self) -> bool:
        """Tell whether it is stopped for good."""
        return self._stopped

    @property
    def direction(self) -> str:
        """What the application wants; "stopped" from `stop` on.

        Setting raises TypeError for what is no direction, InvalidStateError once stopped.
        """
        known = self._host.state.transceiver(self._number)
        gone = self._stopped or known is None or known.stopping
        return STOPPED if gone or known is None else known.direction.value

    @direction.setter
    def direction(self, direction: str) -> None:
        try:
            wanted = Direction(direction)
        except ValueError:
            raise JsepTypeError(f"{direction!r} is no direction") from None
        self._host.change(set_direction(self._host.state, self._number, wanted))

    @property
    def currentDirection(self) -> str | None:
        """What was negotiated last, None before, "stopped" in the end."""
        if self._stopped:
            return STOPPED
        known = self._host.state.transceiver(self._number)
        if known is None or known.current_direction is None:
            return None
        return known.current_direction.value

    def setCodecPreferences(self, codecs: Sequence[object]) -> None:
        """Negotiate these codecs in this order; an empty list means all.

        They are objects from `getCapabilities`, or dictionaries. Raises
        InvalidModificationError for a codec that is not supported.
        """
        wanted = read_codecs(codecs)
        self._host.change(set_codec_preferences(self._host.state, self._number, wanted))

    @prompt
    def stop(self) -> Coroutine[Any, Any, None]:
        """Stop sending and receiving for good; the peer hears of it by negotiation.

        It has happened when the call returns; to await it is as good. Raises InvalidStateError when
        the connection is closed.
        """
        outcome = stop_transceiver(self._host.state, self._number)
        self.end()
        self._host.carry_out(outcome)
        return Begun(Done())

    def end(self) -> None:
        """End what is received, and let no more be changed of what is sent."""
        self._sender.mark_stopped()
        self._receiver.end()

    def mark_stopped(self) -> None:
        """Note that it is gone from offer/answer."""
        self._stopped = True
        self.end()
