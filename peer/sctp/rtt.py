"""The round trip time and what is waited for an answer (RFC 9260 §6.3.1)."""

from math import inf

INITIAL = 0.5
MIN, MAX = 0.4, 60.0
MAX_BACK_OFF = 3.0
"""What a timer that has doubled waits at most: ICE and DTLS see to peers that are gone."""
_MIN_VARIATION = 0.22 / 8
"""Jitter below this is that of clocks and schedulers."""
_MAX_SAMPLE = 60.0


class RoundTrip:
    """Smoothed figures of measured round trips, in seconds; `srtt` is None before the first."""

    __slots__ = ("_variation", "latest", "least", "rto", "srtt")

    def __init__(self) -> None:
        self.srtt: float | None = None
        self._variation = 0.0
        self.rto = INITIAL
        self.latest = INITIAL
        self.least = inf

    @property
    def queued(self) -> float:
        """The share of a round trip that packets spend in queues now, as far as is known."""
        return 1.0 - self.least / max(self.srtt, self.latest) if self.srtt else 0.0

    def measure(self, sample: float) -> None:
        """Take a round trip in; those that no path has are not."""
        if not 0.0 <= sample <= _MAX_SAMPLE:
            return
        self.latest = sample
        self.least = min(self.least, sample)
        if self.srtt is None:
            self.srtt, self._variation = sample, sample / 2
        else:
            self._variation += (abs(self.srtt - sample) - self._variation) / 4
            self.srtt += (sample - self.srtt) / 8
        self._variation = max(self._variation, _MIN_VARIATION)
        self.rto = min(max(self.srtt + 4 * self._variation, MIN), MAX)

    def back_off(self, times: int) -> float:
        """Return what is waited after so many answers failed to come."""
        return min(self.rto * 2.0 ** min(times, 16), max(MAX_BACK_OFF, self.rto))
