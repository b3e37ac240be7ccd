"""Messages that arrive once and in order, over connections that break and are made anew."""

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Protocol

MAX_MESSAGE = 64 * 1024
"""Bytes of a text; who is sent a longer one closes the connection, each time that it is sent."""
MAX_NUMBERS = 64
"""Bytes of it that the numbers take."""
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


class TooLongError(Exception):
    """The other side would not take the message."""


class Mailbox:
    """One side's messages: ``number`` is a message's, ``heard`` that of the last one received."""

    def __init__(self) -> None:
        self.heard = 0
        self._numbers = itertools.count(1)
        self._kept: deque[tuple[int, str]] = deque()
        self._told = 0
        self._news = asyncio.Event()

    def post(self, message: Mapping[str, Any]) -> None:
        """Have a message delivered.

        Raises FullError when `MAX_KEPT` are on their way, TooLongError beyond `MAX_MESSAGE`.
        """
        if len(self._kept) >= MAX_KEPT:
            raise FullError
        try:
            members = _members(message)
        except RecursionError as error:
            raise TooLongError from error
        if len(members) > MAX_MESSAGE - MAX_NUMBERS:
            raise TooLongError
        self._kept.append((next(self._numbers), members))
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
            for number, members in [each for each in self._kept if each[0] > sent]:
                await self._send(channel, members, _members({"number": number}))
                sent = number
            if self.heard - self._told >= ACKNOWLEDGE_AFTER:
                await self._send(channel)
            await self._news.wait()

    async def _send(self, channel: Channel, *members: str) -> None:
        self._told = self.heard
        said = filter(None, (*members, _members({"heard": self.heard})))
        await channel.send(f"{{{', '.join(said)}}}")


def _members(message: Mapping[str, Any]) -> str:
    """Write what is between the braces of a message, in ASCII."""
    return json.dumps(message)[1:-1]
