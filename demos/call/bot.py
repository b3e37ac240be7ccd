"""The bot: one side of a call, which echoes what it sees, hears and reads."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from demos.call.figures import describe_path
from demos.call.picture import EFFECTS, PaintedTrack
from demos.call.sound import EchoTrack, melody
from peer import (
    MediaRelay,
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceCandidate,
    RTCPeerConnection,
)

Message = dict[str, Any]
"""What the signalling carries: a `description`, a `candidate`, or a `bye`."""

HELP = (
    "help: this list\n"
    "effect: another light on your picture\n"
    "time: the time of day here\n"
    "stats: how this call is doing\n"
    "restart: find a network path anew while the call goes on (an ICE restart)\n"
    "hang up: end the call\n"
    "Anything else comes back as it is."
)


class Bot:
    """Takes part in one call; the polite side of perfect negotiation.

    `send` carries a message to the visitor without waiting.
    """

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._started = time.monotonic()
        self._relay = MediaRelay()
        self._tracks: list[MediaStreamTrack] = []
        self._picture: PaintedTrack | None = None
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.on("icecandidate", self._on_icecandidate)
        self.connection.on("negotiationneeded", self._describe)
        self.connection.on("track", self._on_track)
        self.connection.on("datachannel", self._on_datachannel)
        self.connection.on("connectionstatechange", self._on_connectionstatechange)

    async def receive(self, message: Message) -> None:
        """Take a message of the visitor: a polite side accepts every description."""
        if "description" in message:
            await self.connection.setRemoteDescription(message["description"])
            if message["description"]["type"] == "offer":
                await self._describe()
        elif "candidate" in message:
            await self.connection.addIceCandidate(message["candidate"])

    async def close(self) -> None:
        """Leave the call and let go of everything; safe to repeat."""
        for track in self._tracks:
            track.stop()
        await self.connection.close()

    async def _describe(self) -> None:
        await self.connection.setLocalDescription()
        description = self.connection.localDescription
        if description is not None:
            self._send({"description": description.toJSON()})

    def _on_icecandidate(self, candidate: RTCIceCandidate | None) -> None:
        self._send({"candidate": candidate.toJSON() if candidate else None})

    def _on_track(self, track: MediaStreamTrack) -> None:
        answer: MediaStreamTrack
        if track.kind == "video":
            newest = self._relay.subscribe(track, buffered=False)
            answer = self._picture = PaintedTrack(newest)
        else:
            answer = EchoTrack(track, melody())
        self._tracks.append(answer)
        self.connection.addTrack(answer)

    def _on_datachannel(self, channel: RTCDataChannel) -> None:
        @channel.on("message")
        async def on_message(text: str | bytes) -> None:
            reply = await self.reply(text) if isinstance(text, str) else text
            if channel.readyState == "open":
                channel.send(reply)

        channel.send("Hello, I am a Python program. Say something, or type help.")

    async def _on_connectionstatechange(self) -> None:
        if self.connection.connectionState == "failed":
            self._bye()

    def _bye(self) -> None:
        self._send({"bye": True})

    async def reply(self, text: str) -> str:
        """Obey a command, or give the text back."""
        match text.strip().lower():
            case "help":
                return HELP
            case "time":
                return f"It is {datetime.now():%H:%M:%S} here."
            case "effect":
                return self._change_effect()
            case "stats":
                return await self._describe_call()
            case "restart":
                self.connection.restartIce()
                return "Looking for a path anew. Watch the ICE state."
            case "hang up":
                asyncio.get_running_loop().call_later(0.3, self._bye)
                return "Goodbye."
            case _:
                return text

    def _change_effect(self) -> str:
        if self._picture is None:
            return "I see no picture of yours."
        names = list(EFFECTS)
        following = (names.index(self._picture.painter.effect) + 1) % len(names)
        self._picture.painter.effect = names[following]
        return f"Now: {names[following]}."

    async def _describe_call(self) -> str:
        seconds = int(time.monotonic() - self._started)
        painted = self._picture.painter.count if self._picture else 0
        path = describe_path(await self.connection.getStats())
        return f"{seconds} s in this call, {painted} pictures painted. {path}"
