"""The operator's side: the newest command, said until there is another."""

import asyncio
import itertools
import json
from typing import Any

from peer import RTCDataChannel, RTCPeerConnection

LABEL = "commands"
INTERVAL = 0.05
"""Seconds between repetitions of a command."""


def open_commands(pc: RTCPeerConnection) -> RTCDataChannel:
    """Open a channel for commands: unordered, and nothing is sent again."""
    return pc.createDataChannel(LABEL, ordered=False, maxRetransmits=0)


class CommandSender:
    """Says a command every `interval` seconds until it is released.

    While one waits in the channel, as on a line that is too narrow, none is added: what leaves next
    is what is wanted then. Raises ValueError for a channel that is ordered or sends again, on which
    old commands would hold up new ones.
    """

    def __init__(self, channel: RTCDataChannel, *, interval: float = INTERVAL) -> None:
        if channel.ordered or channel.maxRetransmits != 0:
            raise ValueError("commands want an unordered channel without retransmissions")
        self._channel = channel
        self._interval = interval
        self._numbers = itertools.count(1)
        self._command: Any = None
        self._timer: asyncio.TimerHandle | None = None
        channel.on("close", self.close)

    def set(self, command: Any) -> None:
        """Want this from now on: anything that JSON has but null; raises TypeError for the rest."""
        if command is None:
            raise TypeError("null is for stopping: release()")
        json.dumps(command)
        self._command = command
        self._go_on()

    def release(self) -> None:
        """Want nothing any more. Said once; if that is lost, the receiver stops in its time."""
        self.close()
        self._command = None
        self._say()

    def close(self) -> None:
        """Say nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _go_on(self) -> None:
        self.close()
        if self._channel.readyState in ("connecting", "open"):
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._go_on)
            self._say()

    def _say(self) -> None:
        channel = self._channel
        if channel.readyState == "open" and channel.bufferedAmount == 0:
            at = asyncio.get_running_loop().time() * 1000
            message = {"number": next(self._numbers), "at": at, "command": self._command}
            channel.send(json.dumps(message))
