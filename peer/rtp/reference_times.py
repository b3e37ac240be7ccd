"""Answers to receivers that ask how long ago their reference times came, which tells them the
round trip (RFC 3611 §4.4, §4.5)."""

from .reports import Delay

MAX_ASKERS = 16
"""Receivers that are answered at a time; the one that asked longest ago makes room."""


class ReferenceTimes:
    """The reference times that came since they were answered."""

    def __init__(self) -> None:
        self._asked: dict[int, tuple[int, float]] = {}

    def note(self, ssrc: int, ntp_time: int, now: float) -> None:
        """Note the reference time of a receiver."""
        # Taken out first, so that those who asked longest ago are in front.
        self._asked.pop(ssrc, None)
        self._asked[ssrc] = ntp_time >> 16 & 0xFFFFFFFF, now
        if len(self._asked) > MAX_ASKERS:
            del self._asked[next(iter(self._asked))]

    def answers(self, now: float) -> tuple[Delay, ...]:
        """Return an answer for each that asked since the last time."""
        asked, self._asked = self._asked, {}
        return tuple(
            Delay(ssrc, time, max(0, min(int((now - arrival) * 65536), 0xFFFFFFFF)))
            for ssrc, (time, arrival) in asked.items()
        )
