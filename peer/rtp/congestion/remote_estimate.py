"""The estimate of the receiving side, for senders that have no other (REMB,
draft-alvestrand-rmcat-remb-03): what the path carries by the times at which packets say that they
were sent, and when the sender hears of it."""

from ..feedback import MaximumBitrate
from ..queue_delay import SEND_TIME_BITS, SEND_TIME_UNITS
from ..serial import extend
from .delay_based import DelayBased
from .history import PacketResult
from .throughput import Throughput
from .trend import Usage

FIRST_BITRATE = 30e6
"""Bits per second, until something is known: more than senders without an estimate send."""
LEAST_BITRATE = 30_000.0
TICK = 0.05
"""Seconds for which packets are gathered before they are looked at together."""
INTERVAL = 0.2
"""Seconds between two messages, unless the estimate falls."""
FALL = 0.97
"""The part of what was told last below which it is told at once."""
INITIAL_TIME = 5.0
"""Seconds that the sender is left to find out by itself, unless a queue grows before."""
SOURCE_TIME = 2.0
"""Seconds for which a source counts as one of those sent."""
MAX_SOURCES = 16
_MAX_GATHERED = 1000


class RemoteEstimate:
    """The estimate of one transport."""

    __slots__ = (
        "_arrivals",
        "_began",
        "_deadline",
        "_delays",
        "_known",
        "_sent",
        "_sources",
        "_throughput",
        "_told",
        "_told_at",
    )

    def __init__(self) -> None:
        self._delays = DelayBased(FIRST_BITRATE, LEAST_BITRATE)
        self._known = False
        self._throughput = Throughput()
        self._arrivals: list[PacketResult] = []
        self._sources: dict[int, float] = {}
        self._sent: int | None = None
        self._began: float | None = None
        self._deadline: float | None = None
        self._told = 0.0
        self._told_at: float | None = None

    def add(self, ssrc: int, sent: int, size: int, now: float) -> None:
        """Note a packet of so many bytes that says when it was sent, as abs-send-time has it."""
        self._sources.pop(ssrc, None)
        self._sources[ssrc] = now
        if len(self._sources) > MAX_SOURCES:
            del self._sources[next(iter(self._sources))]
        self._sent = sent if self._sent is None else extend(sent, self._sent, SEND_TIME_BITS)
        if len(self._arrivals) < _MAX_GATHERED:
            seconds = self._sent / SEND_TIME_UNITS
            self._arrivals.append(PacketResult(0, size, seconds, now, None, 0.0))
        if self._began is None:
            self._began = now
        if self._deadline is None:
            self._deadline = now + TICK

    def deadline(self) -> float | None:
        """Return when to look at what came, None when nothing did."""
        return self._deadline

    def feedback(self, sender: int, now: float) -> list[MaximumBitrate]:
        """Return what the sender is to be told, if anything."""
        arrivals, self._arrivals, self._deadline = self._arrivals, [], None
        self._throughput.add(arrivals)
        bitrate = self._update(arrivals, now)
        if bitrate is None:
            return []
        rested = self._told_at is None or now - self._told_at >= INTERVAL
        if bitrate >= FALL * self._told and not rested:
            return []
        self._told, self._told_at = bitrate, now
        ssrcs = tuple(ssrc for ssrc, at in self._sources.items() if now - at <= SOURCE_TIME)
        return [MaximumBitrate(sender, int(bitrate), ssrcs)]

    def _update(self, arrivals: list[PacketResult], now: float) -> float | None:
        """Return the estimate, None while there is none."""
        arriving = self._throughput.bitrate()
        self._delays.update(arrivals, arriving, None, now)
        control = self._delays.control
        if not self._known:
            began = now if self._began is None else self._began
            self._known = self._delays.usage is Usage.OVER
            if not self._known and now - began >= INITIAL_TIME and arriving is not None:
                control.set(arriving, now)
                self._known = True
        return control.bitrate if self._known else None
