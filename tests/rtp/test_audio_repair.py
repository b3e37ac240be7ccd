"""Requests for what is missing of sound at an even pace (RFC 4585 §6.2.1)."""

import pytest

from peer.rtp.audio_buffer import AudioBuffer
from tests.rtp.audio_line import FRAME, RATE, START, run, speech


def asking(buffer: AudioBuffer[int], round_trip: float) -> AudioBuffer[int]:
    """Have missing packets asked for."""
    buffer.repairs, buffer.missing.round_trip = True, round_trip
    return buffer


def test_what_is_asked_for_and_comes_in_time_is_heard() -> None:
    """From a buffer that holds sound back longer than that takes."""
    buffer = asking(AudioBuffer[int](RATE), 0.05)
    buffer.target.floor = 0.1
    packets = speech(500)
    lost = [packets.pop(n) for n in (402, 401, 300)]
    played = run(buffer, packets, until=9.9, repairs=lost)
    assert played.made_up() == 0
    assert {number for _, number in played.asked} == {300, 401, 402}
    # They are asked for when the next one comes.
    assert played.asked[0][0] == pytest.approx(START + 301 * 0.02)


def test_only_what_can_come_in_time_is_asked_for() -> None:
    buffer = asking(AudioBuffer[int](RATE), 0.05)
    buffer.target.floor = 0.1
    lost = range(400, 404)
    played = run(buffer, speech(500, lost=lost), until=9.9)
    # When 404 comes the first of them is due in 20 ms, the last in 80.
    assert {number for _, number in played.asked} == {402, 403}
    tight = asking(AudioBuffer[int](RATE), 0.095)
    tight.target.floor = 0.1
    assert not run(tight, speech(500, lost=[400]), until=9.9).asked


def test_what_is_not_answered_is_asked_for_again_while_there_is_time() -> None:
    buffer = asking(AudioBuffer[int](RATE), 0.02)
    buffer.target.floor = 0.1
    played = run(buffer, speech(500, lost=[400]), until=9.9)
    times = [round(when - START - 8.02, 4) for when, number in played.asked if number == 400]
    # Each request has a copy.
    assert times == [0.0, 0.01, 0.03, 0.04]
    assert buffer.statistics.concealed == FRAME


def test_what_something_else_brings_is_not_asked_for() -> None:
    buffer = asking(AudioBuffer[int](RATE), 0.02)
    buffer.target.floor = 0.1
    asked: list[int] = []
    # Of 1 there is a copy in 2, 3 is missing, of 4 there is in-band FEC in 5, and 6 is padding.
    for number, fec, copied in ((0, 0, False), (2, 0, True), (5, FRAME, False), (7, 0, False)):
        now = START + number * 0.02
        buffer.insert(number, number * FRAME, FRAME, number, now, fec=fec)
        if copied:
            buffer.insert(number, (number - 1) * FRAME, FRAME, number - 1, now, age=1)
        if number == 5:
            buffer.pad(6, now)
        buffer.pull(now)
        asked += buffer.requests(now)
    assert asked == [3]
