"""The association of the data channels as applications see it (W3C RTCSctpTransport)."""

from typing import Any

from peer.transports import SctpTransport

from .event_target import EventHandler, EventTarget
from .events import Event


class RTCSctpTransport(EventTarget):
    """An SCTP association; "statechange" tells when `state` is another.

    `transport` is the RTCDtlsTransport below.
    """

    onstatechange = EventHandler[Event]()

    def __init__(self, association: SctpTransport, transport: Any) -> None:
        super().__init__()
        self._association = association
        self._transport = transport
        self._told = self.state
        association.on("statechange", self._follow)

    @property
    def transport(self) -> Any:
        """The RTCDtlsTransport it runs over."""
        return self._transport

    @property
    def state(self) -> str:
        """One of connecting, connected and closed; what has not begun is connecting."""
        state = self._association.state
        return "connecting" if state == "new" else state

    @property
    def maxMessageSize(self) -> float:
        """The bytes a message may have, infinity for no limit."""
        return self._association.max_message_size

    @property
    def maxChannels(self) -> int | None:
        """The number of channels there may be at a time, None until it is connected."""
        return None if self.state == "connecting" else self._association.maxChannels

    @property
    def port(self) -> int:
        """The local SCTP port."""
        return self._association.port

    def set_transport(self, transport: Any) -> None:
        """Show another RTCDtlsTransport: the association moved."""
        self._transport = transport

    def _follow(self) -> None:
        if self.state != self._told:
            self._told = self.state
            self.dispatch("statechange", Event("statechange"))
