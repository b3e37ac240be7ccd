"""Tones of a telephone's keys (RFC 4733)."""

import pytest

from peer.rtp.telephone_events import ENDS, KEYS, MAX_SEGMENT, VOLUME, TonePacket, tone_packets


def durations(packets: list[TonePacket]) -> list[int]:
    return [int.from_bytes(packet.payload[2:], "big") for packet in packets]


def test_a_tone_of_100_ms() -> None:
    """§2.5.1: the same time for all, growing durations, an end that comes three times."""
    packets = list(tone_packets("5", 0.1, 8000))
    assert [round(packet.after, 3) for packet in packets] == [
        0.02, 0.04, 0.06, 0.08, 0.1, 0.11, 0.12
    ]  # fmt: skip
    assert durations(packets) == [160, 320, 480, 640, 800, 800, 800]
    assert {packet.segment for packet in packets} == {0}
    assert {packet.payload[0] for packet in packets} == {5}
    assert [packet.payload[1] for packet in packets] == [VOLUME] * 4 + [0x80 | VOLUME] * ENDS
    assert [packet.first for packet in packets] == [True] + 6 * [False]


def test_a_long_tone_has_segments() -> None:
    """§2.5.1.3: 16 bits of duration are 1.4 s of a clock of 48 kHz."""
    packets = list(tone_packets("1", 6.0, 48000))
    assert {packet.segment for packet in packets} == {n * MAX_SEGMENT for n in range(5)}
    ends = [p.segment + ticks for p, ticks in zip(packets, durations(packets), strict=True)]
    assert ends == [960 * n for n in range(1, 301)] + [288_000] * 2
    assert sum(packet.payload[1] >> 7 for packet in packets) == ENDS
    assert sum(packet.first for packet in packets) == 1


@pytest.mark.parametrize(("key", "event"), list(zip(KEYS, range(16), strict=True)))
def test_the_numbers_of_the_keys(key: str, event: int) -> None:
    """§3.2, table 3."""
    assert next(tone_packets(key, 0.04, 48000)).payload[0] == event


def test_the_shortest_tone() -> None:
    packets = list(tone_packets("#", 0.04, 8000))
    assert durations(packets) == [160, 320, 320, 320]


def test_other_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="substring"):
        next(tone_packets("x", 0.1, 8000))
