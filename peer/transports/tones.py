"""The tones of a telephone's keys, which a sender sends in place of its sound (RFC 4733)."""

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

from peer.rtp import KEYS, TonePacket, tone_packets

from .leaving import LeavingPacket
from .outbound import Labels, OutboundStream

TONES = frozenset(KEYS)
"""What can be played."""


class ToneLine(NamedTuple):
    """What tones are sent on, in which format, by which clock."""

    stream: OutboundStream
    labels: Labels
    payload_type: int
    rate: int


class Tones:
    """Plays one tone at a time: gives each packet of it to `send`, in its time."""

    def __init__(self, send: Callable[[LeavingPacket, float], object]) -> None:
        self._send = send
        self._packets: Iterator[TonePacket] = iter(())
        self._begin = 0.0
        self._timestamp = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def playing(self) -> bool:
        """Tell whether there are packets to come."""
        return self._timer is not None

    def play(self, key: str, seconds: float, line: ToneLine) -> None:
        """Begin the tone of a key (`TONES`), in place of one that is playing."""
        self.stop()
        self._begin = asyncio.get_running_loop().time()
        self._timestamp = line.stream.timestamp(self._begin, line.rate)
        self._packets = tone_packets(key, seconds, line.rate)
        self._wait(line)

    def stop(self) -> None:
        """Send no more, and leave no timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, line: ToneLine) -> None:
        packet = next(self._packets, None)
        if packet is not None:
            at = self._begin + packet.after
            self._timer = asyncio.get_running_loop().call_at(at, self._play, packet, line)

    def _play(self, packet: TonePacket, line: ToneLine) -> None:
        self._timer = None
        self._wait(line)
        timestamp = self._timestamp + packet.segment
        made = line.stream.event(packet, line.payload_type, timestamp, line.labels)
        self._send(made, asyncio.get_running_loop().time())
