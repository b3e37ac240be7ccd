"""Times as RTCP and header extensions have them (RFC 3550 §4)."""

from peer.net import wall_time

_EPOCH = 2208988800
"""Seconds from 1900, where NTP begins, to 1970."""
SECOND = 1 << 32
"""A second as it is counted in 64 bits."""


def ntp_time() -> int:
    """Return the time of day in units of 2^-32 seconds since 1900, on the loop's clock."""
    return round((wall_time() + _EPOCH) * SECOND)
