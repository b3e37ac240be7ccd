"""Data channels (W3C RTCDataChannel)."""

import asyncio
from collections.abc import Callable

from peer.transports import DataChannel, SctpTransport

from .errors import (
    InvalidStateError,
    JsepTypeError,
    NotSupportedError,
    OperationError,
    RangeError,
    RTCError,
)
from .event_target import EventHandler, EventTarget
from .events import Event, MessageEvent, RTCErrorEvent
from .kinship import Alone
from .options import RTCDataChannelInit, check_label, scalar_values
from .sctp_transport import MAX_BUFFERED, RTCSctpTransport

_UNSIGNED_LONG = 4294967295


class RTCDataChannel(EventTarget, metaclass=Alone):
    """A channel of messages, str or bytes; "connecting" until the association opens it.

    It emits "open", "message", "bufferedamountlow", "error", "closing" when it was not closed
    here, and "close". The listeners of `on` get what aiortc's get: for "message" the str or bytes
    alone.
    """

    onopen = EventHandler[Event]()
    onmessage = EventHandler[MessageEvent]()
    onbufferedamountlow = EventHandler[Event]()
    onerror = EventHandler[RTCErrorEvent]()
    onclosing = EventHandler[Event]()
    onclose = EventHandler[Event]()

    def __init__(self, label: str, init: RTCDataChannelInit | None = None) -> None:
        super().__init__()
        self._label = check_label("label", label)
        self._init = RTCDataChannelInit.from_value(init)
        self._state = "connecting"
        self._told_end = False
        self._below: DataChannel | None = None
        self._transport: RTCSctpTransport | None = None
        self._early: list[str | bytes] = []
        self._early_size = 0
        self._threshold = 0
        self._left: int | None = None
        self._watcher: Callable[[RTCDataChannel], object] = _nobody
        self._to_be: Callable[[], RTCSctpTransport] = _nothing
        self.messages_sent = 0
        self.messages_received = 0
        self.bytes_sent = 0
        self.bytes_received = 0

    # What it was made with

    @property
    def label(self) -> str:
        """The name, which need not be the only one of its kind."""
        return self._label

    @property
    def ordered(self) -> bool:
        """Tell whether messages arrive in order."""
        return self._init.ordered

    @property
    def maxPacketLifeTime(self) -> int | None:
        """Milliseconds during which a message is sent again, None for no limit."""
        return self._init.maxPacketLifeTime

    @property
    def maxRetransmits(self) -> int | None:
        """The number of times a message is sent again, None for no limit."""
        return self._init.maxRetransmits

    @property
    def protocol(self) -> str:
        """The name of the protocol spoken in it."""
        return self._init.protocol

    @property
    def negotiated(self) -> bool:
        """Tell whether both sides made it, with the same id."""
        return self._init.negotiated

    @property
    def priority(self) -> str:
        """The priority asked for."""
        return self._init.priority

    # What becomes of it

    @property
    def id(self) -> int | None:
        """The number of its streams, None before it is known."""
        return self._init.id if self._below is None else self._below.id

    @property
    def transport(self) -> RTCSctpTransport:
        """The association; before it is negotiated what is to become it, to listen to already."""
        if self._transport is None:
            self._transport = self._to_be()
        return self._transport

    @property
    def readyState(self) -> str:
        """One of connecting, open, closing and closed."""
        return self._state

    @property
    def bufferedAmount(self) -> int:
        """The bytes that wait to be sent; once closed with its connection, those that waited then.

        W3C §6.2: it does not reset to zero.
        """
        if self._left is not None:
            return self._left
        return 0 if self._below is None else self._below.bufferedAmount

    @property
    def bufferedAmountLowThreshold(self) -> int:
        """The amount at which "bufferedamountlow" is emitted."""
        return self._threshold

    @bufferedAmountLowThreshold.setter
    def bufferedAmountLowThreshold(self, value: int) -> None:
        """Set the amount; RangeError outside 0..4294967295."""
        if not 0 <= value <= _UNSIGNED_LONG:
            raise RangeError(f"bufferedAmountLowThreshold is 0..{_UNSIGNED_LONG}")
        self._threshold = value
        if self._below is not None:
            self._below.bufferedAmountLowThreshold = value

    @property
    def binaryType(self) -> str:
        """How binary messages are given out: as bytes, JavaScript's "arraybuffer"."""
        return "arraybuffer"

    @binaryType.setter
    def binaryType(self, value: str) -> None:
        """Accept "arraybuffer"; NotSupportedError for "blob"."""
        if value == "blob":
            raise NotSupportedError("there are no blobs")
        if value != "arraybuffer":
            raise JsepTypeError(f"{value!r} is no binary type")

    def send(self, data: str | bytes | bytearray | memoryview) -> None:
        """Queue a message.

        Raises InvalidStateError when the channel is not open, JsepTypeError when the message is
        longer than the peer takes or of another type, OperationError when it would be more than
        16 MiB that wait.
        """
        below = self._below
        if self._state != "open" or below is None:
            raise InvalidStateError(f"the channel is {self._state}")
        if isinstance(data, str):
            data = scalar_values(data)
        elif isinstance(data, bytearray | memoryview):
            data = bytes(data)
        elif not isinstance(data, bytes):
            raise JsepTypeError(f"a message is str or bytes, not {type(data).__name__}")
        size = _size(data)
        if size > self._largest():
            raise JsepTypeError(f"a message of {size} bytes is longer than the peer takes")
        if below.bufferedAmount + size > MAX_BUFFERED:
            raise OperationError(f"more than {MAX_BUFFERED} bytes would wait to be sent")
        below.send(data)
        self.messages_sent += 1
        self.bytes_sent += size

    def close(self) -> None:
        """Close the channel, once what was sent has gone out; "close" follows."""
        if self._state in ("closing", "closed"):
            return
        self._state = "closing"
        if self._below is None:
            self._soon(self.fail)
        else:
            self._below.close()

    # What the connection does

    @classmethod
    def incoming(cls, below: DataChannel, transport: RTCSctpTransport) -> "RTCDataChannel":
        """Make the object of a channel the peer opened; its "open" follows."""
        init = RTCDataChannelInit(
            below.ordered, below.maxPacketLifeTime, below.maxRetransmits, below.protocol
        )
        channel = cls(below.label, init)
        channel._state = "open"
        channel.attach(below, transport)
        return channel

    def open_on(self, association: SctpTransport, transport: RTCSctpTransport) -> None:
        """Make the channel on an association; one that is refused there closes with an error."""
        if self._state != "connecting":
            return
        try:
            below = association.create_channel(
                self.label,
                protocol=self.protocol,
                ordered=self.ordered,
                max_packet_life_time=self.maxPacketLifeTime,
                max_retransmits=self.maxRetransmits,
                negotiated=self.negotiated,
                id=self.id,
                priority=self.priority,
            )
        except (ValueError, ConnectionError) as error:
            # The application has to have the channel first.
            self._soon(self.fail, str(error), "data-channel-failure")
        else:
            self.attach(below, transport)

    def attach(self, below: DataChannel, transport: RTCSctpTransport) -> None:
        """Go by a channel of an association from now on."""
        self._below = below
        self._transport = transport
        below.bufferedAmountLowThreshold = self._threshold
        below.on("open", self._open)
        below.on("message", self._receive)
        below.on("bufferedamountlow", self._tell_low)
        below.on("closing", self._begin_closing)
        below.on("close", self._follow_close)
        if self._state == "connecting" and below.readyState == "open":
            self._soon(self._open)
        elif below.readyState in ("closing", "closed"):
            self._soon(self._begin_closing)

    def watch(
        self,
        watcher: Callable[["RTCDataChannel"], object],
        to_be: Callable[[], RTCSctpTransport],
    ) -> None:
        """Have somebody know when it is open and when it is closed, before its events tell.

        `to_be` gives what `transport` shows before there is an association.
        """
        self._watcher = watcher
        self._to_be = to_be

    def fail(self, reason: str = "", detail: str = "sctp-failure") -> None:
        """Close at once: the association is gone. With a reason "error" comes before "close"."""
        if self._told_end:
            return
        self._state = "closed"
        self._told_end = True
        watcher, self._watcher = self._watcher, _nobody
        watcher(self)
        if reason:
            error = RTCErrorEvent(RTCError(reason, error_detail=detail))
            self.dispatch("error", error, error)
        self._early.clear()
        self.announce("close")

    def end(self) -> None:
        """Be closed at once: the connection is. `fail` is to follow."""
        self._left = self.bufferedAmount
        self._state = "closed"

    def _soon(self, callback: Callable[..., None], *args: str) -> None:
        asyncio.get_running_loop().call_soon(callback, *args)

    def _largest(self) -> float:
        return float("inf") if self._transport is None else self._transport.maxMessageSize

    def _open(self) -> None:
        # The state of an incoming channel is "open" before it is told.
        if self._state not in ("connecting", "open"):
            return
        self._state = "open"
        self._watcher(self)
        self.announce("open")
        early, self._early = self._early, []
        for message in early:
            self._receive(message)

    def _receive(self, message: str | bytes) -> None:
        if self._state == "connecting":
            # RFC 8832 §6: messages may overtake the acknowledgement that opens the channel.
            self._early.append(message)
            self._early_size += _size(message)
            if self._early_size > MAX_BUFFERED:
                self._refuse("the peer sends without having opened the channel")
        elif self._state == "open":
            self.messages_received += 1
            self.bytes_received += _size(message)
            self.dispatch("message", MessageEvent(message), message)

    def _tell_low(self) -> None:
        self.announce("bufferedamountlow")

    def _begin_closing(self) -> None:
        if self._below is not None and self._below.transport.state == "closed":
            # The end of the association, and "close" follows.
            return
        if self._state == "connecting" and self.id is None:
            self.fail("the peer has no stream for the channel", "data-channel-failure")
        elif self._state in ("connecting", "open"):
            self._state = "closing"
            self.announce("closing")

    def _follow_close(self) -> None:
        if self._state == "closed":
            self.fail()
        elif self._state == "closing":
            self._soon(self.fail)
        else:
            self.fail("the association ended")

    def _refuse(self, reason: str) -> None:
        below = self._below
        self.fail(reason, "data-channel-failure")
        if below is not None:
            below.close()


def _nobody(_channel: RTCDataChannel) -> None:
    """Be watched by nobody."""


def _nothing() -> RTCSctpTransport:
    return RTCSctpTransport(None)


def _size(message: str | bytes) -> int:
    return len(message.encode() if isinstance(message, str) else message)
