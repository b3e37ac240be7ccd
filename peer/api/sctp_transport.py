"""The association of the data channels as applications see it (W3C RTCSctpTransport)."""

from typing import Any

from peer.transports import SctpTransport

from .dtls_transport import RTCDtlsTransport
from .event_target import EventHandler, EventTarget
from .events import Event
from .kinship import Alone

MAX_BUFFERED = 16 * 1024 * 1024
"""Bytes that may wait to be sent on a channel; a longer message could never be sent."""
_DEFAULT_PORT = 5000
_DEFAULT_MAX_MESSAGE_SIZE = 65536
"""RFC 8841 §6.1: what a peer takes that does not say."""


class RTCSctpTransport(EventTarget, metaclass=Alone):
    """An SCTP association; "statechange" tells when `state` is another.

    It is there from the description that offers the association on; `begin` says what it is.
    `transport` is the RTCDtlsTransport below, `mid` the identifier of its media section.
    """

    onstatechange = EventHandler[Event]()
    mid: str | None = None

    def __init__(self, transport: Any) -> None:
        super().__init__()
        self._association: SctpTransport | None = None
        self._transport: RTCDtlsTransport = transport
        self._told = "connecting"
        self._ended = False

    @property
    def transport(self) -> RTCDtlsTransport:
        """The RTCDtlsTransport it runs over."""
        return self._transport

    @property
    def state(self) -> str:
        """One of connecting, connected and closed; what has not begun is connecting."""
        if self._ended:
            return "closed"
        state = "new" if self._association is None else self._association.state
        return "connecting" if state == "new" else state

    @property
    def maxMessageSize(self) -> float:
        """The bytes a message may have: what the peer takes, and what can be queued here."""
        if self._association is None:
            return _DEFAULT_MAX_MESSAGE_SIZE
        return min(self._association.max_message_size, MAX_BUFFERED)

    @property
    def maxChannels(self) -> int | None:
        """The number of channels there may be at a time, None until it is connected."""
        if self._association is None or self.state == "connecting":
            return None
        return self._association.maxChannels

    @property
    def port(self) -> int:
        """The local SCTP port."""
        return _DEFAULT_PORT if self._association is None else self._association.port

    # Programs for aiortc call these before they close, so that nothing that waits is lost.

    async def _data_channel_flush(self) -> None:
        if self._association is not None:
            await self._association.flush()

    async def _transmit(self) -> None:
        """Flushing has seen to it."""

    # For the connection

    def begin(self, association: SctpTransport) -> None:
        """Go by an association from now on."""
        self._association = association
        association.on("statechange", self._follow)

    def set_transport(self, transport: Any) -> None:
        """Show another RTCDtlsTransport: the association moved."""
        self._transport = transport

    def fail(self) -> None:
        """Be closed for good: the association could not be set up, or not moved."""
        self._ended = True
        self._follow()

    def end(self) -> None:
        """Be closed at once: the connection is. Only aiortc has an event for it (W3C close)."""
        self._ended = True
        if self._told != "closed":
            self._told = "closed"
            self.emit("statechange")

    def _follow(self) -> None:
        if self.state != self._told:
            self._told = self.state
            self.announce("statechange")
