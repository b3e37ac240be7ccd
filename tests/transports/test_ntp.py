"""Times as RTCP has them (RFC 3550 §4)."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from peer.rtp import SenderReport, write_compound
from peer.transports import ntp
from peer.transports.ntp import date_of, ntp_time

END_OF_ERA = 2085978496
"""The second of 2036 at which NTP begins again."""


@pytest.mark.parametrize("now", [1.7e9, END_OF_ERA - 1, END_OF_ERA, END_OF_ERA + 1e6])
def test_times_have_64_bits_and_are_dates_again(
    now: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ntp, "wall_time", lambda: now)
    moment = ntp_time()
    assert write_compound(SenderReport(7, moment, 0, 0, 0))
    assert moment >> 32 == (int(now) + 2208988800) % (1 << 32)
    date = datetime.fromtimestamp(now, UTC)
    assert abs(date_of(moment) - date) < timedelta(milliseconds=1)
    for seconds in (-3600, 3600):
        there = (moment + (seconds << 32)) & ((1 << 64) - 1)
        assert abs(date_of(there) - date - timedelta(seconds=seconds)) < timedelta(milliseconds=1)


def test_times_are_those_of_the_day() -> None:
    assert abs(ntp_time() / (1 << 32) - 2208988800 - time.time()) < 5


@pytest.mark.parametrize("moment", [1, 1 << 63, (1 << 64) - 1])
def test_any_time_of_a_peer_is_some_date(moment: int) -> None:
    assert 1900 < date_of(moment).year < 2200
