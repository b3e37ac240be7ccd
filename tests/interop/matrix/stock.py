"""aiortc as it is, with aioice: in this process."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiortc

from peer import RTCConfiguration, RTCPeerConnection
from tests.browsers.call import until
from tests.browsers.flow import NEAR
from tests.browsers.media import BLUE, RED, Camera, Color, Microphone, PacedTrack, listen, watch

from .party import Kind, Party, Side, Signalling, Talk

BOUND = 45.0
"""Seconds after which what has not happened never will, on a machine that does a lot besides."""
NO_TRICKLE = "it gathers everything before it describes"
LACKS = {
    "trickled in": NO_TRICKLE,
    "restart, they offer": "it has no restarts",
    "no mux": "it always multiplexes",
    "early handshakes": "it has none",
}


class StockTalk(Talk):
    """A call between a connection of ours and one of aiortc's."""

    def __init__(self, ours: RTCPeerConnection, theirs: Any) -> None:
        self.ours = ours
        self._theirs = theirs
        self._channels: dict[str, Any] = {}
        self._texts: dict[str, asyncio.Queue[Any]] = {}
        self._sent: tuple[list[PacedTrack], list[PacedTrack]] = ([], [])
        self._tracks: tuple[list[Any], list[Any]] = ([], [])
        for connection, tracks in zip((ours, theirs), self._tracks, strict=True):
            connection.on("track", tracks.append)
        ours.on("datachannel", self._came)
        theirs.on("datachannel", self._answer)

    def _came(self, channel: Any) -> None:
        self._channels[channel.label] = channel
        texts: asyncio.Queue[Any] = asyncio.Queue()
        self._texts[channel.label] = texts
        channel.on("message", texts.put_nowait)

    def _answer(self, channel: Any) -> None:
        channel.on("message", lambda text: channel.send(f"echo {text}"))

    async def make_channel(self, maker: Side, label: str) -> None:
        """Have a side make a data channel."""
        if maker is Side.OURS:
            self._came(self.ours.createDataChannel(label))
        else:
            self._answer(self._theirs.createDataChannel(label))

    async def add(self, *kinds: Kind) -> None:
        """Have both sides send tracks."""
        for kind in kinds:
            for connection, sent, color, tone in zip(
                (self.ours, self._theirs), self._sent, (RED, BLUE), (500, 800), strict=True
            ):
                track = Camera(color) if kind is Kind.VIDEO else Microphone(tone)
                sent.append(track)
                connection.addTrack(track)

    async def negotiate(self, offerer: Side) -> None:
        """Exchange complete descriptions."""
        ours, theirs = self.ours, self._theirs
        if offerer is Side.OURS:
            await ours.setLocalDescription(await ours.createOffer())
            await ours.completeLocalDescription()
            await theirs.setRemoteDescription(_stock(ours.localDescription))
            await theirs.setLocalDescription(await theirs.createAnswer())
            await ours.setRemoteDescription(theirs.localDescription)
        else:
            await theirs.setLocalDescription(await theirs.createOffer())
            await ours.setRemoteDescription(theirs.localDescription)
            await ours.setLocalDescription(await ours.createAnswer())
            await ours.completeLocalDescription()
            await theirs.setRemoteDescription(_stock(ours.localDescription))

    async def connected(self) -> None:
        """Wait until both sides are."""
        sides = self.ours, self._theirs
        await until(
            lambda: all(each.connectionState == "connected" for each in sides), "connected", BOUND
        )

    async def echo(self, label: str, text: str) -> None:
        """Send a text and wait until it comes back."""
        await until(lambda: label in self._channels, f"the channel {label}", BOUND)
        channel = self._channels[label]
        await until(lambda: channel.readyState == "open", f"{label} to open", BOUND)
        channel.send(text)
        async with asyncio.timeout(BOUND):
            assert await self._texts[label].get() == f"echo {text}"

    async def flows(self) -> None:
        """Wait until each track is seen and heard to be what was sent."""
        for sent, got in zip(self._sent, reversed(self._tracks), strict=True):
            await until(lambda: len(got) >= len(sent), "tracks", BOUND)  # noqa: B023
            for kind in ("audio", "video"):
                pairs = zip(_of(kind, sent), _of(kind, got), strict=True)
                for ours, theirs in pairs:
                    await _assert_same(ours, theirs)

    async def restart(self, side: Side) -> None:
        """Restart ICE on our side; the answer has to have other credentials."""
        assert side is Side.OURS
        before = _fragment(self._theirs.localDescription.sdp)
        self.ours.restartIce()
        await self.negotiate(side)
        assert _fragment(self._theirs.localDescription.sdp) != before, "the answer restarts nothing"


def _fragment(sdp: str) -> str:
    found = re.search(r"a=ice-ufrag:(\S+)", sdp)
    assert found is not None
    return found[1]


def _stock(description: Any) -> Any:
    return aiortc.RTCSessionDescription(sdp=description.sdp, type=description.type)


def _of(kind: str, tracks: list[Any]) -> list[Any]:
    return [track for track in tracks if track.kind == kind]


async def _assert_same(sent: Any, got: Any) -> None:
    content = sent.color if isinstance(sent, Camera) else sent.frequency
    await assert_content(got, content)


async def assert_content(track: Any, content: Color | int) -> None:
    """Wait until a track has a colour, or a tone in Hz: a line that is late has gaps."""
    seen: Color | float = 0.0
    try:
        async with asyncio.timeout(BOUND):
            while True:
                if isinstance(content, Color):
                    seen = await watch(track)
                    if seen.near(content):
                        return
                else:
                    seen = await listen(track)
                    if abs(seen - content) < NEAR:
                        return
    except TimeoutError:
        raise AssertionError(f"it is {seen}, not {content}") from None


class StockParty(Party):
    """aiortc."""

    name = "aiortc"
    lacks = LACKS

    @asynccontextmanager
    async def call(
        self, configuration: RTCConfiguration, signalling: Signalling
    ) -> AsyncIterator[Talk]:
        """Begin a call."""
        del signalling
        ours = RTCPeerConnection(configuration)
        theirs = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        try:
            yield StockTalk(ours, theirs)
        finally:
            await ours.close()
            await theirs.close()
