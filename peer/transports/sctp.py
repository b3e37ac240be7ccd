"""SCTP over DTLS: the association of the data channels (RFC 8841, RFC 8831)."""

import asyncio
import math
import struct
from collections.abc import Coroutine
from typing import Any

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcsctptransport import (
    WEBRTC_DCEP,
    WEBRTC_STRING,
    Chunk,
    RTCSctpCapabilities,
    RTCSctpTransport,
)

from .association import BoundedAssociation
from .chunks import SctpDrop, judge
from .datachannel import MAX_ID, DataChannel, channel_parameters
from .dcep import Ack, Open, parse_dcep
from .dtls import DtlsRole, DtlsTransport
from .emitter import Emitter

ESTABLISHMENT_TIMEOUT = 30.0
"""Seconds from the connected DTLS transport until a peer that does not answer is given up."""

State = RTCSctpTransport.State


class SctpTransport(Emitter, BoundedAssociation):
    """One association. It runs once: `connect`, then `close`.

    It emits "statechange" and "datachannel" with each channel the peer makes; `state` is "new",
    "connecting", "connected" or "closed".
    """

    def __init__(
        self, dtls: DtlsTransport, *, port: int = 5000, timeout: float = ESTABLISHMENT_TIMEOUT
    ) -> None:
        super().__init__(dtls, port)
        self._dtls = dtls
        self._timeout = timeout
        self._association: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._flush_due = False
        dtls.on("statechange", self._follow_dtls)

    @property
    def dtls(self) -> DtlsTransport:
        """The DTLS transport below."""
        return self._dtls

    @property
    def is_server(self) -> bool:
        """Tell whether our channels have odd ids: those of the DTLS server (RFC 8832 §6)."""
        return self._dtls.role is DtlsRole.SERVER

    @property
    def max_message_size(self) -> float:
        """The bytes a message may have, infinity for no limit."""
        return self._remote_max_message_size or math.inf

    def set_max_message_size(self, size: int) -> None:
        """Note the peer's a=max-message-size; 0 means that there is no limit (RFC 8841 §6)."""
        self._remote_max_message_size = size

    def connect(self, remote_port: int, max_message_size: int = 65536) -> None:
        """Begin: wait for DTLS, then set the association up. Raises RuntimeError if repeated."""
        if self._association is not None or self.state != "new":
            raise RuntimeError("an SCTP transport connects once")
        self.set_max_message_size(max_message_size)
        self._number_channels()
        self._association = asyncio.get_running_loop().create_task(self._establish(remote_port))

    def set_transport(self, dtls: DtlsTransport) -> None:
        """Go on over another DTLS transport; the association stays what it is, closed included."""
        before = self._dtls
        if dtls is before or self.state == "closed":
            return
        self._dtls = dtls
        before.set_data_sink(None)
        before.remove_listener("statechange", self._follow_dtls)
        self.setTransport(dtls)
        dtls.on("statechange", self._follow_dtls)
        if self.state in ("connecting", "connected"):
            dtls.set_data_sink(self.receive)

    def create_channel(
        self,
        label: str,
        *,
        protocol: str = "",
        ordered: bool = True,
        max_packet_life_time: int | None = None,
        max_retransmits: int | None = None,
        negotiated: bool = False,
        id: int | None = None,  # noqa: A002 - the W3C's name
    ) -> DataChannel:
        """Make a channel; it opens when the association is there.

        Raises TypeError for parameters W3C createDataChannel refuses, ValueError for an id in
        use, ConnectionError when the association is closed.
        """
        parameters = channel_parameters(
            label,
            protocol=protocol,
            ordered=ordered,
            max_packet_life_time=max_packet_life_time,
            max_retransmits=max_retransmits,
            negotiated=negotiated,
            id=id,
        )
        if self.state == "closed":
            raise ConnectionError("the SCTP transport is closed")
        channel = DataChannel(self, parameters)
        self._refuse_excess_channels()
        return channel

    def receive(self, data: bytes) -> None:
        """Take a packet from DTLS."""
        reason = judge(data)
        if reason is not None:
            self.drops[reason] += 1
            return
        try:
            _run_through(self._handle_data(data))
            if self._flush_due:
                self._flush_due = False
                _run_through(self._data_channel_flush())
        except (ValueError, AssertionError, LookupError, TypeError, struct.error):
            self.drops[SctpDrop.MALFORMED] += 1

    async def flush(self) -> None:
        """Send what waits, as far as the peer and the network take it now."""
        await self._data_channel_flush()
        await self._transmit()

    async def close(self) -> None:
        """Abort the association and close its channels; the DTLS transport stays.

        It returns always and leaves no task behind. Calling again changes nothing.
        """
        if self.state != "closed":
            await self.stop()
        self._dtls.set_data_sink(None)
        task = self._association
        if task is not None and task is not asyncio.current_task():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        # What aiortc has set off runs to its end in one round of the loop: nothing in it waits.
        await asyncio.sleep(0)

    async def _establish(self, remote_port: int) -> None:
        try:
            await self._wait_dtls()
        except ConnectionError:
            self._set_state(State.CLOSED)
            return
        self._number_channels()
        self._dtls.set_data_sink(self.receive)
        limit = self._remote_max_message_size
        await self.start(RTCSctpCapabilities(maxMessageSize=limit), remote_port)
        self.emit("statechange")
        try:
            async with asyncio.timeout(self._timeout):
                await self._settled.wait()
        except TimeoutError:
            await self.stop()

    async def _wait_dtls(self) -> None:
        """Wait until the transport is connected, whichever it is by then."""
        dtls = None
        while dtls is not self._dtls:
            dtls = self._dtls
            try:
                await dtls.wait_connected()
            except ConnectionError:
                if dtls is self._dtls:
                    raise

    def _follow_dtls(self) -> None:
        if self._dtls.state in ("closed", "failed") and self.state != "closed":
            self._set_state(State.CLOSED)

    def _set_state(self, state: RTCSctpTransport.State) -> None:
        before = self.state
        if before == "closed":
            return
        listeners = self.listeners("statechange")
        if state is State.ESTABLISHED:
            self._settled.set()
        super()._set_state(state)
        if state is State.CLOSED:
            self._settled.set()
            self._close_unnumbered_channels()
            self._dtls.remove_listener("statechange", self._follow_dtls)
        if self.state == before:
            return
        if state is State.CLOSED:
            # aiortc has removed them already, and told nobody.
            for listener in listeners:
                self.add_listener("statechange", listener)
            self.emit("statechange")
            self.remove_all_listeners()
        else:
            self._refuse_excess_channels()
            self.emit("statechange")

    def _close_unnumbered_channels(self) -> None:
        for channel in {item[0] for item in self._data_channel_queue}:
            if channel.id is None:
                self._data_channel_close(channel)

    def _refuse_excess_channels(self) -> None:
        """Close new channels for which the peer has no stream (W3C: connected procedure)."""
        limit = self.maxChannels
        if self._association_state is not State.ESTABLISHED or limit is None:
            return
        for channel in self._unannounced_channels():
            if channel.id is None or channel.id >= limit:
                if channel.id is not None:
                    del self._data_channels[channel.id]
                channel.forget_id()
                self._data_channel_close(channel)

    def _unannounced_channels(self) -> list[DataChannel]:
        """Return the channels that the peer is still to be told of."""
        return [
            channel
            for channel, protocol, _ in self._data_channel_queue
            if protocol == WEBRTC_DCEP and isinstance(channel, DataChannel) and channel.early
        ]

    def _number_channels(self) -> None:
        """Give channels their numbers, once it is known who has which (RFC 8832 §6)."""
        if self._dtls.role is DtlsRole.AUTO:
            return
        number = 1 if self.is_server else 0
        for channel in self._unannounced_channels():
            if channel.id is None:
                while number in self._data_channels:
                    number += 2
                if number <= MAX_ID:
                    self._data_channels[number] = channel
                    channel.take_id(number)

    async def _send_chunk(self, chunk: Chunk) -> None:
        try:
            await super()._send_chunk(chunk)
        except ConnectionError:
            # A lost packet: SCTP sends it again, or the DTLS state ends it all.
            return

    def _data_channel_open(self, channel: RTCDataChannel) -> None:
        message = Open(
            label=channel.label,
            protocol=channel.protocol,
            ordered=channel.ordered,
            max_retransmits=channel.maxRetransmits,
            max_packet_life_time=channel.maxPacketLifeTime,
        )
        self._data_channel_queue.append((channel, WEBRTC_DCEP, message.serialize()))
        self._number_channels()
        if self._association_state is State.ESTABLISHED:
            asyncio.ensure_future(self._data_channel_flush())  # noqa: RUF006 - one step long

    async def _data_channel_flush(self) -> None:
        early = {
            channel
            for channel, _, _ in self._data_channel_queue
            if isinstance(channel, DataChannel) and channel.early
        }
        for channel in early:
            # RFC 8832 §6: no message may overtake the one that opens its channel.
            channel.in_order = True
        await super()._data_channel_flush()
        for channel in early:
            channel.in_order = False
            # W3C §6.1.1.2 and RFC 8832 §6: there is no need to wait for the acknowledgement.
            if channel.readyState == "connecting":
                channel.announce_open()

    async def _data_channel_receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        message = parse_dcep(data) if pp_id == WEBRTC_DCEP else None
        known = self._data_channels.get(stream_id)
        if isinstance(known, DataChannel):
            known.acknowledge()
        if isinstance(message, Open):
            await self._accept(stream_id, message)
        elif pp_id == WEBRTC_DCEP and message is None:
            self.drops[SctpDrop.MALFORMED_DCEP] += 1
        elif stream_id not in self._data_channels:
            self.drops[SctpDrop.UNKNOWN_CHANNEL] += 1
        elif pp_id == WEBRTC_STRING and not _is_utf8(data):
            self.drops[SctpDrop.NOT_UTF8] += 1
        else:
            await super()._data_channel_receive(stream_id, pp_id, data)

    async def _accept(self, stream_id: int, message: Open) -> None:
        """Make the channel the peer opens (RFC 8832 §6)."""
        if stream_id in self._data_channels:
            self.drops[SctpDrop.CHANNEL_EXISTS] += 1
            return
        parameters = RTCDataChannelParameters(
            label=message.label,
            protocol=message.protocol,
            ordered=message.ordered,
            maxRetransmits=message.max_retransmits,
            maxPacketLifeTime=message.max_packet_life_time,
            id=stream_id,
        )
        channel = DataChannel(self, parameters, send_open=False)
        channel.acknowledge()
        channel.announce_open()
        self._data_channels[stream_id] = channel
        self._data_channel_queue.append((channel, WEBRTC_DCEP, Ack().serialize()))
        # Once for all that came in a packet.
        self._flush_due = True
        self.emit("datachannel", channel)
        # Who was told of the channel just now has not seen it open.
        channel.emit("open")


def _run_through(steps: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine of aiortc's that waits for nothing, since our DTLS takes what is sent."""
    try:
        steps.send(None)
    except StopIteration:
        return
    steps.close()
    raise RuntimeError("aiortc's SCTP waits for something")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
