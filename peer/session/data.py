"""The data channels of a connection, and the association they share (RFC 8831)."""

import asyncio
from collections.abc import Callable

from peer.api import OperationError, RTCDataChannel, RTCDtlsTransport, RTCSctpTransport
from peer.jsep import DataParameters
from peer.transports import DataChannel, SctpTransport

from .links import Links


class Data:
    """Channels from when they are made, and the association from when it is negotiated."""

    def __init__(self, links: Links, opened_by_peer: Callable[[RTCDataChannel], object]) -> None:
        self._links = links
        self._opened_by_peer = opened_by_peer
        self._below: SctpTransport | None = None
        self._channels: list[RTCDataChannel] = []
        self._ending: set[asyncio.Task[None]] = set()
        self.sctp: RTCSctpTransport | None = None
        """What the application sees of the association, once a description has it."""
        self.opened = 0
        self.closed = 0

    @property
    def channels(self) -> tuple[RTCDataChannel, ...]:
        """The channels that are not closed."""
        return tuple(self._channels)

    def add(self, channel: RTCDataChannel) -> None:
        """Take in a channel the application makes; OperationError when it cannot have its id."""
        number, limit = channel.id, None if self.sctp is None else self.sctp.maxChannels
        if number is not None and number in {one.id for one in self._channels}:
            raise OperationError(f"there is a channel with the id {number}")
        if number is not None and limit is not None and number >= limit:
            raise OperationError(f"the peer has {limit} channels at most")
        self._count(channel)
        if self._below is not None and self.sctp is not None:
            channel.open_on(self._below, self.sctp)

    def show(self, transport: RTCDtlsTransport | None, mid: str | None = None) -> None:
        """Show the association over a transport; without one only what has begun is shown."""
        if transport is None:
            self.sctp = None if self._below is None else self.sctp
        elif self.sctp is None:
            self.sctp = RTCSctpTransport(transport)
        else:
            self.sctp.set_transport(transport)
        if self.sctp is not None and mid is not None:
            self.sctp.mid = mid

    # Steps

    def start(self, parameters: DataParameters) -> None:
        """Begin the association; channels open when it is there."""
        link = self._links[parameters.transport]
        below = SctpTransport(
            link.group.rtp,
            port=parameters.local_port,
            timeout=self._links.configuration.handshakeTimeout,
        )
        self._below = below
        link.group.set_data(below)
        self.show(link.dtls)
        assert self.sctp is not None
        self.sctp.begin(below)
        below.on("datachannel", self._accept)
        for channel in self.channels:
            channel.open_on(below, self.sctp)
        below.connect(parameters.remote_port, parameters.max_message_size)

    def update(self, parameters: DataParameters) -> None:
        """Go on over another transport, or with another limit."""
        if self._below is None:
            return
        link = self._links[parameters.transport]
        link.group.set_data(self._below)
        self.show(link.dtls)
        self._below.set_max_message_size(parameters.max_message_size)

    def stop(self) -> None:
        """End the association and its channels."""
        self.sctp = None
        self._stop_association()

    def _stop_association(self) -> None:
        below, self._below = self._below, None
        # An end of our own making is no failure of the channels.
        self._end_channels()
        if below is not None:
            task = asyncio.get_running_loop().create_task(below.close())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def end(self) -> None:
        """Be closed at once: what closing entails follows with `close`."""
        if self.sctp is not None:
            self.sctp.end()
        for channel in self.channels:
            channel.end()

    async def close(self) -> None:
        """End everything; returns always and leaves no task."""
        self._stop_association()
        await asyncio.gather(*self._ending, return_exceptions=True)
        del self._opened_by_peer

    def _accept(self, below: DataChannel) -> None:
        """Take in a channel the peer has made."""
        if self.sctp is not None:
            channel = RTCDataChannel.incoming(below, self.sctp)
            self._count(channel)
            self._opened_by_peer(channel)

    def _count(self, channel: RTCDataChannel) -> None:
        self._channels.append(channel)
        channel.watch(self._note)

    def _note(self, channel: RTCDataChannel) -> None:
        if channel.readyState == "open":
            self.opened += 1
        else:
            self._channels.remove(channel)
            self.closed += 1

    def _end_channels(self) -> None:
        """End what the association has not ended itself."""
        for channel in self.channels:
            channel.fail()
