"""Answers to the reference times of receivers."""

import pytest

from peer.rtp import Delay, ReferenceTimes, round_trip_time
from peer.rtp.reference_times import MAX_ASKERS


def test_each_is_answered_once_about_the_latest() -> None:
    times = ReferenceTimes()
    times.note(7, 0x0001_2345_6789_0000, 1.0)
    times.note(7, 0x0002_2345_6789_0000, 2.0)
    times.note(8, 0x0003_0000_0000_0000, 2.5)
    assert times.answers(3.0) == (
        Delay(7, 0x2_2345_6789 & 0xFFFFFFFF, 65536),
        Delay(8, 0x3_0000_0000 & 0xFFFFFFFF, 32768),
    )
    assert times.answers(4.0) == ()


def test_the_answer_tells_the_round_trip() -> None:
    times = ReferenceTimes()
    sent = 0xE000_0001_0000_0000
    times.note(7, sent, 10.0)
    (answer,) = times.answers(10.5)
    arrived = sent + int(0.6 * (1 << 32))
    measured = round_trip_time(arrived, answer.last_reference, answer.delay)
    assert measured == pytest.approx(0.1, abs=0.001)


def test_those_who_asked_longest_ago_make_room() -> None:
    times = ReferenceTimes()
    for ssrc in range(MAX_ASKERS):
        times.note(ssrc, 1 << 40, 0.0)
    times.note(0, 1 << 40, 1.0)
    times.note(99, 1 << 40, 1.0)
    answered = [answer.ssrc for answer in times.answers(1e9)]
    assert answered == [*range(2, MAX_ASKERS), 0, 99]
