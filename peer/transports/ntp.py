"""Times as RTCP and header extensions have them (RFC 3550 §4)."""

from datetime import UTC, datetime, timedelta

from peer.net import wall_time

_ORIGIN = datetime(1900, 1, 1, tzinfo=UTC)
_EPOCH = 2208988800
"""Seconds from 1900, where NTP begins, to 1970."""
SECOND = 1 << 32
"""A second as it is counted in 64 bits."""
_BITS = 64


def ntp_time() -> int:
    """Return the time of day in units of 2^-32 seconds since 1900, on the loop's clock.

    It has 64 bits, and begins again in 2036.
    """
    return _since_1900() & ((1 << _BITS) - 1)


def date_of(time: int) -> datetime:
    """Return the date of an NTP time; of those that it may stand for the one nearest to now."""
    now, half = _since_1900(), 1 << (_BITS - 1)
    there = now + ((time - now + half) & ((1 << _BITS) - 1)) - half
    return _ORIGIN + timedelta(microseconds=(there * 1_000_000 + SECOND // 2) // SECOND)


def _since_1900() -> int:
    return round((wall_time() + _EPOCH) * SECOND)
