"""When a sender should cease, by the reports it gets or does not get (RFC 8083 §4).

The last resort, where congestion control has failed or the peer gives it nothing to go by: no
report at all, reports of nothing received, or far more than TCP would send at such a loss.
"""

import enum
from collections import deque
from math import ceil, inf, sqrt
from typing import NamedTuple

from .reports import ReportBlock

REPORT_TIMEOUT = 15.0
"""Seconds of sending without a report: three intervals of 5 (RFC 8083 §4.1)."""
STALE_REPORTS = 5
"""Reports in a row of nothing received that count, when packets are more often than reports."""
TCP_FACTOR = 10
"""How many times the rate of TCP is too much."""
MAX_REPORTS = 50
"""Reports that loss is averaged over at most."""
_FRACTION = 256


class Breach(enum.Enum):
    """Why a sender should cease."""

    NO_REPORTS = "no-reports"
    NOTHING_RECEIVED = "nothing-received"
    CONGESTION = "congestion"


class _Interval(NamedTuple):
    seconds: float
    lost: float
    octets: int
    packets: int


class CircuitBreaker:
    """The breaker of one source; `breach` is why it has tripped, None while it has not.

    It closes again when reports say that things are well. Counts of packets and bytes are those
    sent so far, times in seconds.
    """

    __slots__ = (
        "_highest",
        "_intervals",
        "_looked",
        "_octets",
        "_packets",
        "_reported",
        "_stale",
        "_unreported",
        "breach",
    )

    def __init__(self) -> None:
        self.breach: Breach | None = None
        self._intervals: deque[_Interval] = deque(maxlen=MAX_REPORTS)
        self._packets = self._octets = 0
        self._highest: int | None = None
        self._stale = 0
        self._reported: float | None = None
        self._unreported = 0.0
        self._looked: tuple[int, float] | None = None

    def look(self, packets: int, now: float) -> None:
        """Look whether a report is overdue; to be called about once a second."""
        before, since = self._looked or (packets, now)
        self._looked = packets, now
        if packets != before:
            self._unreported += now - since
        if self._unreported >= REPORT_TIMEOUT:
            self.breach = Breach.NO_REPORTS

    def note_report(
        self, block: ReportBlock, packets: int, octets: int, round_trip: float | None, now: float
    ) -> None:
        """Take a report on the source."""
        self._unreported = 0.0
        sent, octets_sent = packets - self._packets, octets - self._octets
        elapsed = inf if self._reported is None else now - self._reported
        self._packets, self._octets, self._reported = packets, octets, now
        received = self._highest is None or block.highest_sequence != self._highest
        self._highest = block.highest_sequence
        if elapsed == inf or elapsed <= 0 or not sent:
            self.breach = None
            return
        lost = block.fraction_lost / _FRACTION
        self._intervals.append(_Interval(elapsed, lost, octets_sent, sent))
        self._stale = 0 if received else self._stale + 1
        self.breach = None
        if self._stale >= _stale_reports(elapsed / sent, elapsed, round_trip or 0.0):
            self.breach = Breach.NOTHING_RECEIVED
        elif received and round_trip and self._exceeds_tcp(round_trip):
            self.breach = Breach.CONGESTION

    def _exceeds_tcp(self, round_trip: float) -> bool:
        """Tell whether more is sent than ten times what TCP would (RFC 8083 §4.3)."""
        latest = self._intervals[-1]
        wanted = _averaged_reports(latest.seconds / latest.packets, latest.seconds, round_trip)
        if len(self._intervals) <= min(wanted, MAX_REPORTS - 1):
            return False
        last = list(self._intervals)[-wanted:]
        seconds = sum(one.seconds for one in last)
        lost = sum(one.lost * one.seconds for one in last) / seconds
        octets, packets = sum(one.octets for one in last), sum(one.packets for one in last)
        if not lost or packets < seconds / max(latest.seconds, round_trip):
            return False
        tcp = octets / packets / (round_trip * sqrt(2 * lost / 3))
        return octets / seconds > TCP_FACTOR * tcp


def _stale_reports(frame: float, interval: float, round_trip: float) -> int:
    """Return MEDIA_TIMEOUT (RFC 8083 §4.2): reports come each interval, packets each frame."""
    return ceil(STALE_REPORTS * max(frame, round_trip, interval) / interval)


def _averaged_reports(frame: float, interval: float, round_trip: float) -> int:
    """Return CB_INTERVAL (RFC 8083 §4.3)."""
    longest = max(10 * frame, 10 * round_trip, 3 * interval)
    return ceil(min(longest, max(15.0, 3 * interval)) / interval)
