"""Which packets of a transport a report is about that goes by the numbers of streams (RFC 8888)."""

from ..congestion_feedback import OFFSETS, UNKNOWN, CongestionFeedback
from ..serial import extend

MAX_NUMBERS = 1 << 14
"""Packets that are remembered; the one sent longest ago makes room."""
_TIME_BITS = 32
_SECOND = 65536


class StreamNumbers:
    """The packets of a transport by SSRC and sequence number."""

    __slots__ = ("_numbers", "_time")

    def __init__(self) -> None:
        self._numbers: dict[tuple[int, int], int] = {}
        self._time = 0

    def add(self, ssrc: int, sequence_number: int, number: int) -> None:
        """Note which packet of the transport one of a stream is."""
        numbers, key = self._numbers, (ssrc, sequence_number)
        # Taken out first, so that those sent longest ago are in front.
        numbers.pop(key, None)
        numbers[key] = number
        if len(numbers) > MAX_NUMBERS:
            del numbers[next(iter(numbers))]

    def arrivals(self, message: CongestionFeedback) -> list[tuple[int, float | None]]:
        """Return when packets of the transport arrived, None for those that did not, in order.

        Times are in seconds by the receiver's clock. Packets that came at an unknown time, or that
        were never sent, are left out.
        """
        self._time = extend(message.time, self._time, _TIME_BITS)
        reported = self._time / _SECOND
        found: dict[int, float | None] = {}
        for ssrc, base, arrivals in message.streams:
            for place, arrival in enumerate(arrivals):
                number = self._numbers.get((ssrc, (base + place) & 0xFFFF))
                if number is None or (arrival is not None and arrival.offset == UNKNOWN):
                    continue
                found[number] = None if arrival is None else reported - arrival.offset / OFFSETS
        return sorted(found.items(), key=lambda one: one[0])
