"""Pion, libdatachannel and werift: programs that do what lines of JSON say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from peer import RTCConfiguration, RTCDataChannel, RTCPeerConnection
from peer.ice import IceConfig
from tests.interop.peer import BOUND, COMMANDS, Peer, calling
from tests.net.support import net

from .party import Kind, Party, Side, Signalling, Talk

NO_MEDIA = "the program of this party has data alone"
LACKS = {
    "audio": NO_MEDIA,
    "video": NO_MEDIA,
    "everything": NO_MEDIA,
    "balanced": NO_MEDIA,
    "max-compat": NO_MEDIA,
    "max-bundle": NO_MEDIA,
    "no mux": NO_MEDIA,
    "media joins": NO_MEDIA,
    "complete descriptions": "it tells of its candidates one by one",
    "restart, they offer": "the program of this party does not restart",
    "early handshakes": "it has none",
}


class ProgramTalk(Talk):
    """A call with a program, which echoes."""

    def __init__(self, ours: RTCPeerConnection, peer: Peer) -> None:
        self.ours = ours
        self._peer = peer
        self._channels: dict[str, asyncio.Future[RTCDataChannel]] = {}
        self._texts: dict[str, asyncio.Queue[Any]] = {}
        ours.on("datachannel", self._came)

    def _channel(self, label: str) -> asyncio.Future[RTCDataChannel]:
        loop = asyncio.get_running_loop()
        return self._channels.setdefault(label, loop.create_future())

    def _came(self, channel: RTCDataChannel) -> None:
        texts: asyncio.Queue[Any] = asyncio.Queue()
        self._texts[channel.label] = texts
        channel.on("message", texts.put_nowait)
        self._channel(channel.label).set_result(channel)

    async def make_channel(self, maker: Side, label: str) -> None:
        """Have a side make a data channel."""
        if maker is Side.OURS:
            self._came(self.ours.createDataChannel(label))
        else:
            self._peer.tell("channel", text=label)

    async def add(self, *kinds: Kind) -> None:
        """It has no tracks."""
        raise NotImplementedError(NO_MEDIA)

    async def negotiate(self, offerer: Side) -> None:
        """Exchange an offer and an answer."""
        if offerer is Side.OURS:
            await self._peer.offer_to()
        else:
            await self._peer.offer_from()

    async def connected(self) -> None:
        """Wait until both sides are."""
        await self._peer.hear("state", "connected")
        async with asyncio.timeout(BOUND):
            while self.ours.connectionState != "connected":  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def echo(self, label: str, text: str) -> None:
        """Send a text and wait until it comes back."""
        async with asyncio.timeout(BOUND):
            channel = await self._channel(label)
            while channel.readyState != "open":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            channel.send(text)
            assert await self._texts[label].get() == f"echo {text}"

    async def flows(self) -> None:
        """There are no tracks."""

    async def restart(self, side: Side) -> None:
        """Restart ICE on our side."""
        assert side is Side.OURS
        self.ours.restartIce()
        await self.negotiate(side)


class ProgramParty(Party):
    """A program, which is started for each call."""

    lacks = LACKS

    def __init__(self, name: str) -> None:
        self.name = name

    @asynccontextmanager
    async def call(
        self, configuration: RTCConfiguration, signalling: Signalling
    ) -> AsyncIterator[Talk]:
        """Begin a call."""
        configuration.trickle = True
        # Where all of them are.
        configuration.network = net("127.0.0.1")
        configuration.ice = replace(configuration.ice or IceConfig(), allow_loopback=True)
        ours = RTCPeerConnection(configuration)
        reachable = signalling is not Signalling.WITHHELD
        async with calling(self.name, ours, reachable=reachable) as peer:
            yield ProgramTalk(ours, peer)


def programs() -> list[Party]:
    """Give all of them."""
    return [ProgramParty(name) for name in COMMANDS]
