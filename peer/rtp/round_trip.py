"""How long a packet takes to the peer and an answer back (RFC 3550 §6.4.1, RFC 3611 §4.5)."""

from collections.abc import Container, Iterable

from .reports import ExtendedReport, ReceiverReport, SenderReport
from .rtcp import RtcpPacket

MAX_ROUND_TRIP = 3.0
"""Seconds that are believed at most, whatever the peer says."""
_OLD = 0.7
"""The part of the mean so far in the one after a measurement, as in libwebrtc."""


def round_trip_time(ntp_now: int, last_report: int, delay: int) -> float | None:
    """Return the seconds to the peer and back (RFC 3550 §6.4.1).

    None when the peer has had no report, or says that it held it longer than it can have.
    """
    if not last_report:
        return None
    measured = ((ntp_now >> 16) - last_report - delay) & 0xFFFFFFFF
    return measured / 65536 if measured < 1 << 31 else None


class RoundTrip:
    """Measurements in seconds: the `latest`, their sliding mean, their `total` and `count`."""

    __slots__ = ("count", "latest", "mean", "total")

    def __init__(self) -> None:
        self.latest: float | None = None
        self.mean: float | None = None
        self.total = 0.0
        self.count = 0

    def note(self, measured: float) -> None:
        """Take a measurement."""
        measured = min(measured, MAX_ROUND_TRIP)
        before = measured if self.mean is None else self.mean
        self.mean = _OLD * before + (1 - _OLD) * measured
        self.latest = measured
        self.total += measured
        self.count += 1


def measured_round_trips(
    packets: Iterable[RtcpPacket], ours: Container[int], ntp_now: int
) -> tuple[float | None, float | None]:
    """Return what a compound says of the round trip: in reports on our sources, and in answers to
    our reference times; in each the last that says something."""
    reported = answered = None
    for packet in packets:
        if isinstance(packet, SenderReport | ReceiverReport):
            for block in packet.blocks:
                if block.ssrc in ours:
                    found = round_trip_time(ntp_now, block.last_report, block.delay)
                    reported = reported if found is None else found
        elif isinstance(packet, ExtendedReport):
            for answer in packet.delays:
                if answer.ssrc in ours:
                    found = round_trip_time(ntp_now, answer.last_reference, answer.delay)
                    answered = answered if found is None else found
    return reported, answered
