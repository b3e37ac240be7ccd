"""A data channel (RFC 8831, W3C RTCDataChannel)."""

from typing import Protocol

from aiortc.exceptions import InvalidStateError

from peer.sctp import MAX_ID, WEIGHTS, Channel, ChannelParameters, ChannelState

from .emitter import Emitter

_UNSIGNED_SHORT = 65535


class ChannelOwner(Protocol):
    """The association of a channel, as the channel needs it."""

    @property
    def max_message_size(self) -> float:
        """The bytes a message may have, infinity for no limit."""

    @property
    def state(self) -> str:
        """One of "new", "connecting", "connected" and "closed"."""

    def send(self, channel: Channel, data: str | bytes) -> None:
        """Queue a message."""

    def close_channel(self, channel: Channel) -> None:
        """Close a channel."""

    def amount(self, channel: Channel) -> int:
        """Return the bytes that wait to be sent on a channel."""

    def set_low(self, channel: Channel, amount: int) -> None:
        """Say at which amount "bufferedamountlow" is emitted."""


class DataChannel(Emitter):
    """A channel of an association; `SctpTransport.create_channel` makes them.

    It emits "open", "message" with str or bytes, "bufferedamountlow", "closing" when it was
    not closed here, and "close".
    """

    def __init__(self, transport: ChannelOwner, channel: Channel) -> None:
        super().__init__()
        self._transport = transport
        self._channel = channel
        channel.holder = self

    @property
    def transport(self) -> ChannelOwner:
        """The association."""
        return self._transport

    @property
    def id(self) -> int | None:
        """The number of its streams, None before it is known and when there are none."""
        return self._channel.id

    @property
    def label(self) -> str:
        """The name."""
        return self._channel.parameters.label

    @property
    def protocol(self) -> str:
        """The name of the protocol spoken in it."""
        return self._channel.parameters.protocol

    @property
    def ordered(self) -> bool:
        """Tell whether messages arrive in the order they were sent."""
        return self._channel.parameters.ordered

    @property
    def maxRetransmits(self) -> int | None:
        """How often a message is sent again, None for no limit."""
        return self._channel.parameters.max_retransmits

    @property
    def maxPacketLifeTime(self) -> int | None:
        """For how many milliseconds a message is sent again, None for no limit."""
        return self._channel.parameters.max_packet_life_time

    @property
    def negotiated(self) -> bool:
        """Tell whether both sides made it, with the same id."""
        return self._channel.parameters.negotiated

    @property
    def readyState(self) -> str:
        """One of "connecting", "open", "closing" and "closed"."""
        return self._channel.state.value

    @property
    def bufferedAmount(self) -> int:
        """The bytes of messages that were not put into a packet yet."""
        return self._transport.amount(self._channel)

    @property
    def bufferedAmountLowThreshold(self) -> int:
        """The amount at which "bufferedamountlow" is emitted."""
        return self._channel.low

    @bufferedAmountLowThreshold.setter
    def bufferedAmountLowThreshold(self, value: int) -> None:
        self._transport.set_low(self._channel, value)

    def send(self, data: str | bytes | bytearray | memoryview) -> None:
        """Queue a message.

        Raises InvalidStateError when the channel is not open, ValueError when the message is
        longer than the peer takes.
        """
        if self._channel.state is not ChannelState.OPEN:
            raise InvalidStateError(f"the channel is {self.readyState}")
        if not isinstance(data, str | bytes):
            data = bytes(data)
        size = len(data.encode() if isinstance(data, str) else data)
        if size > self._transport.max_message_size:
            raise ValueError(f"a message has at most {self._transport.max_message_size} bytes")
        self._transport.send(self._channel, data)

    def close(self) -> None:
        """Close the channel once what was sent has gone out."""
        self._transport.close_channel(self._channel)


def channel_parameters(
    label: str,
    *,
    protocol: str = "",
    ordered: bool = True,
    max_packet_life_time: int | None = None,
    max_retransmits: int | None = None,
    negotiated: bool = False,
    id: int | None = None,  # noqa: A002 - the W3C's name
    priority: str = "low",
) -> ChannelParameters:
    """Check the parameters of a new channel; TypeError as W3C createDataChannel has it.

    `max_packet_life_time` is in milliseconds. Without `negotiated` the `id` is ignored.
    """
    for name, text in (("label", label), ("protocol", protocol)):
        if len(text.encode()) > _UNSIGNED_SHORT:
            raise TypeError(f"the {name} is longer than 65535 bytes")
    limits = [limit for limit in (max_packet_life_time, max_retransmits) if limit is not None]
    if len(limits) > 1:
        raise TypeError("a channel has a maximum life time or a maximum of retransmissions")
    if not all(0 <= limit <= _UNSIGNED_SHORT for limit in limits):
        raise TypeError("a limit is 0..65535")
    if negotiated and (id is None or not 0 <= id <= MAX_ID):
        raise TypeError("a negotiated channel needs an id of 0..65534")
    if priority not in WEIGHTS:
        raise TypeError(f"a priority is one of {', '.join(WEIGHTS)}")
    return ChannelParameters(
        label=label,
        protocol=protocol,
        ordered=ordered,
        max_retransmits=max_retransmits,
        max_packet_life_time=max_packet_life_time,
        weight=WEIGHTS[priority],
        negotiated=negotiated,
        id=id if negotiated else None,
    )
