"""What the sides of a SmallWebRTC session say over its data channel: lines of JSON, and pings."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from peer import RTCDataChannel

from .errors import SignalingError

logger = logging.getLogger("peer.signaling")

SIGNALLING = "signalling"
"""The type of messages about the session itself."""
PING = "ping"
"""What a message begins with that only says that somebody is there."""
MAX_WAITING = 50
"""Messages that wait for the channel to open."""
MAX_HEARD = 256
"""Messages that are kept for who reads them; the oldest give way."""
MAX_HEARD_TEXT = 1 << 20
"""Characters, or bytes, that they have together."""

Message = dict[str, Any]


class AppMessages:
    """Messages in both directions, whatever channel they go by; `signalled` judges the session's.

    It says whether it has dealt with one; the others are given with those of the application.
    """

    def __init__(self, signalled: Callable[[Message], bool]) -> None:
        self._signalled = signalled
        self._channel: RTCDataChannel | None = None
        self._waiting: list[str] = []
        self._heard: asyncio.Queue[tuple[Message | None, int]] = asyncio.Queue()
        self._heard_text = 0
        self._has_ended = False

    @property
    def channel(self) -> RTCDataChannel | None:
        """The channel, once there is one."""
        return self._channel

    def use(self, channel: RTCDataChannel) -> None:
        """Go by this channel from now on."""
        if self._channel is not None:
            self._channel.remove_listener("message", self._take)
            self._channel.remove_listener("open", self._catch_up)
        self._channel = channel
        channel.on("message", self._take)
        channel.on("open", self._catch_up)
        self._catch_up()

    def send(self, message: Mapping[str, Any]) -> None:
        """Say something as soon as the channel is open.

        Raises SignalingError when too much waits for that, and when the session has ended.
        """
        if self._has_ended:
            raise SignalingError("the session has ended")
        text = json.dumps(message)
        if self._channel is not None and self._channel.readyState == "open":
            self._channel.send(text)
        elif len(self._waiting) < MAX_WAITING:
            self._waiting.append(text)
        else:
            raise SignalingError(f"{MAX_WAITING} messages wait for the channel already")

    def signal(self, kind: str, **members: object) -> None:
        """Say something about the session; raises what `send` raises."""
        self.send({"type": SIGNALLING, "message": {"type": kind, **members}})

    async def listen(self) -> AsyncIterator[Message]:
        """Give what is said, until the session ends."""
        while (message := self._count(await self._heard.get())) is not None:
            yield message
        # Whoever else listens, or listens again, hears of the end as well.
        self._heard.put_nowait((None, 0))

    def end(self) -> None:
        """Nothing is said any more."""
        if not self._has_ended:
            self._has_ended = True
            self._waiting.clear()
            self._heard.put_nowait((None, 0))

    def _count(self, taken: tuple[Message | None, int]) -> Message | None:
        message, length = taken
        self._heard_text -= length
        return message

    def _catch_up(self) -> None:
        channel = self._channel
        if channel is not None and channel.readyState == "open":
            waiting, self._waiting = self._waiting, []
            for text in waiting:
                channel.send(text)

    def _take(self, text: str | bytes) -> None:
        if isinstance(text, str) and text.startswith(PING):
            return
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            logger.debug("what is no JSON object was said")
            return
        if self._has_ended or self._is_dealt_with(message):
            return
        self._heard_text += len(text)
        while not self._heard.empty() and (
            self._heard.qsize() >= MAX_HEARD or self._heard_text > MAX_HEARD_TEXT
        ):
            self._count(self._heard.get_nowait())
            logger.warning("nobody reads what is said: a message is dropped")
        self._heard.put_nowait((message, len(text)))

    def _is_dealt_with(self, message: Message) -> bool:
        inner = message.get("message")
        if message.get("type") != SIGNALLING or not isinstance(inner, dict):
            return False
        return self._signalled(inner)
