"""What tests of calls over simulated networks share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from peer import RTCDataChannelEvent, RTCPeerConnection


@asynccontextmanager
async def closing(*connections: RTCPeerConnection) -> AsyncIterator[tuple[RTCPeerConnection, ...]]:
    """Close connections in the end, whatever happens."""
    try:
        yield connections
    finally:
        await asyncio.gather(*(connection.close() for connection in connections))


def first_message(connection: RTCPeerConnection) -> asyncio.Future[Any]:
    """Return what will be the first message on a channel that the peer opens."""
    heard: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def take(data: object) -> None:
        if not heard.done():
            heard.set_result(data)

    def note(event: RTCDataChannelEvent) -> None:
        event.channel.on("message", take)

    connection.addEventListener("datachannel", note)
    return heard
