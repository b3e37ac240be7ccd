"""Two connections in one process, joined by a signalling channel that can alter what passes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from av import Packet, VideoFrame
from av.frame import Frame

from peer import RTCConfiguration, RTCPeerConnection, VideoStreamTrack

LIMIT = 20.0
"""Seconds after which waiting has failed; nothing here takes more than one or two."""

Alter = Callable[[str], str]


def unaltered(sdp: str) -> str:
    return sdp


def without(*lines: str) -> Alter:
    """Take out the lines that begin like one of these."""

    def alter(sdp: str) -> str:
        kept = [line for line in sdp.splitlines() if not line.startswith(lines)]
        return "\r\n".join([*kept, ""])

    return alter


class ColourTrack(VideoStreamTrack):
    """A picture of one brightness, 0 to 255."""

    def __init__(self, luma: int) -> None:
        super().__init__()
        self._luma = luma

    async def recv(self) -> VideoFrame:
        frame = VideoFrame(160, 120, "yuv420p")
        for plane, value in zip(frame.planes, (self._luma, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = await self.next_timestamp()
        return frame


def luma(frame: "Frame | Packet[Any]") -> int:
    """Give the brightness in the middle of a picture."""
    assert isinstance(frame, VideoFrame)
    plane = frame.planes[0]
    return memoryview(plane)[plane.line_size * (frame.height // 2) + frame.width // 2]


async def until(connection: RTCPeerConnection, event: str, condition: Callable[[], bool]) -> None:
    """Wait for a condition that can only become true with an event."""
    changed = asyncio.Event()
    connection.addEventListener(event, lambda _: changed.set())
    async with asyncio.timeout(LIMIT):
        while not condition():
            changed.clear()
            await changed.wait()


async def until_connected(*connections: RTCPeerConnection) -> None:
    for connection in connections:
        await until(
            connection,
            "connectionstatechange",
            lambda connection=connection: connection.connectionState == "connected",  # type: ignore[misc]
        )


async def negotiate(
    offerer: RTCPeerConnection, answerer: RTCPeerConnection, alter: Alter = unaltered
) -> None:
    """Exchange one offer and one answer, each complete with candidates."""
    await offerer.setLocalDescription()
    offer = await offerer.completeLocalDescription()
    assert offer is not None
    await answerer.setRemoteDescription({"type": offer.type, "sdp": alter(offer.sdp)})
    await answerer.setLocalDescription()
    answer = await answerer.completeLocalDescription()
    assert answer is not None
    await offerer.setRemoteDescription({"type": answer.type, "sdp": alter(answer.sdp)})


@contextlib.asynccontextmanager
async def two(
    ours: RTCConfiguration | None = None, theirs: RTCConfiguration | None = None
) -> AsyncIterator[tuple[RTCPeerConnection, RTCPeerConnection]]:
    """Make two connections that ask no servers; both are closed in the end, and nothing is left."""
    first = RTCPeerConnection(ours or RTCConfiguration(iceServers=[]))
    second = RTCPeerConnection(theirs or RTCConfiguration(iceServers=[]))
    before = asyncio.all_tasks()
    try:
        yield first, second
    finally:
        await first.close()
        await second.close()
    assert asyncio.all_tasks() - before == set()
