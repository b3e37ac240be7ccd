"""Channels of the API over two associations in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from peer.api.data_channel import RTCDataChannel
from peer.api.events import Event
from peer.api.options import RTCDataChannelInit
from peer.api.sctp_transport import RTCSctpTransport
from peer.sctp import SctpConfig
from peer.transports import DataChannel
from tests.transports.associations import Associations
from tests.transports.wire import Pair, until

NAMES = ("open", "message", "error", "closing", "close")


class Ends:
    """Two connections' worth of data: what the left one opens, the right one is told of."""

    def __init__(self, both: Associations) -> None:
        self.both = both
        self.left = RTCSctpTransport("left transport")
        self.left.begin(both.left)
        self.right = RTCSctpTransport("right transport")
        self.right.begin(both.right)
        self.incoming: list[RTCDataChannel] = []
        self.logs: list[list[Any]] = []
        both.right.on("datachannel", self._accept)

    def _accept(self, below: DataChannel) -> None:
        channel = RTCDataChannel.incoming(below, self.right)
        self.logs.append(log(channel))
        self.incoming.append(channel)

    def open(self, label: str = "chat", **options: Any) -> RTCDataChannel:
        """Make a channel on the left."""
        channel = RTCDataChannel(label, RTCDataChannelInit.from_value(options))
        channel.open_on(self.both.left, self.left)
        return channel

    async def opened(self, **options: Any) -> tuple[RTCDataChannel, RTCDataChannel]:
        """Make a channel and wait until both ends are open."""
        count = len(self.incoming)
        mine = self.open(**options)
        await until(lambda: mine.readyState == "open" and len(self.incoming) > count)
        return mine, self.incoming[-1]


def log(channel: RTCDataChannel) -> list[Any]:
    """Note the events of a channel: what the W3C's handlers are given, with the state then."""
    found: list[Any] = []

    def note(event: Event) -> None:
        found.append((event.type, channel.readyState))

    for name in NAMES:
        channel.addEventListener(name, note)
    return found


@asynccontextmanager
async def two_ends(
    *, connected: bool = True, limit: int = 262144, right: SctpConfig | None = None
) -> AsyncIterator[Ends]:
    """Two ends, connected if asked for, and closed afterwards."""
    pair = Pair()
    both = Associations(pair, right=right)
    ends = Ends(both)
    if connected:
        pair.connect()
        both.connect(limit)
        await both.connected()
    try:
        yield ends
    finally:
        await both.left.close()
        await both.right.close()
        await pair.close()
