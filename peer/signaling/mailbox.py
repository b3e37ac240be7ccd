"""Messages that arrive once and in order, over connections that break and are made anew."""

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

MAX_KEPT = 256
"""Messages that are kept until the other side has said that it has them."""
ACKNOWLEDGE_AFTER = 16
"""Messages after which that is said, if there is nothing else to say."""

Message = dict[str, Any]


class Channel(Protocol):
    """What texts are sent through."""

    async def send(self, text: str, /) -> None:
        """Send a text; raises when it is broken."""


class FullError(Exception):
    """The other side has not said for too long what it has."""


class Mailbox:
    """One side's messages: ``number`` is a message's, ``heard`` that of the last one received."""

    def __init__(self) -> None:
        self.heard = 0
        self._numbers = itertools.count(1)
        self._kept: deque[tuple[int, Message]] = deque()
        self._told = 0
        self._news = asyncio.Event()

    def post(self, message: Mapping[str, Any]) -> None:
        """Have a message delivered. Raises FullError when `MAX_KEPT` are on their way."""
        if len(self._kept) >= MAX_KEPT:
            raise FullError
        self._kept.append((next(self._numbers), dict(message)))
        self._news.set()

    def note_heard(self, heard: object) -> None:
        """The other side has the messages up to this one."""
        if isinstance(heard, int):
            while self._kept and self._kept[0][0] <= heard:
                self._kept.popleft()

    def take(self, text: str | bytes) -> Message | None:
        """Read a message; None for one that was there before, and for what is none."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            return None
        if not isinstance(message, dict):
            return None
        self.note_heard(message.get("heard"))
        if message.get("number") != self.heard + 1:
            return None
        self.heard += 1
        if self.heard - self._told >= ACKNOWLEDGE_AFTER:
            self._news.set()
        return message

    async def deliver(self, channel: Channel) -> None:
        """Send what the other side has not, and what is posted, until that fails."""
        sent = 0
        while True:
            self._news.clear()
            for number, message in [each for each in self._kept if each[0] > sent]:
                await self._send(channel, {**message, "number": number})
                sent = number
            if self.heard - self._told >= ACKNOWLEDGE_AFTER:
                await self._send(channel, {})
            await self._news.wait()

    async def _send(self, channel: Channel, message: Message) -> None:
        self._told = self.heard
        await channel.send(json.dumps({**message, "heard": self.heard}))
