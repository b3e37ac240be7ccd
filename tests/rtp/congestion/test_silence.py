"""Sending without an answer."""

from peer.rtp.congestion.silence import Silence


def send(silence: Silence, begin: float, end: float, bitrate: float = 1000.0) -> list[int]:
    """Send each 10 ms; returns the rates it was cut to."""
    found, step = [], 0
    while (now := begin + 0.01 * step) < end:
        silence.sent(now)
        remains = silence.cut(bitrate, now)
        if remains != bitrate:
            found.append(round(remains))
        bitrate = remains
        step += 1
    return found


def test_the_rate_is_cut_each_second() -> None:
    silence = Silence()
    assert send(silence, 0.0, 3.5) == [700, 490, 343]
    assert silence.heard() == 1000
    assert silence.heard() is None


def test_nothing_is_raised_after_half_a_second_or_three_round_trips() -> None:
    silence = Silence()
    silence.round_trip = 0.1
    send(silence, 0.0, 0.6)
    assert not silence.is_worrying(0.49)
    assert silence.is_worrying(0.5)
    silence.round_trip = 0.3
    assert not silence.is_worrying(0.6)


def test_a_few_packets_prove_nothing() -> None:
    silence = Silence()
    for index in range(19):
        silence.sent(index * 0.1)
    assert not silence.is_worrying(5.0)
    assert silence.cut(1000, 5.0) == 1000


def test_reports_keep_the_rate() -> None:
    silence = Silence()
    for step in range(10):
        assert send(silence, step * 0.5, (step + 1) * 0.5) == []
        assert silence.heard() is None


def test_who_comes_back_after_a_long_time_begins_again() -> None:
    silence = Silence()
    assert not silence.sent(0.0)
    assert not silence.sent(10.0)
    assert silence.sent(20.1)
    assert not silence.sent(20.2)
