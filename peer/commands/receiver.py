"""The side that moves: it obeys what is newest and fresh, and stops when there is nothing."""

import asyncio
import json
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from peer import RTCDataChannel

LIMIT = 0.3
"""Seconds without a fresh command after which it stops."""
WINDOW = 30.0
"""Seconds after which the fastest message is looked for anew: clocks drift, and paths change."""


class CommandReceiver:
    """Calls `obey` with each command that is newer than all before, and `stop` when none comes.

    It stops `limit` seconds after the last command left the sender, plus what the fastest message
    of late was under way; when the channel closes; and when the sender says so. A command that was
    under way for `limit` longer than that is not obeyed: after an outage nothing old is done. The
    next fresh one is obeyed again. `dropped` counts what was not, by reason.
    """

    def __init__(
        self,
        channel: RTCDataChannel,
        obey: Callable[[Any], object],
        stop: Callable[[], object],
        *,
        limit: float = LIMIT,
    ) -> None:
        self._obey, self._stop, self._limit = obey, stop, limit
        self._newest = 0
        self._delays = _Delays()
        self._timer: asyncio.TimerHandle | None = None
        self.dropped: Counter[str] = Counter()
        channel.on("message", self._take)
        channel.on("close", self._halt)

    @property
    def is_moving(self) -> bool:
        """Whether a command is being obeyed."""
        return self._timer is not None

    def _take(self, text: str | bytes) -> None:
        message = _read(text)
        if message is None:
            self.dropped["malformed"] += 1
            return
        number, sent, command = message
        age = self._delays.age(asyncio.get_running_loop().time(), sent)
        if number <= self._newest:
            self.dropped["overtaken"] += 1
            return
        self._newest = number
        if command is None:
            self._halt()
        elif age >= self._limit:
            self.dropped["stale"] += 1
        else:
            # First of all: it is to stop also when obeying fails.
            self._arm(self._limit - age)
            self._obey(command)

    def _arm(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._halt)

    def _halt(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._stop()


class _Delays:
    """How long messages are under way, beyond what the fastest of late was."""

    def __init__(self) -> None:
        self._since = -math.inf
        self._least = self._before = math.inf

    def age(self, now: float, sent: float) -> float:
        if now - self._since > WINDOW:
            self._since, self._before, self._least = now, self._least, math.inf
        self._least = min(self._least, now - sent)
        return now - sent - min(self._least, self._before)


def _read(text: str | bytes) -> tuple[int, float, Any] | None:
    """Give the number, the time in seconds and the command of a message, None of what is none."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    number, sent = message.get("number"), message.get("at")
    if not isinstance(number, int) or not isinstance(sent, int | float):
        return None
    try:
        seconds = float(sent) / 1000
    except OverflowError:
        return None
    return (number, seconds, message.get("command")) if math.isfinite(seconds) else None
