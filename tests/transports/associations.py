"""Two SCTP associations in memory, and channels over them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from peer.sctp import SctpConfig
from peer.sctp.wire import packet
from peer.transports.datachannel import DataChannel
from peer.transports.dtls import DtlsRole
from peer.transports.sctp import SctpTransport
from tests.transports.wire import Pair, until


class Associations:
    """Two SCTP transports over a pair of DTLS transports."""

    def __init__(
        self, pair: Pair, *, timeout: float = 30.0, right: SctpConfig | None = None
    ) -> None:
        self.pair = pair
        self.left = SctpTransport(pair.left, timeout=timeout)
        self.right = SctpTransport(pair.right, timeout=timeout, config=right)
        self.incoming: list[DataChannel] = []
        self.right.on("datachannel", self.incoming.append)

    def connect(self, limit: int = 262144) -> None:
        """Begin on both sides."""
        self.left.connect(5000, limit)
        self.right.connect(5000, limit)

    async def connected(self) -> None:
        """Wait for both."""
        await until(lambda: self.left.state == self.right.state == "connected")

    async def channel(
        self, label: str = "chat", **options: object
    ) -> tuple[DataChannel, DataChannel]:
        """Open a channel from the left; return both ends."""
        count = len(self.incoming)
        mine = self.left.create_channel(label, **options)  # type: ignore[arg-type]
        await until(lambda: mine.readyState == "open" and len(self.incoming) > count)
        return mine, self.incoming[-1]


@asynccontextmanager
async def associated(
    left: DtlsRole = DtlsRole.CLIENT, right: DtlsRole = DtlsRole.SERVER
) -> AsyncIterator[Associations]:
    """Two associations that are connected, and closed at the end."""
    pair = Pair()
    both = Associations(pair)
    pair.connect(left, right)
    both.connect()
    await both.connected()
    try:
        yield both
    finally:
        await both.left.close()
        await both.right.close()
        await pair.close()


def collect(channel: DataChannel) -> list[str | bytes]:
    """Keep the messages of a channel."""
    got: list[str | bytes] = []
    channel.on("message", got.append)
    return got


def send_raw(sctp: SctpTransport, stream: int, protocol: int, data: bytes) -> None:
    """Send a message past the channels."""
    sctp._association.send(stream, protocol, data, asyncio.get_running_loop().time())
    sctp._schedule()


def packet_for(sctp: SctpTransport, *chunks: bytes) -> bytes:
    """Write a packet that an association takes for its peer's."""
    return packet(5000, 5000, sctp._association._session.establishment.local.tag, *chunks)
