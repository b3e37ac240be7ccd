"""The data channels of a connection, and the association they share (RFC 8831)."""

import asyncio
from collections.abc import Callable
from typing import assert_never

from peer.api import OperationError, RTCDataChannel, RTCDtlsTransport, RTCSctpTransport
from peer.jsep import DataParameters, DataStep, StartSctp, StopSctp, UpdateSctp
from peer.trace import CHANNEL
from peer.transports import DataChannel, SctpTransport

from .endings import Endings
from .errors import GivenUpError
from .links import Links
from .tracing import Tracer


class Data:
    """Channels from when they are made, and the association from when it is negotiated."""

    def __init__(
        self,
        links: Links,
        opened_by_peer: Callable[[RTCDataChannel], object],
        tracer: Tracer,
    ) -> None:
        self._links = links
        self._tracer = tracer
        self._opened_by_peer = opened_by_peer
        self._below: SctpTransport | None = None
        self._failure = ""
        self._channels: list[RTCDataChannel] = []
        self._endings = Endings()
        self.sctp: RTCSctpTransport | None = None
        """What the application sees of the association, once a description has it."""
        self._early: RTCSctpTransport | None = None
        self.opened = 0
        self.closed = 0

    @property
    def channels(self) -> tuple[RTCDataChannel, ...]:
        """The channels that are not closed."""
        return tuple(self._channels)

    @property
    def association(self) -> SctpTransport | None:
        """The association, None while there is none."""
        return self._below

    def add(self, channel: RTCDataChannel) -> None:
        """Take in a channel the application makes; OperationError when it cannot have its id."""
        number, limit = channel.id, None if self.sctp is None else self.sctp.maxChannels
        if number is not None and number in {one.id for one in self._channels}:
            raise OperationError(f"there is a channel with the id {number}")
        if number is not None and limit is not None and number >= limit:
            raise OperationError(f"the peer has {limit} channels at most")
        self._count(channel)
        if self._failure:
            # The application has to have the channel first.
            asyncio.get_running_loop().call_soon(channel.fail, self._failure)
        elif self._below is not None and self.sctp is not None:
            channel.open_on(self._below, self.sctp)

    def show(self, transport: RTCDtlsTransport | None, mid: str | None = None) -> None:
        """Set `sctp` to the association over a transport, or to None when there is neither."""
        if transport is None:
            self.sctp = None if self._below is None else self.sctp
        elif self.sctp is None:
            self.sctp, self._early = self._early or RTCSctpTransport(transport), None
        if self.sctp is not None and transport is not None:
            self.sctp.set_transport(transport)
        if self.sctp is not None and mid is not None:
            self.sctp.mid = mid

    # Steps

    def carry_out(self, step: DataStep) -> None:
        """Do what a plan says of the association."""
        match step:
            case StartSctp(parameters):
                self._start(parameters)
            case UpdateSctp(parameters):
                self._update(parameters)
            case StopSctp():
                self._stop()
            case _:
                assert_never(step)

    def give_up(self, reason: str) -> None:
        """Let the association be closed, and its channels fail, after a step that failed."""
        if self._failure:
            return
        self._failure = reason
        for shown in (self.sctp, self._early):
            if shown is not None:
                shown.fail()
        self._early = None
        self._stop_association(reason)

    def _start(self, parameters: DataParameters) -> None:
        """Begin the association; channels open when it is there."""
        link = self._links[parameters.transport]
        below = SctpTransport(
            link.group.rtp,
            port=parameters.local_port,
            timeout=self._links.configuration.handshakeTimeout,
            entropy=self._links.entropy,
            initiation=parameters.local_init,
        )
        self._below = below
        link.group.set_data(below)
        self.show(link.dtls)
        assert self.sctp is not None
        self.sctp.begin(below)
        below.on("datachannel", self._accept)
        for channel in self.channels:
            channel.open_on(below, self.sctp)
        below.connect(parameters.remote_port, parameters.max_message_size, parameters.remote_init)

    def _update(self, parameters: DataParameters) -> None:
        """Move the association to another transport, or change the limit of messages."""
        if self._below is None:
            raise GivenUpError("the association has failed")
        link = self._links[parameters.transport]
        link.group.set_data(self._below)
        self.show(link.dtls)
        self._below.set_max_message_size(parameters.max_message_size)

    def _stop(self) -> None:
        """End the association and its channels."""
        self.sctp = None
        self._failure = ""
        # An end of our own making is no failure of the channels.
        self._stop_association()

    def _stop_association(self, reason: str = "") -> None:
        below, self._below = self._below, None
        # The association would not end those that it has not numbered.
        for channel in self.channels:
            channel.fail(reason)
        if below is not None:
            self._endings.begin(below.close())

    def end(self) -> None:
        """Show the association and its channels as closed at once; `close` is to follow."""
        if self.sctp is not None or self._channels:
            self._to_be().end()
        for channel in self.channels:
            channel.end()

    async def close(self) -> None:
        """End everything; returns always and leaves no task."""
        self._stop_association()
        await self._endings.wait()
        del self._opened_by_peer

    def _accept(self, below: DataChannel) -> None:
        """Take in a channel the peer has made."""
        if self.sctp is not None:
            channel = RTCDataChannel.incoming(below, self.sctp)
            self._count(channel)
            self._opened_by_peer(channel)

    def _count(self, channel: RTCDataChannel) -> None:
        self._channels.append(channel)
        channel.watch(self._note, self._to_be)

    def _to_be(self) -> RTCSctpTransport:
        """Give the association, before a description has it what is to become it."""
        if self.sctp is not None:
            return self.sctp
        if self._early is None:
            self._early = RTCSctpTransport(self._links.early())
        return self._early

    def _note(self, channel: RTCDataChannel) -> None:
        state = {"label": channel.label, "id": channel.id, "state": channel.readyState}
        self._tracer.note(CHANNEL, state)
        if channel.readyState == "open":
            self.opened += 1
        else:
            self._channels.remove(channel)
            self.closed += 1
