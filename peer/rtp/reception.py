"""How one source is received: what came, what is missing, how evenly (RFC 3550 §A.1, §A.3, §A.8).

Numbers far from those before are not believed at once: they count as received, and only when the
next one follows has the source restarted there. What lies between is then no loss.
"""

from .reports import ReportBlock

MAX_JUMP = 450
"""Packets that may be missing, or late, at once; as in libwebrtc with retransmissions."""
MAX_TRANSIT_STEP = 450_000
"""Units of the clock beyond which a step says nothing about jitter, as in libwebrtc."""


class Reception:
    """The counters of one SSRC. Times are in seconds of one clock that does not go back.

    `highest` is the highest sequence number, extended by its wraps; -1 before the first packet.
    """

    __slots__ = (
        "_before",
        "_first",
        "_follows",
        "_jitter",
        "_last_report",
        "_last_report_at",
        "_reported_expected",
        "_reported_received",
        "_timestamp",
        "_timestamp_at",
        "highest",
        "packets_received",
    )

    def __init__(self) -> None:
        self.highest = -1
        self.packets_received = 0
        self._first = 0
        self._before = 0
        self._follows = -1
        self._jitter = 0.0
        self._timestamp = 0
        self._timestamp_at: float | None = None
        self._reported_expected = self._reported_received = 0
        self._last_report = 0
        self._last_report_at = 0.0

    @property
    def expected(self) -> int:
        """How many packets there must have been."""
        return self._before + (self.highest - self._first + 1 if self.highest >= 0 else 0)

    @property
    def packets_lost(self) -> int:
        """How many did not come; negative when some came twice."""
        return self.expected - self.packets_received

    @property
    def jitter(self) -> int:
        """Interarrival jitter in units of the clock."""
        return int(self._jitter)

    def add(self, sequence_number: int, timestamp: int, clock_rate: int, now: float) -> None:
        """Count a packet of the source itself; retransmissions have a source of their own."""
        if self.count(sequence_number):
            self._take_time(timestamp, clock_rate, now)

    def count(self, sequence_number: int) -> bool:
        """Count a packet without regard to its time; tells whether it is the newest so far."""
        self.packets_received += 1
        if self.highest < 0:
            self.highest = self._first = sequence_number
            return True
        step = (sequence_number - self.highest + 0x8000 & 0xFFFF) - 0x8000
        if abs(step) > MAX_JUMP:
            return self._jump(sequence_number)
        if step > 0:
            self.highest += step
            self._follows = -1
        return step > 0

    def _jump(self, sequence_number: int) -> bool:
        if sequence_number != self._follows:
            # Expected as it is, and neither before nor after anything.
            self._before += 1
            self._follows = (sequence_number + 1) & 0xFFFF
            return False
        self._before = self.expected
        # Always ahead, a step back is a wrap: what the peer hears of never goes back.
        self.highest += (sequence_number - self.highest) & 0xFFFF
        self._first = self.highest
        self._follows = -1
        self._timestamp_at = None
        return True

    def _take_time(self, timestamp: int, clock_rate: int, now: float) -> None:
        """Update the jitter, once a timestamp."""
        before, self._timestamp_at = self._timestamp_at, now
        ahead = (timestamp - self._timestamp + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        self._timestamp = timestamp
        if before is None or not ahead:
            return
        step = abs((now - before) * clock_rate - ahead)
        if step < MAX_TRANSIT_STEP:
            self._jitter += (step - self._jitter) / 16

    def note_sender_report(self, ntp_time: int, now: float) -> None:
        """Note the time of a report of the source, which our reports refer to."""
        self._last_report = ntp_time >> 16 & 0xFFFFFFFF
        self._last_report_at = now

    def report(self, ssrc: int, now: float) -> ReportBlock:
        """Return a report block; its fraction covers the time since the one before."""
        expected = self.expected - self._reported_expected
        received = self.packets_received - self._reported_received
        self._reported_expected = self.expected
        self._reported_received = self.packets_received
        lost = max(0, expected - received)
        delay = int((now - self._last_report_at) * 65536) if self._last_report else 0
        return ReportBlock(
            ssrc=ssrc,
            fraction_lost=min(255, 256 * lost // expected) if expected > 0 else 0,
            packets_lost=self.packets_lost,
            highest_sequence=max(0, self.highest) & 0xFFFFFFFF,
            jitter=self.jitter & 0xFFFFFFFF,
            last_report=self._last_report,
            delay=max(0, min(delay, 0xFFFFFFFF)),
        )
