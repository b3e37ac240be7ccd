"""The page's part of a call with the bot, in Python."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from av import AudioFrame, VideoFrame
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from demos.call.chromium import Page
from demos.call.server import SIGNALING_PATH, Reception, serve_page
from peer import (
    MediaStreamTrack,
    OperationError,
    RTCConfiguration,
    RTCIceCandidate,
    RTCPeerConnection,
)
from tests.browsers.process import BOUND
from tests.demos.media import Camera, Microphone

SECONDS = 20.0
"""How long a visitor waits for anything."""


@asynccontextmanager
async def open_house() -> AsyncIterator[tuple[Reception, int]]:
    """Serve the page on a free port of this machine."""
    reception = Reception()
    async with await serve_page(reception, "127.0.0.1", 0) as server:
        yield reception, next(iter(server.sockets)).getsockname()[1]


@asynccontextmanager
async def signaling(port: int, **options: Any) -> AsyncIterator[ClientConnection]:
    """Connect to the signaling, by no proxy."""
    sock = socket.create_connection(("127.0.0.1", port))
    uri = f"ws://127.0.0.1:{port}{SIGNALING_PATH}"
    async with connect(uri, sock=sock, **options) as websocket:
        yield websocket


async def until(condition: Callable[[], object]) -> None:
    """Wait for something to become true."""
    for _ in range(int(SECONDS / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"it did not happen in {SECONDS:.0f} s")


@asynccontextmanager
async def visit(port: int, camera: MediaStreamTrack | None = None) -> AsyncIterator["Visitor"]:
    """Call the bot, and leave at the end."""
    async with signaling(port) as websocket:
        visitor = Visitor(websocket)
        reader = asyncio.create_task(visitor.read())
        visitor.connection.addTrack(camera or Camera())
        visitor.connection.addTrack(Microphone())
        try:
            yield visitor
        finally:
            reader.cancel()
            await visitor.connection.close()


class Visitor:
    """The impolite side of a call: its own offers stand."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._making_offer = False
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channel = self.connection.createDataChannel("chat")
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.tracks: dict[str, MediaStreamTrack] = {}
        self.descriptions: list[dict[str, str]] = []
        self.ignored = 0
        self.reading = asyncio.Event()
        self.reading.set()
        self.gone = asyncio.Event()
        self.connection.on("negotiationneeded", self._offer)
        self.connection.on("icecandidate", self._on_icecandidate)
        self.connection.on("track", self._on_track)
        self.channel.on("message", self.heard.put_nowait)

    async def read(self) -> None:
        """Take what the bot signals until it says goodbye, while `reading` is set."""
        try:
            async for text in self._websocket:
                await self.reading.wait()
                await self._receive(json.loads(text))
        except ConnectionClosed:
            pass
        self.gone.set()

    async def hear(self) -> str:
        """Wait for the next message of the chat."""
        return await asyncio.wait_for(self.heard.get(), SECONDS)

    async def ask(self, text: str) -> str:
        """Write something and wait for the answer."""
        self.channel.send(text)
        return await self.hear()

    async def see(self) -> VideoFrame:
        """Wait for the next picture."""
        frame = await asyncio.wait_for(self.tracks["video"].recv(), SECONDS)
        assert isinstance(frame, VideoFrame)
        return frame

    async def listen(self) -> AudioFrame:
        """Wait for the next sound."""
        frame = await asyncio.wait_for(self.tracks["audio"].recv(), SECONDS)
        assert isinstance(frame, AudioFrame)
        return frame

    async def _offer(self) -> None:
        self._making_offer = True
        try:
            await self.connection.setLocalDescription()
            await self._post_description()
        finally:
            self._making_offer = False

    async def _post_description(self) -> None:
        assert self.connection.localDescription is not None
        await self._post({"description": self.connection.localDescription.toJSON()})

    async def _post(self, message: dict[str, Any]) -> None:
        await self._websocket.send(json.dumps(message))

    async def _on_icecandidate(self, candidate: RTCIceCandidate | None) -> None:
        await self._post({"candidate": candidate.toJSON() if candidate else None})

    def _on_track(self, track: MediaStreamTrack) -> None:
        self.tracks[track.kind] = track

    async def _receive(self, message: dict[str, Any]) -> None:
        if "candidate" in message:
            try:
                await self.connection.addIceCandidate(message["candidate"])
            except OperationError:
                assert self.ignored  # It belongs to an offer that was ignored.
        elif "description" in message:
            await self._receive_description(message["description"])

    async def _receive_description(self, description: dict[str, str]) -> None:
        offer = description["type"] == "offer"
        if offer and (self._making_offer or self.connection.signalingState != "stable"):
            self.ignored += 1
            return
        self.descriptions.append(description)
        await self.connection.setRemoteDescription(description)
        if offer:
            await self.connection.setLocalDescription()
            await self._post_description()


async def is_true(page: Page, expression: str) -> None:
    """Wait until an expression is true in the page, on a busy machine."""
    for _ in range(int(BOUND / 0.05)):
        if await page.evaluate(f"Boolean({expression})"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(expression)
