"""A data channel (RFC 8831, W3C RTCDataChannel)."""

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters

from .emitter import Emitter

MAX_ID = 65534
"""65535 is no stream (RFC 8832 §6)."""
_UNSIGNED_SHORT = 65535


class DataChannel(Emitter, RTCDataChannel):
    """A channel of an association; `SctpTransport.create_channel` makes them.

    It emits "open", "message" with str or bytes, "bufferedamountlow", "closing" when it was
    not closed here, and "close".
    """

    _closed_here = False
    _known_to_peer = False
    _is_refused = False
    in_order = False
    """What is handed to SCTP now goes in order, whatever the channel is."""

    @property
    def id(self) -> int | None:
        """The number of its streams, None before it is known and when there are none."""
        return None if self._is_refused else super().id

    @property
    def ordered(self) -> bool:
        """Tell whether messages arrive in the order they were sent."""
        return super().ordered or self.in_order

    @property
    def early(self) -> bool:
        """Tell whether the peer may not have the channel yet (RFC 8832 §6)."""
        return not (self._known_to_peer or self.negotiated)

    def announce_open(self) -> None:
        """Enter "open": the peer made the channel, or is told of it."""
        self._setReadyState("open")

    def take_id(self, number: int) -> None:
        """Note the number of its streams."""
        self._setId(number)

    def forget_id(self) -> None:
        """Note that the peer has no streams for the channel."""
        self._is_refused = True

    def acknowledge(self) -> None:
        """Note that the peer has the channel."""
        self._known_to_peer = True

    def send(self, data: str | bytes | bytearray | memoryview) -> None:
        """Queue a message.

        Raises InvalidStateError when the channel is not open, ValueError when the message is
        longer than the peer takes.
        """
        super().send(data if isinstance(data, str | bytes) else bytes(data))

    def close(self) -> None:
        """Close the channel once what was sent has gone out."""
        self._closed_here = True
        super().close()

    def _setReadyState(self, state: str) -> None:
        begins = state == "closing" != self.readyState
        super()._setReadyState(state)
        if begins and not self._closed_here:
            self.emit("closing")


def channel_parameters(
    label: str,
    *,
    protocol: str = "",
    ordered: bool = True,
    max_packet_life_time: int | None = None,
    max_retransmits: int | None = None,
    negotiated: bool = False,
    id: int | None = None,  # noqa: A002 - the W3C's name
) -> RTCDataChannelParameters:
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
    return RTCDataChannelParameters(
        label=label,
        protocol=protocol,
        ordered=ordered,
        maxPacketLifeTime=max_packet_life_time,
        maxRetransmits=max_retransmits,
        negotiated=negotiated,
        id=id if negotiated else None,
    )
